#include "drivers/simulation_units.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/stored_potential.hpp"
#include "io/compression.hpp"
#include "multislice/interpolated_matrix.hpp"
#include "multislice/thermal_average.hpp"
#include "runtime/interruption.hpp"
#include "runtime/partial_means.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {
namespace {

// Fewer say too little of their own scatter to stop by it.
constexpr int kFewestConfigurations = 8;

// intensity_out, configurations, detectors, errors, then the planes, each behind its length.
void append(std::vector<std::byte>& unit, PositionRecord r) {
  const auto put = [&](const void* data, std::size_t size) {
    const auto* p = static_cast<const std::byte*>(data);
    unit.insert(unit.end(), p, p + size);
  };
  put(&r.intensity_out, sizeof r.intensity_out);
  put(&r.configurations, sizeof r.configurations);
  put(r.detectors.data(), r.detectors.size() * sizeof(double));
  put(r.errors.data(), r.errors.size() * sizeof(double));
  for (const auto* chunk : r.planes()) {
    const std::uint64_t size = chunk->size();
    put(&size, sizeof size);
    put(chunk->data(), chunk->size());
  }
}

template <typename Value>
std::vector<std::byte> packed(const Plane<Value>& plane) {
  return plane.size() == 0
             ? std::vector<std::byte>{}
             : compress_chunk(plane.data(), sizeof(Value), std::size_t(plane.size()), 1);
}

template <typename Real>
PositionRecord pack(const ProbeResult<Real>& result) {
  PositionRecord r;
  r.intensity_out = result.intensity_out;
  r.detectors = result.detectors;
  r.errors.assign(result.detectors.size(), 0.0);
  r.pattern = packed(result.pattern);
  r.exit_wave = packed(result.exit_wave);
  return r;
}

template <typename Real>
PositionRecord pack(const ThermalAverage<Real>& average) {
  PositionRecord r = pack(average.mean());
  r.configurations = average.count();
  r.errors = average.detector_errors();
  if (average.count() > 1) r.pattern_error = packed(average.pattern_error());
  r.elastic = packed(average.elastic());
  r.diffuse = packed(average.diffuse());
  return r;
}

std::vector<Shot> shots_of(const SimulationPlan& plan, const std::vector<std::size_t>& units) {
  std::vector<Shot> shots;
  for (const std::size_t unit : units) shots.push_back(plan.shot(unit));
  return shots;
}

// The depths of a position come one after another, from one thread.
template <typename Real>
void run_at_rest(const SimulateSettings& s, const SimulationPlan& plan,
                 const Simulation<Real>& simulation, UnitQueue& queue) {
  const std::size_t count = queue.units().size(), depths = simulation.depths().size();
  std::vector<std::vector<std::byte>> unit(count);
  simulation.run(
      shots_of(plan, queue.units()), s.common.threads,
      [&](std::size_t k, const ProbeResult<Real>& result) {
        append(unit[k], pack(result));
        queue.advance();
        if (std::size_t(result.depth) + 1 < depths) return;
        queue.finish(queue.units()[k], unit[k]);
        unit[k] = {};
      },
      interrupted, [&](std::size_t most) { return queue.claim(most); });
}

// The means of a block of positions. Each position goes through the configurations in their order,
// all of them or as many as --phonons-until asks for, whatever its company.
template <typename Real>
class BlockMeans {
 public:
  BlockMeans(const SimulateSettings& s, const SimulationPlan& plan, std::size_t depths,
             UnitQueue& queue, Range block, PartialMeans& partial)
      : s_(s), plan_(plan), depths_(depths), queue_(queue), partial_(partial) {
    for (std::size_t k = block.first; k < block.last; ++k) {
      units_.push_back(queue.units()[k]);
      means_.emplace_back(depths);
      if (const auto state = partial.find(units_.back())) restore(means_.back(), *state);
      queue.advance(depths * std::size_t(means_.back().front().count()));
    }
    for (const Detector& d : plan.simulation.recording.detectors)
      for (int channel = 0; channel < d.channels(); ++channel)
        counted_.push_back(!d.moments || channel == 2);  // first moments have no scale
    open_.resize(units_.size());
    std::iota(open_.begin(), open_.end(), std::size_t{0});
  }

  void run() {
    for (int number = 1; number <= plan_.configurations->count() && !open_.empty(); ++number) {
      add(number);
      close(number);
      if (interrupted() || partial_.is_due()) save();
      if (interrupted()) return;
    }
  }

 private:
  using Means = std::vector<ThermalAverage<Real>>;  // by depth

  void add(int number) {
    std::vector<std::size_t> next;  // a resumed position may be ahead
    for (const std::size_t k : open_)
      if (means_[k].front().count() == number - 1) next.push_back(k);
    if (next.empty()) return;
    std::vector<Shot> at;
    for (const std::size_t k : next) at.push_back(plan_.shot(units_[k]));
    const Configuration c = (*plan_.configurations)(number);
    Simulation<Real>(c.atoms, plan_.simulation, s_.common.threads, c.displacements,
                     stored_potential<Real>(plan_, number))
        .run(
            at, s_.common.threads,
            [&](std::size_t k, const ProbeResult<Real>& result) {
              means_[next[k]][std::size_t(result.depth)].add(result);
              queue_.advance();
            },
            interrupted);
  }

  // Hands on the positions that are done after configuration `number`.
  void close(int number) {
    const int count = plan_.configurations->count();
    std::erase_if(open_, [&](std::size_t k) {
      if (means_[k].front().count() != number) return false;
      const bool settled = s_.phonons_until && number >= kFewestConfigurations &&
                           100 * means_[k].back().relative_error(counted_) <= *s_.phonons_until;
      if (!settled && number < count) return false;
      std::vector<std::byte> unit;
      for (const auto& mean : means_[k]) append(unit, pack(mean));
      queue_.finish(units_[k], unit);
      queue_.advance(depths_ * std::size_t(count - number));
      means_[k] = {};
      return true;
    });
  }

  void save() {
    std::vector<std::size_t> begun;
    std::map<std::size_t, std::size_t> index;
    for (const std::size_t k : open_)
      if (means_[k].front().count() > 0) {
        begun.push_back(units_[k]);
        index[units_[k]] = k;
      }
    partial_.save(begun, [&](std::size_t unit) {
      std::vector<std::byte> bytes;
      for (const auto& mean : means_[index.at(unit)]) {
        const auto state = mean.state();
        bytes.insert(bytes.end(), state.begin(), state.end());
      }
      return bytes;
    });
  }

  static void restore(Means& means, const std::vector<std::byte>& bytes) {
    const std::byte* p = bytes.data();
    for (auto& mean : means) p = mean.restore(p);
  }

  const SimulateSettings& s_;
  const SimulationPlan& plan_;
  std::size_t depths_;
  UnitQueue& queue_;
  PartialMeans& partial_;
  std::vector<std::size_t> units_, open_;  // numbers of positions; indices into them
  std::vector<Means> means_;
  std::vector<bool> counted_;  // channels of the detectors that the stopping rule looks at
};

// Blocks of positions whose means fit into memory.
template <typename Real>
void run_configurations(const SimulateSettings& s, const SimulationPlan& plan, std::size_t depths,
                        UnitQueue& queue, PartialMeans& partial) {
  const CameraPixels pixels = pattern_pixels(plan.recorded_grid(), plan.simulation.recording);
  const double pattern_bytes =
      plan.simulation.recording.patterns
          ? (s.elastic ? 32.0 : 16.0) * double(pixels.q_x().size() * pixels.q_y().size())
          : 8;
  const auto fits = std::size_t(std::max(1.0, plan.means_bytes / (pattern_bytes * double(depths))));
  const auto processes = std::size_t(ranks().count());
  const std::size_t share = (queue.units().size() + processes - 1) / processes;
  for (Range block = queue.claim(std::min(fits, share)); !block.empty() && !interrupted();
       block = queue.claim(std::min(fits, share)))
    BlockMeans<Real>(s, plan, depths, queue, block, partial).run();
}

}  // namespace

Grid SimulationPlan::grid() const {
  return {simulation.nx, simulation.ny, atoms.cell.vectors(0, 0), atoms.cell.vectors(1, 1)};
}

Grid SimulationPlan::recorded_grid() const {
  return interpolation_window(grid(), simulation.interpolation);
}

int SimulationPlan::slices() const {
  return slice_count(atoms.cell.vectors(2, 2), simulation.slice);
}

std::vector<PositionRecord> position_records(const std::vector<std::byte>& unit, std::size_t depths,
                                             std::size_t detectors) {
  std::size_t at = 0;
  const auto get = [&](void* data, std::size_t size) {
    if (size > unit.size() - at) fail(Fault::machine, "a position in the journal is cut off");
    std::copy_n(unit.data() + at, size, static_cast<std::byte*>(data));
    at += size;
  };
  std::vector<PositionRecord> records(depths);
  for (PositionRecord& r : records) {
    r.detectors.resize(detectors);
    r.errors.resize(detectors);
    get(&r.intensity_out, sizeof r.intensity_out);
    get(&r.configurations, sizeof r.configurations);
    get(r.detectors.data(), detectors * sizeof(double));
    get(r.errors.data(), detectors * sizeof(double));
    for (auto* chunk : r.planes()) {
      std::uint64_t size = 0;
      get(&size, sizeof size);
      if (size > unit.size() - at) fail(Fault::machine, "a position in the journal is cut off");
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
  const int configurations = plan.configurations->count();
  const WorkUnits::Shown shown{
      configurations > 0 ? "positions x configurations" : "positions",
      [steps = depths * std::size_t(std::max(1, configurations))](std::size_t) { return steps; }};
  const RunControl run = run_control(s.common);
  if (configurations == 0)
    return units.share_out({0, units.count()}, shown, run,
                           [&](UnitQueue& queue) { run_at_rest(s, plan, simulation, queue); });
  PartialMeans partial(units.path(), units.identity(), units.resumes());
  const bool whole = units.share_out({0, units.count()}, shown, run, [&](UnitQueue& queue) {
    run_configurations<Real>(s, plan, depths, queue, partial);
  });
  if (whole && ranks().is_leader()) partial.remove();
  return whole;
}

template bool compute_positions(const SimulateSettings&, const SimulationPlan&,
                                const Simulation<float>&, WorkUnits&);
template bool compute_positions(const SimulateSettings&, const SimulationPlan&,
                                const Simulation<double>&, WorkUnits&);

}  // namespace vitrobeam
