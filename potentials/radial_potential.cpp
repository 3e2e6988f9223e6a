#include "potentials/radial_potential.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/quadrature.hpp"

namespace vitrobeam {
namespace {

constexpr double kNegligible = 45;  // exp(-45) = 3e-20

// (d/d(r^2))^order of the transform of exp(-t q^2), (pi / t) exp(-pi^2 r^2 / t).
double gaussian(double t, double r, int order) {
  return M_PI / t * std::exp(-M_PI * M_PI * r * r / t) * std::pow(-M_PI * M_PI / t, order);
}

// Of 1 / (q^2 + b)^power, power 1 or 2, times exp(-s q^2): the integral over t > s of (t -
// s)^(power - 1) exp(-(t - s) b) of the above, in log t.
double lorentzian(double b, int power, double s, double r, int order) {
  static const std::vector<QuadratureNode> rule = gauss_legendre(64);
  const double from = std::max(s, M_PI * M_PI * r * r / kNegligible), to = s + kNegligible / b;
  if (from >= to) return 0;
  const double middle = 0.5 * std::log(from * to), half = 0.5 * std::log(to / from);
  double sum = 0;
  for (const QuadratureNode& node : rule) {
    const double t = std::exp(middle + half * node.at);
    sum +=
        node.weight * t * (power == 2 ? t - s : 1) * std::exp(-(t - s) * b) * gaussian(t, r, order);
  }
  return half * sum;
}

}  // namespace

RadialPotential::RadialPotential(const ElementFactor& factor, double u_rms)
    : factor_(factor), smearing_(2 * M_PI * M_PI * u_rms * u_rms) {}

double RadialPotential::derivative(double r, int order) const {
  if (!factor_.has_terms()) return listed(r, order);
  double sum = 0;
  for (const auto& t : factor_.lorentzians)
    sum += t.weight * lorentzian(t.width, 1, smearing_, r, order);
  for (const auto& t : factor_.squared_lorentzians)
    sum += t.weight * lorentzian(t.width, 2, smearing_, r, order);
  for (const auto& t : factor_.gaussians) sum += t.weight * gaussian(t.width + smearing_, r, order);
  return kPotentialUnit * sum;
}

// (d/d(r^2))^k J_0(x) = (-x / 2 r^2)^k J_k(x), x = 2 pi q r.
double RadialPotential::listed(double r, int order) const {
  constexpr int kIntervals = 1000;  // Simpson
  const double h = factor_.q.back() / kIntervals;
  double sum = 0;
  for (int i = 1; i <= kIntervals; ++i) {
    const double q = i * h, x = 2 * M_PI * q * r;
    sum += (i == kIntervals ? 1
            : i % 2 == 1    ? 4
                            : 2) *
           q * factor_(q) * std::exp(-smearing_ * q * q) * jn(order, x) *
           std::pow(-x / (2 * r * r), order);
  }
  return kPotentialUnit * 2 * M_PI * sum * h / 3;
}

}  // namespace vitrobeam
