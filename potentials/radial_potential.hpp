// The projected potential of one atom as a function of the distance from its nucleus.
#pragma once
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// V(r) = K * integral of f(q) exp(-2 pi^2 u^2 q^2) exp(2 pi i q.r) d^2q, in V Angstrom: K is
// kPotentialUnit, u the rms displacement along one axis in Angstrom. A term 1 / (q^2 + b) is a sum
// of Gaussians exp(-t q^2) with the weights exp(-t b) dt; each of them is a Gaussian in r too. A
// list of values is summed as it is.
class RadialPotential {
 public:
  explicit RadialPotential(const ElementFactor& factor, double u_rms = 0);

  // r > 0 in Angstrom; relative error below 1e-9 (a list: 1e-6 of V(0)).
  double operator()(double r) const { return derivative(r, 0); }
  // Of order k = 0 .. 6 with respect to r^2, V Angstrom / Angstrom^(2 k).
  double derivative(double r, int order) const;

 private:
  double listed(double r, int order) const;

  ElementFactor factor_;
  double smearing_;  // 2 pi^2 u^2
};

}  // namespace vitrobeam
