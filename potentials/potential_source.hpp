// Where the slices of a potential come from: computed from atoms (slice_potential.hpp) or read from
// a file (io/potential_file.hpp).
#pragma once
#include <functional>

#include "fourier/band_transform.hpp"

namespace vitrobeam {

template <typename Real>
class PotentialSource {
 public:
  virtual ~PotentialSource() = default;

  virtual int slices() const = 0;
  // Whether there is an imaginary part: a slice multiplies a wave by exp(i sigma v - sigma v').
  virtual bool absorbs() const = 0;
  // Slices that share one call of rows(): two, or one and its imaginary part.
  int together() const { return absorbs() ? 1 : 2; }

  // The projected potential in V Angstrom, limited to the band, in real space. `at_tile(tile, v)`
  // sees nx samples of every row tile in turn, in the order of a pass along x: v.re of `slice`
  // (a multiple of together()), v.im of the next slice (behind the last: anything) or v' of this
  // one. Any thread.
  using AtTile = std::function<void(int tile, const Lanes<Real>* v)>;
  virtual void rows(const BandTransform<Real>& transform, int slice,
                    const AtTile& at_tile) const = 0;
};

}  // namespace vitrobeam
