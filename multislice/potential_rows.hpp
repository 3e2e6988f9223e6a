// The slices of a potential as the engines of the processor take them: in real space, in lanes, in
// the order of a pass along x.
#pragma once
#include <array>
#include <complex>
#include <functional>

#include "fourier/band_transform.hpp"
#include "potentials/potential_source.hpp"

namespace vitrobeam {

// Two real fields share one complex transform: those of two slices, or of one and its imaginary
// part.
template <typename Real>
int slices_per_transform(const PotentialSource<Real>& potential) {
  return potential.absorbs() ? 1 : 2;
}

// `at_tile(tile, v)` sees nx samples of every row tile in turn, V Angstrom: v.re of `slice` (a
// multiple of slices_per_transform()), v.im of the next slice (behind the last: anything) or v' of
// this one. Any thread.
template <typename Real>
void potential_rows(const PotentialSource<Real>& potential, const BandTransform<Real>& transform,
                    int slice, const std::function<void(int tile, const Lanes<Real>* v)>& at_tile);

// first + i second from their coefficients into a wave, ready for a pass along x; `second` may be
// empty.
template <typename Real>
void write_fields(const HalfPlane<Real>& first, const HalfPlane<Real>& second,
                  const BandTransform<Real>& transform, Lanes<Real>* wave,
                  typename BandTransform<Real>::Workspace& workspace);

// Samples [y, x] of a field with the coefficients [jx + band_x, jy + band_y].
template <typename Real>
Plane<std::complex<Real>> plane_of_coefficients(const BandTransform<Real>& transform,
                                                const Plane<std::complex<Real>>& coefficients);

// The same two as planes [y, x].
template <typename Real>
std::array<Plane<Real>, 2> potential_planes(const PotentialSource<Real>& potential,
                                            const BandTransform<Real>& transform, int slice);

}  // namespace vitrobeam
