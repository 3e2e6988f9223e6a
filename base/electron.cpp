#include "base/electron.hpp"

#include <cmath>

namespace vitrobeam {
namespace {

// CODATA 2018
constexpr double kPlanck = 6.62607015e-34, kLight = 299792458.0, kCharge = 1.602176634e-19,
                 kMass = 9.1093837015e-31;

}  // namespace

double wavelength(double energy_kV) {
  const double eV = kCharge * energy_kV * 1e3;
  return kPlanck * kLight / std::sqrt(eV * (2 * kMass * kLight * kLight + eV)) * 1e10;
}

double interaction_constant(double energy_kV) {
  const double gamma = 1 + kCharge * energy_kV * 1e3 / (kMass * kLight * kLight);
  return 2 * M_PI * gamma * kMass * kCharge * wavelength(energy_kV) * 1e-10 / (kPlanck * kPlanck) *
         1e-10;
}

double disc_radius(double semiangle_mrad, double energy_kV) {
  return semiangle_mrad * 1e-3 / wavelength(energy_kV);
}

}  // namespace vitrobeam
