// The multislice step, fused and pruned: psi <- P * (t psi). Per slice two passes over memory:
// along x (inverse transform, times t, forward transform) and along y (forward transform, times the
// propagator inside the circular band, inverse).
#pragma once
#include <complex>
#include <optional>
#include <vector>

#include "potentials/band_transform.hpp"
#include "potentials/slice_potential.hpp"

namespace vitrobeam {

// exp(-i pi lambda dz q^2 - 2 pi i dz q.tan(tilt)) inside the band, 0 outside, times `norm`: of one
// forward and one inverse transform of the plane, 1 / (nx ny), unless said otherwise. Separable in
// x and y, so it is two lines, not a plane.
template <typename Real>
class Propagator {
 public:
  Propagator(const Grid& grid, double wavelength, double distance,
             const Vector2d& tilt = {0, 0},  // rad
             std::optional<double> norm = {});
  // Multiplies psi(jy) of column jx, ny values in FFT order.
  void apply(int jx, std::complex<Real>* column) const;

  // Largest |jy| inside the band in column jx; every column within Grid::band_x has at least jy =
  // 0.
  int half_height(int jx) const { return half_height_[std::abs(jx)]; }

 private:
  int ny_;
  std::vector<std::complex<Real>> along_x_, along_y_;
  std::vector<int> half_height_;
};

// The exact transmission function exp(i sigma v), or its first-order term i sigma v (single
// scattering).
enum class TransmissionKind { exponential, first_order };

// Transmission functions limited to the band, one plane [y, x] per slice.
template <typename Real>
class Transmission {
 public:
  Transmission(const BandTransform<Real>& transform, const SlicePotential<Real>& potential,
               double interaction_constant, int threads,
               TransmissionKind kind = TransmissionKind::exponential);
  int slices() const { return int(planes_.size()); }
  const std::complex<Real>* row(int slice, int y) const {
    return planes_[slice].get() + std::size_t(y) * nx_;
  }

 private:
  std::size_t nx_;
  std::vector<AlignedArray<std::complex<Real>>> planes_;
};

// Carries `waves` (at the entrance face, half transformed) through slices first .. last - 1, each
// followed by a propagation. Waves of one call share the reads of the transmission function.
template <typename Real>
void propagate(const BandTransform<Real>& transform, const Transmission<Real>& transmission,
               const Propagator<Real>& propagator, int first, int last,
               const std::vector<std::complex<Real>*>& waves,
               typename BandTransform<Real>::Workspace& workspace);

// Single scattering with propagation: the unscattered wave `incident` and the wave `scattered`
// once, both at the entrance of slice `first`, to behind slice `last` - 1. `first_order` holds i
// sigma v, `propagator` has the norm 1 / ny.
template <typename Real>
void propagate_kinematic(const BandTransform<Real>& transform,
                         const Transmission<Real>& first_order, const Propagator<Real>& propagator,
                         int first, int last, std::complex<Real>* incident,
                         std::complex<Real>* scattered,
                         typename BandTransform<Real>::Workspace& workspace);

// The step without its last inverse transform: multiplies by slice `last`, then hands every column
// of the result in Fourier space, propagated and normalised, to `at_column(jx, psi)`.
template <typename Real, typename AtColumn>
void finish_in_fourier_space(const BandTransform<Real>& transform,
                             const Transmission<Real>& transmission,
                             const Propagator<Real>& propagator, int last, std::complex<Real>* wave,
                             typename BandTransform<Real>::Workspace& workspace,
                             AtColumn&& at_column);

// A wave between two slices, column by column: the same hand-over, the wave stays as it is.
template <typename Real, typename AtColumn>
void read_in_fourier_space(const BandTransform<Real>& transform, const std::complex<Real>* wave,
                           typename BandTransform<Real>::Workspace& workspace,
                           AtColumn&& at_column);

// ---- implementation of what must be inlined

template <typename Real>
void multiply_line(std::complex<Real>* psi, const std::complex<Real>* by, int n) {
  using Line = Eigen::Array<std::complex<Real>, Eigen::Dynamic, 1>;
  Eigen::Map<Line> line(psi, n);
  line *= Eigen::Map<const Line>(by, n);
}

template <typename Real, typename AtColumn>
void finish_in_fourier_space(const BandTransform<Real>& transform,
                             const Transmission<Real>& transmission,
                             const Propagator<Real>& propagator, int last, std::complex<Real>* wave,
                             typename BandTransform<Real>::Workspace& workspace,
                             AtColumn&& at_column) {
  const int nx = transform.grid().nx;
  transform.pass_rows(wave, workspace, 0, transform.grid().ny, [&](int y, std::complex<Real>* psi) {
    multiply_line(psi, transmission.row(last, y), nx);
  });
  transform.read_columns(wave, workspace, [&](int jx, std::complex<Real>* psi) {
    propagator.apply(jx, psi);
    at_column(jx, psi);
  });
}

template <typename Real, typename AtColumn>
void read_in_fourier_space(const BandTransform<Real>& transform, const std::complex<Real>* wave,
                           typename BandTransform<Real>::Workspace& workspace,
                           AtColumn&& at_column) {
  const int ny = transform.grid().ny;
  transform.read_columns(wave, workspace, [&](int jx, std::complex<Real>* psi) {
    Eigen::Map<Eigen::Array<std::complex<Real>, Eigen::Dynamic, 1>>(psi, ny) *= Real(1) / Real(ny);
    at_column(jx, psi);
  });
}

}  // namespace vitrobeam
