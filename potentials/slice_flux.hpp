// What atoms give to other slices than their own, in the finite projection.
#pragma once
#include <array>
#include <complex>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "models/atoms.hpp"
#include "potentials/projected_potential.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// Through the boundary between two slices the finite projection moves the part of every atom that
// lies beyond it. One plane per boundary: what atoms before it give to the far side, minus what
// atoms behind it give to the near side. Added to the infinite projection.
template <typename Real>
class SliceFlux {
 public:
  // Parts below `small` of an atom's factor at 0 are left out.
  SliceFlux(const Grid& grid, const FactorTable& factors, const Atoms& atoms, int slices,
            double small = 1e-8);
  ~SliceFlux();
  // What the slice wins, less what it loses, V Angstrom; nothing passes the faces. Any thread.
  HalfPlane<Real> into(int slice) const;

 private:
  struct Table;
  // By element and by sample of the half plane: made when a boundary is first asked for, because a
  // potential that is asked for its atoms alone needs none of it.
  struct Tables;
  const Tables& tables() const;
  using Line = std::vector<std::array<Real, 4>>;
  // Through the boundary before the slice, away from the entrance.
  HalfPlane<Real> through(int boundary) const;
  std::shared_ptr<const HalfPlane<Real>> kept(int boundary) const;
  Table tabulate(const ElementFactor& factor, double u_rms) const;
  void radial_line(const Table& table, double distance, double sign, Line& line) const;
  void add_atom(const Tables& tables, const Vector3d& r, const Line& line,
                std::vector<std::complex<Real>>& along_x, HalfPlane<Real>& sum) const;

  Grid grid_;
  FactorTable factors_;
  int slices_;
  double dz_, small_;
  std::map<int, std::vector<Vector3d>> atoms_;  // by element, ascending z
  mutable std::once_flag made_;
  mutable std::unique_ptr<const Tables> tables_;
  // Two slices ask for a boundary, mostly one after the other.
  struct Kept {
    int boundary;
    std::shared_ptr<const HalfPlane<Real>> plane;
  };
  mutable std::mutex mutex_;
  mutable std::vector<Kept> recent_;
};

extern template class SliceFlux<float>;
extern template class SliceFlux<double>;

}  // namespace vitrobeam
