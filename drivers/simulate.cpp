// vitrobeam simulate: atoms -> diffraction patterns, detector images, exit waves.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numeric>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/detector_option.hpp"
#include "drivers/exposure.hpp"
#include "drivers/progress.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/trial.hpp"
#include "io/compression.hpp"
#include "io/hdf5.hpp"
#include "io/journal.hpp"
#include "io/result_file.hpp"
#include "models/elements.hpp"
#include "models/thermal.hpp"
#include "multislice/propagation.hpp"
#include "multislice/thermal_average.hpp"
#include "potentials/fourier.hpp"

namespace vitrobeam {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// One finished position at one depth as it stands in the journal: intensity_out, detectors, their
// standard errors, then the compressed pattern and exit wave, each behind its length.
struct Unit {
  double intensity_out = 0;
  std::vector<double> detectors, errors;  // errors are 0 without thermal motion
  std::vector<std::byte> pattern, exit_wave;

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> out;
    const auto put = [&](const void* data, std::size_t size) {
      const auto* p = static_cast<const std::byte*>(data);
      out.insert(out.end(), p, p + size);
    };
    put(&intensity_out, sizeof intensity_out);
    put(detectors.data(), detectors.size() * sizeof(double));
    put(errors.data(), errors.size() * sizeof(double));
    for (const auto* chunk : {&pattern, &exit_wave}) {
      const std::uint64_t size = chunk->size();
      put(&size, sizeof size);
      put(chunk->data(), chunk->size());
    }
    return out;
  }

  static Unit from(const std::vector<std::byte>& bytes, std::size_t detector_count) {
    Unit u;
    std::size_t at = 0;
    const auto get = [&](void* data, std::size_t size) {
      std::copy_n(bytes.data() + at, size, static_cast<std::byte*>(data));
      at += size;
    };
    u.detectors.resize(detector_count);
    u.errors.resize(detector_count);
    get(&u.intensity_out, sizeof u.intensity_out);
    get(u.detectors.data(), detector_count * sizeof(double));
    get(u.errors.data(), detector_count * sizeof(double));
    for (auto* chunk : {&u.pattern, &u.exit_wave}) {
      std::uint64_t size = 0;
      get(&size, sizeof size);
      chunk->resize(size);
      get(chunk->data(), size);
    }
    return u;
  }
};

// A resumed run computes with the engine of its beginning.
constexpr std::uint64_t kEngineRecord = ~std::uint64_t{0};

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Everything that is settled before the first wave is propagated.
struct Plan {
  Atoms atoms;
  SimulationSettings simulation;
  Scan scan;
  double wrapped = 0;  // fraction of the probe beyond half the cell
};

Plan make_plan(SimulateSettings& s, const std::string& path) {
  Plan p;
  p.atoms = read_model(path, s);
  p.simulation = resolve(s, p.atoms);
  p.scan = resolve_scan(s, p.atoms);
  return p;
}

Grid grid_of(const Plan& p) {
  return {p.simulation.nx, p.simulation.ny, p.atoms.cell.vectors(0, 0), p.atoms.cell.vectors(1, 1)};
}

int slices_of(const Plan& p) { return slice_count(p.atoms.cell.vectors(2, 2), p.simulation.slice); }

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
    case Engine::phase_object:
      return "phase-object (approximation)";
  }
  return "";
}

Engine engine_named(const std::string& name) {
  for (const Engine e :
       {Engine::multislice, Engine::scattering_matrix, Engine::kinematic, Engine::phase_object})
    if (name_of(e) == name) return e;
  fail(Fault::input, "the journal names an engine '{}', which this version does not have", name);
}

void check_probe(Plan& p, const SimulateSettings& s, const Grid& grid) {
  p.wrapped = wrapped_fraction(p.simulation.optics, grid);
  if (100 * p.wrapped > s.wrap_limit)
    fail(Fault::physics,
         "{:.1f} % of the probe lies beyond half the cell of {:.2f} x {:.2f} Angstrom and would "
         "overlap its periodic image "
         "(--wrap-limit {} %): use a larger cell, a larger --semiangle or less --defocus",
         100 * p.wrapped, grid.lx, grid.ly, s.wrap_limit);
}

template <typename Real>
void print_dry_run(Plan& p, const SimulateSettings& s) {
  const Grid grid = grid_of(p);
  check_grid(grid);
  for (const auto& d : p.simulation.recording.detectors)
    check_detector(d, grid, p.simulation.optics.wavelength());
  check_probe(p, s, grid);
  const CameraPixels pixels = pattern_pixels(grid, p.simulation.recording);
  const int slices = slices_of(p);
  const double slice = seconds_per_slice<Real>(grid), n = double(p.scan.positions.size());
  const double pattern = p.simulation.recording.patterns
                             ? double(pixels.q_x().size() * pixels.q_y().size() * sizeof(Real))
                             : 0;
  const double exit =
      p.simulation.recording.exit_waves ? double(grid.nx) * grid.ny * 2 * sizeof(Real) : 0;
  const double mrad = 1e3 * p.simulation.optics.wavelength(), gib = 1 << 30;
  const auto aperture = aperture_beams(p.simulation.optics, grid);
  const std::size_t beams = aperture.size(),
                    modes = incident_modes(p.simulation.optics, grid, aperture).amplitudes.size();
  const int repeats = std::max(1, s.phonons);
  const double transmission = double(grid.nx) * grid.ny * 2 * sizeof(Real) * slices;
  if (!s.box_chosen.empty()) std::cout << fmt::format("box         {}\n", s.box_chosen);
  std::cout << fmt::format(
      "atoms       {}\n"
      "grid        {} x {} samples of {:.4f} x {:.4f} Angstrom, {} slices of {:.4f} Angstrom\n"
      "band limit  {:.4f} 1/Angstrom = {:.2f} mrad\n"
      "work        {} positions, {} plane waves in the aperture, {} configuration(s), {} threads\n",
      p.atoms.size(), grid.nx, grid.ny, grid.dx(), grid.dy(), slices,
      p.atoms.cell.vectors(2, 2) / slices, grid.q_max(), grid.q_max() * mrad,
      p.scan.positions.size(), beams, repeats, s.common.threads);
  if (modes > 1) std::cout << fmt::format("coherence   {} modes per position\n", modes);
  for (const auto& [name, engine] :
       {std::pair{"multislice", Engine::multislice}, {"smatrix", Engine::scattering_matrix}}) {
    const EngineCost cost =
        engine_cost(engine, grid, slices, beams, p.simulation.recording,
                    modes * p.scan.positions.size(), s.common.threads, sizeof(Real));
    std::cout << fmt::format("{:<11} {:.1f} s, {:.2f} GiB\n", name,
                             repeats * (cost.wave_slices + 5.0 * slices) * slice / s.common.threads,
                             (cost.bytes + transmission) / gib);
  }
  std::cout << fmt::format("disk        at most {:.2f} GiB (twice that until the run is whole)\n",
                           n * (pattern + exit) / gib);
}

// Results at several depths have a leading thickness axis.
Shape with_depths(std::size_t depths, const Shape& shape) {
  if (depths == 1) return shape;
  Shape all = {depths};
  all.insert(all.end(), shape.begin(), shape.end());
  return all;
}

template <typename Real>
void write_file(const SimulateSettings& s, const Plan& p, const Simulation<Real>& sim,
                const Journal& journal, RunRecord& record) {
  const Recording& r = p.simulation.recording;
  const std::vector<int> depths = sim.depths();
  DiffractionAxes axes;
  axes.energy_kV = s.optics.energy_kV;
  axes.scan_x = p.scan.x;
  axes.scan_y = p.scan.y;
  axes.is_list = p.scan.is_list;
  axes.q_x = sim.q_x();
  axes.q_y = sim.q_y();
  if (depths.size() > 1)
    for (const int d : depths) axes.thickness.push_back(d * sim.slice_thickness());
  const Shape scan = axes.scan_shape();
  const std::size_t n = p.scan.positions.size(), ny = axes.q_y.size(), nx = axes.q_x.size();
  const auto gy = std::size_t(sim.grid().ny), gx = std::size_t(sim.grid().nx);
  const auto shape = [&](std::size_t y, std::size_t x) {
    return with_depths(depths.size(), {scan[0], scan[1], y, x});
  };
  const auto chunk_shape = [&](std::size_t y, std::size_t x) {
    Shape c(shape(y, x).size(), 1);
    c[c.size() - 2] = y;
    c.back() = x;
    return c;
  };

  Hdf5Writer file(s.common.output);
  if (r.patterns)
    file.create_chunked<Real>("/simulation/patterns", shape(ny, nx), chunk_shape(ny, nx));
  if (r.exit_waves)
    file.create_chunked<std::complex<Real>>("/simulation/exit_wave", shape(gy, gx),
                                            chunk_shape(gy, gx));
  const auto channels = std::size_t(channel_count(r.detectors));
  std::vector<std::vector<double>> images(channels, std::vector<double>(n * depths.size())),
      errors = images;
  double lowest = 1e9, highest = 0, mean = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t d = 0; d < depths.size(); ++d) {
      const Unit u = Unit::from(journal.read(i * depths.size() + d), channels);
      Shape chunk = {i / scan[1], i % scan[1], 0, 0};
      if (depths.size() > 1) chunk.insert(chunk.begin(), d);
      if (r.patterns) file.write_chunk("/simulation/patterns", chunk, u.pattern);
      if (r.exit_waves) file.write_chunk("/simulation/exit_wave", chunk, u.exit_wave);
      for (std::size_t k = 0; k < images.size(); ++k) {
        images[k][d * n + i] = u.detectors[k];
        errors[k][d * n + i] = u.errors[k];
      }
      lowest = std::min(lowest, u.intensity_out);
      highest = std::max(highest, u.intensity_out);
      mean += u.intensity_out / double(n * depths.size());
    }
  if (s.phonons < 2) errors.clear();
  write_detectors(file, r.detectors, with_depths(depths.size(), scan), images, errors);
  if (r.exit_waves)
    file.attribute("/simulation/exit_wave", "units",
                   std::string("amplitude; the incident wave has sum |psi|^2 = 1"));
  for (const auto& [name, value] : {std::pair{"intensity_out_min", lowest},
                                    {"intensity_out_mean", mean},
                                    {"intensity_out_max", highest}})
    record.audit.push_back({name, "fraction of incident beam", value});
  write_result(file, axes, record, std::filesystem::path(s.common.output).stem().string());
  file.commit();
  std::cout << fmt::format(
      "intensity   {:.6f} of the beam inside the band limit (mean; {:.6f} to {:.6f})\n", mean,
      lowest, highest);
  if (lowest < 0.95)
    spdlog::warn(
        "{:.1f} % of the beam is scattered beyond the band limit of {:.1f} mrad; a finer --pixel "
        "keeps it",
        100 * (1 - lowest), sim.max_angle_mrad());
}

void describe_simulation(RunRecord& record, const Plan& p, const SimulateSettings& s,
                         double max_angle, double potential_s) {
  const auto add = [&](const char* name, const char* unit, ParameterValue v) {
    record.audit.push_back({name, unit, std::move(v)});
  };
  add("atoms_read", "", std::int64_t(p.atoms.size()));
  if (!s.box_chosen.empty()) add("box", "", s.box_chosen);
  add("intensity_in", "fraction of incident beam", 1.0);
  add("max_angle_mrad", "mrad", max_angle);
  add("wavelength", "Angstrom", p.simulation.optics.wavelength());
  add("interaction_constant", "rad/(V Angstrom)", interaction_constant(s.optics.energy_kV));
  add("probe_beyond_half_cell", "fraction of incident beam", p.wrapped);
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

// One line per element: u and what it is as mean-square displacement and as B.
std::string thermal_summary(const SimulateSettings& s, const Atoms& atoms) {
  if (s.phonons == 0) return "";
  std::string text =
      fmt::format("motion      {} configurations, seed {}", s.phonons, s.common.seed);
  for (const auto& [z, u] : parse_u_rms(s.u_rms, atoms))
    text += fmt::format("; {} u {} Angstrom, <u^2> {:.6f} Angstrom^2, B {:.4f} Angstrom^2",
                        symbol(z), u, u * u, 8 * M_PI * M_PI * u * u);
  return text + "\n";
}

template <typename Real>
Unit pack(const ProbeResult<Real>& result, std::vector<double> errors) {
  const auto chunk = [](const auto& plane, std::size_t element) {
    return plane.size() == 0 ? std::vector<std::byte>{}
                             : compress_chunk(plane.data(), element, std::size_t(plane.size()), 1);
  };
  return {result.intensity_out, result.detectors, std::move(errors),
          chunk(result.pattern, sizeof(Real)), chunk(result.exit_wave, 2 * sizeof(Real))};
}

// Every position goes into the journal as it is done.
template <typename Real>
void run_at_rest(const SimulateSettings& s, const Plan& p, const Simulation<Real>& sim,
                 const std::vector<std::size_t>& missing, Journal& journal) {
  std::vector<Vector2d> positions;
  for (const std::size_t i : missing) positions.push_back(p.scan.positions[i]);
  const std::size_t depths = sim.depths().size();
  Progress progress("positions", missing.size() * depths, s.common.progress);
  sim.run(
      positions, s.common.threads,
      [&](std::size_t k, const ProbeResult<Real>& result) {
        journal.append(missing[k] * depths + std::size_t(result.depth),
                       pack(result, std::vector<double>(result.detectors.size(), 0.0)).bytes());
        progress.advance();
      },
      interrupted);
}

// Blocks of positions whose means fit into memory; each goes through all configurations, then into
// the journal.
template <typename Real>
void run_phonons(const SimulateSettings& s, const Plan& p, std::size_t depths,
                 const std::vector<std::size_t>& missing, Journal& journal) {
  const auto u = parse_u_rms(s.u_rms, p.atoms);
  const CameraPixels pixels = pattern_pixels(grid_of(p), p.simulation.recording);
  const double pattern_bytes =
      p.simulation.recording.patterns ? 8.0 * double(pixels.q_x().size() * pixels.q_y().size()) : 8;
  const auto block =
      std::size_t(std::max(1.0, s.memory_GiB / 4 * (1 << 30) / (pattern_bytes * double(depths))));
  Progress progress("positions x configurations", missing.size() * depths * s.phonons,
                    s.common.progress);
  for (std::size_t first = 0; first < missing.size(); first += block) {
    const std::size_t count = std::min(block, missing.size() - first);
    std::vector<Vector2d> positions;
    for (std::size_t k = 0; k < count; ++k)
      positions.push_back(p.scan.positions[missing[first + k]]);
    std::vector<ThermalAverage<Real>> averages(count * depths);
    for (int configuration = 1; configuration <= s.phonons && !interrupted(); ++configuration)
      Simulation<Real>(
          p.atoms, p.simulation, s.common.threads,
          thermal_displacements(p.atoms, u, s.common.seed, std::uint64_t(configuration)))
          .run(
              positions, s.common.threads,
              [&](std::size_t k, const ProbeResult<Real>& result) {
                averages[k * depths + std::size_t(result.depth)].add(result);
                progress.advance();
              },
              interrupted);
    if (interrupted()) return;
    for (std::size_t k = 0; k < count * depths; ++k)
      journal.append(missing[first + k / depths] * depths + k % depths,
                     pack(averages[k].mean(), averages[k].detector_errors()).bytes());
  }
}

template <typename Real>
int simulate(SimulateSettings& s, Plan& p, RunRecord record) {
  const int threads = s.common.threads;
  Journal journal(s.common.output + ".journal", run_digest(record), !s.common.resume);
  const Grid grid = grid_of(p);
  check_grid(grid);
  if (journal.has(kEngineRecord)) {
    p.simulation.engine = engine_named(text_of(journal.read(kEngineRecord)));
  } else if (p.simulation.engine == Engine::automatic) {
    const auto beams = aperture_beams(p.simulation.optics, grid);
    const auto modes = incident_modes(p.simulation.optics, grid, beams).amplitudes.size();
    p.simulation.engine = cheapest_engine(grid, slices_of(p), beams.size(), p.simulation.recording,
                                          modes * p.scan.positions.size(), sizeof(Real));
  }
  const auto start = Clock::now();
  const Simulation<Real> sim(p.atoms, p.simulation, threads);
  const double potential_s = seconds_since(start);
  check_probe(p, s, sim.grid());
  describe_simulation(record, p, s, sim.max_angle_mrad(), potential_s);
  const std::string engine_name = name_of(p.simulation.engine);
  record.audit.push_back({"engine", "", engine_name});
  record.audit.push_back({"atoms_placed", "", std::int64_t(sim.atoms_placed())});
  record.audit.push_back({"slices", "", std::int64_t(sim.slices())});
  record.audit.push_back({"slice_thickness", "Angstrom", sim.slice_thickness()});
  record.audit.push_back({"beams", "", std::int64_t(sim.beams())});
  record.audit.push_back({"modes", "", std::int64_t(sim.modes().amplitudes.size())});
  record.audit.push_back({"modes_left_out", "fraction of incident beam", sim.modes().left_out});
  if (!s.box_chosen.empty()) std::cout << fmt::format("box         {}\n", s.box_chosen);
  std::cout << fmt::format(
      "beam        {} kV, lambda {:.7f} Angstrom, {}, C10 {} Angstrom (defocus {})\n"
      "sampling    {} x {} of {:.4f} x {:.4f} Angstrom, {} slices of {:.4f}, band limit {:.2f} "
      "mrad\n"
      "atoms       {} read, {} placed\n"
      "engine      {}\n"
      "{}{}",
      s.optics.energy_kV, p.simulation.optics.wavelength(),
      p.simulation.optics.plane_wave
          ? "plane wave"
          : fmt::format("{:.4g} mrad ({:.2f} Angstrom FWHM by diffraction), {} plane waves",
                        s.optics.semiangle_mrad,
                        diffraction_limited_fwhm(s.optics.energy_kV, s.optics.semiangle_mrad),
                        sim.beams()),
      s.optics.defocus == 0 ? 0 : -s.optics.defocus, s.optics.defocus, sim.grid().nx, sim.grid().ny,
      sim.grid().dx(), sim.grid().dy(), sim.slices(), sim.slice_thickness(), sim.max_angle_mrad(),
      p.atoms.size(), sim.atoms_placed(), engine_name,
      coherence_summary(p.simulation.optics, sim.modes()), thermal_summary(s, p.atoms));

  if (!journal.has(kEngineRecord))
    journal.append(kEngineRecord, std::as_bytes(std::span(engine_name)));
  std::vector<std::size_t> missing;
  const std::size_t depths = sim.depths().size();
  for (std::size_t i = 0; i < p.scan.positions.size(); ++i) {
    bool whole = true;
    for (std::size_t d = 0; d < depths; ++d) whole = whole && journal.has(i * depths + d);
    if (!whole) missing.push_back(i);
  }
  if (missing.size() < p.scan.positions.size())
    spdlog::info("resuming: {} of {} positions are done", p.scan.positions.size() - missing.size(),
                 p.scan.positions.size());
  const auto waves_start = Clock::now();
  if (s.phonons > 0)
    run_phonons<Real>(s, p, sim.depths().size(), missing, journal);
  else
    run_at_rest<Real>(s, p, sim, missing, journal);
  record.audit.push_back({"wall_time_waves", "s", seconds_since(waves_start)});
  record.audit.push_back({"threads", "", std::int64_t(threads)});
  if (interrupted()) {
    std::cerr << fmt::format(
        "vitrobeam: interrupted; {} of {} positions are saved, continue with --resume\n",
        (journal.size() - 1) / depths, p.scan.positions.size());
    return 130;
  }
  write_file(s, p, sim, journal, record);
  journal.remove();
  std::cout << fmt::format("wrote       {} ({} positions in {:.2f} s, potential {:.2f} s)\n",
                           s.common.output, p.scan.positions.size(), seconds_since(waves_start),
                           potential_s);
  return 0;
}

// What the run leaves on the way to the counts of a camera.
std::string noiseless_name(const std::string& output) { return output + ".noiseless"; }

// The simulation into a file of its own, that through the camera into --output.
template <typename Real>
int simulate_with_camera(SimulateSettings& s, Plan& p, const RunRecord& record,
                         const Camera& camera) {
  const CommonSettings common = s.common;
  s.common.output = noiseless_name(common.output);
  check_output(s.common);
  if (!(s.common.resume && is_complete(s.common.output, record)))
    if (const int status = simulate<Real>(s, p, record); status != 0) return status;
  const PatternSource source(s.common.output, {});
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
  Plan plan = make_plan(s, input);
  const Camera camera = camera_of(s, plan.simulation);
  if (s.common.dry_run) {
    s.precision == Precision::single_precision ? print_dry_run<float>(plan, s)
                                               : print_dry_run<double>(plan, s);
    return 0;
  }
  RunRecord record = start_record(settings, s.common, {input});
  if (s.common.resume && is_complete(s.common.output, record)) {
    std::cout << s.common.output << " is whole already; nothing to resume\n";
    return 0;
  }
  check_output(s.common);
  if (!camera.is_ideal())
    return s.precision == Precision::single_precision
               ? simulate_with_camera<float>(s, plan, record, camera)
               : simulate_with_camera<double>(s, plan, record, camera);
  return s.precision == Precision::single_precision ? simulate<float>(s, plan, record)
                                                    : simulate<double>(s, plan, record);
}

}  // namespace vitrobeam
