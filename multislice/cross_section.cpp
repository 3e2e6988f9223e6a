#include "multislice/cross_section.hpp"

#include <cmath>

#include "base/error.hpp"
#include "multislice/optics.hpp"

namespace vitrobeam {

double annular_cross_section(const FactorTable& factors, int atomic_number, double energy_kV,
                             double inner_mrad, double outer_mrad) {
  const double lambda = wavelength(energy_kV);
  const double from = 1e-3 * inner_mrad / lambda, to = 1e-3 * outer_mrad / lambda;
  if (to > factors.element(atomic_number).q_limit)
    fail(Fault::physics,
         "the scattering factors end at {:.4g} 1/Angstrom, the detector reaches {:.4g}; use "
         "@potential kirkland or lobato",
         factors.element(atomic_number).q_limit, to);
  // gamma lambda f = sigma K f, K of potentials/scattering_factors.hpp
  const double scale = interaction_constant(energy_kV) * kPotentialUnit;
  constexpr int kIntervals = 2000;  // Simpson; the factors are smooth on a hundredth of this
  const double h = (to - from) / kIntervals;
  double sum = 0;
  for (int i = 0; i <= kIntervals; ++i) {
    const double q = from + i * h, f = scale * factors(atomic_number, q);
    sum += (i == 0 || i == kIntervals ? 1 : i % 2 == 1 ? 4 : 2) * 2 * M_PI * q * f * f;
  }
  return sum * h / 3;
}

}  // namespace vitrobeam
