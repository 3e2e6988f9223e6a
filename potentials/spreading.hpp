// Structure factors of many atoms by spreading: each atom becomes a smooth bump on the grid, the
// grid is transformed once, and the bump's own transform is divided out (non-uniform fast Fourier
// transform). The cost is that of a transform and a few hundred operations per atom, where the
// matrix products of projected_potential.hpp take one per atom and Fourier coefficient. The bump is
// the exponential of a semicircle (Barnett, Magland and af Klinteberg, SIAM J. Sci. Comput. 41
// (2019) C479): at this width a Gaussian errs a thousand times more, a B-spline of order 8 by 1e-2.
#pragma once
#include <array>
#include <complex>
#include <vector>

#include "base/array.hpp"
#include "fourier/band_transform.hpp"
#include "fourier/grid.hpp"
#include "potentials/spreading_bump.hpp"

namespace vitrobeam {

template <typename Real>
class Spreading {
 public:
  // The grid's own samples carry the bumps where the band ends at 2/3 of their Nyquist frequency,
  // which leaves an oversampling of 1.5; else twice as many along each axis.
  explicit Spreading(const Grid& grid);

  using Positions = std::vector<Vector2d>;
  using StructureFactor = Plane<std::complex<Real>>;  // [jy + band_y, jx], jx >= 0

  // sum over the atoms of exp(-2 pi i q.r) inside the band, 0 outside, of two sets of atoms (one
  // may be empty) with one transform. The cell repeats. Relative error (root mean square) below
  // 1e-6 in single precision, 1e-11 in double (tests/spreading_test.cpp). Any thread.
  std::array<StructureFactor, 2> operator()(const Positions& first, const Positions& second) const;

 private:
  static constexpr int kWidth = SpreadingBump<Real>::kWidth;
  void spread(const Positions& atoms, Plane<Real>& density) const;

  Grid grid_;
  SpreadingBump<Real> x_, y_;
  BandTransform<Real> transform_;
};

// Whether spreading costs less than matrix products for slices of `atoms` atoms of `elements`
// elements each; depends on nothing else.
bool spreading_is_cheaper(const Grid& grid, double atoms, int elements);

}  // namespace vitrobeam
