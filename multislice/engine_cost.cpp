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

int plane_oversampling(const EngineRequest& r) {
  if (r.oversampling != 0) return r.oversampling;
  return r.finite ? fine_oversampling(r.grid) : 1;
}

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

// Sums over the atoms of all slices. As products of real matrices: one complex product per atom and
// sample of a quarter plane. By spreading: transforms of whole planes, two elements at a time, and
// some thousand products an atom (validation/speed/atom_sums.cpp).
double sums_seconds(const EngineRequest& r, const Grid& grid, double slices,
                    const EngineSpeed& speed) {
  constexpr double kTransform = 4, kSpread = 1000;
  if (cheaper_sum(r.sum, grid, r.atoms / slices, r.elements) == AtomSum::spreading)
    return slices * kTransform * ((r.elements + 1) / 2) * speed.slice +
           r.atoms * kSpread * speed.product;
  return r.atoms * double(grid.band_x()) * grid.band_y() * speed.product;
}

}  // namespace

double potential_seconds(Engine engine, const EngineRequest& r, const EngineSpeed& speed) {
  const double slices = entry_of(engine).has_one_slice ? 1 : double(r.slices);
  const double plain = slices * speed.potential + sums_seconds(r, r.grid, slices, speed);
  const int times = plane_oversampling(r);
  if (r.stored || r.oversampling == 1 || entry_of(engine).scatters_once) return plain;
  if (times > 1) {
    Grid fine = r.grid;
    fine.nx *= times;
    fine.ny *= times;
    return slices * 3 * times * times * speed.potential + sums_seconds(r, fine, slices, speed);
  }
  constexpr double kPlanes = 5, kPatch = 30000;  // products an atom; measured
  Grid whole = r.grid;
  whole.band_limit = whole.nyquist();
  return slices * kPlanes * speed.potential + sums_seconds(r, whole, slices, speed) +
         r.atoms * kPatch * speed.product;
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
