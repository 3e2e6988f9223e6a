#include "multislice/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/oversampled_potential.hpp"

namespace vitrobeam {
namespace {

Grid make_grid(const Atoms& atoms, const SimulationSettings& s) {
  if (!atoms.cell.is_orthogonal())
    fail(Fault::physics,
         "the cell is not orthogonal along x, y, z; cut or expand the model to a rectangular box "
         "first");
  const Grid grid{s.nx, s.ny, atoms.cell.vectors(0, 0), atoms.cell.vectors(1, 1)};
  check_grid(grid);
  return grid;
}

void check_inside(const Atoms& atoms) {
  constexpr double kTolerance = 1e-6;  // rounding of coordinates in files
  const Vector3d edge = atoms.cell.vectors.diagonal();
  std::size_t outside = 0, example = 0;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const auto& r = atoms.positions[i].array();
    if ((r < -kTolerance).any() || (r > edge.array() + kTolerance).any())
      if (outside++ == 0) example = i;
  }
  if (outside > 0) {
    const Vector3d& r = atoms.positions[example];
    fail(Fault::physics,
         "{} of {} atoms lie outside the cell of {:.3f} x {:.3f} x {:.3f} Angstrom, the first is "
         "atom {} ({}) at ({:.4f}, {:.4f}, {:.4f}); give @wrap to fold them in along periodic axes",
         outside, atoms.size(), edge.x(), edge.y(), edge.z(), example + 1,
         symbol(atoms.numbers[example]), r.x(), r.y(), r.z());
  }
}

std::vector<int> recorded_depths(int slices, int every) {
  std::vector<int> depths;
  for (int d = every; every > 0 && d < slices; d += every) depths.push_back(d);
  depths.push_back(slices);
  return depths;
}

}  // namespace

CameraPixels pattern_pixels(const Grid& grid, const Recording& r) {
  return {grid, {r.q_max, r.bin, r.pixel_q, r.camera_pixels}};
}

Grid interpolation_window(const Grid& cell, int factor) {
  if (factor == 1) return cell;
  const Grid window{cell.nx / factor, cell.ny / factor, cell.lx / factor, cell.ly / factor};
  if (window.nx * factor != cell.nx || window.ny * factor != cell.ny || window.nx % 2 != 0 ||
      window.ny % 2 != 0 || window.nx < 8 || window.ny < 8)
    fail(Fault::usage,
         "@interpolation {}: a grid of {}x{} has no windows of a whole, even number of samples; "
         "give a @grid of multiples of {}, or only @pixel",
         factor, cell.nx, cell.ny, 2 * factor);
  return window;
}

void check_settings(const SimulationSettings& s) {
  const Recording& r = s.recording;
  for (const Optics& optics : s.probes()) {
    check_optics(optics);
    if (r.exit_waves && !optics.is_coherent())
      fail(Fault::usage,
           "@exit_wave: a beam with @focal_spread or @source_size has no one exit wave; leave "
           "them out, or @exit_wave");
    if (r.amplitudes && (!optics.is_coherent() || r.bin != 1 || r.pixel_q != 0))
      fail(Fault::usage,
           "@elastic: mean waves are kept of a coherent beam on the grid's own samples; leave out "
           "@focal_spread, @source_size, @bin and @camera_length, or @elastic");
  }
  if (s.plasmons) {
    check_plasmons(*s.plasmons);
    if (r.exit_waves || r.amplitudes)
      fail(Fault::usage,
           "@plasmon_mean_free_path {:g}: electrons that lost energy have no wave in common with "
           "the others; leave it out, or {}",
           s.plasmons->mean_free_path, Message::marked(r.exit_waves ? "@exit_wave" : "@elastic"));
  }
  if (s.interpolation > 1) {
    if (s.engine != Engine::automatic && s.engine != Engine::scattering_matrix)
      fail(Fault::usage,
           "@interpolation {}: is of the scattering matrix; leave it out, or give @engine smatrix",
           s.interpolation);
    if (s.optics.plane_wave)
      fail(Fault::usage, "@interpolation {}: @mode plane-wave has no aperture to thin out",
           s.interpolation);
    if (r.exit_waves)
      fail(Fault::usage, "@interpolation {}: keeps no waves; leave out @exit_wave",
           s.interpolation);
    if (r.amplitudes)
      fail(Fault::usage, "@interpolation {}: keeps no waves; leave out @elastic", s.interpolation);
  }
  if (s.engine == Engine::automatic || entry_of(s.engine).keeps_waves) return;
  if (r.exit_waves)
    fail(Fault::usage, "@engine {} keeps no waves; use @engine multislice with @exit_wave",
         engine_name(s.engine));
  if (r.amplitudes)
    fail(Fault::usage, "@engine {} keeps no waves; use @engine multislice with @elastic",
         engine_name(s.engine));
}

Recording engine_recording(const SimulationSettings& s) {
  Recording r = s.recording;
  if (!s.plasmons) return r;
  r.patterns = true;
  r.q_max = r.pixel_q = 0;
  r.bin = 1;
  r.camera_pixels = 0;
  r.detectors.clear();
  return r;
}

std::string oversampling_statement(const SimulationSettings& s) {
  if (s.engine != Engine::automatic && entry_of(s.engine).scatters_once) return "none";
  return s.potential.oversampling == 0 ? "auto" : std::to_string(s.potential.oversampling);
}

int slice_count(double height, double thickness) {
  constexpr double kMost = 1e6;
  const double n = std::max(1.0, std::round(height / thickness));
  if (n > kMost)
    fail(Fault::usage, "@slice {}: {:.3g} slices, more than {:g}; give thicker ones", thickness, n,
         kMost);
  return int(n);
}

namespace {

// All but the potential, in the order in which a user should hear of mistakes.
template <typename Real>
EngineSetup<Real> setup_of(const Atoms& atoms, const SimulationSettings& s, int threads) {
  check_settings(s);
  const Grid grid = make_grid(atoms, s), recorded = interpolation_window(grid, s.interpolation);
  const double wavelength = s.optics.wavelength(), height = atoms.cell.vectors(2, 2);
  ProbeSeries series = probe_series(s.probes(), recorded);
  const Recording recording = engine_recording(s);
  const PatternWindow window = pattern_pixels(recorded, recording).window();
  for (const Detector& d : s.recording.detectors) check_detector(d, recorded, wavelength);
  const bool one_slice = s.engine != Engine::automatic && entry_of(s.engine).has_one_slice;
  const int slices = one_slice ? 1 : slice_count(height, s.slice);
  check_inside(atoms);
  return {.grid = grid,
          .potential = nullptr,
          .slice_thickness = height / slices,
          .wavelength = wavelength,
          .interaction_constant = interaction_constant(s.optics.energy_kV),
          .tilt = s.optics.total_tilt(),
          .entrance = height / 2 * (1e-3 * s.optics.specimen_tilt_mrad).array().tan().matrix(),
          .recorded = recorded,
          .interpolation = s.interpolation,
          .series = std::move(series),
          .window = window,
          .recording = recording,
          .depths = recorded_depths(slices, s.recording.every_slices),
          .working_set = s.working_set,
          .threads = threads};
}

}  // namespace

// Patterns and detectors with plasmon losses, from patterns over the whole grid.
struct PlasmonOutcome {
  template <typename Real>
  PlasmonOutcome(const Atoms& atoms, const SimulationSettings& s, const EngineSetup<Real>& setup)
      : thickness(material_thickness(atoms, depths_of(setup))),
        blur(*s.plasmons, setup.recorded, s.optics.energy_kV, thickness),
        detectors(s.recording.detectors, setup.recorded, setup.wavelength) {}

  template <typename Real>
  static std::vector<double> depths_of(const EngineSetup<Real>& setup) {
    std::vector<double> depths;
    for (const int d : setup.depths) depths.push_back(d * setup.slice_thickness);
    return depths;
  }

  // `pixels` of the patterns to be kept, if they are.
  template <typename Real>
  ProbeResult<Real> operator()(const ProbeResult<Real>& elastic, const CameraPixels* pixels) const {
    const Plane<Real> whole = blur(elastic.pattern, elastic.depth);
    ProbeResult<Real> out{.depth = elastic.depth,
                          .detectors = detectors(whole),
                          .intensity_out = elastic.intensity_out * blur.kept(elastic.depth),
                          .point = elastic.point};
    if (!pixels) return out;
    const PatternWindow& w = pixels->window();
    out.pattern = (*pixels)(Plane<Real>(
        whole.block(w.first_y + whole.rows() / 2, w.first_x + whole.cols() / 2, w.ny, w.nx)));
    return out;
  }

  std::vector<double> thickness;  // by depth
  PlasmonBlur blur;
  PatternDetectors detectors;
};

template <typename Real>
struct Simulation<Real>::State {
  State(const Atoms& atoms, const SimulationSettings& s, int threads,
        const std::vector<Vector3d>& displacements, Potential stored)
      : settings(s),
        setup(setup_of<Real>(atoms, s, threads)),
        pixels(pattern_pixels(setup.recorded, s.recording)),
        atoms_placed(atoms.size()) {
    if (s.plasmons) plasmons.emplace(atoms, s, setup);
    if (stored) {
      setup.potential = std::move(stored);
    } else {
      const int slices = setup.depths.back();
      setup.potential = make_potential<Real>(setup.grid, s.potential, setup.interaction_constant,
                                             atoms, slices, displacements);
      const std::set<int> elements(atoms.numbers.begin(), atoms.numbers.end());
      atom_sum = cheaper_sum(s.potential.sum, setup.grid, double(atoms.size()) / slices,
                             int(elements.size()));
    }
    if (s.interpolation > 1 && s.engine == Engine::automatic)
      settings.engine = Engine::scattering_matrix;
    if (settings.engine != Engine::automatic) prepared(settings.engine);
  }

  // Makes the slices of an engine where it is used first.
  const PreparedEngine<Real>& prepared(Engine engine) {
    const std::lock_guard lock(mutex);
    auto& known = engines[engine];
    if (!known) known = entry_of(engine).template prepare<Real>(setup);
    return *known;
  }

  // The engine for this many points.
  Engine engine_for(std::size_t points) const {
    if (settings.engine != Engine::automatic) return settings.engine;
    const std::size_t positions = std::max<std::size_t>(1, points / setup.series.probes.size());
    return cheapest_engine(
        engine_request(settings, setup.grid, setup.depths.back(), positions, sizeof(Real)),
        typical_speed(setup.grid, sizeof(Real)));
  }

  SimulationSettings settings;
  EngineSetup<Real> setup;
  CameraPixels pixels;
  std::optional<PlasmonOutcome> plasmons;
  std::size_t atoms_placed;
  AtomSum atom_sum = AtomSum::product;
  std::mutex mutex;
  std::map<Engine, std::unique_ptr<PreparedEngine<Real>>> engines;
};

template <typename Real>
Simulation<Real>::Simulation(const Atoms& atoms, const SimulationSettings& settings, int threads,
                             const std::vector<Vector3d>& displacements, Potential stored)
    : state_(std::make_unique<State>(atoms, settings, threads, displacements, std::move(stored))) {}
template <typename Real>
Simulation<Real>::~Simulation() = default;

template <typename Real>
const Grid& Simulation<Real>::grid() const {
  return state_->setup.grid;
}
template <typename Real>
int Simulation<Real>::slices() const {
  return state_->setup.depths.back();
}
template <typename Real>
std::vector<int> Simulation<Real>::depths() const {
  return state_->setup.depths;
}
template <typename Real>
double Simulation<Real>::slice_thickness() const {
  return state_->setup.slice_thickness;
}
template <typename Real>
const std::vector<double>& Simulation<Real>::plasmon_thickness() const {
  static const std::vector<double> none;
  return state_->plasmons ? state_->plasmons->thickness : none;
}
template <typename Real>
double Simulation<Real>::max_angle_mrad() const {
  return state_->setup.grid.q_max() * state_->setup.wavelength * 1e3;
}
template <typename Real>
std::size_t Simulation<Real>::atoms_placed() const {
  return state_->atoms_placed;
}
template <typename Real>
AtomSum Simulation<Real>::atom_sum() const {
  return state_->atom_sum;
}
template <typename Real>
std::optional<double> Simulation<Real>::transmission_loss() const {
  return state_->setup.potential->transmission_loss();
}
template <typename Real>
std::size_t Simulation<Real>::beams() const {
  return state_->setup.series.beams.size();
}

template <typename Real>
const IncidentModes& Simulation<Real>::modes(std::size_t probe) const {
  return state_->setup.series.probes[probe];
}
template <typename Real>
std::vector<double> Simulation<Real>::q_x() const {
  return state_->pixels.q_x();
}
template <typename Real>
std::vector<double> Simulation<Real>::q_y() const {
  return state_->pixels.q_y();
}

template <typename Real>
void Simulation<Real>::run(const std::vector<Vector2d>& positions, int threads, const Sink& sink,
                           const Stop& stop, NextRange next) const {
  std::vector<ScanPoint> points;
  for (const Vector2d& at : positions) points.push_back({at});
  run(points, threads, sink, stop, std::move(next));
}

template <typename Real>
void Simulation<Real>::run(const std::vector<ScanPoint>& points, int threads, const Sink& sink,
                           const Stop& stop, NextRange next) const {
  State& s = *state_;
  const Engine engine = s.engine_for(points.size());
  const bool kept = s.settings.recording.patterns, resampled = kept && !s.pixels.is_grid();
  const BlockSink<Real> onto_pixels = [&](std::span<const ProbeResult<Real>> block) {
    for (const ProbeResult<Real>& r : block)
      if (s.plasmons)
        sink(r.point, (*s.plasmons)(r, kept ? &s.pixels : nullptr));
      else if (resampled)
        sink(
            r.point,
            {r.depth, s.pixels(r.pattern), r.detectors, r.intensity_out, r.exit_wave, {}, r.point});
      else
        sink(r.point, r);
  };
  s.prepared(engine).run(
      points, {threads, onto_pixels, stop, next ? std::move(next) : ranges_in_turn(points.size())});
}

template class Simulation<float>;
template class Simulation<double>;

}  // namespace vitrobeam
