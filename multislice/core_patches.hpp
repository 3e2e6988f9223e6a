// The converged transmission function: the smooth part of the potential on the grid of the waves,
// and the surroundings of the nuclei on patches of a finer one (potentials/atom_core.hpp).
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "fourier/band_transform.hpp"
#include "potentials/atom_core.hpp"
#include "potentials/slice_potential.hpp"
#include "potentials/spreading_bump.hpp"

namespace vitrobeam {

// t = exp(i sigma V_s) + g with the smooth part V_s. g is not zero only near nuclei; it is sampled
// there on a grid some times finer, to which V_s is interpolated, and spread back onto the grid of
// the waves; its transform is corrected for the bump that spread it. Infinite projection.
template <typename Real>
class CorePatches {
 public:
  // Of slices with some `atoms_per_slice` of these elements. Errors as of SlicePotential.
  CorePatches(const Grid& grid, const PotentialSettings& settings, double interaction_constant,
              const std::vector<int>& elements, double atoms_per_slice);
  ~CorePatches();
  // V_q of the smooth part, V Angstrom: linear in the atoms. Any thread.
  struct Smooth {
    HalfPlane<Real> potential, absorbed;
    Smooth& operator+=(const Smooth& other);
    Smooth& operator-=(const Smooth& other);
  };
  Smooth smooth(const SliceAtoms& atoms) const;
  // [y, x], limited to the band; `field` is the smooth part of the same atoms. Any thread.
  Plane<std::complex<Real>> operator()(const Smooth& field, const SliceAtoms& atoms) const;
  Plane<std::complex<Real>> operator()(const SliceAtoms& atoms) const {
    return (*this)(smooth(atoms), atoms);
  }

 private:
  using Complex = std::complex<Real>;
  // Nuclei whose surroundings are computed together: atoms that coincide in projection are one.
  struct Site {
    Vector2d at;
    std::shared_ptr<const AtomCore> core;
  };
  class Tiles;
  // From samples of the grid along one axis to those of a fine grid in a tile, and back.
  struct Weights;

  std::vector<Site> sites(const SliceAtoms& atoms, int fine) const;
  bool are_crowded(const std::vector<Site>& nuclei) const;
  std::shared_ptr<const AtomCore> core(const std::vector<int>& elements, int fine) const;
  // What a slice needs for its making, kept for the next.
  struct Scratch;
  std::unique_ptr<Scratch> take_scratch() const;
  void keep(std::unique_ptr<Scratch> scratch) const;

  // exp(i sigma V_s) into Scratch::smooth, as the elements of a pass along x; what V_s is
  // interpolated from into Scratch::nodes.
  void exponentiate(const Smooth& field, Scratch& s) const;
  HalfPlane<Real> interpolating(HalfPlane<Real> coefficients) const;

  Grid grid_, wide_;
  double sigma_;
  std::map<int, SiteAtom> atoms_;  // by element
  std::unique_ptr<AtomSums<Real>> smooth_, smooth_absorbed_;
  BandTransform<Real> band_, whole_;  // with the band of the waves, with all of the grid's
  SpreadingBump<float> bump_x_, bump_y_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace vitrobeam
