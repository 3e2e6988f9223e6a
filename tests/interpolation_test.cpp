// The interpolated scattering matrix: exact with every beam, and the better the larger the window.
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "multislice/interpolated_matrix.hpp"
#include "multislice/simulation.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr double kEdge = 24;

Atoms random_atoms(int count) {
  RandomSequence random(3, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(kEdge, kEdge, 8);
  for (int i = 0; i < count; ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    atoms.add(29, {kEdge * x, kEdge * y, 8 * z});
  }
  return atoms;
}

SimulationSettings settings(int interpolation) {
  SimulationSettings s;
  s.nx = s.ny = 144;
  s.optics.semiangle_mrad = 18;
  s.optics.defocus = 20;
  s.interpolation = interpolation;
  s.engine = Engine::scattering_matrix;
  s.recording.detectors = {{"adf", 22, 45}};
  return s;
}

template <typename Real>
std::vector<ProbeResult<Real>> run(const Atoms& atoms, const SimulationSettings& s,
                                   const std::vector<Vector2d>& at, int threads = 1) {
  const Simulation<Real> simulation(atoms, s);
  const std::size_t depths = simulation.depths().size();
  std::vector<ProbeResult<Real>> results(at.size() * depths);
  simulation.run(at, threads, [&](std::size_t i, const ProbeResult<Real>& r) {
    results[i * depths + std::size_t(r.depth)] = r;
  });
  return results;
}

const std::vector<Vector2d> kPositions = {{0.4, 23.5}, {9.3, 8}, {17, 12.1}};

}  // namespace

TEST_CASE("with every beam it is the exact matrix") {
  SimulationSettings s = settings(1);
  s.optics.focal_spread = 30;
  const Atoms atoms = random_atoms(150);
  const auto exact = run<double>(atoms, s, kPositions);
  // the interpolating engine itself with a factor of 1
  const Grid grid{s.nx, s.ny, kEdge, kEdge};
  const BandTransform<double> transform(grid);
  const int slices = slice_count(8, s.slice);
  const Propagator<double> propagator(transform, s.optics.wavelength(), 8.0 / slices);
  const Slab<double> slab(transform,
                          std::make_shared<SlicePotential<double>>(grid, s.potential, atoms, slices,
                                                                   std::vector<Vector3d>{}),
                          interaction_constant(s.optics.energy_kV), TransmissionKind::exponential,
                          {}, 1);
  const ProbeSeries series = probe_series({s.optics}, grid);
  CHECK(series.probes[0].amplitudes.size() > 1);
  const PatternWindow window = pattern_pixels(grid, s.recording).window();
  const DetectorSums<double> sums(s.recording.detectors, grid, s.optics.wavelength());
  std::vector<ScanPoint> points;
  for (const Vector2d& at : kPositions) points.push_back({at});
  const double beams = double(series.beams.size());
  // all beams at once, and a tenth of them at a time for two points
  const double wave = 144 * 144 * 16, few = 2 * wave * (beams / 10);
  for (const double memory : {beams * wave, few}) {
    CAPTURE(memory);
    const InterpolatedMatrix<double> matrix(
        {transform, slab, propagator, grid, 1, series, {slices}, &window, sums, memory});
    std::size_t seen = 0;
    matrix.run(points,
               {.threads = 1,
                .sink =
                    [&](std::span<const ProbeResult<double>> block) {
                      for (const auto& r : block) {
                        const auto& expected = exact[r.point];
                        ++seen;
                        CHECK((r.pattern - expected.pattern).abs().sum() < 1e-11);
                        CHECK(r.intensity_out == approx(expected.intensity_out).epsilon(1e-12));
                        CHECK(r.detectors[0] == approx(expected.detectors[0]).epsilon(1e-10));
                      }
                    },
                .stop = [] { return false; },
                .next = ranges_in_turn(points.size())});
    CHECK(seen == points.size());
  }
}

TEST_CASE("in vacuum a window holds the probe of a cell of its size") {
  Atoms vacuum;
  vacuum.cell = Cell::orthogonal(kEdge, kEdge, 8);
  const auto interpolated = run<double>(vacuum, settings(3), kPositions);
  SimulationSettings small = settings(1);
  small.nx = small.ny = 48;
  vacuum.cell = Cell::orthogonal(kEdge / 3, kEdge / 3, 8);
  const auto whole = run<double>(vacuum, small, kPositions);
  for (std::size_t k = 0; k < kPositions.size(); ++k) {
    CHECK((interpolated[k].pattern - whole[k].pattern).abs().sum() < 1e-11);
    CHECK(interpolated[k].intensity_out == approx(1).epsilon(1e-12));
  }
}

TEST_CASE("a motif that fills its window repeats: interpolation loses nothing") {
  // a cell of four equal quarters: every second beam is all there is of each probe's scattering
  Atoms quarter, cell;
  RandomSequence random(8, 0);
  quarter.cell = Cell::orthogonal(kEdge / 2, kEdge / 2, 8);
  cell.cell = Cell::orthogonal(kEdge, kEdge, 8);
  for (int i = 0; i < 40; ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    quarter.add(29, {kEdge / 2 * x, kEdge / 2 * y, 8 * z});
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 2; ++b) cell.add(29, {kEdge / 2 * (x + a), kEdge / 2 * (y + b), 8 * z});
  }
  SimulationSettings small = settings(1);
  small.nx = small.ny = 72;
  const auto interpolated = run<double>(cell, settings(2), kPositions);
  const auto whole = run<double>(quarter, small, kPositions);
  for (std::size_t k = 0; k < kPositions.size(); ++k) {
    CHECK((interpolated[k].pattern - whole[k].pattern).abs().sum() < 1e-9);
    CHECK(interpolated[k].detectors[0] == approx(whole[k].detectors[0]).epsilon(1e-9));
  }
}

TEST_CASE("the error is small and grows with the factor; threads and windows change no bit") {
  const Atoms atoms = random_atoms(150);
  SimulationSettings s = settings(1);
  s.optics.defocus = 0;
  s.recording.every_slices = 2;
  const auto exact = run<float>(atoms, s, kPositions);
  double before = 0;
  for (const int factor : {2, 4}) {
    s.interpolation = factor;
    const auto found = run<float>(atoms, s, kPositions);
    double squares = 0, sum = 0;
    for (std::size_t k = 0; k < exact.size(); ++k) {
      squares += std::pow(found[k].detectors[0] - exact[k].detectors[0], 2);
      sum += exact[k].detectors[0];
    }
    const double error = std::sqrt(squares * double(exact.size())) / sum;  // rms by the mean
    CAPTURE(error);
    CHECK(error > before);
    before = error;
    if (factor != 2) continue;
    CHECK(error < 0.05);
    const auto threads = run<float>(atoms, s, kPositions, 3);
    SimulationSettings windows = s;
    windows.working_set = {1, 3};
    const auto streamed = run<float>(atoms, windows, kPositions, 2);
    for (std::size_t k = 0; k < found.size(); ++k) {
      CHECK((found[k].pattern == threads[k].pattern).all());
      CHECK((found[k].pattern == streamed[k].pattern).all());
      CHECK(found[k].detectors == streamed[k].detectors);
    }
  }
  CHECK_THROWS_AS(interpolation_window({144, 144, 24, 24}, 5), Error);
  s.engine = Engine::multislice;
  CHECK_THROWS_AS(run<float>(atoms, s, kPositions), Error);
}
