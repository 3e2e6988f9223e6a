#include "multislice/memory_plan.hpp"

#include <algorithm>
#include <cmath>

#include "multislice/matrix_engine.hpp"
#include "potentials/atom_sums.hpp"

namespace vitrobeam {
namespace {

// Measured (tests/memory_test.py): the program with its libraries; what an atom takes in the model,
// its copies and the slices, and while it is read.
constexpr double kProgram = 40 << 20, kPerAtom = 220, kPerPosition = 256;

// As arrays are allocated: on large pages, from an eighth of one on.
constexpr double kPage = 2 << 20;
double paged(double bytes) { return bytes < kPage / 8 ? bytes : std::ceil(bytes / kPage) * kPage; }

// Form factors of the elements on a grid, and what the finite projection keeps beside them.
double factor_tables(const EngineRequest& r, const Grid& grid) {
  EngineRequest on = r;
  on.grid = grid;
  const StorageSizes size(on);
  constexpr double kEnd = 5;  // 1/Angstrom: beyond, profiles have ended after few steps
  const double finite = r.finite
                            ? size.half_plane * (4 + size.real) / (2 * size.real) +
                                  r.elements * 2500 * 8 * (std::min(kEnd, grid.q_max()) / 0.01 + 4)
                            : 0;
  return r.elements * size.half_plane / 2 * (r.absorbs ? 2 : 1) + finite;
}

// Of a potential that is exponentiated on another grid: that of its planes, or the whole band.
Grid exponential_grid(const EngineRequest& r) {
  Grid grid = r.grid;
  if (const int times = plane_oversampling(r); times > 1) {
    grid.nx *= times;
    grid.ny *= times;
  } else {
    grid.band_limit = grid.nyquist();
  }
  return grid;
}

// What every run holds, whatever is cut: the program, the model, form factors.
double standing(const EngineRequest& r) {
  const double copies = r.configurations > 0 ? 2 : 1;
  const double boundaries =  // those kept for the next slice
      r.finite && !r.stored ? 8 * StorageSizes(r).half_plane : 0;
  const double oversampled =
      r.oversampling == 1 || r.stored ? 0 : factor_tables(r, exponential_grid(r));
  constexpr double kModeCopies = 4;
  double modes = 0;
  for (const auto& probe : r.all_probes()) modes += double(probe.modes);
  return kProgram + kModeCopies * 16 * modes * double(r.beams.size()) +
         kPerAtom * r.atoms * (r.configurations > 0 ? 1.2 : 1) +
         kPerPosition * double(r.positions) * std::max<double>(1, double(r.probes.size())) +
         copies * (factor_tables(r, r.grid) + oversampled + boundaries);
}

// Of one thread that sums the atoms of a slice on this grid.
double sum_scratch(const EngineRequest& r, const Grid& grid) {
  EngineRequest on = r;
  on.grid = grid;
  const StorageSizes size(on);
  const double band = double(grid.band_x()) + grid.band_y() + 2;
  const double atoms = 1.5 * r.atoms / r.slices + 100;
  if (cheaper_sum(r.sum, grid, r.atoms / r.slices, r.elements) == AtomSum::spreading) {
    const double room = grid.q_max() > 0.7 * grid.nyquist() ? 4 : 1;
    return room * (2 * size.plane * size.real + paged(size.wave)) + 6 * size.half_plane;
  }
  return 2 * band * atoms * 1.5 * size.real + 3 * size.half_plane;
}

// What making a transmission function on a finer grid takes, beside its plane.
double oversampling_scratch(const EngineRequest& r) {
  const StorageSizes size(r);
  EngineRequest fine = r;
  fine.grid = exponential_grid(r);
  if (const int times = plane_oversampling(r); times > 1) {
    const StorageSizes on_fine(fine);
    const double planes =
        paged(on_fine.wave) + paged(times * size.wave) + paged(size.wave) + 6 * size.half_plane;
    return (r.absorbs ? 2 : 1) * on_fine.half_plane +
           std::max(sum_scratch(r, fine.grid) - 2 * on_fine.half_plane, planes);
  }
  const StorageSizes whole(fine);
  return sum_scratch(r, fine.grid) + 2 * whole.half_plane * (r.absorbs ? 2 : 1) +
         paged(whole.wave) + 2 * paged(size.wave) + paged(size.transmission) + 4 * size.half_plane +
         2 * size.plane * 2 * size.real + (r.finite ? 3 * whole.half_plane : 0);
}

// Of one thread that makes the transmission functions of a pair of slices.
double potential_scratch(const EngineRequest& r) {
  const StorageSizes size(r);
  if (r.stored) return 3 * size.plane * size.real + paged(size.wave);
  if (r.oversampling != 1) return oversampling_scratch(r) + size.plane * 2 * size.real;
  return 2 * size.half_plane + std::max(sum_scratch(r, r.grid), paged(size.wave)) +
         (r.finite ? 3 * size.half_plane : 0);
}

double means_wanted(const EngineRequest& r) {
  if (r.configurations == 0) return 0;
  const PatternWindow window = pattern_pixels(r.grid, r.recording).window();
  const double each =
      r.recording.patterns ? (r.recording.amplitudes ? 32.0 : 16.0) * window.nx * window.ny : 64;
  return each * r.depths() * double(r.positions) * std::max<double>(1, double(r.probes.size()));
}

}  // namespace

double matrix_memory(const EngineRequest& r, double memory_bytes) {
  return std::max(0.0, (memory_bytes - standing(r) - matrix_tables(r)) / 2);
}

namespace {

// As many threads as find room make slices, then all carry waves through them.
MemoryPlan in_windows(MemoryPlan plan, const EngineRequest& r, const EngineMemory& m, int slices,
                      int threads, double fixed, double memory_bytes) {
  const StorageSizes size(r);
  const int step = r.absorbs ? 1 : 2;  // slices that share a transform
  const double group = m.waves_together * m.wave + m.unfinished_results;
  for (int workers = threads; workers >= 1; --workers) {
    const int window = std::min(workers * step, (slices + step - 1) / step * step);
    const double kept = paged(window * size.transmission) + workers * potential_scratch(r) +
                        kPage;  // of the waves together
    const double groups = std::floor((memory_bytes - fixed - kept) / group);
    // groups of about one size, as Slab::waves_at_once makes them
    const double most = std::max(1.0, std::min(groups * m.waves_together, m.waves));
    const double even =
        std::ceil(m.waves / m.waves_together / std::ceil(m.waves / most)) * m.waves_together;
    plan.working_set = {window, std::size_t(std::min(most, even))};
    plan.potential_passes = std::ceil(m.waves / double(plan.working_set.waves));
    plan.bytes = fixed + kept + double(plan.working_set.waves) / m.waves_together * group;
    plan.possible = groups >= 1;
    if (plan.possible) break;
    plan.bytes = fixed + kept + group;
  }
  plan.potential_passes *= m.propagations;
  return plan;
}

}  // namespace

MemoryPlan plan_memory(Engine engine, const EngineRequest& request, int threads,
                       double memory_bytes) {
  EngineRequest r = request;
  if (entry_of(engine).has_one_slice) r.slices = 1;
  const EngineMemory m = engine_memory(engine, r);
  const int slices = r.slices;
  MemoryPlan plan;
  double fixed = standing(r) + threads * m.per_thread;
  fixed += m.tables;
  if (!m.possible) {
    plan.possible = false;
    plan.bytes = std::max(2 * memory_bytes, fixed);
    return plan;
  }
  fixed += m.matrix;
  plan.means_bytes = std::min(means_wanted(r), std::max(0.0, memory_bytes - fixed) / 4);
  fixed += plan.means_bytes;
  // what is absorbed is found by a run at the side (studies/scan_simulation)
  const double sets = r.absorbs ? 2 : 1;
  const double all =
      sets * paged(slices * StorageSizes(r).transmission) +
      threads * std::max(paged(2 * m.wave) + m.unfinished_results * 2, potential_scratch(r));
  if (fixed + all > memory_bytes)
    return in_windows(plan, r, m, slices, threads, fixed, memory_bytes);
  plan.bytes = fixed + all;
  return plan;
}

Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed,
                       double memory_bytes) {
  return fastest_exact_engine(request, [&](Engine engine) {
    const MemoryPlan plan = plan_memory(engine, request, 1, memory_bytes);
    return (plan.possible ? 0 : kImpossible) + engine_cost(engine, request, speed).seconds +
           (plan.potential_passes - 1) * potential_seconds(engine, request, speed);
  });
}

}  // namespace vitrobeam
