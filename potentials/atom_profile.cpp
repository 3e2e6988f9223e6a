// A term that depends on q_z as 1/(q_z^2 + kappa^2) is exp(-lambda |z|) along z, lambda = 2 pi
// kappa; a Gaussian stays one; thermal motion convolves with a normal density of standard deviation
// u.
#include "potentials/atom_profile.hpp"

#include <cassert>
#include <cmath>

namespace vitrobeam {
namespace {

double normal_below(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }

// exp(y^2) erfc(y) of y >= 0; from 20 on its asymptotic series, to 1e-11.
double scaled_erfc(double y) {
  if (y < 20) return std::exp(y * y) * std::erfc(y);
  const double h = 1 / (2 * y * y);
  return (1 - h * (1 - 3 * h * (1 - 5 * h))) / (y * std::sqrt(M_PI));
}

// P(X > d) of X = Laplace of rate lambda + normal of standard deviation u, and its derivative with
// lambda.
struct Tail {
  double share, derivative;
};

Tail laplace_beyond(double lambda, double u, double d) {
  if (u == 0) return {0.5 * std::exp(-lambda * d), -0.5 * d * std::exp(-lambda * d)};
  // exp(v^2/2 -+ lambda d) normal_below(+-x - v), in forms that do not overflow
  const double v = lambda * u, x = d / u, normal = 0.25 * std::exp(-x * x / 2);
  const double a = x > v ? 0.5 * std::exp(v * v / 2 - lambda * d) * normal_below(x - v)
                         : normal * scaled_erfc((v - x) * M_SQRT1_2);
  const double b = normal * scaled_erfc((v + x) * M_SQRT1_2);
  return {normal_below(-x) + a - b, a * (v * u - d) - b * (v * u + d)};
}

}  // namespace

double factor_beyond(const ElementFactor& factor, double u_rms, double q, double distance) {
  assert(factor.has_terms() && distance >= 0);
  double sum = 0;
  for (const auto& t : factor.lorentzians) {
    const double kappa2 = q * q + t.width;
    sum += t.weight / kappa2 * laplace_beyond(2 * M_PI * std::sqrt(kappa2), u_rms, distance).share;
  }
  for (const auto& t : factor.squared_lorentzians) {
    // 1/(q_z^2 + kappa^2)^2 is minus the derivative of 1/(q_z^2 + kappa^2) with kappa^2
    const double kappa2 = q * q + t.width, kappa = std::sqrt(kappa2);
    const Tail tail = laplace_beyond(2 * M_PI * kappa, u_rms, distance);
    sum += t.weight / kappa2 * (tail.share / kappa2 - M_PI / kappa * tail.derivative);
  }
  for (const auto& t : factor.gaussians) {
    const double variance = t.width / (2 * M_PI * M_PI) + u_rms * u_rms;
    sum += t.weight * std::exp(-t.width * q * q) * normal_below(-distance / std::sqrt(variance));
  }
  return sum * std::exp(-2 * M_PI * M_PI * u_rms * u_rms * q * q);
}

}  // namespace vitrobeam
