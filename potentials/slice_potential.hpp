// The potential of a model, slice by slice, in Fourier space: which atoms count for which slice,
// and how much of each.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/atoms.hpp"
#include "potentials/atom_sums.hpp"
#include "potentials/potential_source.hpp"
#include "potentials/projected_potential.hpp"
#include "potentials/scattering_factors.hpp"
#include "potentials/slice_flux.hpp"

namespace vitrobeam {

// infinite: an atom belongs whole to the slice of its rest position. finite: its three-dimensional
// potential is integrated over every slice that it reaches; what reaches beyond the faces of the
// cell counts for the outermost slice (free surfaces, no periodic wrap along the beam), so the sum
// over the slices is the same for both.
enum class Projection { infinite, finite };

struct PotentialSettings {
  FactorTable factors;
  Projection projection = Projection::infinite;
  AtomSum sum = AtomSum::automatic;
  // Times as fine a grid as that of the waves, on which a potential is exponentiated; 0: as fine as
  // it takes, around the nuclei only (multislice/oversampled_potential.hpp).
  int oversampling = 1;
  // Interaction constant in rad/(V Angstrom) at which thermal diffuse scattering is taken from the
  // wave (potentials/absorption.hpp); 0: it is not. Acts in the slice of an atom's centre.
  double absorption = 0;
};

// Up to which q the factors of all these atoms are known, 1/Angstrom; infinite for whole tables.
double factor_reach(const FactorTable& factors, const Atoms& atoms);

// Whether the table can answer for these atoms on this grid. Error{usage}: a table without terms
// and the finite projection. Error{physics}: an element that the table lacks, or a band that
// reaches beyond the table's range.
void check_factors(const PotentialSettings& settings, const Atoms& atoms, const Grid& grid);

// `atoms` where thermal motion takes them; none: where they are.
Atoms displaced(Atoms atoms, const std::vector<Vector3d>& displacements);

template <typename Real>
class SlicePotential final : public PotentialSource<Real> {
 public:
  // `slices` equally thick slices over the height of the cell, which must be orthogonal and hold
  // every atom. `displacements` (one per atom, Angstrom) is thermal motion; along the beam it
  // counts for the finite projection only. Errors as check_factors().
  SlicePotential(const Grid& grid, const PotentialSettings& settings, const Atoms& atoms,
                 int slices, const std::vector<Vector3d>& displacements = {});
  SlicePotential(SlicePotential&&) noexcept;
  ~SlicePotential() override;

  int slices() const override;
  std::size_t atoms() const;
  AtomSum sum() const { return sums_.sum(); }
  const SliceAtoms& placed(int slice) const { return placed_[std::size_t(slice)]; }
  // V_q of slice `slice`, V Angstrom; any thread.
  HalfPlane<Real> coefficients(int slice) const;

  bool absorbs() const override { return absorbed_.has_value(); }
  HalfPlane<Real> absorption(int slice) const;  // of the imaginary part
  SliceField<Real> field(int slice) const override { return coefficients(slice); }
  SliceField<Real> absorbed_field(int slice) const override { return absorption(slice); }

 private:
  std::vector<SliceAtoms> placed_;
  AtomSums<Real> sums_;
  std::optional<ProjectedPotential<Real>> absorbed_;
  std::unique_ptr<SliceFlux<Real>> flux_;  // finite projection only
};

extern template class SlicePotential<float>;
extern template class SlicePotential<double>;

}  // namespace vitrobeam
