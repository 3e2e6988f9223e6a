// The multislice step, fused and pruned: psi <- P * (t psi). Per slice two passes over memory:
// along x (inverse transform, times t, forward transform) and along y (forward transform, times the
// propagator inside the circular band, inverse).
#pragma once
#include <complex>
#include <optional>
#include <vector>

#include "fourier/band_transform.hpp"
#include "multislice/potential_rows.hpp"

namespace vitrobeam {

// exp(-i pi lambda dz q^2 - 2 pi i dz q.tan(tilt)) inside the band, 0 outside, times `norm`: of one
// forward and one inverse transform of the plane, 1 / (nx ny), unless stated otherwise. Separable
// in x and y, so it is two lines, not a plane.
template <typename Real>
class Propagator {
 public:
  Propagator(const BandTransform<Real>& transform, double wavelength, double distance,
             const Vector2d& tilt = {0, 0},  // rad
             std::optional<double> norm = {});

  // Multiplies element i of a column tile inside a pass along y.
  [[gnu::always_inline]] void operator()(int tile, int i, Lanes<Real>& psi) const {
    const Row& y = rows_[i];
    const Columns& x = columns_[tile];
    if (y.distance > x.highest) {
      psi = Lanes<Real>{};
      return;
    }
    psi = psi * (x.factor * y.factor);
    if (y.distance <= x.lowest) return;
    const auto inside = x.half_height >= y.distance;
    const typename Lanes<Real>::Vector zero = {};
    psi.re = inside ? psi.re : zero;
    psi.im = inside ? psi.im : zero;
  }

  // Largest |jy| inside the band in column jx; every column within Grid::band_x has at least jy =
  // 0.
  int half_height(int jx) const { return half_height_[std::abs(jx)]; }

 private:
  struct Row {
    std::complex<Real> factor;
    Real distance;  // |jy|
  };
  struct Columns {  // of one tile
    Lanes<Real> factor;
    typename Lanes<Real>::Vector half_height;  // -1 beyond the band
    Real lowest, highest;                      // of the half heights
  };
  std::vector<Row> rows_;
  std::vector<Columns> columns_;
  std::vector<int> half_height_;
};

// The exact transmission function exp(i sigma v), or its first-order term i sigma v (single
// scattering).
enum class TransmissionKind { exponential, first_order };

// exp(i phase)
template <typename Real>
Lanes<Real> phase_factor(const typename Lanes<Real>::Vector& phase) {
  using Line = Eigen::Array<Real, Lanes<Real>::kCount, 1>;
  Lanes<Real> out;
  const Eigen::Map<const Line> angle(reinterpret_cast<const Real*>(&phase));
  Eigen::Map<Line>(reinterpret_cast<Real*>(&out.re)) = angle.cos();
  Eigen::Map<Line>(reinterpret_cast<Real*>(&out.im)) = angle.sin();
  return out;
}

// t exp(-loss)
template <typename Real>
Lanes<Real> absorbed(const Lanes<Real>& t, const typename Lanes<Real>::Vector& loss) {
  using Line = Eigen::Array<Real, Lanes<Real>::kCount, 1>;
  typename Lanes<Real>::Vector factor;
  Eigen::Map<Line>(reinterpret_cast<Real*>(&factor)) =
      (-Eigen::Map<const Line>(reinterpret_cast<const Real*>(&loss))).exp();
  return {t.re * factor, t.im * factor};
}

// Transmission functions limited to the band, of slices first .. last - 1, in the order of a pass
// along x.
template <typename Real>
class Transmission {
 public:
  // `first` is a multiple of slices_per_transform(), so that a slice has the same bytes in
  // whatever company; `threads` share the work.
  Transmission(const BandTransform<Real>& transform, const PotentialSource<Real>& potential,
               double interaction_constant, TransmissionKind kind, int first, int last,
               int threads);
  int first() const { return first_; }
  int last() const { return last_; }
  // nx elements that multiply those of a row tile.
  const Lanes<Real>* tile(int slice, int row_tile) const {
    return values_.get() + std::size_t(slice - first_) * plane_ + std::size_t(row_tile) * nx_;
  }

 private:
  // t [y, x] of a slice as it is.
  void take(const BandTransform<Real>& transform, const Plane<std::complex<Real>>& t, int slice);

  std::size_t nx_, plane_;  // elements
  int first_, last_;
  AlignedArray<Lanes<Real>> values_;  // [slice, row tile, i]
};

// Carries `waves` (at the entrance face, half transformed) through slices first .. last - 1, each
// followed by a propagation. Waves of one call share the reads of the transmission function.
template <typename Real>
void propagate(const BandTransform<Real>& transform, const Transmission<Real>& transmission,
               const Propagator<Real>& propagator, int first, int last,
               const std::vector<Lanes<Real>*>& waves,
               typename BandTransform<Real>::Workspace& workspace);

// Single scattering with propagation: the unscattered wave `incident` and the wave `scattered`
// once, both at the entrance of slice `first`, to behind slice `last` - 1. `first_order` holds i
// sigma v, `propagator` has the norm 1 / ny.
template <typename Real>
void propagate_kinematic(const BandTransform<Real>& transform,
                         const Transmission<Real>& first_order, const Propagator<Real>& propagator,
                         int first, int last, Lanes<Real>* incident, Lanes<Real>* scattered,
                         typename BandTransform<Real>::Workspace& workspace);

// The step without its last inverse transform: multiplies by slice `last`, then hands every column
// of the result in Fourier space, propagated and normalised, to `at_column(jx, psi)`.
template <typename Real, typename AtColumn>
void finish_in_fourier_space(const BandTransform<Real>& transform,
                             const Transmission<Real>& transmission,
                             const Propagator<Real>& propagator, int last, Lanes<Real>* wave,
                             typename BandTransform<Real>::Workspace& workspace,
                             AtColumn&& at_column);

// A wave between two slices, column by column: the same hand-over, the wave stays as it is.
template <typename Real, typename AtColumn>
void read_in_fourier_space(const BandTransform<Real>& transform, const Lanes<Real>* wave,
                           typename BandTransform<Real>::Workspace& workspace,
                           AtColumn&& at_column);

// ---- implementation of what must be inlined

template <typename Real, typename AtColumn>
void finish_in_fourier_space(const BandTransform<Real>& transform,
                             const Transmission<Real>& transmission,
                             const Propagator<Real>& propagator, int last, Lanes<Real>* wave,
                             typename BandTransform<Real>::Workspace& workspace,
                             AtColumn&& at_column) {
  transform.pass_rows(
      wave, workspace, 0, transform.row_tiles(),
      [&](int tile, int i, Lanes<Real>& psi) { psi = psi * transmission.tile(last, tile)[i]; });
  transform.read_columns(wave, workspace, propagator, at_column);
}

template <typename Real, typename AtColumn>
void read_in_fourier_space(const BandTransform<Real>& transform, const Lanes<Real>* wave,
                           typename BandTransform<Real>::Workspace& workspace,
                           AtColumn&& at_column) {
  const Real norm = Real(1) / Real(transform.grid().ny);
  transform.read_columns(
      wave, workspace, [&](int, int, Lanes<Real>& psi) { psi = psi * norm; }, at_column);
}

}  // namespace vitrobeam
