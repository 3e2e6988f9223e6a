#include "multislice/memory_plan.hpp"

#include <algorithm>
#include <cmath>

#include "multislice/scattering_matrix.hpp"
#include "potentials/spreading.hpp"

namespace vitrobeam {
namespace {

// Measured (tests/memory_test.py): the program with its libraries; what an atom takes in the model,
// its copies and the slices, and while it is read.
constexpr double kProgram = 40 << 20, kPerThread = 1 << 19, kPerAtom = 220, kPerPosition = 256;

// As arrays are allocated: on large pages, from an eighth of one on.
constexpr double kPage = 2 << 20;
double paged(double bytes) { return bytes < kPage / 8 ? bytes : std::ceil(bytes / kPage) * kPage; }

struct Sizes {
  double real, plane, wave, transmission, half_plane;

  explicit Sizes(const EngineRequest& r)
      : real(double(r.bytes_per_real)), plane(double(r.grid.nx) * r.grid.ny) {
    const double lanes = 32 / real, bx = r.grid.band_x(), by = r.grid.band_y();
    const double row_tiles = std::ceil(r.grid.ny / lanes);
    wave = (row_tiles + 1) * lanes * 2 * (std::floor(bx / lanes) + 1) * 64;
    transmission = r.grid.nx * row_tiles * 64;
    half_plane = (2 * by + 1) * (bx + 1) * 2 * real;
  }
};

// What every run holds, whatever is cut: the program, the model, form factors.
double standing(const EngineRequest& r) {
  const Sizes size(r);
  const double finite = r.finite ? size.half_plane * (4 + size.real) / (2 * size.real) +
                                       r.elements * 2500 * 8 * (r.grid.q_max() / 0.01 + 4)
                                 : 0;
  const double copies = r.configurations > 0 ? 2 : 1;
  return kProgram + kPerAtom * r.atoms * (r.configurations > 0 ? 1.2 : 1) +
         kPerPosition * double(r.positions) * std::max<double>(1, double(r.probes.size())) +
         copies * (r.elements * size.half_plane / 2 * (r.absorbs ? 2 : 1) + finite);
}

// Of one thread that makes the transmission functions of a pair of slices.
double potential_scratch(const EngineRequest& r) {
  const Sizes size(r);
  if (r.stored) return 3 * size.plane * size.real + paged(size.wave);
  const double band = double(r.grid.band_x()) + r.grid.band_y() + 2;
  const double atoms = 1.5 * r.atoms / r.slices + 100;
  const bool spreads =
      r.sum == AtomSum::spreading ||
      (r.sum == AtomSum::automatic && spreading_is_cheaper(r.grid, r.atoms / r.slices, r.elements));
  const double sum = spreads ? 2 * size.plane * size.real + paged(size.wave) + 6 * size.half_plane
                             : (2 * band * atoms * 1.5 * size.real) + 3 * size.half_plane;
  return 2 * size.half_plane + std::max(sum, paged(size.wave)) +
         (r.finite ? 3 * size.half_plane : 0);
}

double depths_of(const EngineRequest& r) {
  const int every = r.recording.every_slices;
  return every > 0 ? std::ceil(double(r.slices) / every) : 1;
}

// What one position gives at one depth.
double result_bytes(const EngineRequest& r) {
  const Recording& rec = r.recording;
  const Sizes size(r);
  const PatternWindow window = pattern_pixels(r.grid, rec).window();
  const double pixels = double(window.nx) * window.ny;
  return (rec.patterns ? pixels * size.real : 0) + (rec.amplitudes ? pixels * 2 * size.real : 0) +
         (rec.exit_waves ? size.plane * 2 * size.real : 0) + 8.0 * channel_count(rec.detectors);
}

// Of one thread that carries waves or sums beams: lines, the result and its compression.
double carrier_bytes(Engine engine, const EngineRequest& r) {
  const Sizes size(r);
  const double exit = r.recording.exit_waves ? size.plane * 16 : 0;
  double bytes = kPerThread + 3 * result_bytes(r) + exit;
  if (engine == Engine::kinematic || engine == Engine::flat_born) bytes += size.wave;
  if (engine == Engine::scattering_matrix) {
    const double band = M_PI * std::pow(r.grid.q_max(), 2) * r.grid.lx * r.grid.ly;
    bytes += band * 2 * size.real + 62 * result_bytes(r);
  }
  return bytes;
}

// Tables of the samples of the band.
double matrix_tables(const EngineRequest& r) {
  return 120 * M_PI * std::pow(r.grid.q_max(), 2) * r.grid.lx * r.grid.ly;
}

double means_wanted(const EngineRequest& r) {
  if (r.configurations == 0) return 0;
  const PatternWindow window = pattern_pixels(r.grid, r.recording).window();
  const double each =
      r.recording.patterns ? (r.recording.amplitudes ? 32.0 : 16.0) * window.nx * window.ny : 64;
  return each * depths_of(r) * double(r.positions) * std::max<double>(1, double(r.probes.size()));
}

}  // namespace

double matrix_memory(const EngineRequest& r, double memory_bytes) {
  return std::max(0.0, (memory_bytes - standing(r) - matrix_tables(r)) / 2);
}

MemoryPlan plan_memory(Engine engine, const EngineRequest& r, int threads, double memory_bytes) {
  const Sizes size(r);
  const bool is_matrix = engine == Engine::scattering_matrix;
  const bool is_single = engine == Engine::kinematic || engine == Engine::flat_born;
  const double wave = size.wave * (is_single ? 2 : 1);
  // waves of one position that must go together: all its modes
  std::size_t most_modes = r.modes;
  for (const auto& probe : r.probes) most_modes = std::max(most_modes, probe.modes);
  const double modes = is_matrix ? 1 : double(most_modes);
  const double shots = double(r.positions) * std::max<double>(1, double(r.probes.size()));
  const double wanted = is_matrix ? double(r.beams.size()) : shots * modes;
  const int together = r.absorbs ? 1 : 2;
  const int slices = engine == Engine::phase_object ? 1 : r.slices;
  const double kept_results =
      is_matrix || depths_of(r) == 1 ? 0 : depths_of(r) * result_bytes(r) * (modes > 1 ? 2 : 1);

  MemoryPlan plan;
  double fixed = standing(r) + threads * carrier_bytes(engine, r);
  if (is_matrix) {
    const EngineCost cost = engine_cost(engine, r, typical_speed(r.grid, r.bytes_per_real), 0);
    fixed += matrix_tables(r);
    if (cost.seconds >= 1e99) {  // not even one pass over few samples fits
      plan.possible = false;
      plan.bytes = std::max(2 * memory_bytes, fixed);
      return plan;
    }
    fixed += cost.bytes;
  }
  plan.means_bytes = std::min(means_wanted(r), std::max(0.0, memory_bytes - fixed) / 4);
  fixed += plan.means_bytes;

  const double all = paged(slices * size.transmission) +
                     threads * std::max(paged(2 * wave) + kept_results * 2, potential_scratch(r));
  if (fixed + all <= memory_bytes) {
    plan.bytes = fixed + all;
    return plan;
  }
  // as many threads as find room make slices, then all carry waves
  const double group = modes * wave + kept_results;
  for (int workers = threads; workers >= 1; --workers) {
    const int window = std::min(workers * together, (slices + together - 1) / together * together);
    const double held = paged(window * size.transmission) + workers * potential_scratch(r) +
                        kPage;  // of the waves together
    const double groups = std::floor((memory_bytes - fixed - held) / group);
    // groups of about one size, as Slab::waves_at_once makes them
    const double most = std::max(1.0, std::min(groups * modes, wanted));
    const double even = std::ceil(wanted / modes / std::ceil(wanted / most)) * modes;
    plan.held = {window, std::size_t(std::min(most, even))};
    plan.potential_passes = std::ceil(wanted / double(plan.held.waves));
    plan.bytes = fixed + held + double(plan.held.waves) / modes * group;
    plan.possible = groups >= 1;
    if (plan.possible) break;
    plan.bytes = fixed + held + group;
  }
  if (is_matrix)
    plan.potential_passes *=
        engine_cost(engine, r, typical_speed(r.grid, r.bytes_per_real), 0).propagations;
  return plan;
}

Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed,
                       double memory_bytes) {
  const auto seconds = [&](Engine engine) {
    const MemoryPlan plan = plan_memory(engine, request, 1, memory_bytes);
    return (plan.possible ? 0 : 1e99) + engine_cost(engine, request, speed).seconds +
           (plan.potential_passes - 1) * potential_seconds(engine, request, speed);
  };
  const bool keeps_no_waves = !request.recording.exit_waves && !request.recording.amplitudes;
  return keeps_no_waves && seconds(Engine::scattering_matrix) < seconds(Engine::multislice)
             ? Engine::scattering_matrix
             : Engine::multislice;
}

}  // namespace vitrobeam
