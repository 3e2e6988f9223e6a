#include "multislice/engine_cost.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "multislice/oversampled_potential.hpp"
#include "potentials/atom_sums.hpp"

namespace vitrobeam {

std::size_t EngineRequest::most_modes() const {
  std::size_t most = modes;
  for (const Probe& probe : probes) most = std::max(most, probe.modes);
  return most;
}

double EngineRequest::points() const {
  return double(positions) * std::max<double>(1, double(probes.size()));
}

double EngineRequest::depths() const {
  const int every = recording.every_slices;
  return every > 0 ? std::ceil(double(slices) / every) : 1;
}

EngineRequest engine_request(const SimulationSettings& s, const Grid& grid, int slices,
                             std::size_t positions, std::size_t bytes_per_real) {
  const ProbeSeries series = probe_series(s.probes(), interpolation_window(grid, s.interpolation));
  EngineRequest r{grid,
                  slices,
                  series.beams,
                  engine_recording(s),
                  positions,
                  series.probes[0].amplitudes.size(),
                  0,
                  bytes_per_real};
  r.interpolation = s.interpolation;
  r.oversampling = s.potential.oversampling;
  r.finite = s.potential.projection == Projection::finite;
  r.plasmons = s.plasmons.has_value();
  if (series.probes.size() == 1) return r;
  for (const IncidentModes& modes : series.probes) {
    auto& probe = r.probes.emplace_back(EngineRequest::Probe{{}, modes.amplitudes.size()});
    for (std::size_t k = 0; k < series.beams.size(); ++k)
      if (modes.amplitudes[0][k] != 0.0) probe.beams.push_back(series.beams[k]);
  }
  return r;
}

int plane_oversampling(const EngineRequest& r) { return std::max(1, r.oversampling); }

EngineCost engine_cost(Engine engine, const EngineRequest& r, const EngineSpeed& speed,
                       int threads) {
  const double wave_bytes = double(r.grid.nx) * r.grid.ny * 2 * double(r.bytes_per_real);
  EngineCost cost = entry_of(engine).cost(r, speed);
  cost.bytes += 3 * threads * wave_bytes;
  return cost;
}

EngineMemory engine_memory(Engine engine, const EngineRequest& r) {
  return entry_of(engine).memory(r);
}

namespace {

// Constants below are measured: validation/speed/estimates.py compares what follows from them.

// One complex product in single precision: what does not depend on the precision of the waves is
// counted in these.
double single_product(const EngineRequest& r, const EngineSpeed& speed) {
  return speed.product * sizeof(float) / double(r.bytes_per_real);
}

// One wave through one slice on another grid.
double slice_seconds(const EngineRequest& r, const Grid& grid, const EngineSpeed& speed) {
  return speed.slice * operations_per_slice(grid) / operations_per_slice(r.grid);
}

// Sums over the atoms of all slices. As products of real matrices: one complex product per atom and
// sample of a quarter plane. By spreading: transforms of whole planes, two elements at a time, and
// some thousand products an atom (validation/speed/atom_sums.cpp); twice as fine along both axes
// where the band reaches far.
double sums_seconds(const EngineRequest& r, const Grid& grid, double slices,
                    const EngineSpeed& speed) {
  constexpr double kTransform = 3, kSpread = 1000;
  const double room = grid.q_max() > 0.7 * grid.nyquist() ? 4 : 1;
  if (cheaper_sum(r.sum, grid, r.atoms / slices, r.elements) == AtomSum::spreading)
    return slices * room * kTransform * ((r.elements + 1) / 2) * slice_seconds(r, grid, speed) +
           r.atoms * kSpread * speed.product;
  return r.atoms * double(grid.band_x()) * grid.band_y() * speed.product;
}

// What atoms give to other slices than their own: tables of their profiles, which have ended beyond
// some q, and a sum over the samples of the half plane.
double finite_seconds(const EngineRequest& r, const Grid& grid, const EngineSpeed& speed) {
  constexpr double kTables = 7e7, kEnd = 20, kSample = 30;
  const double q = std::min(kEnd, grid.q_max());
  return r.elements * q * kTables * single_product(r, speed) +
         r.atoms * M_PI / 2 * q * q * grid.lx * grid.ly * kSample * single_product(r, speed);
}

}  // namespace

double potential_seconds(Engine engine, const EngineRequest& r, const EngineSpeed& speed) {
  const double slices = entry_of(engine).has_one_slice ? 1 : double(r.slices);
  const double plain = slices * speed.potential +
                       (r.stored ? 0 : sums_seconds(r, r.grid, slices, speed)) +
                       (r.finite && !r.stored ? finite_seconds(r, r.grid, speed) : 0);
  const int times = plane_oversampling(r);
  if (r.stored || r.oversampling == 1 || entry_of(engine).scatters_once) return plain;
  if (times > 1) {
    constexpr double kPasses = 3.5;  // as long as so many waves through a slice of the fine grid
    Grid fine = r.grid;
    fine.nx *= times;
    fine.ny *= times;
    return slices * kPasses * slice_seconds(r, fine, speed) + sums_seconds(r, fine, slices, speed) +
           (r.finite ? finite_seconds(r, fine, speed) : 0);
  }
  constexpr double kPasses = 8, kPatch = 250000;  // products an atom
  Grid whole = r.grid;
  whole.band_limit = whole.nyquist();
  return slices * kPasses * slice_seconds(r, whole, speed) + sums_seconds(r, whole, slices, speed) +
         r.atoms * kPatch * speed.product + (r.finite ? finite_seconds(r, whole, speed) : 0);
}

double run_seconds(Engine engine, const EngineRequest& r, const EngineSpeed& speed) {
  constexpr double kStart = 3e8, kBeam = 1.9e5, kMode = 3e4, kByte = 25, kCore = 2.7e8,
                   kAbsorbed = 7e8, kAbsorbedCore = 1.6e9;
  const bool has_cores = r.oversampling == 0 && !r.stored && !entry_of(engine).scatters_once;
  double products = kStart + kByte * r.points() * r.depths() * result_bytes(r);
  for (const auto& probe : r.all_probes())
    products += double(probe.beams.size()) * (kBeam + kMode * (double(probe.modes) - 1));
  if (has_cores) products += kCore * r.elements;
  double seconds = 0;
  EngineRequest few = r;  // a run with absorption, or with interpolation, computes more beside
  few.interpolation = 1;
  few.probes.clear();
  if (r.absorbs) {  // one position with and without, and its factors once more
    products += 2 * r.elements * (kAbsorbed + (has_cores ? kAbsorbedCore : 0));
    few.positions = 2;
    seconds += engine_cost(Engine::multislice, few, speed).seconds +
               2 * potential_seconds(Engine::multislice, few, speed);
  }
  if (r.interpolation > 1) {  // its error at some positions, by multislice
    few.positions = std::min<std::size_t>(4, r.positions);
    EngineRequest again = r;
    again.positions = few.positions;
    seconds += engine_cost(engine, again, speed).seconds +
               engine_cost(Engine::multislice, few, speed).seconds +
               potential_seconds(Engine::multislice, few, speed);
  }
  return seconds + products * single_product(r, speed);
}

// multislice is the first of the table, and what is taken where no other is faster.
Engine fastest_exact_engine(const EngineRequest& request,
                            const std::function<double(Engine)>& seconds) {
  Engine best = Engine::multislice;
  double least = seconds(best);
  for (std::size_t i = 1; i < engine_table().size(); ++i) {
    const EngineEntry& e = engine_table()[i];
    if (!e.is_exact || (request.recording.needs_waves() && !e.keeps_waves)) continue;
    if (const double s = seconds(Engine(i)); s < least) {
      best = Engine(i);
      least = s;
    }
  }
  return best;
}

Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed) {
  return fastest_exact_engine(
      request, [&](Engine engine) { return engine_cost(engine, request, speed).seconds; });
}

// Transforms and products of one wave in one slice, real operations.
double operations_per_slice(const Grid& g) {
  const double n = double(g.nx) * g.ny, band = (2.0 * g.band_x() + 1) / g.nx;
  return n * (10 * (std::log2(g.nx) + band * std::log2(g.ny)) + 6 + 6 * band);
}

StorageSizes::StorageSizes(const EngineRequest& r)
    : real(double(r.bytes_per_real)), plane(double(r.grid.nx) * r.grid.ny) {
  const double lanes = 32 / real, bx = r.grid.band_x(), by = r.grid.band_y();
  const double row_tiles = std::ceil(r.grid.ny / lanes);
  wave = (row_tiles + 1) * lanes * 2 * (std::floor(bx / lanes) + 1) * 64;
  transmission = r.grid.nx * row_tiles * 64;
  half_plane = (2 * by + 1) * (bx + 1) * 2 * real;
}

double result_bytes(const EngineRequest& r) {
  const Recording& rec = r.recording;
  const StorageSizes size(r);
  const PatternWindow window = pattern_pixels(r.grid, rec).window();
  const double pixels = double(window.nx) * window.ny;
  return (rec.patterns ? pixels * size.real : 0) + (rec.amplitudes ? pixels * 2 * size.real : 0) +
         (rec.exit_waves ? size.plane * 2 * size.real : 0) + 8.0 * channel_count(rec.detectors);
}

double stored_bytes(const EngineRequest& r, const Grid& recorded) {
  constexpr double kRest = 3e4;  // the record of the run
  const Recording& rec = r.recording;
  double pixels = 0;
  if (rec.patterns) {
    const CameraPixels camera = pattern_pixels(recorded, rec);
    const double end = recorded.q_max();
    for (const double y : camera.q_y())
      for (const double x : camera.q_x()) pixels += std::hypot(x, y) <= end;
  }
  const double patterns = 1 + (r.configurations > 1 ? 1 : 0) + (rec.amplitudes ? 2 : 0);
  const double point =
      pixels * patterns * double(r.bytes_per_real) +
      (rec.exit_waves ? double(r.grid.nx) * r.grid.ny * 2 * double(r.bytes_per_real) : 0) +
      8.0 * channel_count(rec.detectors) * (r.configurations > 1 ? 2 : 1);
  return kRest + r.points() * r.depths() * point;
}

double bytes_per_thread(const EngineRequest& r) {
  constexpr double kPerThread = 1 << 19;  // measured (tests/memory_test.py)
  const double exit = r.recording.exit_waves ? StorageSizes(r).plane * 16 : 0;
  // a pattern with its transform, and what multiplies that
  const double blur = r.plasmons ? StorageSizes(r).plane * (16 + 8 + double(r.bytes_per_real)) : 0;
  return kPerThread + 3 * result_bytes(r) + exit + blur;
}

ApertureSize::ApertureSize(const std::vector<ApertureBeam>& list) : beams(double(list.size())) {
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

double ApertureSize::harmonics() const { return nx * ny * std::log2(nx * ny); }

}  // namespace vitrobeam
