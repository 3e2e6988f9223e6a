// Laws of a series of probes from one run: every probe gives what it gives alone, by either exact
// engine, and with the scattering matrix the beams are paid for once.
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/simulation.hpp"
#include "options/quantity.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Atoms random_atoms() {
  RandomSequence random(11, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(16, 12, 10);
  for (int i = 0; i < 80; ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    atoms.add(i % 2 ? 29 : 40, {16 * x, 12 * y, 10 * z});
  }
  return atoms;
}

// Semi-angle, defocus, aberrations and coherence all change.
SimulationSettings settings(Engine engine) {
  SimulationSettings s;
  s.nx = 80;
  s.ny = 60;
  s.engine = engine;
  s.recording.q_max = 1.1;
  s.recording.every_slices = 3;
  s.recording.detectors = {{"adf", 15, 35}};
  s.recording.detectors.push_back({"com", 0, INFINITY, 1, 1, 0, true});
  for (const double mrad : {9.0, 14.0, 6.0, 9.0}) {
    s.optics.semiangle_mrad = mrad;
    s.optics.defocus += 30;
    s.series.push_back(s.optics);
  }
  s.series[1].aberrations = parse_aberrations("C12=70,phi12=0.4");
  s.series[2].focal_spread = 40;
  s.series[3].inner_mrad = 5;
  s.optics = s.series.front();
  return s;
}

const std::vector<Vector2d> kPositions = {{1, 2}, {7, 11}};

template <typename Real>
std::vector<ProbeResult<Real>> run(const SimulationSettings& s, int threads = 1) {
  const Atoms atoms = random_atoms();
  const Simulation<Real> simulation(atoms, s, threads);
  const std::size_t depths = simulation.depths().size();
  std::vector<ScanPoint> points;
  for (std::size_t probe = 0; probe < s.probes().size(); ++probe)
    for (const Vector2d& at : kPositions) points.push_back({at, probe});
  std::vector<ProbeResult<Real>> results(points.size() * depths);
  simulation.run(points, threads, [&](std::size_t i, const ProbeResult<Real>& r) {
    results[i * depths + std::size_t(r.depth)] = r;
  });
  return results;
}

template <typename Real>
void check_equal(const ProbeResult<Real>& a, const ProbeResult<Real>& b) {
  CHECK((a.pattern == b.pattern).all());
  CHECK(a.detectors == b.detectors);
  CHECK(a.intensity_out == b.intensity_out);
}

}  // namespace

TEST_CASE("every probe of a series gives what it gives alone, bit for bit") {
  for (const Engine engine : {Engine::multislice, Engine::scattering_matrix, Engine::kinematic}) {
    CAPTURE(int(engine));
    SimulationSettings s = settings(engine);
    const auto all = run<float>(s);
    const std::size_t each = all.size() / s.series.size();
    CHECK(each == 2 * kPositions.size());  // two depths
    for (std::size_t probe = 0; probe < s.series.size(); ++probe) {
      CAPTURE(probe);
      SimulationSettings alone = s;
      alone.optics = s.series[probe];
      alone.series.clear();
      const auto single = run<float>(alone);
      for (std::size_t k = 0; k < each; ++k) check_equal(all[probe * each + k], single[k]);
    }
    const auto threads = run<float>(s, 3);
    for (std::size_t k = 0; k < all.size(); ++k) check_equal(all[k], threads[k]);
    s.working_set = {2, 6};  // slices in windows, with probes of one and of many modes together
    const auto windows = run<float>(s, 2);
    for (std::size_t k = 0; k < all.size(); ++k) check_equal(all[k], windows[k]);
  }
}

TEST_CASE("one scattering matrix gives the multislice of the whole series, also in passes") {
  const auto expected = run<double>(settings(Engine::multislice));
  for (const double memory : {4.0, 3e-4}) {
    CAPTURE(memory);
    SimulationSettings s = settings(Engine::scattering_matrix);
    s.recording.memory_GiB = memory;
    const auto matrix = run<double>(s);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const auto &a = matrix[k], &b = expected[k];
      CHECK((a.pattern - b.pattern).abs().sum() < 1e-10 * b.pattern.sum());
      for (std::size_t d = 0; d < b.detectors.size(); ++d)
        CHECK(a.detectors[d] == approx(b.detectors[d]).epsilon(1e-9));
      CHECK(a.intensity_out == approx(b.intensity_out).epsilon(1e-12));
    }
  }
}

TEST_CASE("the probes of a series differ, and the widest aperture makes the matrix") {
  const SimulationSettings s = settings(Engine::scattering_matrix);
  const auto all = run<double>(s);
  const std::size_t each = all.size() / s.series.size();
  for (std::size_t probe = 1; probe < s.series.size(); ++probe)
    CHECK((all[probe * each].pattern - all[0].pattern).abs().sum() > 1e-3);
  const Simulation<double> simulation(random_atoms(), s);
  CHECK(simulation.beams() == aperture_beams(s.series[1], simulation.grid()).size());
  CHECK(simulation.modes(2).amplitudes.size() > 1);
  CHECK(simulation.modes(0).amplitudes.size() == 1);
}

TEST_CASE("a series costs multislice every probe again, the matrix its sums only") {
  SimulationSettings s = settings(Engine::automatic);
  s.recording.detectors.clear();
  s.recording.every_slices = 0;
  s.series.assign(8, s.optics);
  SimulationSettings one = s;
  one.series.clear();
  const Grid grid{120, 96, 16, 12};
  constexpr int kSlices = 400;
  const auto series = engine_request(s, grid, kSlices, 100, sizeof(float)),
             single = engine_request(one, grid, kSlices, 100, sizeof(float));
  const EngineSpeed speed = typical_speed(grid, sizeof(float));
  const auto ratio = [&](Engine e) {
    return engine_cost(e, series, speed).seconds / engine_cost(e, single, speed).seconds;
  };
  CHECK(ratio(Engine::multislice) == approx(8).epsilon(1e-9));
  CHECK(ratio(Engine::scattering_matrix) < 2);
  CHECK(ratio(Engine::scattering_matrix) > 1);
  // few positions, for which a single probe is cheaper by multislice
  const std::size_t few = single.beams.size() / 2;
  CHECK(cheapest_engine(engine_request(one, grid, kSlices, few, sizeof(float)), speed) ==
        Engine::multislice);
  CHECK(cheapest_engine(engine_request(s, grid, kSlices, few, sizeof(float)), speed) ==
        Engine::scattering_matrix);
}

TEST_CASE("lists of numbers and ranges") {
  const auto list = [](const char* text) { return parse_list(text, "Angstrom", "defocus"); };
  CHECK(list("-200:100:200") == std::vector<double>{-200, -100, 0, 100, 200});
  CHECK(list("5") == std::vector<double>{5});
  CHECK(list("1nm,2:-1:0") == std::vector<double>{10, 2, 1, 0});
  CHECK(list("0:0.1:0.3").size() == 4);
  CHECK(list("0:1:2.5") == std::vector<double>{0, 1, 2});
  for (const char* wrong : {"1:2", "1:0:2", "1:-1:2", "1:2:3:4", "1,,2", "0:1e-9:1"})
    CHECK_THROWS_AS(list(wrong), Error);
}
