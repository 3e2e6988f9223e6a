// Whole planes on a grid that is N times finer than that of the waves.
#pragma once
#include "fourier/band_transform.hpp"
#include "potentials/projected_potential.hpp"

namespace vitrobeam {

// V is limited to N times the band, exponentiated there and limited to the band of the waves.
template <typename Real>
class FinePlanes {
 public:
  FinePlanes(const Grid& grid, int times, double interaction_constant);
  const Grid& fine_grid() const { return fine_.grid(); }
  // exp(i sigma v - sigma v') as [y, x] on the grid of the waves, from coefficients on the fine
  // one; `absorbed` may be empty. Any thread.
  Plane<std::complex<Real>> operator()(const HalfPlane<Real>& v,
                                       const HalfPlane<Real>& absorbed) const;

 private:
  Grid grid_;
  double interaction_constant_;
  BandTransform<Real> fine_;    // with its whole band
  BandTransform<Real> narrow_;  // with the band of the waves
  BandTransform<Real> coarse_;
};

}  // namespace vitrobeam
