#include "potentials/spreading_bump.hpp"

#include <algorithm>
#include <cmath>

#include "base/quadrature.hpp"

namespace vitrobeam {
template <typename Real>
SpreadingBump<Real>::SpreadingBump(int samples, double edge, int band, int last)
    : n(samples),
      length(edge),
      // Barnett et al., equation 4.5 and below: slightly less than what would put all error into
      // aliasing
      beta(0.98 * M_PI * kWidth * (1 - double(band) / samples)) {
  // transform = width / 2 * integral of the bump times cos(pi width (j / n) s); with s = sin(a) the
  // integrand is smooth
  static const std::vector<QuadratureNode> rule = gauss_legendre(96);
  for (int j = 0; j <= std::max(band, last); ++j) {
    double sum = 0;
    for (const QuadratureNode& node : rule) {
      const double a = M_PI / 2 * node.at;
      sum += node.weight * std::exp(beta * (std::cos(a) - 1)) * std::cos(a) *
             std::cos(M_PI * kWidth * j / n * std::sin(a));
    }
    correction.push_back(1 / (kWidth / 2.0 * M_PI / 2 * sum));
  }
}

// exp(beta (sqrt(1 - s^2) - 1)), s = -1 .. 1 over the width.
template <typename Real>
double SpreadingBump<Real>::at(double samples) const {
  const double s = samples / (kWidth / 2.0), inside = 1 - s * s;
  return inside <= 0 ? 0 : std::exp(beta * (std::sqrt(inside) - 1));
}

template <typename Real>
int SpreadingBump<Real>::operator()(double x, Real* values) const {
  const double middle = (x / length - std::floor(x / length)) * n;  // in samples, 0 .. n
  const int first = int(std::ceil(middle - kWidth / 2.0));
  for (int i = 0; i < kWidth; ++i) values[i] = Real(at(first + i - middle));
  return first;
}

template struct SpreadingBump<float>;
template struct SpreadingBump<double>;

}  // namespace vitrobeam
