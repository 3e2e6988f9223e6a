// The engines against each other on the real glass: a 40 Angstrom cube, 512 x 512, 20 slices,
// single precision, in this process. Prints seconds of processor time (wall seconds where threads
// are compared), and ratios of figures taken in turn.
// Usage: engines [THREADS] [scan|image|potential|threads ...]   (default: all; "image" takes
// minutes)
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
#include "multislice/propagation.hpp"
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
  const double start = now();
  const Simulation<float> sim(atoms, settings(10, Engine::multislice), threads);
  const double potential_s = now() - start;
  const Run eight = run(sim, raster(4, 40.19), threads, false);  // 16 positions
  std::printf("potential   %.3f s; 20 slices of 8 probes %.3f s  ratio %.2f\n", potential_s,
              eight.seconds / 2, potential_s / (eight.seconds / 2));
}

void scaling() {
  const Atoms atoms = glass();
  for (const Engine engine : {Engine::multislice, Engine::scattering_matrix, Engine::kinematic}) {
    SimulationSettings s = settings(3.3, engine);
    s.recording.q_max = 2;
    const Simulation<float> sim(atoms, s, 2);
    const auto at = raster(engine == Engine::scattering_matrix ? 32 : 6, 40.19);
    std::vector<double> ratios;
    for (int i = 0; i < 5; ++i) {
      const double one = run(sim, at, 1, false).wall_seconds;
      ratios.push_back(one / run(sim, at, 2, false).wall_seconds);
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf("threads     engine %d: two threads %.2f times one (median of 5, %.2f to %.2f)\n",
                int(engine), ratios[2], ratios[0], ratios[4]);
  }
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
  if (wanted("image")) image(threads);
}
