#include "base/quadrature.hpp"

#include <cmath>
#include <cstddef>
#include <utility>

namespace vitrobeam {

// Gauss-Legendre rule on -1 .. 1 (Newton's method from the usual start, Numerical Recipes 4.5).
std::vector<QuadratureNode> gauss_legendre(int n) {
  std::vector<QuadratureNode> nodes(n);
  for (int i = 0; i < n; ++i) {
    double x = std::cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int step = 0; step < 100; ++step) {
      double p = 1, before = 0;
      for (int k = 1; k <= n; ++k)
        before = std::exchange(p, ((2 * k - 1) * x * p - (k - 1) * before) / k);
      slope = n * (x * p - before) / (x * x - 1);
      const double change = p / slope;
      x -= change;
      if (std::abs(change) < 1e-15) break;
    }
    nodes[i] = {x, 2 / ((1 - x * x) * slope * slope)};
  }
  return nodes;
}

}  // namespace vitrobeam
