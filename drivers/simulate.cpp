// vitrobeam simulate: atoms -> diffraction patterns, detector images, exit waves.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <utility>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/configurations.hpp"
#include "drivers/cost_table.hpp"
#include "drivers/log.hpp"
#include "drivers/machine_speed.hpp"
#include "drivers/output_files.hpp"
#include "drivers/probes.hpp"
#include "drivers/recording.hpp"
#include "drivers/scan.hpp"
#include "drivers/simulate_report.hpp"
#include "drivers/stored_potential.hpp"
#include "io/digest.hpp"
#include "io/position_record.hpp"
#include "io/potential_file.hpp"
#include "io/simulation_file.hpp"
#include "io/simulation_record.hpp"
#include "runtime/partial_means.hpp"
#include "runtime/ranks.hpp"
#include "runtime/work_units.hpp"
#include "studies/interpolation_error.hpp"

namespace vitrobeam {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

EngineRequest request_of(const SimulationPlan& p, const SimulateSettings& s) {
  return engine_request(p.scan, s.precision == Precision::single_precision ? 4 : 8,
                        !s.potential_file.empty() || !s.save_potential.empty());
}

SimulationPlan make_plan(SimulateSettings& s, const std::string& path) {
  SimulationPlan p;
  const Atoms atoms = read_model(path, s);
  p.scan.settings = resolve(s, atoms);
  p.probes = resolve_probes(s);
  p.places = resolve_scan(s, atoms);
  p.scan.positions = p.places.positions;
  p.scan.settled_percent = s.phonons_until;
  ChosenConfigurations chosen = resolve_configurations(s, atoms, path);
  p.scan.configurations = std::move(chosen.configurations);
  p.motion = chosen.summary;
  p.scan.settings.recording.memory_GiB =
      matrix_memory(request_of(p, s), s.memory_GiB * kGiB) / kGiB;
  return p;
}

double disk_bytes(const SimulationPlan& p, const SimulateSettings& s) {
  return stored_bytes(request_of(p, s), p.scan.recorded_grid());
}

Calibration calibration_of(const CameraPixels& pixels) {
  const auto step = [](const std::vector<double>& q) {
    return q.size() > 1 ? (q.back() - q.front()) / double(q.size() - 1) : 1;
  };
  Calibration c;
  c.pixel_qx = step(pixels.q_x());
  c.pixel_qy = step(pixels.q_y());
  c.centre_col = -pixels.q_x().front() / c.pixel_qx;
  c.centre_row = -pixels.q_y().front() / c.pixel_qy;
  return c;
}

// What can be known to fail before anything is computed or written.
template <typename Real>
void check_run(const SimulationPlan& p, const SimulateSettings& s, const Camera& camera,
               const RunRecord& record) {
  const Grid recorded = p.scan.recorded_grid();
  const SimulationSettings& simulation = p.scan.settings;
  check_grid(p.scan.grid());
  for (const auto& d : simulation.recording.detectors)
    check_detector(d, recorded, simulation.optics.wavelength());
  if (simulation.plasmons)
    check_plasmons(*simulation.plasmons, recorded, simulation.optics.energy_kV,
                   whole_thickness(p.scan.atoms()));
  if (s.common.dry_run) check_probes(simulation, recorded, s.wrap_limit);  // else the run does
  const CameraPixels pixels = pattern_pixels(recorded, simulation.recording);
  if (simulation.recording.patterns)
    check_beam_stop(camera, Eigen::Index(pixels.q_y().size()), Eigen::Index(pixels.q_x().size()),
                    calibration_of(pixels));
  check_stored_potential(s, p.scan, record, sizeof(Real));
  constexpr double kWithJournal = 2;  // until the run is whole
  if (!ranks().is_leader()) return;
  if (!s.common.output.empty()) check_free_space(s.common.output, kWithJournal * disk_bytes(p, s));
  if (!s.save_potential.empty() && !s.common.resume)
    check_free_space(s.save_potential,
                     potential_bytes(p.scan.configurations, simulation, sizeof(Real)));
}

template <typename Real>
int print_dry_run(SimulationPlan& p, const SimulateSettings& s) {
  const EngineRequest request = request_of(p, s);
  std::cout << plan_summary(p, s, request)
            << cost_table(request, machine_speed<Real>(p.scan.grid()), p.scan.settings.engine,
                          s.common.threads, s.memory_GiB * kGiB, p.scan.configurations.runs(),
                          disk_bytes(p, s));
  return 0;
}

// Settles which engine runs, once for a run and its --resume.
template <typename Real>
void settle_engine(SimulationPlan& p, const SimulateSettings& s, WorkUnits& units) {
  Engine& engine = p.scan.settings.engine;
  engine = engine_named(units.settled([&] {
    if (engine != Engine::automatic) return engine_name(engine);
    return engine_name(
        cheapest_engine(request_of(p, s), machine_speed<Real>(p.scan.grid()), s.memory_GiB * kGiB));
  }));
}

// Where slices come in windows, what is freed goes back to the system at once, so that what is kept
// at a time is all that counts.
MemoryPlan cut_to_memory(SimulationPlan& p, const SimulateSettings& s) {
  const MemoryPlan plan = plan_memory(p.scan, request_of(p, s), s.common.threads, s.memory_GiB);
  p.scan.settings.working_set = plan.working_set;
  p.scan.means_bytes = plan.means_bytes;
  if (plan.working_set.slices > 0) mallopt(M_MMAP_THRESHOLD, 256 << 10);
  return plan;
}

// Computes what is missing of `units`, one for each scan point. False: interrupted.
template <typename Real>
bool compute_points(const ScanSimulation& scan, const Simulation<Real>& simulation,
                    const KnownPotential<Real>& known, WorkUnits& units, const RunControl& run) {
  const std::size_t depths = simulation.depths().size();
  const bool averages = scan.configurations.count > 0;
  std::optional<PartialMeans> partial;
  if (averages) partial.emplace(units.path(), units.identity(), units.resumes());
  const WorkUnits::Shown shown{
      averages ? "positions x configurations" : "positions",
      [steps = steps_per_point(scan, depths)](std::size_t) { return steps; }};
  const bool whole = units.share_out({0, units.count()}, shown, run, [&](UnitQueue& queue) {
    std::vector<std::vector<std::byte>> begun(units.count());
    const auto keep = [&](std::size_t point, int depth, const auto& result) {
      append(begun[point], result);
      if (std::size_t(depth) + 1 < depths) return;
      // `= {}` would keep what the vector has allocated
      queue.finish(point, std::exchange(begun[point], std::vector<std::byte>()));
    };
    const auto processes = std::size_t(ranks().count());
    PointWork<Real> work;
    work.points = queue.units();
    work.most_at_once = (work.points.size() + processes - 1) / processes;
    work.next = [&](std::size_t most) { return queue.next(most); };
    work.advance = [&](std::size_t steps) { queue.advance(steps); };
    work.at_rest = [&](std::size_t point, const auto& r) { keep(point, r.depth, r); };
    work.averaged = [&](std::size_t point, const auto& r) { keep(point, r.depth(), r); };
    if (partial) {
      work.saved_average = [&](std::size_t point) { return partial->find(point); };
      work.save_averages = [&](const auto& points, const auto& state) {
        partial->save(points, state);
      };
      work.is_saving_due = [&] { return partial->is_due(); };
    }
    simulate_points(scan, simulation, work, run, known);
  });
  if (whole && partial && ranks().is_leader()) partial->remove();
  return whole;
}

template <typename Real>
void write_file(const SimulationPlan& p, const SimulateSettings& s, const Simulation<Real>& sim,
                const DiffractionAxes& axes, const WorkUnits& units, RunRecord& record) {
  const SimulationLayout layout{axes, p.scan.settings.recording, sim.depths().size(),
                                p.scan.configurations.count, sim.grid()};
  Hdf5Writer file(s.common.output);
  const IntensityRange range =
      write_simulation<Real>(file, layout, [&](std::size_t point) { return units.read(point); });
  for (const auto& [name, value] : {std::pair{"intensity_out_min", range.lowest},
                                    {"intensity_out_mean", range.mean},
                                    {"intensity_out_max", range.highest}})
    record.audit.push_back({name, "fraction of incident beam", value});
  write_result(file, layout.axes, record, std::filesystem::path(s.common.output).stem().string());
  file.commit();
  std::cout << fmt::format(
      "intensity   {:.6f} of the beam inside the band limit (mean; {:.6f} to {:.6f})\n", range.mean,
      range.lowest, range.highest);
  const double kept = sim.plasmon_thickness().empty()
                          ? 1
                          : kept_share(*p.scan.settings.plasmons, sim.plasmon_thickness().back());
  if (range.lowest < 0.95 * kept && p.scan.settings.potential.absorption == 0)
    warn(
        "{:.1f} % of the beam is scattered beyond the band limit of {:.1f} mrad; a finer --pixel "
        "keeps it",
        100 * (1 - range.lowest / kept), sim.max_angle_mrad());
}

template <typename Real>
int simulate(SimulateSettings& s, SimulationPlan& p, RunRecord record) {
  ScanSimulation& scan = p.scan;
  const int threads = s.common.threads;
  const KnownPotential<Real> known = settle_potential<Real>(s, scan, record);
  WorkUnits units(s.common.output + ".journal", run_digest(record), s.common.resume, scan.points());
  settle_engine<Real>(p, s, units);
  const MemoryPlan memory = cut_to_memory(p, s);
  const auto start = Clock::now();
  const Atoms at_rest = scan.configurations(0).atoms;
  SimulationSettings rest = scan.settings;
  // configurations have their own potentials, that of the model at rest is never made
  if (scan.configurations.count > 0) rest.working_set = {1, 1};
  const Simulation<Real> sim(at_rest, rest, threads, {}, known ? known(0) : nullptr);
  const double potential_s = seconds_since(start);
  SimulatedRun about{{},           check_probes(scan.settings, scan.recorded_grid(), s.wrap_limit),
                     s.box_chosen, memory,
                     bool(known),  potential_s};
  for (const Probe& probe : p.probes) about.aberrations.push_back(probe.aberrations);
  const auto note = [&](const Audit& entries) {
    record.audit.insert(record.audit.end(), entries.begin(), entries.end());
  };
  note(simulation_audit(scan, sim, at_rest, about, threads));
  std::cout << run_summary(p, s, sim);
  if (s.interpolation > 1 && ranks().is_leader()) {
    const InterpolationError error = interpolation_error(scan, at_rest, sim, threads);
    note(interpolation_audit(error));
    std::cout << error_summary(error, s.interpolation);
  }
  if (units.done() > 0)
    inform("resuming: {} of {} positions are done", units.done(), units.count());
  const auto waves_start = Clock::now();
  const bool whole = compute_points(scan, sim, known, units, run_control(s.common));
  note({{"wall_time_waves", "s", seconds_since(waves_start)},
        {"threads", "", std::int64_t(threads)},
        {"ranks", "", std::int64_t(ranks().count())}});
  if (!ranks().is_leader()) return 0;
  if (!whole) {
    std::cerr << fmt::format(
        "vitrobeam: interrupted; {} of {} positions are saved, continue with --resume\n",
        units.saved().size(), units.count());
    return 130;
  }
  write_file(p, s, sim, simulation_axes(scan, p.places, sim, about), units, record);
  units.remove_journal();
  std::cout << fmt::format("wrote       {} ({}{} in {:.2f} s, potential {:.2f} s)\n",
                           s.common.output, counted(scan.positions.size(), "position"),
                           of_probes(p), seconds_since(waves_start), potential_s);
  return 0;
}

// What the run leaves on the way to the counts of a camera.
std::string noiseless_name(const std::string& output) { return output + ".noiseless"; }

// The simulation into a file of its own, that through the camera into --output.
template <typename Real>
int simulate_with_camera(SimulateSettings& s, SimulationPlan& p, const RunRecord& record,
                         const Camera& camera) {
  const CommonSettings common = s.common;
  s.common.output = noiseless_name(common.output);
  if (start_output(s.common, record))
    if (const int status = simulate<Real>(s, p, record); status != 0) return status;
  if (!ranks().is_leader()) return 0;
  PatternOverrides all;
  all.every_probe = true;
  const PatternSource source(s.common.output, all);
  try {
    finish(common, record, recording(source, {camera, common.seed, s.keep_noiseless}, common));
  } catch (const Interrupted&) {
    return 130;  // the noiseless patterns are kept
  }
  std::filesystem::remove(s.common.output);
  return 0;
}

Camera camera_of(const SimulateSettings& s, const SimulationSettings& simulation) {
  const Camera camera = resolve_camera(s.camera, simulation.optics.wavelength());
  if (camera.is_ideal() && s.keep_noiseless)
    fail(Fault::usage,
         "--keep-noiseless: without a camera the patterns are noiseless; give --dose");
  if (!camera.is_ideal() && (!simulation.recording.patterns || simulation.recording.exit_waves))
    fail(Fault::usage,
         "--dose and the other options of the camera are about patterns; leave out --patterns none "
         "and --exit-wave, or the camera");
  return camera;
}

}  // namespace

int run_simulate(const std::vector<std::string>& arguments) {
  SimulateSettings s;
  Settings settings = describe(s);
  if (!begin(settings, s.common, arguments)) return 0;
  if (settings.positional().empty())
    fail(Fault::usage, "simulate: name the file of atoms: vitrobeam simulate ATOMS -o OUT.h5");
  return simulate(settings, s);
}

int simulate(const Settings& settings, SimulateSettings& s) {
  const std::string input = settings.positional().front();
  SimulationPlan plan = make_plan(s, input);
  const Camera camera = camera_of(s, plan.scan.settings);
  std::vector<std::string> inputs = {input};
  if (!s.factor_table.empty()) inputs.push_back(s.factor_table);
  const RunRecord record = start_record(settings, s.common, inputs);
  const bool is_single = s.precision == Precision::single_precision;
  is_single ? check_run<float>(plan, s, camera, record)
            : check_run<double>(plan, s, camera, record);
  if (!s.common.resume)  // else it uses the potential that it has kept
    check_further_file("--save-potential", s.save_potential, s.common);
  if (s.common.dry_run) {
    if (!s.common.resume) check_output(s.common);
    return is_single ? print_dry_run<float>(plan, s) : print_dry_run<double>(plan, s);
  }
  if (!start_output(s.common, record)) return 0;
  if (!camera.is_ideal())
    return is_single ? simulate_with_camera<float>(s, plan, record, camera)
                     : simulate_with_camera<double>(s, plan, record, camera);
  return is_single ? simulate<float>(s, plan, record) : simulate<double>(s, plan, record);
}

}  // namespace vitrobeam
