// A whole simulation in memory: what a notebook calls.
#include "studies/scan_simulation.hpp"

#include <atomic>

#include "base/error.hpp"
#include "tests/approx.hpp"
#include "tests/simulate.hpp"

using namespace vitrobeam;

namespace {

ScanSimulation scan_of(int configurations) {
  ScanSimulation scan;
  scan.configurations = {random_atoms({14, 12, 8}, 90, 3), configurations, 7};
  if (configurations > 0)
    scan.configurations.motion =
        einstein_motion(scan.atoms(), std::map<int, double>{{29, 0.1}, {40, 0.08}});
  scan.settings = settings(112, 96, 10);
  scan.settings.recording.q_max = 1.5;
  scan.settings.recording.every_slices = 2;
  scan.settings.recording.detectors = {{"ring", 20, 40}};
  scan.positions = {{4, 5}, {6, 5}, {4.5, 8}};
  return scan;
}

RunControl on_threads(int threads) {
  RunControl run;
  run.threads = threads;
  return run;
}

}  // namespace

TEST_CASE("a scan at rest is what a simulation hands over, for every probe of a series") {
  ScanSimulation scan = scan_of(0);
  Optics defocused = scan.settings.optics;
  defocused.defocus = 80;
  scan.settings.series = {scan.settings.optics, defocused};
  const ScanResult<float> result = simulate_scan<float>(scan, on_threads(2));
  CHECK(result.patterns.shape ==
        std::vector<std::size_t>{6, 2, result.q_y.size(), result.q_x.size()});
  CHECK(result.pattern_errors.size() == 0);
  CHECK(result.thickness == std::vector<double>{4, 8});
  std::vector<ScanPoint> points;
  for (std::size_t i = 0; i < scan.points(); ++i) points.push_back(scan.point(i));
  CHECK(points[4].probe == 1);
  Simulation<float>(scan.atoms(), scan.settings)
      .run(points, 1, [&](std::size_t i, const ProbeResult<float>& r) {
        const std::size_t at = 2 * i + std::size_t(r.depth);
        CHECK((result.patterns.plane(at) == r.pattern).all());
        CHECK(result.detectors.values[at] == r.detectors[0]);
        CHECK(result.intensity_out.values[at] == r.intensity_out);
      });
}

TEST_CASE("over configurations it is their mean with its error, whatever the threads and blocks") {
  ScanSimulation scan = scan_of(5);
  const ScanResult<double> result = simulate_scan<double>(scan, on_threads(2));
  CHECK(result.configurations == std::vector<int>{5, 5, 5});
  std::vector<std::vector<double>> values(scan.points());
  for (int n = 1; n <= 5; ++n) {
    const Configuration c = scan.configurations(n);
    Simulation<double>(c.atoms, scan.settings, 1, c.displacements)
        .run(scan.positions, 1, [&](std::size_t i, const ProbeResult<double>& r) {
          if (r.depth == 1) values[i].push_back(r.detectors[0]);
        });
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    double mean = 0, squares = 0;
    for (const double v : values[i]) mean += v / 5;
    for (const double v : values[i]) squares += (v - mean) * (v - mean);
    CHECK(result.detectors.values[2 * i + 1] == approx(mean).epsilon(1e-12));
    CHECK(result.detector_errors.values[2 * i + 1] ==
          approx(std::sqrt(squares / 20)).epsilon(1e-9));
  }
  scan.means_bytes = 1;  // one point at a time
  const ScanResult<double> blocks = simulate_scan<double>(scan);
  CHECK(blocks.patterns.values == result.patterns.values);
  CHECK(blocks.pattern_errors.values == result.pattern_errors.values);
}

TEST_CASE("a point is done when its detectors are known well enough, not before eight") {
  ScanSimulation scan = scan_of(40);
  scan.settled_percent = 100;
  for (const int n : simulate_scan<float>(scan).configurations) CHECK(n == 8);
  scan.settled_percent = 1e-6;
  for (const int n : simulate_scan<float>(scan).configurations) CHECK(n == 40);
}

TEST_CASE("progress counts every step, and a wish to stop ends the run") {
  const ScanSimulation scan = scan_of(3);
  std::size_t done = 0, total = 0;
  RunControl run;
  run.progress = [&](const RunControl::Step& step) {
    done = step.done;
    total = step.total;
  };
  simulate_scan<float>(scan, run);
  CHECK(total == 3 * 2 * 3);  // points, depths, configurations
  CHECK(done == total);
  std::atomic<int> asked = 0;
  run.stop = [&] { return ++asked > 4; };
  CHECK_THROWS_AS(simulate_scan<float>(scan, run), Interrupted);
}

TEST_CASE("a probe that is too wide for its cell is refused") {
  ScanSimulation scan = scan_of(0);
  scan.settings.optics.defocus = 3000;
  CHECK_THROWS_AS(check_probes(scan.settings, scan.grid(), 5), Error);
  CHECK(check_probes(scan.settings, scan.grid(), 100).size() == 1);
}
