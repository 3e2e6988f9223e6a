#include "potentials/absorption.hpp"

#include <cmath>

namespace vitrobeam {
namespace {

// The integral over p of the header's formula, by Simpson's rule in t with |p| = t / (1 - t) (f
// falls as 1/q^2, so the integrand vanishes at t = 1) and the trapezoid rule in the angle from q,
// of which a quarter turn says all.
double integral(const ElementFactor& f, double u_rms, double q) {
  constexpr int kRadii = 400, kAngles = 48;  // f' to 1e-5 (tests/absorption_test.cpp)
  const double c = 2 * M_PI * M_PI * u_rms * u_rms;
  double sum = 0;
  for (int k = 1; k < kRadii; ++k) {
    const double t = double(k) / kRadii, p = t / (1 - t), stretch = 1 / ((1 - t) * (1 - t));
    const double moved = std::exp(-c * q * q) - std::exp(-c * (q * q / 2 + 2 * p * p));
    double ring = 0;
    for (int a = 0; a <= kAngles; ++a) {
      const double along = p * q * std::cos(M_PI / 2 * a / kAngles), mean = q * q / 4 + p * p;
      const double product =
          f(std::sqrt(std::max(0.0, mean + along))) * f(std::sqrt(std::max(0.0, mean - along)));
      ring += product * (a == 0 || a == kAngles ? 0.5 : 1);
    }
    sum += (k % 2 ? 4 : 2) * p * stretch * moved * ring * 2 * M_PI / kAngles;
  }
  return sum / (3 * kRadii);
}

}  // namespace

ElementFactor absorptive_factor(const ElementFactor& f, double u_rms, double interaction_constant,
                                double q_max, double far) {
  constexpr double kStep = 0.05, kFarStep = 0.25;
  ElementFactor out;
  const int n = std::max(4, int(std::ceil(q_max / kStep)) + 2);
  for (int i = 0; i < n; ++i) out.q.push_back(i * kStep);
  for (double q = out.q.back() + kFarStep; q < far + kFarStep; q += kFarStep) out.q.push_back(q);
  for (const double q : out.q)
    out.f.push_back(u_rms == 0 ? 0.0
                               : interaction_constant * kPotentialUnit / 2 * integral(f, u_rms, q));
  return out;
}

}  // namespace vitrobeam
