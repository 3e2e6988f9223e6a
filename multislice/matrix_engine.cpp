#include "multislice/matrix_engine.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "multislice/interpolated_matrix.hpp"
#include "multislice/scattering_matrix.hpp"

namespace vitrobeam {
namespace {

double band_samples(const Grid& g) { return M_PI * std::pow(g.q_max(), 2) * g.lx * g.ly; }

// Every sample of a window is summed over the beams by itself, for every position.
EngineCost interpolated_cost(const EngineRequest& r, const EngineSpeed& speed) {
  const double depths = r.depths();
  constexpr double kScattered = 2;  // as long as a product in sums over blocks
  // the exit wave of a beam in real space, in double precision: as long as so many slices
  const double exit = 15 * sizeof(float) / double(r.bytes_per_real);
  const Grid window = interpolation_window(r.grid, r.interpolation);
  const double n = double(r.positions), beams = double(r.beams.size()),
               samples = double(window.nx) * window.ny,
               wave = double(r.grid.nx) * r.grid.ny * 2 * double(r.bytes_per_real) * depths;
  double modes = 0, most = 1;
  for (const auto& probe : r.all_probes()) {
    modes += double(probe.modes);
    most = std::max(most, double(probe.modes));
  }
  const double points = n * double(r.all_probes().size());
  const InterpolationPlan plan(r.beams.size(), wave,
                               wave / (r.interpolation * r.interpolation) * most,
                               r.recording.memory_GiB * (1 << 30));
  if (!plan.possible()) return {kImpossible, kImpossible, kImpossible};
  const double waves =
      beams * (plan.points_at_once == 0 ? 1 : std::ceil(points / double(plan.points_at_once)));
  const double products = n * modes * depths * samples * beams;
  return {waves * r.slices * operations_per_slice(r.grid) + 8 * products, plan.bytes,
          waves * ((r.slices + depths * exit) * speed.slice + depths * speed.record) +
              n * modes * depths * speed.record + kScattered * products * speed.product};
}

// The beams are propagated once, whatever the number of probes.
EngineCost whole_cost(const EngineRequest& r, const EngineSpeed& speed) {
  const double depths = r.depths(), lanes = 32.0 / double(r.bytes_per_real),
               n = double(r.positions);
  const auto probes = r.all_probes();
  const double beams = double(r.beams.size());
  const PatternWindow window = pattern_pixels(r.grid, r.recording).window();
  const double band = band_samples(r.grid);
  const double pixels = r.recording.patterns ? double(window.nx) * window.ny : 0;
  const double samples = std::min(band, pixels);
  const ScatteringPlan plan(std::size_t(band / lanes) + 1, std::size_t(samples / lanes),
                            beams * lanes * 2 * double(r.bytes_per_real) * depths,
                            pixels * depths * double(r.bytes_per_real), r.positions * probes.size(),
                            r.recording.memory_GiB * (1 << 30));
  if (!plan.possible()) return {kImpossible, kImpossible, kImpossible};
  double products = 0, harmonics = 0, series = 0;
  for (const auto& probe : probes) {
    const ApertureSize aperture(probe.beams);
    const double modes = double(probe.modes);
    // rows of a scan share the sums over the columns' beams: once for every row of a square scan
    products += modes * depths * samples * (n * aperture.columns + std::sqrt(n) * aperture.beams);
    harmonics += modes * depths * band * aperture.harmonics();
    series +=
        depths * n * (1 + channel_count(r.recording.detectors)) * aperture.nx * aperture.ny / 2;
  }
  const double waves = plan.propagations * beams;
  return {
      waves * r.slices * operations_per_slice(r.grid) + 8 * products + 5 * harmonics + 8 * series,
      plan.bytes,
      waves * (r.slices * speed.slice + depths * speed.record) + products * speed.product +
          harmonics * speed.harmonic + series * 4 * speed.product,
      plan.propagations};
}

std::vector<ScanPoint> moved(std::vector<ScanPoint> points, const Vector2d& by) {
  for (auto& point : points) point.at += by;
  return points;
}

template <typename Real>
class MatrixEngine final : public PreparedEngine<Real> {
 public:
  explicit MatrixEngine(const EngineSetup<Real>& setup)
      : setup_(setup),
        transform_(setup.grid),
        propagator_(transform_, setup.wavelength, setup.slice_thickness, setup.tilt),
        slab_(transform_, setup.potential, setup.interaction_constant,
              TransmissionKind::exponential, setup.working_set, setup.threads) {}

  void run(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const override {
    const std::vector<ScanPoint> at = moved(points, setup_.entrance);
    const Recording& r = setup_.recording;
    const PatternWindow* window = r.patterns ? &setup_.window : nullptr;
    const double memory_bytes = r.memory_GiB * (1 << 30);
    if (setup_.interpolation > 1) {
      const DetectorSums<Real> sums(r.detectors, setup_.recorded, setup_.wavelength);
      InterpolatedMatrix<Real>({transform_, slab_, propagator_, setup_.recorded,
                                setup_.interpolation, setup_.series, setup_.depths, window, sums,
                                memory_bytes})
          .run(at, run);
    } else {
      ScatteringMatrix<Real>(
          {transform_, slab_, propagator_, setup_.series.beams, setup_.series.probes, setup_.depths,
           window, r.detectors, setup_.wavelength, memory_bytes},
          points.size(), run.threads, run.stop)
          .run(at, run);
    }
  }

 private:
  EngineSetup<Real> setup_;
  BandTransform<Real> transform_;
  Propagator<Real> propagator_;
  Slab<Real> slab_;
};

}  // namespace

EngineCost matrix_cost(const EngineRequest& r, const EngineSpeed& speed) {
  return r.interpolation > 1 ? interpolated_cost(r, speed) : whole_cost(r, speed);
}

double matrix_tables(const EngineRequest& r) {
  return 120 * M_PI * std::pow(r.grid.q_max(), 2) * r.grid.lx * r.grid.ly;
}

EngineMemory matrix_memory_needs(const EngineRequest& r) {
  const StorageSizes size(r);
  const EngineCost cost = matrix_cost(r, typical_speed(r.grid, r.bytes_per_real));
  EngineMemory m;
  m.possible = cost.seconds < kImpossible;  // else not even one pass over few samples fits
  m.tables = matrix_tables(r);
  m.matrix = cost.bytes;
  m.per_thread =
      bytes_per_thread(r) + (band_samples(r.grid) * 2 * size.real + 62 * result_bytes(r));
  m.wave = size.wave;
  m.waves = double(r.beams.size());
  m.propagations = cost.propagations;
  return m;
}

template <typename Real>
std::unique_ptr<PreparedEngine<Real>> prepare_matrix(const EngineSetup<Real>& setup) {
  return std::make_unique<MatrixEngine<Real>>(setup);
}
template std::unique_ptr<PreparedEngine<float>> prepare_matrix(const EngineSetup<float>&);
template std::unique_ptr<PreparedEngine<double>> prepare_matrix(const EngineSetup<double>&);

}  // namespace vitrobeam
