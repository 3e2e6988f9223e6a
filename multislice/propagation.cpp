#include "multislice/propagation.hpp"

#include <cmath>

namespace vitrobeam {
namespace {

// exp(i sigma v) of one row; `v` is in V Angstrom.
template <typename Real>
void phase_row(const Eigen::Array<Real, Eigen::Dynamic, 1>& v, Real sigma,
               std::complex<Real>* out) {
  const Eigen::Array<Real, Eigen::Dynamic, 1> phase = sigma * v, c = phase.cos(), s = phase.sin();
  for (Eigen::Index i = 0; i < v.size(); ++i) out[i] = {c[i], s[i]};
}

}  // namespace

template <typename Real>
Propagator<Real>::Propagator(const Grid& grid, double wavelength, double distance,
                             const Vector2d& tilt, std::optional<double> norm)
    : ny_(grid.ny),
      along_x_(2 * grid.band_x() + 1),
      along_y_(grid.ny),
      half_height_(grid.band_x() + 1, 0) {
  const auto phase = [&](double q, double angle) {
    return -M_PI * distance * q * (wavelength * q + 2 * std::tan(angle));
  };
  const double scale = norm.value_or(1.0 / (double(grid.nx) * grid.ny));
  for (int jx = -grid.band_x(); jx <= grid.band_x(); ++jx)
    along_x_[jx + grid.band_x()] =
        std::complex<Real>(std::polar(scale, phase(jx / grid.lx, tilt.x())));
  for (int jx = 0; jx <= grid.band_x(); ++jx)
    while (grid.inside_band(jx / grid.lx, (half_height_[jx] + 1) / grid.ly)) ++half_height_[jx];
  for (int j = 0; j < grid.ny; ++j)
    along_y_[j] = std::complex<Real>(std::polar(1.0, phase(grid.q_y(j), tilt.y())));
}

template <typename Real>
void Propagator<Real>::apply(int jx, std::complex<Real>* column) const {
  using Line = Eigen::Array<std::complex<Real>, Eigen::Dynamic, 1>;
  const int h = half_height(jx);
  const std::complex<Real> x = along_x_[jx + int(half_height_.size()) - 1];
  Eigen::Map<Line> psi(column, ny_);
  const Eigen::Map<const Line> y(along_y_.data(), ny_);
  psi.head(h + 1) *= y.head(h + 1) * x;
  psi.segment(h + 1, ny_ - 2 * h - 1).setZero();
  psi.tail(h) *= y.tail(h) * x;
}

template <typename Real>
Transmission<Real>::Transmission(const BandTransform<Real>& transform,
                                 const SlicePotential<Real>& potential, double interaction_constant,
                                 int threads, TransmissionKind kind)
    : nx_(transform.grid().nx), planes_(potential.slices()) {
  using Complex = std::complex<Real>;
  const Grid& grid = transform.grid();
  const int by = grid.band_y(), count = potential.slices();
  const Real sigma = Real(interaction_constant);
  const Propagator<Real> band(grid, 0, 0);  // the circular limit and the normalisation alone
  for (auto& p : planes_) p = aligned_array<Complex>(nx_ * grid.ny);

#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int s = 0; s < count; s += 2) {
    // Two real potentials share one complex transform: v_s + i v_(s+1).
    const bool pair = s + 1 < count;
    const HalfPlane<Real> first = potential.coefficients(s);
    const HalfPlane<Real> second = pair ? potential.coefficients(s + 1) : HalfPlane<Real>();
    auto w = transform.make_workspace();
    const auto v = transform.make_wave();
    transform.write_columns(v.get(), w, [&](int jx, Complex* column) {
      const auto coefficient = [&](const HalfPlane<Real>& c, int jy) {
        return jx >= 0 ? c(jy + by, jx) : std::conj(c(-jy + by, -jx));
      };
      for (int jy = -by; jy <= by; ++jy) {
        Complex value = coefficient(first, jy);
        if (pair) value += Complex(0, 1) * coefficient(second, jy);
        column[jy < 0 ? jy + grid.ny : jy] = value;
      }
      return true;
    });
    if (kind == TransmissionKind::first_order) {  // v is limited to the band already
      transform.read_rows(v.get(), w, [&](int y, const Complex* row) {
        for (std::size_t i = 0; i < nx_; ++i) {
          planes_[s][y * nx_ + i] = Complex(0, sigma * row[i].real());
          if (pair) planes_[s + 1][y * nx_ + i] = Complex(0, sigma * row[i].imag());
        }
      });
      continue;
    }
    std::vector<AlignedArray<Complex>> waves(2);
    for (auto& wave : waves) wave = transform.make_wave();
    // exp(i sigma v), then the limit: rows of both slices, columns, rows
    transform.read_rows(v.get(), w, [&](int y, const Complex* row) {
      const Eigen::Map<const Eigen::Array<Complex, Eigen::Dynamic, 1>> both(row, grid.nx);
      phase_row<Real>(both.real(), sigma, planes_[s].get() + y * nx_);
      if (pair) phase_row<Real>(both.imag(), sigma, planes_[s + 1].get() + y * nx_);
    });
    for (int k = 0; k < (pair ? 2 : 1); ++k) {
      Complex* plane = planes_[s + k].get();
      transform.write_rows(waves[k].get(), w,
                           [&](int y, Complex* row) { std::copy_n(plane + y * nx_, nx_, row); });
      transform.pass_columns(waves[k].get(), w,
                             [&](int jx, Complex* column) { band.apply(jx, column); });
      transform.read_rows(waves[k].get(), w, [&](int y, const Complex* row) {
        std::copy_n(row, nx_, plane + y * nx_);
      });
    }
  }
}

template <typename Real>
void propagate(const BandTransform<Real>& transform, const Transmission<Real>& transmission,
               const Propagator<Real>& propagator, int first, int last,
               const std::vector<std::complex<Real>*>& waves,
               typename BandTransform<Real>::Workspace& workspace) {
  // Rows of t that stay in the second-level cache while the waves take turns; the last wave asks
  // for the next rows, which takes a tenth of the time off (the hardware does not follow the reads
  // of t between the transforms).
  constexpr int kRows = 16;
  const Grid& grid = transform.grid();
  for (int s = first; s < last; ++s) {
    for (int y = 0; y < grid.ny; y += kRows)
      for (std::complex<Real>* wave : waves)
        transform.pass_rows(wave, workspace, y, std::min(y + kRows, grid.ny),
                            [&](int row, std::complex<Real>* psi) {
                              const std::complex<Real>* t = transmission.row(s, row);
                              multiply_line(psi, t, grid.nx);
                              if (wave == waves.back())
                                for (int i = 0; i < grid.nx; i += 8)
                                  __builtin_prefetch(t + kRows * grid.nx + i, 0, 2);
                            });
    for (std::complex<Real>* wave : waves)
      transform.pass_columns(wave, workspace,
                             [&](int jx, std::complex<Real>* psi) { propagator.apply(jx, psi); });
  }
}

template <typename Real>
void propagate_kinematic(const BandTransform<Real>& transform,
                         const Transmission<Real>& first_order, const Propagator<Real>& propagator,
                         int first, int last, std::complex<Real>* incident,
                         std::complex<Real>* scattered,
                         typename BandTransform<Real>::Workspace& workspace) {
  const auto step = [&](int jx, std::complex<Real>* psi) { propagator.apply(jx, psi); };
  for (int s = first; s < last; ++s) {
    transform.add_rows(incident, scattered, workspace, [&](int y, std::complex<Real>* psi) {
      multiply_line(psi, first_order.row(s, y), transform.grid().nx);
    });
    transform.pass_columns(incident, workspace, step);
    transform.pass_columns(scattered, workspace, step);
  }
}

template void propagate_kinematic(const BandTransform<float>&, const Transmission<float>&,
                                  const Propagator<float>&, int, int, std::complex<float>*,
                                  std::complex<float>*, BandTransform<float>::Workspace&);
template void propagate_kinematic(const BandTransform<double>&, const Transmission<double>&,
                                  const Propagator<double>&, int, int, std::complex<double>*,
                                  std::complex<double>*, BandTransform<double>::Workspace&);
template class Propagator<float>;
template class Propagator<double>;
template class Transmission<float>;
template class Transmission<double>;
template void propagate(const BandTransform<float>&, const Transmission<float>&,
                        const Propagator<float>&, int, int,
                        const std::vector<std::complex<float>*>&, BandTransform<float>::Workspace&);
template void propagate(const BandTransform<double>&, const Transmission<double>&,
                        const Propagator<double>&, int, int,
                        const std::vector<std::complex<double>*>&,
                        BandTransform<double>::Workspace&);

}  // namespace vitrobeam
