#include "multislice/simulation.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "models/elements.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/interpolated_matrix.hpp"
#include "multislice/propagation.hpp"
#include "multislice/scattering_matrix.hpp"

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
         "atom {} ({}) at ({:.4f}, {:.4f}, "
         "{:.4f}); give --wrap to fold them in along periodic axes",
         outside, atoms.size(), edge.x(), edge.y(), edge.z(), example + 1,
         symbol(atoms.numbers[example]), r.x(), r.y(), r.z());
  }
}

bool scatters_once(Engine e) { return e == Engine::kinematic || e == Engine::flat_born; }
bool is_flat(Engine e) { return e == Engine::phase_object || e == Engine::flat_born; }

std::vector<int> recorded_depths(int slices, int every) {
  std::vector<int> depths;
  for (int d = every; every > 0 && d < slices; d += every) depths.push_back(d);
  depths.push_back(slices);
  return depths;
}

// Adds up what the modes of a partially coherent beam give at a position and hands it on with the
// last of them; results of a single mode pass through as they are.
template <typename Real>
class ModeSum {
 public:
  using Sink = typename Simulation<Real>::Sink;
  ModeSum(std::size_t depths, std::size_t slots, const Sink& sink)
      : depths_(depths), sums_(depths * slots), sink_(sink) {}

  // `mode` of `modes`; `slot` is the place of shot `i` among those that are under way.
  void add(std::size_t mode, std::size_t modes, std::size_t slot, std::size_t i,
           const ProbeResult<Real>& result) {
    if (modes == 1) return sink_(i, result);
    ProbeResult<Real>& sum = sums_[slot * depths_ + std::size_t(result.depth)];
    if (mode == 0) {
      sum = result;
    } else {
      sum.pattern += result.pattern;
      sum.intensity_out += result.intensity_out;
      for (std::size_t d = 0; d < sum.detectors.size(); ++d)
        sum.detectors[d] += result.detectors[d];
    }
    if (mode + 1 == modes) sink_(i, sum);
  }

 private:
  std::size_t depths_;
  std::vector<ProbeResult<Real>> sums_;
  const Sink& sink_;
};

}  // namespace

CameraPixels pattern_pixels(const Grid& grid, const Recording& r) {
  return {grid, {r.q_max, r.bin, r.pixel_q, r.camera_pixels}};
}

int slice_count(double height, double thickness) {
  constexpr double kMost = 1e6;
  const double n = std::max(1.0, std::round(height / thickness));
  if (n > kMost)
    fail(Fault::usage, "--slice {}: {:.3g} slices, more than {:g}; give thicker ones", thickness, n,
         kMost);
  return int(n);
}

template <typename Real>
struct Simulation<Real>::State {
  using Complex = std::complex<Real>;

  State(const Atoms& atoms, const SimulationSettings& s, int threads,
        const std::vector<Vector3d>& displacements, Potential stored)
      : settings(s),
        grid(make_grid(atoms, s)),
        recorded(interpolation_window(grid, s.interpolation)),
        series(probe_series(s.probes(), recorded)),
        pixels(pattern_pixels(recorded, s.recording)),
        window(pixels.window()),
        sums(s.recording.detectors, recorded, s.optics.wavelength()),
        slices(s.engine == Engine::phase_object ? 1
                                                : slice_count(atoms.cell.vectors(2, 2), s.slice)),
        depths(recorded_depths(slices, s.recording.every_slices)),
        dz(atoms.cell.vectors(2, 2) / slices),
        entrance(atoms.cell.vectors(2, 2) / 2 *
                 (1e-3 * s.optics.specimen_tilt_mrad).array().tan().matrix()),
        atoms_placed(0),
        transform(grid),
        propagator(transform, s.optics.wavelength(), is_flat(s.engine) ? 0 : dz,
                   s.optics.total_tilt(),
                   scatters_once(s.engine) ? std::optional(1.0 / grid.ny) : std::nullopt),
        slab(
            transform, potential_of(atoms, displacements, std::move(stored)),
            interaction_constant(s.optics.energy_kV),
            scatters_once(s.engine) ? TransmissionKind::first_order : TransmissionKind::exponential,
            s.held, threads) {}

  Potential potential_of(const Atoms& atoms, const std::vector<Vector3d>& displacements,
                         Potential stored) {
    check_inside(atoms);
    atoms_placed = atoms.size();
    if (stored) return stored;
    auto potential = std::make_shared<const SlicePotential<Real>>(grid, settings.potential, atoms,
                                                                  slices, displacements);
    atoms_placed = potential->atoms();
    atom_sum = potential->sum();
    return potential;
  }

  std::size_t modes(const Shot& shot) const { return series.probes[shot.probe].amplitudes.size(); }
  std::size_t most_modes() const {
    std::size_t most = 1;
    for (const IncidentModes& m : series.probes) most = std::max(most, m.amplitudes.size());
    return most;
  }

  // A mode of the probe at r0: A(q) exp(-i chi - 2 pi i q.r0).
  void load_probe(std::size_t mode, const Shot& shot, Lanes<Real>* wave,
                  typename BandTransform<Real>::Workspace& w) const {
    const Vector2d r0 = shot.at + entrance;
    const std::vector<ApertureBeam>& beams = series.beams;
    const auto& amplitudes = series.probes[shot.probe].amplitudes[mode];
    transform.write_columns(wave, w, [&](int jx, Complex* column) {
      bool any = false;
      for (std::size_t k = 0; k < beams.size(); ++k)
        if (const ApertureBeam& b = beams[k]; b.jx == jx && amplitudes[k] != 0.0) {
          const double turn = b.jx * r0.x() / grid.lx + b.jy * r0.y() / grid.ly;
          column[b.jy < 0 ? b.jy + grid.ny : b.jy] =
              Complex(amplitudes[k] * std::polar(1.0, -2 * M_PI * turn));
          any = true;
        }
      return any;
    });
  }

  // Keeps what the recording asks of the wave behind `depth` slices and hands it on.
  // `last_slices`: hold the slice before the exit, where that is still to be applied.
  void record(int depth_index, const Transmission<Real>* last_slices, Lanes<Real>* wave,
              typename BandTransform<Real>::Workspace& w, ProbeResult<Real>& out) const {
    const Recording& r = settings.recording;
    out.depth = depth_index;
    if (r.patterns) out.pattern.setZero(window.ny, window.nx);
    if (r.amplitudes) out.amplitude.setZero(window.ny, window.nx);
    out.detectors.assign(sums.size(), 0.0);
    out.intensity_out = 0;
    PlaneC exit;
    if (r.exit_waves) exit.setZero(grid.ny, grid.nx);
    const auto at_column = [&](int jx, const Complex* psi) {
      const int h = propagator.half_height(jx);
      double sum = 0;
      for (int j = 0; j <= h; ++j) sum += std::norm(psi[j]);
      for (int j = grid.ny - h; j < grid.ny; ++j) sum += std::norm(psi[j]);
      out.intensity_out += sum;
      sums.add_column(jx, psi, out.detectors);
      if (r.patterns)
        record_column(jx, psi, out.pattern, [](const Complex& c) { return std::norm(c); });
      if (r.amplitudes) record_column(jx, psi, out.amplitude, [](const Complex& c) { return c; });
      if (r.exit_waves)
        for (int jy = -h; jy <= h; ++jy) {
          const int j = (jy + grid.ny) % grid.ny;
          exit(j, (jx + grid.nx) % grid.nx) = std::complex<double>(psi[j]);
        }
    };
    if (last_slices)
      finish_in_fourier_space(transform, *last_slices, propagator, slices - 1, wave, w, at_column);
    else
      read_in_fourier_space(transform, wave, w, at_column);
    if (r.exit_waves) {
      transform_plane(exit, Direction::backward);
      out.exit_wave = (exit / std::sqrt(double(grid.nx) * grid.ny)).template cast<Complex>();
    }
  }

  template <typename Value, typename Of>
  void record_column(int jx, const Complex* psi, Plane<Value>& pattern, Of&& of) const {
    const int column = jx - window.first_x;
    if (column < 0 || column >= window.nx) return;
    const int h = std::min(propagator.half_height(jx), window.ny / 2);
    for (int jy = std::max(-h, window.first_y); jy <= std::min(h, window.first_y + window.ny - 1);
         ++jy)
      pattern(jy - window.first_y, column) = of(psi[jy < 0 ? jy + grid.ny : jy]);
  }

  bool is_single() const { return scatters_once(settings.engine); }

  SimulationSettings settings;
  Grid grid, recorded;  // the cell, and what beams and patterns are sampled on
  ProbeSeries series;
  CameraPixels pixels;
  PatternWindow window;  // of the samples that they take
  DetectorSums<Real> sums;
  int slices;
  std::vector<int> depths;
  double dz;
  Vector2d entrance;  // from where a position is to where its beam enters a tilted specimen
  std::size_t atoms_placed;
  AtomSum atom_sum = AtomSum::product;
  BandTransform<Real> transform;
  Propagator<Real> propagator;
  Slab<Real> slab;
};

template <typename Real>
Simulation<Real>::Simulation(const Atoms& atoms, const SimulationSettings& settings, int threads,
                             const std::vector<Vector3d>& displacements, Potential stored)
    : state_(std::make_unique<State>(atoms, settings, threads, displacements, std::move(stored))) {}
template <typename Real>
Simulation<Real>::~Simulation() = default;

template <typename Real>
const Grid& Simulation<Real>::grid() const {
  return state_->grid;
}
template <typename Real>
int Simulation<Real>::slices() const {
  return state_->slices;
}
template <typename Real>
std::vector<int> Simulation<Real>::depths() const {
  return state_->depths;
}
template <typename Real>
double Simulation<Real>::slice_thickness() const {
  return state_->dz;
}
template <typename Real>
double Simulation<Real>::max_angle_mrad() const {
  return state_->grid.q_max() * state_->settings.optics.wavelength() * 1e3;
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
std::size_t Simulation<Real>::beams() const {
  return state_->series.beams.size();
}

template <typename Real>
const IncidentModes& Simulation<Real>::modes(std::size_t probe) const {
  return state_->series.probes[probe];
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
                           const Stop& stop, Claim claim) const {
  std::vector<Shot> shots;
  for (const Vector2d& at : positions) shots.push_back({at});
  run(shots, threads, sink, stop, std::move(claim));
}

template <typename Real>
void Simulation<Real>::run(const std::vector<Shot>& shots, int threads, const Sink& sink,
                           const Stop& stop, Claim claim) const {
  const State& s = *state_;
  if (!claim) claim = claim_in_turn(shots.size());
  if (s.settings.recording.exit_waves && s.most_modes() > 1)
    fail(
        Fault::usage,
        "--exit-wave: a beam with --focal-spread or --source-size has no one exit wave; leave them "
        "out, or --exit-wave");
  const Engine engine =
      s.settings.engine == Engine::automatic
          ? cheapest_engine(
                engine_request(s.settings, s.grid, s.slices,
                               std::max<std::size_t>(1, shots.size() / s.series.probes.size()),
                               sizeof(Real)),
                typical_speed(s.grid, sizeof(Real)))
          : s.settings.engine;
  const Sink onto_pixels = [&](std::size_t i, const ProbeResult<Real>& r) {
    sink(i, {r.depth, s.pixels(r.pattern), r.detectors, r.intensity_out, r.exit_wave, {}});
  };
  const Sink& to = s.pixels.is_grid() || !s.settings.recording.patterns ? sink : onto_pixels;
  if (s.settings.interpolation > 1)
    run_interpolated(shots, threads, to, stop, claim);
  else if (engine == Engine::scattering_matrix)
    run_scattering_matrix(shots, threads, to, stop, claim);
  else if (s.slab.all())
    run_waves(shots, threads, to, stop, claim);
  else
    run_waves_in_windows(shots, threads, to, stop, claim);
}

// The wave of a position in one mode on its way; single scattering keeps apart what has scattered.
template <typename Real>
struct Simulation<Real>::Waves {
  Lanes<Real>*wave, *scattered;  // scattered: nullptr where waves scatter again and again

  struct Storage {
    AlignedArray<Lanes<Real>> values;
    std::vector<Waves> waves;
  };
  static Storage make(const State& s, std::size_t count) {
    const std::size_t size = s.transform.wave_size(), parts = s.is_single() ? 2 : 1;
    Storage out{aligned_array<Lanes<Real>>(count * parts * size), {}};
    for (std::size_t k = 0; k < count; ++k) {
      Lanes<Real>* wave = out.values.get() + k * parts * size;
      out.waves.push_back({wave, parts == 2 ? wave + size : nullptr});
    }
    return out;
  }
};

// What a thread needs to carry waves through slices.
template <typename Real>
struct Simulation<Real>::Carrier {
  const State& s;
  typename BandTransform<Real>::Workspace workspace;
  AlignedArray<Lanes<Real>> sum;  // of both waves of single scattering
  ProbeResult<Real> result;

  explicit Carrier(const State& state)
      : s(state),
        workspace(s.transform.make_workspace()),
        sum(s.is_single() ? s.transform.make_wave() : nullptr) {}

  void load(std::size_t mode, const Shot& shot, const Waves& w) {
    s.load_probe(mode, shot, w.wave, workspace);
    if (w.scattered) std::fill_n(w.scattered, s.transform.wave_size(), Lanes<Real>{});
  }

  // Through the slices of a window; `hand_on(k, result)` sees what is recorded of waves[k] there.
  template <typename HandOn>
  void pass(const Transmission<Real>& window, std::span<const Waves> waves, FirstFailure& failure,
            HandOn&& hand_on) {
    // recording applies the last slice, but to single scattering
    const int end = s.is_single() ? s.slices : s.slices - 1;
    std::vector<Lanes<Real>*> incident;
    for (const Waves& w : waves) incident.push_back(w.wave);
    walk(
        window, s.depths, end,
        [&](int from, int to) {
          if (failure.halted()) return;
          if (!s.is_single())
            return propagate(s.transform, window, s.propagator, from, to, incident, workspace);
          for (const Waves& w : waves)
            propagate_kinematic(s.transform, window, s.propagator, from, to, w.wave, w.scattered,
                                workspace);
        },
        [&](std::size_t d) {
          if (failure.halted()) return;
          failure.guard([&] {
            for (std::size_t k = 0; k < waves.size(); ++k) {
              const bool last_due = !s.is_single() && s.depths[d] == s.slices;
              s.record(int(d), last_due ? &window : nullptr, whole_wave(waves[k]), workspace,
                       result);
              hand_on(k, result);
            }
          });
        });
  }

 private:
  Lanes<Real>* whole_wave(const Waves& w) {
    if (!w.scattered) return w.wave;
    std::transform(w.wave, w.wave + s.transform.wave_size(), w.scattered, sum.get(), std::plus<>());
    return sum.get();
  }
};

namespace {

constexpr std::size_t kTogether =
    2;  // waves that share the reads of t: a tenth faster than one at a time

}  // namespace

// Every thread takes the next positions through all slices.
template <typename Real>
void Simulation<Real>::run_waves(const std::vector<Shot>& shots, int threads, const Sink& sink,
                                 const Stop& stop, const Claim& claim) const {
  const State& s = *state_;
  FirstFailure failure;
#pragma omp parallel num_threads(threads)
  {
    Carrier carrier(s);
    const typename Waves::Storage storage = Waves::make(s, kTogether);
    ModeSum<Real> sum(s.depths.size(), kTogether, sink);
    while (!failure.halted() && !stop()) {
      const Range piece = claim(kTogether);
      if (piece.empty()) break;
      for_each_probe(shots, piece, [&](Range part) {
        const std::span<const Waves> waves(storage.waves.data(), part.size());
        const std::size_t modes = s.modes(shots[part.first]);
        for (std::size_t mode = 0; mode < modes; ++mode) {
          for (std::size_t k = 0; k < waves.size(); ++k)
            carrier.load(mode, shots[part.first + k], waves[k]);
          carrier.pass(*s.slab.all(), waves, failure,
                       [&](std::size_t k, const ProbeResult<Real>& result) {
                         sum.add(mode, modes, k, part.first + k, result);
                       });
        }
      });
    }
  }
  failure.rethrow();
}

// All threads take as many positions as may be held through one window of slices after another.
template <typename Real>
void Simulation<Real>::run_waves_in_windows(const std::vector<Shot>& shots, int threads,
                                            const Sink& sink, const Stop& stop,
                                            const Claim& claim) const {
  const State& s = *state_;
  const std::size_t most = s.most_modes();
  const std::size_t block =
      std::max<std::size_t>(1, s.slab.waves_at_once(shots.size() * most) / most);
  const typename Waves::Storage storage = Waves::make(s, most * block);
  const std::span<const Waves> waves(storage.waves);  // [mode, shot]
  std::vector<Carrier> carriers;
  for (int t = 0; t < threads; ++t) carriers.emplace_back(s);
  ModeSum<Real> sum(s.depths.size(), block, sink);
  FirstFailure failure;
  while (!failure.halted() && !stop()) {
    const Range piece = claim(block);
    if (piece.empty()) break;
    const std::size_t n = piece.size();
#pragma omp parallel for num_threads(threads)
    for (std::size_t k = 0; k < n; ++k) {
      const Shot& shot = shots[piece.first + k];
      for (std::size_t mode = 0; mode < s.modes(shot); ++mode)
        carriers[std::size_t(omp_get_thread_num())].load(mode, shot, waves[mode * block + k]);
    }
    bool given_up = false;  // before anything was handed on
    s.slab.for_windows(threads, [&](const Transmission<Real>& window) {
      given_up = given_up || (window.first() < s.depths.front() && stop());
      if (given_up || failure.halted()) return;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
      for (std::size_t g = 0; g < n; g += kTogether) {
        Carrier& carrier = carriers[std::size_t(omp_get_thread_num())];
        const Range group{piece.first + g, piece.first + std::min(n, g + kTogether)};
        for_each_probe(shots, group, [&](Range part) {
          const std::size_t slot = part.first - piece.first, modes = s.modes(shots[part.first]);
          for (std::size_t mode = 0; mode < modes; ++mode)
            carrier.pass(window, waves.subspan(mode * block + slot, part.size()), failure,
                         [&](std::size_t k, const ProbeResult<Real>& result) {
                           sum.add(mode, modes, slot + k, part.first + k, result);
                         });
        });
      }
    });
  }
  failure.rethrow();
}

namespace {

// What a matrix gives, as a result.
template <typename Real>
auto as_results(const typename Simulation<Real>::Sink& sink) {
  return [&sink](std::size_t i, std::size_t depth, Plane<Real> pattern, double intensity,
                 std::vector<double> channels) {
    ProbeResult<Real> result;
    result.depth = int(depth);
    result.pattern = std::move(pattern);
    result.detectors = std::move(channels);
    result.intensity_out = intensity;
    sink(i, result);
  };
}

std::vector<Shot> moved(std::vector<Shot> shots, const Vector2d& by) {
  for (auto& shot : shots) shot.at += by;
  return shots;
}

void refuse_waves(const Recording& r) {
  if (r.exit_waves || r.amplitudes)
    fail(Fault::usage, "--engine smatrix keeps no waves; use --engine multislice with {}",
         r.exit_waves ? "--exit-wave" : "--elastic");
}

}  // namespace

template <typename Real>
void Simulation<Real>::run_scattering_matrix(const std::vector<Shot>& shots, int threads,
                                             const Sink& sink, const Stop& stop,
                                             const Claim& claim) const {
  const State& s = *state_;
  const Recording& r = s.settings.recording;
  refuse_waves(r);
  const ScatteringMatrix<Real> matrix(
      {s.transform, s.slab, s.propagator, s.series.beams, s.series.probes, s.depths,
       r.patterns ? &s.window : nullptr, r.detectors, s.settings.optics.wavelength(),
       r.memory_GiB * (1 << 30)},
      shots.size(), threads, stop);
  matrix.run(moved(shots, s.entrance), threads, as_results<Real>(sink), stop, claim);
}

template <typename Real>
void Simulation<Real>::run_interpolated(const std::vector<Shot>& shots, int threads,
                                        const Sink& sink, const Stop& stop,
                                        const Claim& claim) const {
  const State& s = *state_;
  const Recording& r = s.settings.recording;
  refuse_waves(r);
  if (s.settings.engine != Engine::automatic && s.settings.engine != Engine::scattering_matrix)
    fail(Fault::usage, "--interpolation {}: goes with --engine smatrix only",
         s.settings.interpolation);
  const InterpolatedMatrix<Real> matrix(
      {s.transform, s.slab, s.propagator, s.recorded, s.settings.interpolation, s.series, s.depths,
       r.patterns ? &s.window : nullptr, s.sums, r.memory_GiB * (1 << 30)});
  matrix.run(moved(shots, s.entrance), threads, as_results<Real>(sink), stop, claim);
}

template class Simulation<float>;
template class Simulation<double>;

}  // namespace vitrobeam
