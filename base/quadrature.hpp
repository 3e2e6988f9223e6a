// Numerical integration.
#pragma once
#include <vector>

namespace vitrobeam {

struct QuadratureNode {
  double at, weight;
};

// The Gauss-Legendre rule with n nodes: the integral over -1 .. 1 is sum weight f(at), exact for
// polynomials of degree 2 n - 1.
std::vector<QuadratureNode> gauss_legendre(int n);

}  // namespace vitrobeam
