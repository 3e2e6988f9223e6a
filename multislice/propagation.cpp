#include "multislice/propagation.hpp"

#include <cmath>

#include "base/first_failure.hpp"

namespace vitrobeam {
template <typename Real>
Propagator<Real>::Propagator(const BandTransform<Real>& transform, double wavelength,
                             double distance, const Vector2d& tilt, std::optional<double> norm)
    : columns_(transform.column_tiles()), half_height_(transform.grid().band_x() + 1, 0) {
  const Grid& grid = transform.grid();
  const auto phase = [&](double q, double angle) {
    return -M_PI * distance * q * (wavelength * q + 2 * std::tan(angle));
  };
  const double scale = norm.value_or(1.0 / (double(grid.nx) * grid.ny));
  for (int jx = 0; jx <= grid.band_x(); ++jx)
    while (grid.inside_band(jx / grid.lx, (half_height_[jx] + 1) / grid.ly)) ++half_height_[jx];
  for (int tile = 0; tile < transform.column_tiles(); ++tile) {
    Columns& columns = columns_[tile];
    columns.lowest = Real(grid.ny);
    columns.highest = -1;
    for (int lane = 0; lane < transform.kLanes; ++lane) {
      const int jx = transform.first_column(tile) + lane;
      const bool inside = std::abs(jx) <= grid.band_x();
      const Real h = inside ? Real(half_height(jx)) : Real(-1);
      columns.half_height[lane] = h;
      columns.lowest = std::min(columns.lowest, h);
      columns.highest = std::max(columns.highest, h);
      columns.factor.set(lane,
                         std::complex<Real>(std::polar(scale, phase(jx / grid.lx, tilt.x()))));
    }
  }
  for (int i = 0; i < grid.ny; ++i) {
    const double q = grid.q_y(transform.jy(i));
    rows_.push_back({std::complex<Real>(std::polar(1.0, phase(q, tilt.y()))),
                     Real(std::abs(std::lround(q * grid.ly)))});
  }
}

template <typename Real>
Transmission<Real>::Transmission(const BandTransform<Real>& transform,
                                 const PotentialSource<Real>& potential,
                                 double interaction_constant, TransmissionKind kind, int first,
                                 int last, int threads)
    : nx_(transform.grid().nx),
      plane_(nx_ * transform.row_tiles()),
      first_(first),
      last_(last),
      values_(aligned_array<Lanes<Real>>(plane_ * (last - first))) {
  const Real sigma = Real(interaction_constant);
  const Propagator<Real> band(transform, 0, 0);  // the circular limit and the normalisation alone
  const bool absorbs = potential.absorbs();
  const int step = slices_per_transform(potential);
  FirstFailure failure;
  if (kind == TransmissionKind::exponential && potential.has_transmission()) {
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (int s = first; s < last; ++s)
      failure.guard([&] { take(transform, potential.transmission(s), s); });
    failure.rethrow();
    return;
  }
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int s = first; s < last; s += step) {
    const int count = std::min(step, last - s);
    const auto plane = [&](int k) { return values_.get() + plane_ * (s - first + k); };
    failure.guard([&] {
      potential_rows<Real>(potential, transform, s, [&](int tile, const Lanes<Real>* v) {
        for (int k = 0; k < count; ++k) {
          Lanes<Real>* out = plane(k) + std::size_t(tile) * nx_;
          for (std::size_t i = 0; i < nx_; ++i) {
            const auto phase = (k == 0 ? v[i].re : v[i].im) * sigma;
            out[i] = kind == TransmissionKind::exponential ? phase_factor<Real>(phase)
                                                           : Lanes<Real>{phase * 0, phase};
            if (!absorbs) continue;
            const auto loss = v[i].im * sigma;
            out[i] = kind == TransmissionKind::exponential
                         ? absorbed<Real>(out[i], loss)
                         : Lanes<Real>{out[i].re - loss, out[i].im};
          }
        }
      });
    });
    if (kind == TransmissionKind::first_order) continue;  // v is limited to the band already
    auto w = transform.make_workspace();
    const auto wave = transform.make_wave();
    for (int k = 0; k < count; ++k) {  // the limit: rows, columns, rows
      transform.write_rows(wave.get(), w, [&](int tile, Lanes<Real>* row) {
        std::copy_n(plane(k) + std::size_t(tile) * nx_, nx_, row);
      });
      transform.pass_columns(wave.get(), band);
      transform.read_rows(wave.get(), w, [&](int tile, const Lanes<Real>* row) {
        std::copy_n(row, nx_, plane(k) + std::size_t(tile) * nx_);
      });
    }
  }
  failure.rethrow();
}

template <typename Real>
void Transmission<Real>::take(const BandTransform<Real>& transform,
                              const Plane<std::complex<Real>>& t, int slice) {
  constexpr int kLanes = Lanes<Real>::kCount;
  Lanes<Real>* out = values_.get() + std::size_t(slice - first_) * plane_;
  for (Eigen::Index y = 0; y < t.rows(); ++y) {
    Lanes<Real>* row = out + std::size_t(y / kLanes) * nx_;
    for (std::size_t i = 0; i < nx_; ++i) row[i].set(int(y % kLanes), t(y, transform.x(int(i))));
  }
}

template <typename Real>
void propagate(const BandTransform<Real>& transform, const Transmission<Real>& transmission,
               const Propagator<Real>& propagator, int first, int last,
               const std::vector<Lanes<Real>*>& waves,
               typename BandTransform<Real>::Workspace& workspace) {
  const int nx = transform.grid().nx;
  for (int s = first; s < last; ++s) {
    // A tile of t stays in the cache while the waves take turns; the last wave asks for the next
    // one (the hardware does not follow the reads of t between the transforms).
    for (int tile = 0; tile < transform.row_tiles(); ++tile) {
      const Lanes<Real>* t = transmission.tile(s, tile);
      for (Lanes<Real>* wave : waves)
        if (wave == waves.back())
          transform.pass_rows(wave, workspace, tile, tile + 1, [=](int, int i, Lanes<Real>& psi) {
            psi = psi * t[i];
            __builtin_prefetch(t + nx + i, 0, 2);
          });
        else
          transform.pass_rows(wave, workspace, tile, tile + 1,
                              [=](int, int i, Lanes<Real>& psi) { psi = psi * t[i]; });
    }
    for (Lanes<Real>* wave : waves) transform.pass_columns(wave, propagator);
  }
}

template <typename Real>
void propagate_kinematic(const BandTransform<Real>& transform,
                         const Transmission<Real>& first_order, const Propagator<Real>& propagator,
                         int first, int last, Lanes<Real>* incident, Lanes<Real>* scattered,
                         typename BandTransform<Real>::Workspace& workspace) {
  for (int s = first; s < last; ++s) {
    transform.add_rows(incident, scattered, workspace, [&](int tile, int i, Lanes<Real>& psi) {
      psi = psi * first_order.tile(s, tile)[i];
    });
    transform.pass_columns(incident, propagator);
    transform.pass_columns(scattered, propagator);
  }
}

#define VITROBEAM_INSTANTIATE(Real)                                                                \
  template class Propagator<Real>;                                                                 \
  template class Transmission<Real>;                                                               \
  template void propagate(const BandTransform<Real>&, const Transmission<Real>&,                   \
                          const Propagator<Real>&, int, int, const std::vector<Lanes<Real>*>&,     \
                          BandTransform<Real>::Workspace&);                                        \
  template void propagate_kinematic(const BandTransform<Real>&, const Transmission<Real>&,         \
                                    const Propagator<Real>&, int, int, Lanes<Real>*, Lanes<Real>*, \
                                    BandTransform<Real>::Workspace&);
VITROBEAM_INSTANTIATE(float)
VITROBEAM_INSTANTIATE(double)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
