#include "multislice/wave_engine.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/first_failure.hpp"
#include "fourier/fourier.hpp"
#include "multislice/slab.hpp"

namespace vitrobeam {
namespace {

// Waves that share the reads of the transmission functions: a tenth faster than one at a time.
constexpr std::size_t kWavesAtOnce = 2;

// Adds up what the modes of a partially coherent beam give at a position and hands it on with the
// last of them; results of a single mode pass through as they are.
template <typename Real>
class ModeSum {
 public:
  ModeSum(std::size_t depths, std::size_t slots, const BlockSink<Real>& sink)
      : depths_(depths), sums_(depths * slots), sink_(sink) {}

  // `mode` of `modes`; `slot` is the place of point `i` among those that are under way.
  void add(std::size_t mode, std::size_t modes, std::size_t slot, std::size_t i,
           ProbeResult<Real>& result) {
    result.point = i;
    if (modes == 1) return sink_({&result, 1});
    ProbeResult<Real>& sum = sums_[slot * depths_ + std::size_t(result.depth)];
    if (mode == 0) {
      sum = result;
    } else {
      sum.pattern += result.pattern;
      sum.intensity_out += result.intensity_out;
      for (std::size_t d = 0; d < sum.detectors.size(); ++d)
        sum.detectors[d] += result.detectors[d];
    }
    if (mode + 1 == modes) sink_({&sum, 1});
  }

 private:
  std::size_t depths_;
  std::vector<ProbeResult<Real>> sums_;
  const BlockSink<Real>& sink_;
};

// The model in lanes, and what every thread needs to know of the run.
template <typename Real>
struct WaveState {
  using Complex = std::complex<Real>;

  WaveState(const EngineSetup<Real>& s, bool single_scattering, bool propagates)
      : setup(s),
        scatters_once(single_scattering),
        sums(s.recording.detectors, s.recorded, s.wavelength),
        transform(s.grid),
        propagator(transform, s.wavelength, propagates ? s.slice_thickness : 0, s.tilt,
                   scatters_once ? std::optional(1.0 / s.grid.ny) : std::nullopt),
        slab(transform, s.potential, s.interaction_constant,
             scatters_once ? TransmissionKind::first_order : TransmissionKind::exponential,
             s.working_set, s.threads) {}

  std::size_t modes(const ScanPoint& point) const {
    return setup.series.probes[point.probe].amplitudes.size();
  }
  std::size_t most_modes() const {
    std::size_t most = 1;
    for (const IncidentModes& m : setup.series.probes) most = std::max(most, m.amplitudes.size());
    return most;
  }

  // A mode of the probe at r0: A(q) exp(-i chi - 2 pi i q.r0).
  void load_probe(std::size_t mode, const ScanPoint& point, Lanes<Real>* wave,
                  typename BandTransform<Real>::Workspace& w) const {
    const Grid& grid = setup.grid;
    const Vector2d r0 = point.at + setup.entrance;
    const std::vector<ApertureBeam>& beams = setup.series.beams;
    const auto& amplitudes = setup.series.probes[point.probe].amplitudes[mode];
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
    const Recording& r = setup.recording;
    const Grid& grid = setup.grid;
    const PatternWindow& window = setup.window;
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
      finish_in_fourier_space(transform, *last_slices, propagator, slab.slices() - 1, wave, w,
                              at_column);
    else
      read_in_fourier_space(transform, wave, w, at_column);
    if (r.exit_waves) {
      transform_plane(exit, Direction::backward);
      out.exit_wave = (exit / std::sqrt(double(grid.nx) * grid.ny)).template cast<Complex>();
    }
  }

  template <typename Value, typename Of>
  void record_column(int jx, const Complex* psi, Plane<Value>& pattern, Of&& of) const {
    const PatternWindow& window = setup.window;
    const int column = jx - window.first_x;
    if (column < 0 || column >= window.nx) return;
    const int h = std::min(propagator.half_height(jx), window.ny / 2);
    for (int jy = std::max(-h, window.first_y); jy <= std::min(h, window.first_y + window.ny - 1);
         ++jy)
      pattern(jy - window.first_y, column) = of(psi[jy < 0 ? jy + setup.grid.ny : jy]);
  }

  EngineSetup<Real> setup;
  bool scatters_once;
  DetectorSums<Real> sums;
  BandTransform<Real> transform;
  Propagator<Real> propagator;
  Slab<Real> slab;
};

// The wave of a position in one mode on its way; single scattering keeps apart what has scattered.
template <typename Real>
struct Waves {
  Lanes<Real>*wave, *scattered;  // scattered: nullptr where waves scatter again and again

  struct Storage {
    AlignedArray<Lanes<Real>> values;
    std::vector<Waves> waves;
  };
  static Storage make(const WaveState<Real>& s, std::size_t count) {
    const std::size_t size = s.transform.wave_size(), parts = s.scatters_once ? 2 : 1;
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
struct Carrier {
  const WaveState<Real>& s;
  typename BandTransform<Real>::Workspace workspace;
  AlignedArray<Lanes<Real>> sum;  // of both waves of single scattering
  ProbeResult<Real> result;

  explicit Carrier(const WaveState<Real>& state)
      : s(state),
        workspace(s.transform.make_workspace()),
        sum(s.scatters_once ? s.transform.make_wave() : nullptr) {}

  void load(std::size_t mode, const ScanPoint& point, const Waves<Real>& w) {
    s.load_probe(mode, point, w.wave, workspace);
    if (w.scattered) std::fill_n(w.scattered, s.transform.wave_size(), Lanes<Real>{});
  }

  // Through the slices of a window; `hand_on(k, result)` sees what is recorded of waves[k] there.
  template <typename HandOn>
  void pass(const Transmission<Real>& window, std::span<const Waves<Real>> waves,
            FirstFailure& failure, HandOn&& hand_on) {
    // recording applies the last slice, but to single scattering
    const int end = s.scatters_once ? s.slab.slices() : s.slab.slices() - 1;
    std::vector<Lanes<Real>*> incident;
    for (const Waves<Real>& w : waves) incident.push_back(w.wave);
    walk(
        window, s.setup.depths, end,
        [&](int from, int to) {
          if (failure.halted()) return;
          if (!s.scatters_once)
            return propagate(s.transform, window, s.propagator, from, to, incident, workspace);
          for (const Waves<Real>& w : waves)
            propagate_kinematic(s.transform, window, s.propagator, from, to, w.wave, w.scattered,
                                workspace);
        },
        [&](std::size_t d) {
          if (failure.halted()) return;
          failure.guard([&] {
            for (std::size_t k = 0; k < waves.size(); ++k) {
              const bool last_due = !s.scatters_once && s.setup.depths[d] == s.slab.slices();
              s.record(int(d), last_due ? &window : nullptr, whole_wave(waves[k]), workspace,
                       result);
              hand_on(k, result);
            }
          });
        });
  }

 private:
  Lanes<Real>* whole_wave(const Waves<Real>& w) {
    if (!w.scattered) return w.wave;
    std::transform(w.wave, w.wave + s.transform.wave_size(), w.scattered, sum.get(), std::plus<>());
    return sum.get();
  }
};

template <typename Real>
class WaveEngine final : public PreparedEngine<Real> {
 public:
  WaveEngine(const EngineSetup<Real>& setup, bool scatters_once, bool propagates)
      : state_(setup, scatters_once, propagates) {}

  void run(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const override {
    if (state_.slab.all())
      run_whole(points, run);
    else
      run_in_windows(points, run);
  }

 private:
  // Every thread takes the next points through all slices.
  void run_whole(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const {
    const WaveState<Real>& s = state_;
    FirstFailure failure;
#pragma omp parallel num_threads(run.threads)
    {
      Carrier<Real> carrier(s);
      const auto storage = Waves<Real>::make(s, kWavesAtOnce);
      ModeSum<Real> sum(s.setup.depths.size(), kWavesAtOnce, run.sink);
      while (!failure.halted() && !run.stop()) {
        const Range piece = run.next(kWavesAtOnce);
        if (piece.empty()) break;
        for_each_probe(points, piece, [&](Range part) {
          const std::span<const Waves<Real>> waves(storage.waves.data(), part.size());
          const std::size_t modes = s.modes(points[part.first]);
          for (std::size_t mode = 0; mode < modes; ++mode) {
            for (std::size_t k = 0; k < waves.size(); ++k)
              carrier.load(mode, points[part.first + k], waves[k]);
            carrier.pass(*s.slab.all(), waves, failure,
                         [&](std::size_t k, ProbeResult<Real>& result) {
                           sum.add(mode, modes, k, part.first + k, result);
                         });
          }
        });
      }
    }
    failure.rethrow();
  }

  // All threads take as many points as may be kept through one window of slices after another.
  void run_in_windows(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const {
    const WaveState<Real>& s = state_;
    const std::size_t most = s.most_modes();
    const std::size_t block =
        std::max<std::size_t>(1, s.slab.waves_at_once(points.size() * most) / most);
    const auto storage = Waves<Real>::make(s, most * block);
    const std::span<const Waves<Real>> waves(storage.waves);  // [mode, point]
    std::vector<Carrier<Real>> carriers;
    for (int t = 0; t < run.threads; ++t) carriers.emplace_back(s);
    ModeSum<Real> sum(s.setup.depths.size(), block, run.sink);
    FirstFailure failure;
    while (!failure.halted() && !run.stop()) {
      const Range piece = run.next(block);
      if (piece.empty()) break;
#pragma omp parallel for num_threads(run.threads)
      for (std::size_t k = 0; k < piece.size(); ++k) {
        const ScanPoint& point = points[piece.first + k];
        for (std::size_t mode = 0; mode < s.modes(point); ++mode)
          carriers[std::size_t(omp_get_thread_num())].load(mode, point, waves[mode * block + k]);
      }
      bool given_up = false;  // before anything was handed on
      s.slab.for_windows(run.threads, [&](const Transmission<Real>& window) {
        given_up = given_up || (window.first() < s.setup.depths.front() && run.stop());
        if (given_up || failure.halted()) return;
        pass_window(window, points, piece, block, run.threads, waves, carriers, sum, failure);
      });
    }
    failure.rethrow();
  }

  void pass_window(const Transmission<Real>& window, const std::vector<ScanPoint>& points,
                   Range piece, std::size_t block, int threads, std::span<const Waves<Real>> waves,
                   std::vector<Carrier<Real>>& carriers, ModeSum<Real>& sum,
                   FirstFailure& failure) const {
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (std::size_t g = 0; g < piece.size(); g += kWavesAtOnce) {
      Carrier<Real>& carrier = carriers[std::size_t(omp_get_thread_num())];
      const Range group{piece.first + g, piece.first + std::min(piece.size(), g + kWavesAtOnce)};
      for_each_probe(points, group, [&](Range part) {
        const std::size_t slot = part.first - piece.first, modes = state_.modes(points[part.first]);
        for (std::size_t mode = 0; mode < modes; ++mode)
          carrier.pass(window, waves.subspan(mode * block + slot, part.size()), failure,
                       [&](std::size_t k, ProbeResult<Real>& result) {
                         sum.add(mode, modes, slot + k, part.first + k, result);
                       });
      });
    }
  }

  WaveState<Real> state_;
};

}  // namespace

template <typename Physics>
EngineCost wave_cost(const EngineRequest& r, const EngineSpeed& speed) {
  std::size_t modes = 0;
  double loading = 0;  // products: every column of the band looks for its beams
  for (const auto& probe : r.all_probes()) {
    constexpr double kLook = 2, kPhase = 200;
    modes += probe.modes;
    loading += double(probe.modes) * double(probe.beams.size()) *
               (kLook * (2 * r.grid.band_x() + 1) + kPhase);
  }
  const double n = double(r.positions * modes), slices = Physics::kHasSlices ? double(r.slices) : 1,
               // single scattering carries two waves along y and one along x
      passes = Physics::kScattersOnce ? 1.6 : 1;
  EngineCost cost;
  cost.operations = n * slices * passes * operations_per_slice(r.grid);
  constexpr double kLoad = 0.5;  // of a slice
  cost.seconds = n * ((slices * passes + kLoad) * speed.slice + r.depths() * speed.record) +
                 double(r.positions) * loading * speed.product;
  return cost;
}

template <typename Physics>
EngineMemory wave_memory(const EngineRequest& r) {
  const StorageSizes size(r);
  const double modes = double(r.most_modes()), depths = r.depths();
  EngineMemory m;
  m.per_thread = bytes_per_thread(r);
  if (Physics::kScattersOnce) m.per_thread += size.wave;
  m.wave = size.wave * (Physics::kScattersOnce ? 2 : 1);
  m.waves = r.points() * modes;
  m.waves_together = modes;
  m.unfinished_results = depths == 1 ? 0 : depths * result_bytes(r) * (modes > 1 ? 2 : 1);
  return m;
}

template <typename Physics, typename Real>
std::unique_ptr<PreparedEngine<Real>> prepare_waves(const EngineSetup<Real>& setup) {
  return std::make_unique<WaveEngine<Real>>(setup, Physics::kScattersOnce, Physics::kPropagates);
}

#define VITROBEAM_INSTANTIATE(Physics)                                              \
  template EngineCost wave_cost<Physics>(const EngineRequest&, const EngineSpeed&); \
  template EngineMemory wave_memory<Physics>(const EngineRequest&);                 \
  template std::unique_ptr<PreparedEngine<float>> prepare_waves<Physics, float>(    \
      const EngineSetup<float>&);                                                   \
  template std::unique_ptr<PreparedEngine<double>> prepare_waves<Physics, double>(  \
      const EngineSetup<double>&);
VITROBEAM_INSTANTIATE(Multislice)
VITROBEAM_INSTANTIATE(CurvedBorn)
VITROBEAM_INSTANTIATE(FlatBorn)
VITROBEAM_INSTANTIATE(PhaseObject)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
