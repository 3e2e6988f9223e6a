#include "drivers/simulation_units.hpp"

#include <algorithm>

#include "drivers/command.hpp"
#include "drivers/ranks.hpp"
#include "io/compression.hpp"
#include "models/thermal.hpp"
#include "multislice/thermal_average.hpp"

namespace vitrobeam {
namespace {

// intensity_out, detectors, errors, then pattern and exit wave, each behind its length.
void append(std::vector<std::byte>& unit, const PositionRecord& r) {
  const auto put = [&](const void* data, std::size_t size) {
    const auto* p = static_cast<const std::byte*>(data);
    unit.insert(unit.end(), p, p + size);
  };
  put(&r.intensity_out, sizeof r.intensity_out);
  put(r.detectors.data(), r.detectors.size() * sizeof(double));
  put(r.errors.data(), r.errors.size() * sizeof(double));
  for (const auto* chunk : {&r.pattern, &r.exit_wave}) {
    const std::uint64_t size = chunk->size();
    put(&size, sizeof size);
    put(chunk->data(), chunk->size());
  }
}

template <typename Real>
PositionRecord pack(const ProbeResult<Real>& result, std::vector<double> errors) {
  const auto chunk = [](const auto& plane, std::size_t element) {
    return plane.size() == 0 ? std::vector<std::byte>{}
                             : compress_chunk(plane.data(), element, std::size_t(plane.size()), 1);
  };
  return {result.intensity_out, result.detectors, std::move(errors),
          chunk(result.pattern, sizeof(Real)), chunk(result.exit_wave, 2 * sizeof(Real))};
}

std::vector<Vector2d> positions_of(const SimulationPlan& plan, const UnitQueue& queue,
                                   Range range) {
  std::vector<Vector2d> positions;
  for (std::size_t k = range.first; k < range.last; ++k)
    positions.push_back(plan.scan.positions[queue.units()[k]]);
  return positions;
}

// The depths of a position come one after another, from one thread.
template <typename Real>
void run_at_rest(const SimulateSettings& s, const SimulationPlan& plan,
                 const Simulation<Real>& simulation, UnitQueue& queue) {
  const std::size_t count = queue.units().size(), depths = simulation.depths().size();
  std::vector<std::vector<std::byte>> unit(count);
  simulation.run(
      positions_of(plan, queue, {0, count}), s.common.threads,
      [&](std::size_t k, const ProbeResult<Real>& result) {
        append(unit[k], pack(result, std::vector<double>(result.detectors.size(), 0.0)));
        queue.advance();
        if (std::size_t(result.depth) + 1 < depths) return;
        queue.finish(queue.units()[k], unit[k]);
        unit[k] = {};
      },
      interrupted, [&](std::size_t most) { return queue.claim(most); });
}

// Blocks of positions whose means fit into memory; each goes through all configurations.
template <typename Real>
void run_phonons(const SimulateSettings& s, const SimulationPlan& plan, std::size_t depths,
                 UnitQueue& queue) {
  const auto u = parse_u_rms(s.u_rms, plan.atoms);
  const CameraPixels pixels = pattern_pixels(plan.grid(), plan.simulation.recording);
  const double pattern_bytes = plan.simulation.recording.patterns
                                   ? 8.0 * double(pixels.q_x().size() * pixels.q_y().size())
                                   : 8;
  const auto fits =
      std::size_t(std::max(1.0, s.memory_GiB / 4 * (1 << 30) / (pattern_bytes * double(depths))));
  const auto processes = std::size_t(ranks().count());
  const std::size_t share = (queue.units().size() + processes - 1) / processes;
  for (Range block = queue.claim(std::min(fits, share)); !block.empty();
       block = queue.claim(std::min(fits, share))) {
    const std::vector<Vector2d> positions = positions_of(plan, queue, block);
    std::vector<ThermalAverage<Real>> averages(block.size() * depths);
    for (int configuration = 1; configuration <= s.phonons && !interrupted(); ++configuration)
      Simulation<Real>(
          plan.atoms, plan.simulation, s.common.threads,
          thermal_displacements(plan.atoms, u, s.common.seed, std::uint64_t(configuration)))
          .run(
              positions, s.common.threads,
              [&](std::size_t k, const ProbeResult<Real>& result) {
                averages[k * depths + std::size_t(result.depth)].add(result);
                queue.advance();
              },
              interrupted);
    if (interrupted()) return;
    for (std::size_t k = 0; k < block.size(); ++k) {
      std::vector<std::byte> unit;
      for (std::size_t d = 0; d < depths; ++d) {
        const ThermalAverage<Real>& average = averages[k * depths + d];
        append(unit, pack(average.mean(), average.detector_errors()));
      }
      queue.finish(queue.units()[block.first + k], unit);
    }
  }
}

}  // namespace

Grid SimulationPlan::grid() const {
  return {simulation.nx, simulation.ny, atoms.cell.vectors(0, 0), atoms.cell.vectors(1, 1)};
}

int SimulationPlan::slices() const {
  return slice_count(atoms.cell.vectors(2, 2), simulation.slice);
}

std::vector<PositionRecord> position_records(const std::vector<std::byte>& unit, std::size_t depths,
                                             std::size_t detectors) {
  std::size_t at = 0;
  const auto get = [&](void* data, std::size_t size) {
    std::copy_n(unit.data() + at, size, static_cast<std::byte*>(data));
    at += size;
  };
  std::vector<PositionRecord> records(depths);
  for (PositionRecord& r : records) {
    r.detectors.resize(detectors);
    r.errors.resize(detectors);
    get(&r.intensity_out, sizeof r.intensity_out);
    get(r.detectors.data(), detectors * sizeof(double));
    get(r.errors.data(), detectors * sizeof(double));
    for (auto* chunk : {&r.pattern, &r.exit_wave}) {
      std::uint64_t size = 0;
      get(&size, sizeof size);
      chunk->resize(size);
      get(chunk->data(), size);
    }
  }
  return records;
}

template <typename Real>
bool compute_positions(const SimulateSettings& s, const SimulationPlan& plan,
                       const Simulation<Real>& simulation, WorkUnits& units) {
  const std::size_t depths = simulation.depths().size();
  const WorkUnits::Shown shown{s.phonons > 0 ? "positions x configurations" : "positions",
                               depths * std::size_t(std::max(1, s.phonons)), s.common.progress};
  return units.share_out({0, units.count()}, shown, [&](UnitQueue& queue) {
    if (s.phonons > 0)
      run_phonons<Real>(s, plan, depths, queue);
    else
      run_at_rest(s, plan, simulation, queue);
  });
}

template bool compute_positions(const SimulateSettings&, const SimulationPlan&,
                                const Simulation<float>&, WorkUnits&);
template bool compute_positions(const SimulateSettings&, const SimulationPlan&,
                                const Simulation<double>&, WorkUnits&);

}  // namespace vitrobeam
