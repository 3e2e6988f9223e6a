// The exact band-limited projected potential of atoms in slices: structure factors as matrix
// products, no pixel snapping, no cut-off radius.
#pragma once
#include <complex>
#include <map>
#include <vector>

#include "fourier/grid.hpp"
#include "models/atoms.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// Positions (x, y) in Angstrom of the atoms of one slice, by atomic number.
using SliceAtoms = std::map<int, std::vector<Vector2d>>;

// `slices` equally thick slices over the height of the cell; an atom belongs to slice floor(z / dz)
// whole. With `displacements` (one per atom, Angstrom) atoms move across the beam but stay in the
// slice of their rest position.
std::vector<SliceAtoms> assign_to_slices(const Atoms& atoms, int slices,
                                         const std::vector<Vector3d>& displacements = {});

// Fourier coefficients of a projected potential for jx >= 0: [jy + band_y, jx], V Angstrom; V(-q)
// is the conjugate, and v(r) = sum_q V_q exp(2 pi i q.r). Zero outside the circular band.
template <typename Real>
using HalfPlane = Plane<std::complex<Real>>;

template <typename Real>
class ProjectedPotential {
 public:
  // Tabulates V_q = kPotentialUnit f_e(q) / area of every element on the grid.
  ProjectedPotential(const Grid& grid, const FactorTable& table, const std::vector<int>& elements);

  // sum over the slice's atoms of V_q exp(-2 pi i q.r); any thread.
  HalfPlane<Real> coefficients(const SliceAtoms& atoms) const;

  // V_q of one atom of a tabulated element at the origin, [jy + band_y, jx].
  const Plane<Real>& form_factor(int atomic_number) const {
    return form_factors_.at(atomic_number);
  }
  HalfPlane<Real> zero() const {
    return HalfPlane<Real>::Zero(2 * grid_.band_y() + 1, grid_.band_x() + 1);
  }

 private:
  Grid grid_;
  std::map<int, Plane<Real>> form_factors_;  // by atomic number, [jy + band_y, jx]
};

}  // namespace vitrobeam
