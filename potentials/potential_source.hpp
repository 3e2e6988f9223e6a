// Where the slices of a potential come from: computed from atoms (slice_potential.hpp) or read from
// a file (io/potential_file.hpp).
#pragma once
#include <complex>
#include <optional>
#include <variant>

#include "potentials/projected_potential.hpp"

namespace vitrobeam {

// A real field over the cell, limited to the band: its Fourier coefficients (HalfPlane), or its
// samples [y, x].
template <typename Real>
using SliceField = std::variant<HalfPlane<Real>, Plane<Real>>;

template <typename Real>
class PotentialSource {
 public:
  virtual ~PotentialSource() = default;

  virtual int slices() const = 0;
  // Whether there is an imaginary part: a slice multiplies a wave by exp(i sigma v - sigma v').
  virtual bool absorbs() const = 0;

  // The projected potential v of a slice, and the imaginary v' of one that absorbs, in V Angstrom;
  // all slices of a source in the same form. Any thread. Error{input, machine} of a file.
  virtual SliceField<Real> field(int slice) const = 0;
  virtual SliceField<Real> absorbed_field(int slice) const = 0;

  // Whether it knows exp(i sigma v - sigma v') better than from the above: exponentiated before the
  // limit of the band cut the potential. Then [y, x], limited to the band; any thread.
  virtual bool has_transmission() const { return false; }
  virtual Plane<std::complex<Real>> transmission(int) const { return {}; }
  // Share of a plane wave that these functions take out of the band, 1 - prod mean |t|^2 over the
  // slices; known when all of them were asked for.
  virtual std::optional<double> transmission_loss() const { return std::nullopt; }
};

}  // namespace vitrobeam
