// How fast this machine is at what the engines do.
#include <algorithm>
#include <ctime>

#include "multislice/beam_sums.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/propagation.hpp"

namespace vitrobeam {
namespace {

// Of this thread's processor, so that what else the machine does is not kept for good.
double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// Shortest of a few: other programs on the machine only ever add.
template <typename Work>
double seconds_of(int runs, Work&& work) {
  double best = 1e9;
  for (int k = 0; k < runs; ++k) {
    const double start = processor_seconds();
    work();
    best = std::min(best, processor_seconds() - start);
  }
  return best;
}

}  // namespace

template <typename Real>
EngineSpeed measure_speed(const Grid& grid) {
  constexpr int kRuns = 3;
  EngineSpeed speed;
  const BandTransform<Real> transform(grid);
  const Propagator<Real> propagator(transform, 0.025, 2);
  auto workspace = transform.make_workspace();
  const auto wave = transform.make_wave();
  const std::size_t size = std::size_t(grid.nx) * transform.row_tiles();
  const auto t = aligned_array<Lanes<Real>>(size);
  for (std::size_t i = 0; i < size; ++i) t[i].re += Real(1);
  const auto multiply = [&](int tile, int i, Lanes<Real>& psi) {
    psi = psi * t[std::size_t(tile) * grid.nx + i];
  };
  speed.slice = seconds_of(kRuns, [&] {
    transform.pass_rows(wave.get(), workspace, 0, transform.row_tiles(), multiply);
    transform.pass_columns(wave.get(), propagator);
  });
  double sum = 0;
  speed.record = seconds_of(kRuns, [&] {
    transform.read_columns(wave.get(), workspace, propagator,
                           [&](int, const std::complex<Real>* psi) {
                             for (int j = 0; j < grid.ny; ++j) sum += std::norm(psi[j]);
                           });
  });
  Atoms nothing;
  nothing.cell = Cell::orthogonal(grid.lx, grid.ly, 2);
  constexpr int kSlices = 2;
  const SlicePotential<Real> empty(grid, {}, nothing, kSlices);
  // once: fresh memory is part of what it costs
  speed.potential = seconds_of(1,
                               [&] {
                                 Transmission<Real>(transform, empty, 1e-3,
                                                    TransmissionKind::exponential, 0, kSlices, 1);
                               }) /
                    kSlices;

  // an aperture of 12 x 12 beams
  constexpr int kEdge = 12;
  constexpr std::size_t kBlocks = 64;
  std::vector<ApertureBeam> beams;
  for (int jy = 0; jy < kEdge; ++jy)
    for (int jx = 0; jx < kEdge; ++jx) beams.push_back({jx - kEdge / 2, jy - kEdge / 2, 1.0});
  const BeamSums<Real> sums(grid, beams, kBlocks);
  const std::vector<std::complex<double>> amplitudes(beams.size(), 1.0);
  std::vector<Vector2d> row;
  for (int i = 0; i < 32; ++i) row.emplace_back(0.1 * i, 1.0);
  const double waves = seconds_of(kRuns, [&] {
    sums.waves(row, amplitudes, 0, kBlocks,
               [&](std::size_t, std::size_t, const Lanes<Real>& psi) { sum += psi.re[0]; });
  });
  speed.product = waves / (double(kBlocks * BeamSums<Real>::kLanes) *
                           (double(row.size()) * kEdge + double(beams.size())));
  const double intensity = seconds_of(kRuns, [&] { sums.intensity(amplitudes, 0, kBlocks, 1); });
  speed.harmonic =
      intensity / (double(kBlocks * BeamSums<Real>::kLanes) * ApertureSize(beams).harmonics());
  return speed;
}
template EngineSpeed measure_speed<float>(const Grid&);
template EngineSpeed measure_speed<double>(const Grid&);

EngineSpeed typical_speed(const Grid& grid, std::size_t bytes_per_real) {
  const double width = double(bytes_per_real) / sizeof(float);
  EngineSpeed speed;
  speed.slice = operations_per_slice(grid) * 1.4e-11 * width;
  speed.record = 1.2 * speed.slice;
  speed.potential = 4 * speed.slice;
  speed.product = 1.5e-10 * width;
  speed.harmonic = 2e-10 * width;
  return speed;
}

}  // namespace vitrobeam
