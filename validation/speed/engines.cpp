// The engines against each other on the real glass: a 40 Angstrom cube, 512 x 512, 20 slices,
// single precision, in this process. Prints seconds of processor time (wall seconds where threads
// are compared), and ratios of figures taken in turn.
// Usage: engines [THREADS] [scan|image|potential|threads|model ...]   (default: all; "image" takes
// minutes; "model" compares predicted and measured times)
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <set>
#include <string>

#include "io/compression.hpp"
#include "io/structure_file.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/simulation.hpp"

using namespace vitrobeam;

namespace {

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Processor time of all threads: other programs on the machine do not count.
double now() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

Atoms glass() {
  Atoms atoms =
      read_structure(VITROBEAM_SOURCE_DIR "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  wrap(atoms);
  return atoms;
}

SimulationSettings settings(double semiangle, Engine engine) {
  SimulationSettings s;
  s.nx = s.ny = 512;
  s.slice = 2;
  s.optics.semiangle_mrad = semiangle;
  s.engine = engine;
  return s;
}

std::vector<Vector2d> raster(int n, double edge) {
  std::vector<Vector2d> at;
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) at.emplace_back(edge * i / n, edge * j / n);
  return at;
}

struct Run {
  double seconds, wall_seconds;
  std::vector<std::vector<double>> detectors;
  std::vector<PlaneF> patterns;
};

Run run(const Simulation<float>& sim, const std::vector<Vector2d>& at, int threads, bool keep) {
  Run r;
  r.detectors.resize(at.size());
  if (keep) r.patterns.resize(at.size());
  const double start = now(), wall_start = wall();
  sim.run(at, threads, [&](std::size_t i, const ProbeResult<float>& p) {
    r.detectors[i] = p.detectors;
    if (keep) r.patterns[i] = p.pattern;
  });
  r.seconds = now() - start;
  r.wall_seconds = wall() - wall_start;
  return r;
}

void scan(int threads) {
  const Atoms atoms = glass();
  SimulationSettings m = settings(3.3, Engine::multislice),
                     s = settings(3.3, Engine::scattering_matrix);
  m.recording.q_max = s.recording.q_max = 2;
  const Simulation<float> multislice(atoms, m, threads), smatrix(atoms, s, threads);
  const auto all = raster(64, 40.19);
  std::vector<Vector2d> some;
  for (std::size_t i = 0; i < all.size(); i += 32) some.push_back(all[i]);
  const Run fast = run(smatrix, all, threads, true), slow = run(multislice, some, threads, true);
  double difference = 0, sum = 0;
  for (std::size_t i = 0; i < some.size(); ++i) {
    difference += (fast.patterns[32 * i] - slow.patterns[i]).abs().cast<double>().sum();
    sum += slow.patterns[i].cast<double>().sum();
  }
  const double slow_s = slow.seconds * double(all.size()) / double(some.size());
  std::printf(
      "scan        4096 positions, 3.3 mrad, patterns to 2 1/A: smatrix %.2f s, multislice %.1f s "
      "(from %zu positions)  ratio %.1f  R %.1e\n",
      fast.seconds, slow_s, some.size(), slow_s / fast.seconds, difference / sum);
  const double start = now();
  std::size_t raw = 0, packed = 0;
#pragma omp parallel for num_threads(threads) reduction(+ : raw, packed)
  for (std::size_t i = 0; i < fast.patterns.size(); ++i) {
    raw += std::size_t(fast.patterns[i].size()) * 4;
    packed +=
        compress_chunk(fast.patterns[i].data(), 4, std::size_t(fast.patterns[i].size()), 1).size();
  }
  const double seconds = now() - start;
  std::printf("compression %.0f MB/s, to %.0f %%\n", raw / seconds / 1e6, 100.0 * packed / raw);
}

void image(int threads) {
  const Atoms atoms = glass();
  SimulationSettings m = settings(20, Engine::multislice),
                     s = settings(20, Engine::scattering_matrix);
  for (auto* r : {&m.recording, &s.recording}) {
    r->patterns = false;
    r->detectors = {{"haadf", 60, 100}};
    r->memory_GiB = 12;
  }
  const Simulation<float> multislice(atoms, m, threads), smatrix(atoms, s, threads);
  const auto all = raster(256, 40.19);
  std::vector<Vector2d> some;
  for (std::size_t i = 0; i < all.size(); i += 512) some.push_back(all[i]);
  const Run slow = run(multislice, some, threads, false), fast = run(smatrix, all, threads, false);
  double difference = 0;
  for (std::size_t i = 0; i < some.size(); ++i)
    difference =
        std::max(difference, std::abs(fast.detectors[512 * i][0] / slow.detectors[i][0] - 1));
  const double slow_s = slow.seconds * double(all.size()) / double(some.size());
  std::printf(
      "image       256 x 256 positions, 20 mrad, %zu beams, HAADF: smatrix %.1f s, multislice %.0f "
      "s (from %zu positions)  ratio %.1f  difference %.1e\n",
      smatrix.beams(), fast.seconds, slow_s, some.size(), slow_s / fast.seconds, difference);
}

void potential(int threads) {
  const Atoms atoms = glass();
  std::vector<double> seconds;  // the first also pays for fresh memory
  for (int i = 0; i < 5; ++i) {
    const double start = now();
    const Simulation<float> made(atoms, settings(10, Engine::multislice), threads);
    seconds.push_back(now() - start);
  }
  std::printf("potential   five times: %.3f %.3f %.3f %.3f %.3f s\n", seconds[0], seconds[1],
              seconds[2], seconds[3], seconds[4]);
  std::sort(seconds.begin(), seconds.end());
  const double potential_s = seconds[2];
  const Simulation<float> sim(atoms, settings(10, Engine::multislice), threads);
  const Run eight = run(sim, raster(4, 40.19), threads, false);  // 16 positions
  std::printf("potential   %.3f s; 20 slices of 8 probes %.3f s  ratio %.2f\n", potential_s,
              eight.seconds / 2, potential_s / (eight.seconds / 2));
}

void scaling() {
  const Atoms atoms = glass();
  for (const Engine engine : {Engine::multislice, Engine::scattering_matrix, Engine::kinematic,
                              Engine::flat_born, Engine::phase_object}) {
    SimulationSettings s = settings(3.3, engine);
    s.recording.q_max = 2;
    const Simulation<float> sim(atoms, s, 2);
    const bool is_quick = engine == Engine::scattering_matrix || engine == Engine::phase_object;
    const auto at = raster(is_quick ? 32 : 6, 40.19);
    std::vector<double> ratios;
    for (int i = 0; i < 5; ++i) {
      const double one = run(sim, at, 1, false).wall_seconds;
      ratios.push_back(one / run(sim, at, 2, false).wall_seconds);
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf("threads     %s: two threads %.2f times one (median of 5, %.2f to %.2f)\n",
                engine_name(engine).c_str(), ratios[2], ratios[0], ratios[4]);
  }
}

// One line: the time that --dry-run predicts against the time it takes, potential included.
template <typename Real>
double predicted_over_measured(const char* what, const SimulationSettings& s, std::size_t count) {
  const Atoms atoms = glass();
  const double edge = atoms.cell.vectors(0, 0);
  EngineRequest request{{s.nx, s.ny, edge, atoms.cell.vectors(1, 1)},
                        slice_count(atoms.cell.vectors(2, 2), s.slice),
                        {},
                        s.recording,
                        count * count,
                        1,
                        double(atoms.size()),
                        sizeof(Real)};
  request.beams = aperture_beams(s.optics, request.grid);
  const EngineSpeed speed = measure_speed<Real>(request.grid);
  const EngineCost cost = engine_cost(s.engine, request, speed);
  const double predicted = cost.seconds + potential_seconds(s.engine, request, speed);
  const double start = now();
  std::size_t patterns = 0;
  Simulation<Real>(atoms, s, 1)
      .run(raster(int(count), edge), 1, [&](std::size_t, const ProbeResult<Real>& r) {
        patterns += std::size_t(r.pattern.size() > 0);
      });
  const double measured = now() - start;
  std::printf("model       %-46s predicted %7.3f s, measured %7.3f s  ratio %.2f\n", what,
              predicted, measured, predicted / measured);
  return predicted / measured;
}

void model() {
  const auto with = [](int n, double semiangle, Engine engine, double q_max, int every = 0) {
    SimulationSettings s = settings(semiangle, engine);
    s.nx = s.ny = n;
    s.recording.q_max = q_max;
    s.recording.patterns = q_max > 0;
    s.recording.every_slices = every;
    if (q_max == 0) s.recording.detectors = {{"adf", 20, n < 512 ? 45. : 90.}};
    return s;
  };
  constexpr Engine kMultislice = Engine::multislice, kMatrix = Engine::scattering_matrix;
  std::vector<double> r;
  const auto f = [&](const char* what, const SimulationSettings& s, std::size_t n) {
    r.push_back(predicted_over_measured<float>(what, s, n));
  };
  f("multislice 256, 64 positions", with(256, 3.3, kMultislice, 2), 8);
  f("multislice 512, 25 positions", with(512, 3.3, kMultislice, 2), 5);
  f("multislice 480, 25 positions, 4 depths", with(480, 10, kMultislice, 2, 5), 5);
  f("multislice 1024, 4 positions", with(1024, 3.3, kMultislice, 2), 2);
  r.push_back(predicted_over_measured<double>("multislice 512, double, 9 positions",
                                              with(512, 3.3, kMultislice, 2), 3));
  f("smatrix 512, 3.3 mrad, 1024 patterns", with(512, 3.3, kMatrix, 2), 32);
  f("smatrix 512, 3.3 mrad, 1024 patterns, 4 depths", with(512, 3.3, kMatrix, 2, 5), 32);
  f("smatrix 256, 10 mrad, 64 x 64 detector image", with(256, 10, kMatrix, 0), 64);
  SimulationSettings tight = with(512, 3.3, kMatrix, 2);
  tight.recording.memory_GiB = 0.03;
  f("smatrix 512, 1024 patterns in 0.03 GiB", tight, 32);
  r.push_back(predicted_over_measured<double>("smatrix 512, double, 256 patterns",
                                              with(512, 3.3, kMatrix, 2), 16));
  f("kinematic 512, 16 positions", with(512, 3.3, Engine::kinematic, 2), 4);
  f("phase object 512, 64 positions", with(512, 3.3, Engine::phase_object, 2), 8);
  std::sort(r.begin(), r.end());
  std::printf("model       predicted over measured: %.2f to %.2f\n", r.front(), r.back());
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  const std::set<std::string> chosen(argv + std::min(argc, 2), argv + argc);
  const auto wanted = [&](const char* name) { return chosen.empty() || chosen.contains(name); };
  std::printf("%d thread(s), single precision\n", threads);
  if (wanted("potential")) potential(threads);
  if (wanted("scan")) scan(threads);
  if (wanted("threads")) scaling();
  if (wanted("model")) model();
  if (wanted("image")) image(threads);
}
