#include "multislice/interpolated_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/first_failure.hpp"

namespace vitrobeam {
namespace {

constexpr std::size_t kPointsAtOnce = 4;  // points that a thread takes at a time

template <typename Stop, typename Work>
void for_points(int threads, const Stop& stop, const NextRange& next, Work&& work) {
  FirstFailure failure;
#pragma omp parallel num_threads(threads)
  while (!failure.halted() && !stop()) {
    const Range piece = next(kPointsAtOnce);
    if (piece.empty()) break;
    failure.guard([&] {
      for (std::size_t i = piece.first; i < piece.last; ++i) work(i);
    });
  }
  failure.rethrow();
}

std::size_t most_modes(const ProbeSeries& series) {
  std::size_t most = 1;
  for (const IncidentModes& m : series.probes) most = std::max(most, m.amplitudes.size());
  return most;
}

// First sample of a window of n samples around x, 0 <= first < all.
int window_start(double x, double pixel, int n, int all) {
  const int start = int(std::lround(x / pixel)) - n / 2;
  return ((start % all) + all) % all;
}

}  // namespace

InterpolationPlan::InterpolationPlan(std::size_t beams, double bytes_per_beam,
                                     double bytes_per_point, double memory_bytes) {
  if (double(beams) * bytes_per_beam <= memory_bytes) {
    beams_at_once = beams;
    bytes = double(beams) * bytes_per_beam;
    return;
  }
  beams_at_once = std::size_t(memory_bytes / 2 / bytes_per_beam);
  points_at_once = std::size_t(memory_bytes / 2 / bytes_per_point);
  if (points_at_once == 0) beams_at_once = 0;
  bytes = memory_bytes;
}

template <typename Real>
InterpolatedMatrix<Real>::InterpolatedMatrix(const InterpolationSetup<Real>& setup)
    : setup_(setup),
      plan_(setup.series.beams.size(),
            double(setup.transform.grid().nx) * setup.transform.grid().ny *
                sizeof(std::complex<Real>) * double(setup.depths.size()),
            double(setup.window.nx) * setup.window.ny * sizeof(std::complex<Real>) *
                double(setup.depths.size() * most_modes(setup.series)),
            setup.memory_bytes) {
  if (!plan_.possible())
    fail(Fault::physics,
         "@interpolation {}: @memory {:.3g} GiB does not hold the waves of one beam and one "
         "probe; allow more",
         setup.factor, setup.memory_bytes / (1 << 30));
}

template <typename Real>
typename InterpolatedMatrix<Real>::Wave InterpolatedMatrix<Real>::exit_wave(
    const Transmission<Real>& window, std::size_t d, Lanes<Real>* wave,
    typename BandTransform<Real>::Workspace& workspace) const {
  using Complex = std::complex<Real>;
  const Grid& grid = setup_.transform.grid();
  const int slices = setup_.slab.slices();
  PlaneC plane = PlaneC::Zero(grid.ny, grid.nx);
  const auto column = [&](int jx, const Complex* psi) {
    const int h = setup_.propagator.half_height(jx);
    for (int jy = -h; jy <= h; ++jy) {
      const int j = (jy + grid.ny) % grid.ny;
      plane(j, (jx + grid.nx) % grid.nx) = std::complex<double>(psi[j]);
    }
  };
  if (setup_.depths[d] == slices)
    finish_in_fourier_space(setup_.transform, window, setup_.propagator, slices - 1, wave,
                            workspace, column);
  else
    read_in_fourier_space(setup_.transform, wave, workspace, column);
  transform_plane(plane, Direction::backward);
  return plane.template cast<Complex>();
}

template <typename Real>
typename InterpolatedMatrix<Real>::Waves InterpolatedMatrix<Real>::propagate_beams(
    std::size_t first, std::size_t last, int threads, const Stop& stop) const {
  const BandTransform<Real>& transform = setup_.transform;
  const Slab<Real>& slab = setup_.slab;
  const std::size_t count = last - first;
  Waves exit(setup_.depths.size() * count);
  const std::size_t at_once = slab.all() ? count : slab.waves_at_once(count);
  std::vector<AlignedArray<Lanes<Real>>> kept;
  for (std::size_t k = 0; k < at_once && !slab.all(); ++k) kept.push_back(transform.make_wave());
  FirstFailure failure;
  for (std::size_t begin = 0; begin < count; begin += at_once) {
    const std::size_t end = std::min(count, begin + at_once);
    slab.for_windows(threads, [&](const Transmission<Real>& window) {
#pragma omp parallel num_threads(threads)
      {
        auto workspace = transform.make_workspace();
        const auto own = transform.make_wave();
#pragma omp for schedule(dynamic)
        for (std::size_t k = begin; k < end; ++k) {
          if (stop() || failure.halted()) continue;
          Lanes<Real>* wave = slab.all() ? own.get() : kept[k - begin].get();
          failure.guard([&] {
            const ApertureBeam& b = setup_.series.beams[first + k];
            if (window.first() == 0)
              load_plane_wave(transform, setup_.factor * b.jx, setup_.factor * b.jy, wave,
                              workspace);
            walk(
                window, setup_.depths, slab.slices() - 1,
                [&](int from, int to) {
                  propagate(transform, window, setup_.propagator, from, to, {wave}, workspace);
                },
                [&](std::size_t d) {
                  exit[d * count + k] = exit_wave(window, d, wave, workspace);
                });
          });
        }
      }
    });
  }
  failure.rethrow();
  return exit;
}

template <typename Real>
typename InterpolatedMatrix<Real>::Waves InterpolatedMatrix<Real>::empty_windows(
    const ScanPoint& point) const {
  const std::size_t modes = setup_.series.probes[point.probe].amplitudes.size();
  return Waves(setup_.depths.size() * modes, Wave::Zero(setup_.window.ny, setup_.window.nx));
}

template <typename Real>
void InterpolatedMatrix<Real>::add_beams(const Waves& exit, std::size_t first,
                                         const ScanPoint& point, Waves& windows) const {
  const Grid &cell = setup_.transform.grid(), &w = setup_.window;
  const std::size_t count = exit.size() / setup_.depths.size();
  const auto& modes = setup_.series.probes[point.probe].amplitudes;
  const int x0 = window_start(point.at.x(), cell.dx(), w.nx, cell.nx),
            y0 = window_start(point.at.y(), cell.dy(), w.ny, cell.ny),
            left = std::min(w.nx, cell.nx - x0);  // samples before the cell repeats
  for (std::size_t m = 0; m < modes.size(); ++m)
    for (std::size_t k = 0; k < count; ++k) {
      if (modes[m][first + k] == 0.0) continue;
      const ApertureBeam& b = setup_.series.beams[first + k];
      const double turn = b.jx * point.at.x() / w.lx + b.jy * point.at.y() / w.ly;
      const std::complex<Real> a(modes[m][first + k] * std::polar(1.0, -2 * M_PI * turn));
      for (std::size_t d = 0; d < setup_.depths.size(); ++d) {
        const Wave& from = exit[d * count + k];
        Wave& to = windows[d * modes.size() + m];
        for (int j = 0; j < w.ny; ++j) {
          const int y = (y0 + j) % cell.ny;
          to.row(j).head(left) += a * from.row(y).segment(x0, left);
          if (left < w.nx) to.row(j).tail(w.nx - left) += a * from.row(y).head(w.nx - left);
        }
      }
    }
}

template <typename Real>
std::vector<ProbeResult<Real>> InterpolatedMatrix<Real>::results(std::size_t i,
                                                                 const ScanPoint& point,
                                                                 const Waves& windows) const {
  const Grid& w = setup_.window;
  const std::size_t modes = setup_.series.probes[point.probe].amplitudes.size();
  std::vector<ProbeResult<Real>> out(setup_.depths.size());
  for (std::size_t d = 0; d < setup_.depths.size(); ++d) {
    ProbeResult<Real>& r = out[d];
    r.point = i;
    r.depth = int(d);
    if (setup_.pattern) r.pattern.setZero(setup_.pattern->ny, setup_.pattern->nx);
    r.detectors.assign(setup_.detectors.size(), 0.0);
    for (std::size_t m = 0; m < modes; ++m) {
      PlaneC psi = windows[d * modes + m].template cast<std::complex<double>>();
      transform_plane(psi, Direction::forward);
      psi /= double(psi.size());
      std::vector<std::complex<Real>> column(std::size_t(w.ny));
      for (int jx = -w.band_x(); jx <= w.band_x(); ++jx) {
        std::fill(column.begin(), column.end(), std::complex<Real>(0));
        for (int jy = -w.band_y(); jy <= w.band_y(); ++jy) {
          if (!w.inside_band(jx / w.lx, jy / w.ly)) continue;
          const int j = (jy + w.ny) % w.ny;
          column[std::size_t(j)] = std::complex<Real>(psi(j, (jx + w.nx) % w.nx));
          const Real intensity = std::norm(column[std::size_t(j)]);
          r.intensity_out += intensity;
          if (setup_.pattern && setup_.pattern->contains(jx, jy))
            r.pattern(jy - setup_.pattern->first_y, jx - setup_.pattern->first_x) += intensity;
        }
        setup_.detectors.add_column(jx, column.data(), r.detectors);
      }
    }
  }
  return out;
}

template <typename Real>
void InterpolatedMatrix<Real>::run(const std::vector<ScanPoint>& points,
                                   const EngineRun<Real>& run) const {
  const std::size_t beams = setup_.series.beams.size();
  const auto never = [] { return false; };
  if (plan_.beams_at_once == beams) {
    const Waves exit = propagate_beams(0, beams, run.threads, run.stop);
    for_points(run.threads, run.stop, run.next, [&](std::size_t i) {
      Waves windows = empty_windows(points[i]);
      add_beams(exit, 0, points[i], windows);
      run.sink(results(i, points[i], windows));
    });
    return;
  }
  while (!run.stop()) {
    const Range piece = run.next(plan_.points_at_once);
    if (piece.empty()) return;
    std::vector<Waves> windows;
    for (std::size_t i = piece.first; i < piece.last; ++i)
      windows.push_back(empty_windows(points[i]));
    for (std::size_t b = 0; b < beams && !run.stop(); b += plan_.beams_at_once) {
      const Waves exit =
          propagate_beams(b, std::min(beams, b + plan_.beams_at_once), run.threads, run.stop);
      if (run.stop()) return;
      for_points(run.threads, run.stop, ranges_in_turn(piece.size()),
                 [&](std::size_t i) { add_beams(exit, b, points[piece.first + i], windows[i]); });
    }
    if (run.stop()) return;
    for_points(run.threads, never, ranges_in_turn(piece.size()), [&](std::size_t i) {
      run.sink(results(piece.first + i, points[piece.first + i], windows[i]));
    });
  }
}

template class InterpolatedMatrix<float>;
template class InterpolatedMatrix<double>;

}  // namespace vitrobeam
