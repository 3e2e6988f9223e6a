#include "studies/scan_simulation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Fewer say too little of their own scatter to stop by it.
constexpr int kFewestConfigurations = 8;
constexpr double kGiB = 1 << 30;

std::vector<ScanPoint> points_of(const ScanSimulation& scan, const std::vector<std::size_t>& of) {
  std::vector<ScanPoint> points;
  for (const std::size_t point : of) points.push_back(scan.point(point));
  return points;
}

// The averages of a block of points. Each point goes through the configurations in their order, all
// of them or as many as settled_percent asks for, whatever its company.
template <typename Real>
class BlockMeans {
 public:
  BlockMeans(const ScanSimulation& scan, std::size_t depths, const PointWork<Real>& work,
             Range block, const RunControl& run, const KnownPotential<Real>& known)
      : scan_(scan), depths_(depths), work_(work), run_(run), known_(known) {
    for (std::size_t k = block.first; k < block.last; ++k) {
      points_.push_back(work.points[k]);
      means_.emplace_back(depths);
      if (work.saved_average)
        if (const auto state = work.saved_average(points_.back())) restore(means_.back(), *state);
      advance(depths * std::size_t(means_.back().front().count()));
    }
    for (const Detector& d : scan.settings.recording.detectors)
      for (int channel = 0; channel < d.channels(); ++channel)
        counted_.push_back(!d.moments || channel == 2);  // first moments have no scale
    open_.resize(points_.size());
    std::iota(open_.begin(), open_.end(), std::size_t{0});
  }

  void run() {
    for (int number = 1; number <= scan_.configurations.count && !open_.empty(); ++number) {
      add(number);
      close(number);
      if (run_.stopped() || (work_.is_saving_due && work_.is_saving_due())) save();
      if (run_.stopped()) return;
    }
  }

 private:
  using Means = std::vector<ThermalAverage<Real>>;  // by depth

  void advance(std::size_t steps) {
    if (work_.advance) work_.advance(steps);
  }

  void add(int number) {
    std::vector<std::size_t> next, of;  // a resumed point may be ahead
    for (const std::size_t k : open_)
      if (means_[k].front().count() == number - 1) {
        next.push_back(k);
        of.push_back(points_[k]);
      }
    if (next.empty()) return;
    const Configuration c = scan_.configurations(number);
    Simulation<Real>(c.atoms, scan_.settings, run_.threads, c.displacements,
                     known_ ? known_(number) : nullptr)
        .run(
            points_of(scan_, of), run_.threads,
            [&](std::size_t k, const ProbeResult<Real>& result) {
              means_[next[k]][std::size_t(result.depth)].add(result);
              advance(1);
            },
            [&] { return run_.stopped(); });
  }

  // Hands on the points that are done after configuration `number`.
  void close(int number) {
    const int count = scan_.configurations.count;
    std::erase_if(open_, [&](std::size_t k) {
      if (means_[k].front().count() != number) return false;
      const bool settled =
          scan_.settled_percent && number >= kFewestConfigurations &&
          100 * means_[k].back().relative_error(counted_) <= *scan_.settled_percent;
      if (!settled && number < count) return false;
      for (const auto& mean : means_[k]) work_.averaged(points_[k], mean);
      advance(depths_ * std::size_t(count - number));
      means_[k] = Means();
      return true;
    });
  }

  void save() {
    if (!work_.save_averages) return;
    std::vector<std::size_t> begun;
    std::map<std::size_t, std::size_t> index;
    for (const std::size_t k : open_)
      if (means_[k].front().count() > 0) {
        begun.push_back(points_[k]);
        index[points_[k]] = k;
      }
    work_.save_averages(begun, [&](std::size_t point) {
      std::vector<std::byte> bytes;
      for (const auto& mean : means_[index.at(point)]) {
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

  const ScanSimulation& scan_;
  std::size_t depths_;
  const PointWork<Real>& work_;
  const RunControl& run_;
  const KnownPotential<Real>& known_;
  std::vector<std::size_t> points_, open_;  // numbers of points; indices into them
  std::vector<Means> means_;
  std::vector<bool> counted_;  // channels of the detectors that the stopping rule looks at
};

// Blocks of points whose averages fit into memory.
template <typename Real>
void average_configurations(const ScanSimulation& scan, std::size_t depths,
                            const PointWork<Real>& work, const RunControl& run,
                            const KnownPotential<Real>& known) {
  const Recording& r = scan.settings.recording;
  const CameraPixels pixels = pattern_pixels(scan.recorded_grid(), r);
  const double pattern_bytes =
      r.patterns ? (r.amplitudes ? 32.0 : 16.0) * double(pixels.q_x().size() * pixels.q_y().size())
                 : 8;
  const auto fits = std::size_t(std::max(1.0, scan.means_bytes / (pattern_bytes * double(depths))));
  const std::size_t most = std::min(fits, work.most_at_once);
  for (Range block = work.next(most); !block.empty() && !run.stopped(); block = work.next(most))
    BlockMeans<Real>(scan, depths, work, block, run, known).run();
}

}  // namespace

Grid ScanSimulation::grid() const {
  return {settings.nx, settings.ny, atoms().cell.vectors(0, 0), atoms().cell.vectors(1, 1)};
}

Grid ScanSimulation::recorded_grid() const {
  return interpolation_window(grid(), settings.interpolation);
}

int ScanSimulation::slices() const {
  return slice_count(atoms().cell.vectors(2, 2), settings.slice);
}

ScanPoint ScanSimulation::point(std::size_t index) const {
  const std::size_t n = positions.size();
  return {positions[index % n], index / n};
}

std::size_t steps_per_point(const ScanSimulation& scan, std::size_t depths) {
  return depths * std::size_t(scan.configurations.runs());
}

template <typename Real>
void simulate_points(const ScanSimulation& scan, const Simulation<Real>& at_rest,
                     const PointWork<Real>& work, const RunControl& run,
                     const KnownPotential<Real>& known) {
  if (scan.configurations.count > 0)
    return average_configurations(scan, at_rest.depths().size(), work, run, known);
  at_rest.run(
      points_of(scan, work.points), run.threads,
      [&](std::size_t k, const ProbeResult<Real>& result) {
        work.at_rest(work.points[k], result);
        if (work.advance) work.advance(1);
      },
      [&] { return run.stopped(); }, work.next);
}

template <typename Real>
ScanResult<Real> simulate_scan(const ScanSimulation& scan, const RunControl& run) {
  const Configuration rest = scan.configurations(0);
  const Simulation<Real> simulation(rest.atoms, scan.settings, run.threads);
  const std::size_t n = scan.points(), depths = simulation.depths().size();
  const Recording& r = scan.settings.recording;
  const auto channels = std::size_t(channel_count(r.detectors));
  const bool has_errors = scan.configurations.count > 1;
  ScanResult<Real> out;
  out.q_x = simulation.q_x();
  out.q_y = simulation.q_y();
  for (const int d : simulation.depths()) out.thickness.push_back(d * simulation.slice_thickness());
  if (r.patterns) out.patterns = Stack<Real>({n, depths, out.q_y.size(), out.q_x.size()});
  if (r.patterns && has_errors) out.pattern_errors = out.patterns;
  out.detectors = Stack<double>({n, depths, channels});
  if (has_errors) out.detector_errors = out.detectors;
  out.intensity_out = Stack<double>({n, depths});
  out.configurations.assign(n, scan.configurations.runs());

  const auto keep = [&](std::size_t point, const ProbeResult<Real>& result) {
    const std::size_t at = point * depths + std::size_t(result.depth);
    if (r.patterns) out.patterns.plane(at) = result.pattern;
    std::copy(result.detectors.begin(), result.detectors.end(),
              out.detectors.values.begin() + std::ptrdiff_t(at * channels));
    out.intensity_out.values[at] = result.intensity_out;
  };
  Stage stage(run, "positions", n * steps_per_point(scan, depths));
  PointWork<Real> work;
  work.points.resize(n);
  std::iota(work.points.begin(), work.points.end(), std::size_t{0});
  work.next = ranges_in_turn(n);
  work.advance = [&](std::size_t steps) { stage.advance(steps); };
  work.at_rest = keep;
  work.averaged = [&](std::size_t point, const ThermalAverage<Real>& average) {
    const ProbeResult<Real> mean = average.mean();
    keep(point, mean);
    out.configurations[point] = average.count();
    const std::size_t at = point * depths + std::size_t(mean.depth);
    if (r.patterns && has_errors) out.pattern_errors.plane(at) = average.pattern_error();
    const auto errors = average.detector_errors();
    if (has_errors)
      std::copy(errors.begin(), errors.end(),
                out.detector_errors.values.begin() + std::ptrdiff_t(at * channels));
  };
  simulate_points<Real>(scan, simulation, work, run);
  run.check_stop();
  return out;
}

EngineRequest engine_request(const ScanSimulation& scan, std::size_t bytes_per_real, bool stored) {
  EngineRequest r = engine_request(scan.settings, scan.grid(), scan.slices(), scan.positions.size(),
                                   bytes_per_real);
  const Atoms& atoms = scan.atoms();
  r.atoms = double(atoms.size());
  r.elements = int(std::set<int>(atoms.numbers.begin(), atoms.numbers.end()).size());
  r.sum = scan.settings.potential.sum;
  r.absorbs = scan.settings.potential.absorption != 0;
  r.finite = scan.settings.potential.projection == Projection::finite;
  r.stored = stored;
  r.configurations = scan.configurations.count;
  return r;
}

MemoryPlan plan_memory(const ScanSimulation& scan, const EngineRequest& request, int threads,
                       double memory_GiB) {
  const MemoryPlan plan = plan_memory(scan.settings.engine, request, threads, memory_GiB * kGiB);
  if (!plan.possible)
    fail(Fault::physics,
         "@memory {:.3g} GiB: this run takes {:.3g} GiB at least; allow that, or give fewer "
         "@threads, a coarser @pixel or smaller patterns (@q_max)",
         memory_GiB, std::ceil(1e3 * plan.bytes / kGiB) / 1e3);
  return plan;
}

std::vector<double> check_probes(const SimulationSettings& s, const Grid& grid,
                                 double limit_percent) {
  std::vector<double> fractions;
  const std::vector<Optics> probes = s.probes();
  for (const Optics& optics : probes) {
    const double wrapped = wrapped_fraction(optics, grid);
    fractions.push_back(wrapped);
    if (100 * wrapped <= limit_percent) continue;
    const bool is_window = s.interpolation > 1;
    const std::string what = fmt::format(
        "{:.1f} % of the probe{} lies beyond half the {} of {:.2f} x {:.2f} Angstrom and would "
        "overlap its periodic image",
        100 * wrapped,
        probes.size() > 1 ? fmt::format(" of {:.4g} mrad with defocus {:g} Angstrom",
                                        optics.semiangle_mrad, optics.defocus)
                          : "",
        is_window ? "window" : "cell", grid.lx, grid.ly);
    if (is_window)
      fail(Fault::physics,
           "{} (@wrap_limit {} %): use a larger cell, a larger @semiangle, or less "
           "@interpolation, @defocus, @focal_spread or @source_size",
           what, limit_percent);
    fail(Fault::physics,
         "{} (@wrap_limit {} %): use a larger cell, a larger @semiangle, or less @defocus, "
         "@focal_spread or @source_size",
         what, limit_percent);
  }
  return fractions;
}

template <typename Real>
double absorbed_fraction(const ScanSimulation& scan, const Atoms& at_rest, int threads) {
  SimulationSettings with = scan.settings;
  with.engine = Engine::multislice;
  with.recording = {};
  with.recording.patterns = false;
  with.series.clear();
  with.plasmons.reset();
  with.interpolation = 1;
  SimulationSettings without = with;
  without.potential.absorption = 0;
  const auto intensity = [&](const SimulationSettings& s) {
    double out = 0;
    Simulation<Real>(at_rest, s, threads)
        .run({scan.positions.front()}, 1,
             [&](std::size_t, const ProbeResult<Real>& r) { out = r.intensity_out; });
    return out;
  };
  return intensity(without) - intensity(with);
}

#define VITROBEAM_INSTANTIATE(Real)                                                  \
  template void simulate_points(const ScanSimulation&, const Simulation<Real>&,      \
                                const PointWork<Real>&, const RunControl&,           \
                                const KnownPotential<Real>&);                        \
  template ScanResult<Real> simulate_scan(const ScanSimulation&, const RunControl&); \
  template double absorbed_fraction<Real>(const ScanSimulation&, const Atoms&, int);
VITROBEAM_INSTANTIATE(float)
VITROBEAM_INSTANTIATE(double)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
