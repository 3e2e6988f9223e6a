// Whole planes on a grid that is N times finer than that of the waves.
#pragma once
#include "fourier/band_transform.hpp"
#include "potentials/slice_potential.hpp"

namespace vitrobeam {

// V is limited to N times the band, exponentiated there and limited to the band of `grid`.
template <typename Real>
class FinePlanes {
 public:
  FinePlanes(const Grid& grid, const PotentialSettings& settings, double interaction_constant,
             const Atoms& atoms, int slices, const std::vector<Vector3d>& displacements);
  Plane<std::complex<Real>> operator()(int slice) const;

 private:
  Grid grid_;
  double interaction_constant_;
  SlicePotential<Real> potential_;  // on the fine grid
  BandTransform<Real> fine_;        // with its whole band
  BandTransform<Real> narrow_;      // with the band of the waves
  BandTransform<Real> coarse_;
};

}  // namespace vitrobeam
