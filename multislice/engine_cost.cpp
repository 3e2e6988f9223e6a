#include "multislice/engine_cost.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>

#include "multislice/interpolated_matrix.hpp"
#include "multislice/propagation.hpp"
#include "multislice/scattering_matrix.hpp"
#include "potentials/spreading.hpp"

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
double seconds_of(int trials, Work&& work) {
  double best = 1e9;
  for (int k = 0; k < trials; ++k) {
    const double start = processor_seconds();
    work();
    best = std::min(best, processor_seconds() - start);
  }
  return best;
}

// Transforms and products of one wave in one slice, real operations.
double operations_per_slice(const Grid& g) {
  const double n = double(g.nx) * g.ny, band = (2.0 * g.band_x() + 1) / g.nx;
  return n * (10 * (std::log2(g.nx) + band * std::log2(g.ny)) + 6 + 6 * band);
}

struct Aperture {
  double beams, columns;
  double nx, ny;  // of the grid of positions that holds all harmonics of an intensity

  explicit Aperture(const std::vector<ApertureBeam>& list) : beams(double(list.size())) {
    std::set<int> distinct;
    int jx = 0, jy = 0;
    for (const ApertureBeam& b : list) {
      distinct.insert(b.jx);
      jx = std::max(jx, std::abs(b.jx));
      jy = std::max(jy, std::abs(b.jy));
    }
    columns = double(distinct.size());
    nx = good_size(4 * jx + 2);
    ny = good_size(4 * jy + 2);
  }
  double harmonics() const { return nx * ny * std::log2(nx * ny); }
};

std::vector<EngineRequest::Probe> probes_of(const EngineRequest& r) {
  return r.probes.empty() ? std::vector<EngineRequest::Probe>{{r.beams, r.modes}} : r.probes;
}

// Every sample of a window is summed over the beams by itself, for every position.
EngineCost interpolated_cost(const EngineRequest& r, const EngineSpeed& speed, double depths) {
  constexpr double kScattered = 2;  // as long as a product in sums over blocks
  const Grid window = interpolation_window(r.grid, r.interpolation);
  const double n = double(r.positions), beams = double(r.beams.size()),
               samples = double(window.nx) * window.ny,
               wave = double(r.grid.nx) * r.grid.ny * 2 * double(r.bytes_per_real) * depths;
  double modes = 0, most = 1;
  for (const auto& probe : probes_of(r)) {
    modes += double(probe.modes);
    most = std::max(most, double(probe.modes));
  }
  const double shots = n * double(probes_of(r).size());
  const InterpolationPlan plan(r.beams.size(), wave,
                               wave / (r.interpolation * r.interpolation) * most,
                               r.recording.memory_GiB * (1 << 30));
  if (!plan.possible()) return {1e99, 1e99, 1e99};
  const double waves =
      beams * (plan.shots_at_once == 0 ? 1 : std::ceil(shots / double(plan.shots_at_once)));
  const double products = n * modes * depths * samples * beams;
  return {waves * r.slices * operations_per_slice(r.grid) + 8 * products, plan.bytes,
          waves * (r.slices * speed.slice + 2 * depths * speed.record) +
              n * modes * depths * speed.record + kScattered * products * speed.product};
}

// The beams are propagated once, whatever the number of probes.
EngineCost matrix_cost(const EngineRequest& r, const EngineSpeed& speed, double depths) {
  const double lanes = 32.0 / double(r.bytes_per_real), n = double(r.positions);
  const auto probes = probes_of(r);
  const double beams = double(r.beams.size());
  const PatternWindow window = pattern_pixels(r.grid, r.recording).window();
  const double band = M_PI * std::pow(r.grid.q_max(), 2) * r.grid.lx * r.grid.ly;
  const double pixels = r.recording.patterns ? double(window.nx) * window.ny : 0;
  const double samples = std::min(band, pixels);
  const ScatteringPlan plan(std::size_t(band / lanes) + 1, std::size_t(samples / lanes),
                            beams * lanes * 2 * double(r.bytes_per_real) * depths,
                            pixels * depths * double(r.bytes_per_real), r.positions * probes.size(),
                            r.recording.memory_GiB * (1 << 30));
  if (!plan.possible()) return {1e99, 1e99, 1e99};
  double products = 0, harmonics = 0, series = 0;
  for (const auto& probe : probes) {
    const Aperture aperture(probe.beams);
    const double modes = double(probe.modes);
    // rows of a scan share the sums over the columns' beams: once for every row of a square scan
    products += modes * depths * samples * (n * aperture.columns + std::sqrt(n) * aperture.beams);
    harmonics += modes * depths * band * aperture.harmonics();
    series +=
        depths * n * (1 + channel_count(r.recording.detectors)) * aperture.nx * aperture.ny / 2;
  }
  const double waves = plan.propagations * beams;
  return {
      waves * r.slices * operations_per_slice(r.grid) + 8 * products + 5 * harmonics + 8 * series,
      plan.bytes,
      waves * (r.slices * speed.slice + depths * speed.record) + products * speed.product +
          harmonics * speed.harmonic + series * 4 * speed.product,
      plan.propagations};
}

}  // namespace

template <typename Real>
EngineSpeed measure_speed(const Grid& grid) {
  constexpr int kTrials = 3;
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
  speed.slice = seconds_of(kTrials, [&] {
    transform.pass_rows(wave.get(), workspace, 0, transform.row_tiles(), multiply);
    transform.pass_columns(wave.get(), propagator);
  });
  double sum = 0;
  speed.record = seconds_of(kTrials, [&] {
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
  const double waves = seconds_of(kTrials, [&] {
    sums.waves(row, amplitudes, 0, kBlocks,
               [&](std::size_t, std::size_t, const Lanes<Real>& psi) { sum += psi.re[0]; });
  });
  speed.product = waves / (double(kBlocks * BeamSums<Real>::kLanes) *
                           (double(row.size()) * kEdge + double(beams.size())));
  const double intensity = seconds_of(kTrials, [&] { sums.intensity(amplitudes, 0, kBlocks, 1); });
  speed.harmonic =
      intensity / (double(kBlocks * BeamSums<Real>::kLanes) * Aperture(beams).harmonics());
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

EngineCost engine_cost(Engine engine, const EngineRequest& r, const EngineSpeed& speed,
                       int threads) {
  const int every = r.recording.every_slices;
  const double depths = every > 0 ? std::ceil(double(r.slices) / every) : 1;
  const double wave_bytes = double(r.grid.nx) * r.grid.ny * 2 * double(r.bytes_per_real);
  EngineCost cost;
  if (engine == Engine::scattering_matrix) {
    cost =
        r.interpolation > 1 ? interpolated_cost(r, speed, depths) : matrix_cost(r, speed, depths);
  } else {
    std::size_t modes = 0;
    for (const auto& probe : probes_of(r)) modes += probe.modes;
    const double n = double(r.positions * modes),
                 slices = engine == Engine::phase_object ? 1 : double(r.slices),
                 // the kinematic one carries two waves along y and one along x
        passes = engine == Engine::kinematic ? 1.6 : 1;
    cost.operations = n * slices * passes * operations_per_slice(r.grid);
    cost.seconds = n * (slices * passes * speed.slice + depths * speed.record);
  }
  cost.bytes += 3 * threads * wave_bytes;
  return cost;
}

EngineRequest engine_request(const SimulationSettings& s, const Grid& grid, int slices,
                             std::size_t positions, std::size_t bytes_per_real) {
  const ProbeSeries series = probe_series(s.probes(), interpolation_window(grid, s.interpolation));
  EngineRequest r{grid,        slices,        series.beams,
                  s.recording, positions,     series.probes[0].amplitudes.size(),
                  0,           bytes_per_real};
  r.interpolation = s.interpolation;
  if (series.probes.size() == 1) return r;
  for (const IncidentModes& modes : series.probes) {
    auto& probe = r.probes.emplace_back(EngineRequest::Probe{{}, modes.amplitudes.size()});
    for (std::size_t k = 0; k < series.beams.size(); ++k)
      if (modes.amplitudes[0][k] != 0.0) probe.beams.push_back(series.beams[k]);
  }
  return r;
}

double potential_seconds(Engine engine, const EngineRequest& r, const EngineSpeed& speed) {
  const double slices = engine == Engine::phase_object ? 1 : double(r.slices);
  // Sums over atoms as products of real matrices: one complex product per atom and sample of a
  // quarter plane. By spreading: transforms of whole planes, two elements at a time, and some
  // thousand products an atom (validation/speed/atom_sums.cpp).
  constexpr double kTransform = 4, kSpread = 1000;
  const bool spreads =
      r.sum == AtomSum::spreading ||
      (r.sum == AtomSum::automatic && spreading_is_cheaper(r.grid, r.atoms / slices, r.elements));
  const double sums = spreads ? slices * kTransform * ((r.elements + 1) / 2) * speed.slice +
                                    r.atoms * kSpread * speed.product
                              : r.atoms * double(r.grid.band_x()) * r.grid.band_y() * speed.product;
  return slices * speed.potential + sums;
}

Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed) {
  const bool possible = !request.recording.exit_waves && !request.recording.amplitudes;
  return possible && engine_cost(Engine::scattering_matrix, request, speed).seconds <
                         engine_cost(Engine::multislice, request, speed).seconds
             ? Engine::scattering_matrix
             : Engine::multislice;
}

}  // namespace vitrobeam
