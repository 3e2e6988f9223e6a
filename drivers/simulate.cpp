// vitrobeam simulate: atoms -> diffraction patterns, detector images, exit waves.
#include <malloc.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/cost_table.hpp"
#include "drivers/exposure.hpp"
#include "drivers/interpolation_error.hpp"
#include "drivers/log.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/simulation_file.hpp"
#include "drivers/simulation_units.hpp"
#include "drivers/stored_potential.hpp"
#include "drivers/trial.hpp"
#include "models/elements.hpp"
#include "multislice/memory_plan.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

EngineRequest engine_request(const SimulationPlan& p, const SimulateSettings& s) {
  EngineRequest r =
      engine_request(p.simulation, p.grid(), p.slices(), p.scan.positions.size(),
                     s.precision == Precision::single_precision ? sizeof(float) : sizeof(double));
  r.atoms = double(p.atoms.size());
  r.elements = int(std::set<int>(p.atoms.numbers.begin(), p.atoms.numbers.end()).size());
  r.sum = p.simulation.potential.sum;
  r.absorbs = p.simulation.potential.absorption != 0;
  r.finite = p.simulation.potential.projection == Projection::finite;
  r.stored = !s.potential_file.empty() || !s.save_potential.empty();
  r.configurations = p.configurations->count();
  return r;
}

constexpr double kGiB = 1 << 30;

SimulationPlan make_plan(SimulateSettings& s, const std::string& path) {
  SimulationPlan p;
  p.atoms = read_model(path, s);
  p.simulation = resolve(s, p.atoms);
  p.probes = resolve_probes(s);
  p.scan = resolve_scan(s, p.atoms);
  p.configurations.emplace(s, p.atoms, path);
  p.simulation.recording.memory_GiB =
      matrix_memory(engine_request(p, s), s.memory_GiB * kGiB) / kGiB;
  return p;
}

// How the run is cut to stay within --memory. Where slices come in windows, what is freed goes back
// to the system at once, so that what is held at a time is all that counts.
MemoryPlan cut_to_memory(SimulationPlan& p, const SimulateSettings& s) {
  const MemoryPlan plan =
      plan_memory(p.simulation.engine, engine_request(p, s), s.common.threads, s.memory_GiB * kGiB);
  if (!plan.possible)
    fail(Fault::physics,
         "--memory {:.3g} GiB: this run takes {:.3g} GiB at least; allow that, or give fewer "
         "--threads, a coarser --pixel or smaller patterns (--q-max)",
         s.memory_GiB, std::ceil(1e3 * plan.bytes / kGiB) / 1e3);
  p.simulation.held = plan.held;
  p.means_bytes = plan.means_bytes;
  if (plan.held.slices > 0) mallopt(M_MMAP_THRESHOLD, 256 << 10);
  return plan;
}

std::string name_of(Engine engine) {
  switch (engine) {
    case Engine::automatic:
      return "auto";
    case Engine::multislice:
      return "multislice";
    case Engine::scattering_matrix:
      return "smatrix";
    case Engine::kinematic:
      return "kinematic (approximation)";
    case Engine::flat_born:
      return "kinematic, flat Ewald sphere (approximation)";
    case Engine::phase_object:
      return "phase-object (approximation)";
  }
  return "";
}

Engine engine_named(const std::string& name) {
  for (const Engine e : {Engine::multislice, Engine::scattering_matrix, Engine::kinematic,
                         Engine::flat_born, Engine::phase_object})
    if (name_of(e) == name) return e;
  fail(Fault::input, "the journal names an engine '{}', which this version does not have", name);
}

// Every probe of the run must fit the cell.
void check_probe(SimulationPlan& p, const SimulateSettings& s, const Grid& grid) {
  p.wrapped.clear();
  for (const Probe& probe : p.probes) {
    const double wrapped = wrapped_fraction(probe.optics, grid);
    p.wrapped.push_back(wrapped);
    if (100 * wrapped > s.wrap_limit)
      fail(Fault::physics,
           "{:.1f} % of the probe{} lies beyond half the {} of {:.2f} x {:.2f} Angstrom and "
           "would overlap its periodic image "
           "(--wrap-limit {} %): use a larger cell, a larger --semiangle, or less {}--defocus, "
           "--focal-spread or --source-size",
           100 * wrapped,
           p.probes.size() > 1 ? fmt::format(" of {:.4g} mrad with defocus {:g} Angstrom",
                                             probe.optics.semiangle_mrad, probe.optics.defocus)
                               : "",
           s.interpolation > 1 ? "window" : "cell", grid.lx, grid.ly, s.wrap_limit,
           s.interpolation > 1 ? "--interpolation, " : "");
  }
}

template <typename Real>
void print_dry_run(SimulationPlan& p, const SimulateSettings& s) {
  const Grid grid = p.grid();
  check_grid(grid);
  const Grid recorded = p.recorded_grid();
  for (const auto& d : p.simulation.recording.detectors)
    check_detector(d, recorded, p.simulation.optics.wavelength());
  check_probe(p, s, recorded);
  const CameraPixels pixels = pattern_pixels(recorded, p.simulation.recording);
  const int slices = p.slices();
  const double n = double(p.shots());
  const double pattern = p.simulation.recording.patterns
                             ? double(pixels.q_x().size() * pixels.q_y().size() * sizeof(Real))
                             : 0;
  const double exit =
      p.simulation.recording.exit_waves ? double(grid.nx) * grid.ny * 2 * sizeof(Real) : 0;
  const double mrad = 1e3 * p.simulation.optics.wavelength();
  const EngineRequest request = engine_request(p, s);
  const int repeats = std::max(1, p.configurations->count());
  if (!s.box_chosen.empty()) std::cout << fmt::format("box         {}\n", s.box_chosen);
  std::cout << fmt::format(
      "atoms       {}\n"
      "grid        {} x {} samples of {:.4f} x {:.4f} Angstrom, {} slices of {:.4f} Angstrom\n"
      "band limit  {:.4f} 1/Angstrom = {:.2f} mrad\n"
      "work        {} positions{}, {} plane waves in the aperture, {} configuration(s), {} "
      "threads\n",
      p.atoms.size(), grid.nx, grid.ny, grid.dx(), grid.dy(), slices,
      p.atoms.cell.vectors(2, 2) / slices, grid.q_max(), grid.q_max() * mrad,
      p.scan.positions.size(),
      p.probes.size() > 1 ? fmt::format(" of {} probes", p.probes.size()) : "",
      request.beams.size(), repeats, s.common.threads);
  if (request.modes > 1)
    std::cout << fmt::format("coherence   {} modes per position\n", request.modes);
  std::cout << cost_table(request, machine_speed<Real>(grid), p.simulation.engine, s.common.threads,
                          s.memory_GiB * kGiB, repeats, n * (pattern + exit));
}

void describe_simulation(RunRecord& record, const SimulationPlan& p, const SimulateSettings& s,
                         double max_angle, double potential_s) {
  const auto add = [&](const char* name, const char* unit, ParameterValue v) {
    record.audit.push_back({name, unit, std::move(v)});
  };
  add("atoms_read", "", std::int64_t(p.atoms.size()));
  const Plausibility odd = plausibility(p.atoms);
  add("close_pairs", "", std::int64_t(odd.close));
  if (std::isfinite(odd.closest.distance)) add("closest_pair", "Angstrom", odd.closest.distance);
  if (odd.outside > 0) add("atoms_outside_cell", "", std::int64_t(odd.outside));
  if (odd.density_g_cm3) add("mass_density", "g/cm^3", *odd.density_g_cm3);
  if (!s.box_chosen.empty()) add("box", "", s.box_chosen);
  add("intensity_in", "fraction of incident beam", 1.0);
  add("max_angle_mrad", "mrad", max_angle);
  add("wavelength", "Angstrom", p.simulation.optics.wavelength());
  add("interaction_constant", "rad/(V Angstrom)", interaction_constant(s.optics.energy_kV));
  add("probe_beyond_half_cell", "fraction of incident beam",
      *std::max_element(p.wrapped.begin(), p.wrapped.end()));
  add("precision", "",
      std::string(s.precision == Precision::single_precision ? "single" : "double"));
  add("wall_time_potential", "s", potential_s);
}

std::string coherence_summary(const Optics& optics, const IncidentModes& modes) {
  if (optics.is_coherent()) return "";
  return fmt::format(
      "coherence   focal spread {:g} Angstrom rms, source {:g} Angstrom FWHM: {} modes hold {:.4f} "
      "% "
      "of the beam\n",
      optics.focal_spread, optics.source_fwhm, modes.amplitudes.size(), 100 * (1 - modes.left_out));
}

std::string probe_summary(const Optics& o) {
  return fmt::format("{:.4g} mrad ({:.2f} Angstrom FWHM by diffraction)", o.semiangle_mrad,
                     diffraction_limited_fwhm(o.energy_kV, o.semiangle_mrad));
}

std::string focus_summary(const Optics& o) {
  return fmt::format("C10 {} Angstrom (defocus {})", o.defocus == 0 ? 0 : -o.defocus, o.defocus);
}

// The beam, and of a series a line for every probe.
std::string beam_summary(const SimulationPlan& p, std::size_t beams) {
  const Optics& first = p.simulation.optics;
  const std::string start = fmt::format("beam        {} kV, lambda {:.7f} Angstrom, ",
                                        first.energy_kV, first.wavelength());
  if (first.plane_wave) return start + "plane wave, " + focus_summary(first) + "\n";
  if (p.probes.size() == 1)
    return start + fmt::format("{}, {} plane waves, {}\n", probe_summary(first), beams,
                               focus_summary(first));
  std::string text = start + fmt::format("{} probes, {} plane waves\n", p.probes.size(), beams);
  for (std::size_t k = 0; k < p.probes.size(); ++k) {
    const auto& [optics, aberrations] = p.probes[k];
    text += fmt::format("probe {:<5} {}, {}{}{}\n", k, probe_summary(optics), focus_summary(optics),
                        optics.cs_mm == 0 ? "" : fmt::format(", Cs {:g} mm", optics.cs_mm),
                        aberrations.empty() ? "" : ", " + aberrations);
  }
  return text;
}

// One line per element: u and what it is as mean-square displacement and as B.
std::string smearing_summary(const SimulationPlan& p, const SimulateSettings& s) {
  if (s.debye_waller.empty()) return "";
  std::string text = "smearing   ";
  const std::set<int> elements(p.atoms.numbers.begin(), p.atoms.numbers.end());
  for (const int z : elements) {
    const double u = p.simulation.potential.factors.u_rms(z);
    text += fmt::format(" {} u {:.6g} Angstrom, <u^2> {:.6f} Angstrom^2, B {:.4f} Angstrom^2;",
                        symbol(z), u, u * u, 8 * M_PI * M_PI * u * u);
  }
  return text + (s.absorption ? " thermal diffuse scattering absorbed\n" : "\n");
}

// What the absorptive potential takes from a beam at the first position: the difference that it
// makes to the intensity in the band.
template <typename Real>
double absorbed_fraction(const SimulationPlan& p, const Atoms& atoms, int threads) {
  SimulationSettings with = p.simulation;
  with.engine = Engine::multislice;
  with.recording = {};
  with.recording.patterns = false;
  with.series.clear();
  with.interpolation = 1;
  SimulationSettings without = with;
  without.potential.absorption = 0;
  const auto intensity = [&](const SimulationSettings& s) {
    double out = 0;
    Simulation<Real>(atoms, s, threads)
        .run({p.scan.positions.front()}, 1,
             [&](std::size_t, const ProbeResult<Real>& r) { out = r.intensity_out; });
    return out;
  };
  return intensity(without) - intensity(with);
}

template <typename Real>
int simulate(SimulateSettings& s, SimulationPlan& p, RunRecord record) {
  const int threads = s.common.threads;
  const Grid grid = p.grid();
  check_grid(grid);
  p.potential_file = settle_potential<Real>(s, p, record);
  WorkUnits units(s.common.output + ".journal", run_digest(record), s.common.resume, p.shots());
  const std::string engine_name = units.settled([&] {
    if (p.simulation.engine != Engine::automatic) return name_of(p.simulation.engine);
    return name_of(
        cheapest_engine(engine_request(p, s), machine_speed<Real>(grid), s.memory_GiB * kGiB));
  });
  p.simulation.engine = engine_named(engine_name);
  const MemoryPlan memory = cut_to_memory(p, s);
  const auto start = Clock::now();
  const Atoms at_rest = (*p.configurations)(0).atoms;
  SimulationSettings rest = p.simulation;
  // configurations have their own potentials, that of the model at rest is never made
  if (p.configurations->count() > 0) rest.held = {1, 1};
  const Simulation<Real> sim(at_rest, rest, threads, {}, stored_potential<Real>(p, 0));
  const double potential_s = seconds_since(start);
  check_probe(p, s, p.recorded_grid());
  describe_simulation(record, p, s, sim.max_angle_mrad(), potential_s);
  const std::string shown_engine =
      engine_name + (s.interpolation > 1
                         ? fmt::format(", interpolation {} (approximation)", s.interpolation)
                         : "");
  record.audit.push_back({"engine", "", shown_engine});
  record.audit.push_back({"atoms_placed", "", std::int64_t(sim.atoms_placed())});
  record.audit.push_back({"atom_sum", "",
                          std::string(!p.potential_file.empty()              ? "stored potential"
                                      : sim.atom_sum() == AtomSum::spreading ? "spreading"
                                                                             : "product")});
  if (p.configurations->has_vacancies())
    record.audit.push_back({"sites_left_empty", "", std::int64_t(p.atoms.size() - at_rest.size())});
  if (s.absorption)
    record.audit.push_back({"absorbed_at_first_position", "fraction of incident beam",
                            absorbed_fraction<Real>(p, at_rest, threads)});
  record.audit.push_back({"slices", "", std::int64_t(sim.slices())});
  record.audit.push_back({"slice_thickness", "Angstrom", sim.slice_thickness()});
  if (memory.held.slices > 0) {
    record.audit.push_back({"slices_at_a_time", "", std::int64_t(memory.held.slices)});
    record.audit.push_back({"potential_passes", "", memory.potential_passes});
  }
  record.audit.push_back({"memory_planned", "GiB", memory.bytes / kGiB});
  record.audit.push_back({"beams", "", std::int64_t(sim.beams())});
  std::size_t modes = 0;
  double left_out = 0;
  for (std::size_t k = 0; k < p.probes.size(); ++k) {
    modes = std::max(modes, sim.modes(k).amplitudes.size());
    left_out = std::max(left_out, sim.modes(k).left_out);
  }
  record.audit.push_back({"modes", "", std::int64_t(modes)});
  record.audit.push_back({"modes_left_out", "fraction of incident beam", left_out});
  if (!s.box_chosen.empty()) std::cout << fmt::format("box         {}\n", s.box_chosen);
  std::cout << beam_summary(p, sim.beams())
            << fmt::format(
                   "sampling    {} x {} of {:.4f} x {:.4f} Angstrom, {} slices of {:.4f}, band "
                   "limit {:.2f} mrad\n"
                   "atoms       {} read, {} placed\n"
                   "engine      {}\n"
                   "{}{}",
                   sim.grid().nx, sim.grid().ny, sim.grid().dx(), sim.grid().dy(), sim.slices(),
                   sim.slice_thickness(), sim.max_angle_mrad(), p.atoms.size(), sim.atoms_placed(),
                   shown_engine, coherence_summary(p.simulation.optics, sim.modes()),
                   p.configurations->summary() + smearing_summary(p, s));

  if (s.interpolation > 1 && ranks().is_leader()) {
    const InterpolationError error = interpolation_error(p, at_rest, sim, threads);
    vitrobeam::record(error, record);
    std::cout << summary(error, s.interpolation);
  }
  if (units.done() > 0)
    inform("resuming: {} of {} positions are done", units.done(), units.count());
  const auto waves_start = Clock::now();
  const bool whole = compute_positions(s, p, sim, units);
  record.audit.push_back({"wall_time_waves", "s", seconds_since(waves_start)});
  record.audit.push_back({"threads", "", std::int64_t(threads)});
  record.audit.push_back({"ranks", "", std::int64_t(ranks().count())});
  if (!ranks().is_leader()) return 0;
  if (!whole) {
    std::cerr << fmt::format(
        "vitrobeam: interrupted; {} of {} positions are saved, continue with --resume\n",
        units.saved().size(), units.count());
    return 130;
  }
  write_simulation(s, p, sim, units, record);
  units.remove_journal();
  std::cout << fmt::format("wrote       {} ({} positions{} in {:.2f} s, potential {:.2f} s)\n",
                           s.common.output, p.scan.positions.size(),
                           p.probes.size() > 1 ? fmt::format(" of {} probes", p.probes.size()) : "",
                           seconds_since(waves_start), potential_s);
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
  if (!expose(source, camera, common, record, s.keep_noiseless)) return 130;
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
  const std::string input = settings.positional().front();
  SimulationPlan plan = make_plan(s, input);
  const Camera camera = camera_of(s, plan.simulation);
  if (s.common.dry_run) {
    s.precision == Precision::single_precision ? print_dry_run<float>(plan, s)
                                               : print_dry_run<double>(plan, s);
    return 0;
  }
  std::vector<std::string> inputs = {input};
  if (!s.save_potential.empty() && !s.potential_file.empty())
    fail(Fault::usage, "--save-potential and --potential-file: give one of them");
  if (!s.factor_table.empty()) inputs.push_back(s.factor_table);
  RunRecord record = start_record(settings, s.common, inputs);

  if (!start_output(s.common, record)) return 0;
  if (!camera.is_ideal())
    return s.precision == Precision::single_precision
               ? simulate_with_camera<float>(s, plan, record, camera)
               : simulate_with_camera<double>(s, plan, record, camera);
  return s.precision == Precision::single_precision ? simulate<float>(s, plan, record)
                                                    : simulate<double>(s, plan, record);
}

}  // namespace vitrobeam
