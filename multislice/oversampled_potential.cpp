#include "multislice/oversampled_potential.hpp"

#include <atomic>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "multislice/core_patches.hpp"
#include "multislice/fine_planes.hpp"

namespace vitrobeam {
namespace {

// Finite projection: what an atom gives to other slices is part of the smooth potential. Parts
// below this share of its factor at 0 are left out.
constexpr double kSmall = 1e-6;

Grid with_whole_band(Grid grid) {
  grid.band_limit = grid.nyquist();
  return grid;
}

template <typename Real>
class OversampledPotential final : public PotentialSource<Real> {
 public:
  OversampledPotential(const Grid& grid, PotentialSettings settings, double interaction_constant,
                       const Atoms& atoms, int slices, const std::vector<Vector3d>& displacements)
      : plain_(grid, settings, atoms, slices, displacements), kept_(std::size_t(slices)) {
    if (settings.oversampling == 0) {
      const std::set<int> elements(atoms.numbers.begin(), atoms.numbers.end());
      patches_.emplace(grid, settings, interaction_constant,
                       std::vector(elements.begin(), elements.end()),
                       double(atoms.size()) / slices);
      if (settings.projection == Projection::finite)
        flux_.emplace(with_whole_band(grid), settings.factors, displaced(atoms, displacements),
                      slices, kSmall);
      return;
    }
    check_reach(grid, settings, atoms);
    planes_.emplace(grid, settings.oversampling, interaction_constant);
    settings.oversampling = 1;
    fine_.emplace(planes_->fine_grid(), settings, atoms, slices, displacements);
  }

  int slices() const override { return plain_.slices(); }
  bool absorbs() const override { return plain_.absorbs(); }
  SliceField<Real> field(int slice) const override { return plain_.field(slice); }
  SliceField<Real> absorbed_field(int slice) const override { return plain_.absorbed_field(slice); }
  bool has_transmission() const override { return true; }
  Plane<std::complex<Real>> transmission(int slice) const override {
    Plane<std::complex<Real>> t =
        patches_ ? patched(slice)
                 : (*planes_)(fine_->coefficients(slice),
                              absorbs() ? fine_->absorption(slice) : HalfPlane<Real>());
    kept_[std::size_t(slice)] = t.abs2().template cast<double>().mean();
    return t;
  }
  std::optional<double> transmission_loss() const override {
    double kept = 1;
    for (const std::atomic<double>& share : kept_) kept *= share;
    return kept > 0 && !absorbs() ? std::optional(1 - kept) : std::nullopt;
  }

 private:
  Plane<std::complex<Real>> patched(int slice) const {
    const SliceAtoms& atoms = plain_.placed(slice);
    auto smooth = patches_->smooth(atoms);
    if (flux_) smooth.potential += flux_->into(slice);
    return (*patches_)(smooth, atoms);
  }

  static void check_reach(const Grid& grid, const PotentialSettings& s, const Atoms& atoms) {
    const double reach = factor_reach(s.factors, atoms), needed = s.oversampling * grid.q_max();
    if (needed > reach * (1 + 1e-9))
      fail(Fault::usage,
           "@oversampling {}: takes scattering factors up to {:.4g} 1/Angstrom, these are known up "
           "to {:g}; use @oversampling auto, or at most {}, or other factors",
           s.oversampling, needed, reach, int(reach / grid.q_max()));
  }

  SlicePotential<Real> plain_;
  std::optional<CorePatches<Real>> patches_;
  std::optional<SliceFlux<Real>> flux_;  // with patches, finite projection only
  std::optional<FinePlanes<Real>> planes_;
  std::optional<SlicePotential<Real>> fine_;
  mutable std::vector<std::atomic<double>> kept_;  // mean |t|^2 by slice; 0: not made yet
};

}  // namespace

template <typename Real>
std::shared_ptr<const PotentialSource<Real>> make_potential(
    const Grid& grid, const PotentialSettings& settings, double interaction_constant,
    const Atoms& atoms, int slices, const std::vector<Vector3d>& displacements) {
  if (settings.oversampling == 1)
    return std::make_shared<const SlicePotential<Real>>(grid, settings, atoms, slices,
                                                        displacements);
  return std::make_shared<const OversampledPotential<Real>>(grid, settings, interaction_constant,
                                                            atoms, slices, displacements);
}

#define VITROBEAM_INSTANTIATE(Real)                                           \
  template std::shared_ptr<const PotentialSource<Real>> make_potential<Real>( \
      const Grid&, const PotentialSettings&, double, const Atoms&, int,       \
      const std::vector<Vector3d>&);
VITROBEAM_INSTANTIATE(float)
VITROBEAM_INSTANTIATE(double)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
