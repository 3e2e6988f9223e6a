// Library patterns per second, potentials included: a 13-atom icosahedron turned anew for every
// pattern inside one matrix of 30 x 30 x 20 Angstrom (1109 atoms), 128 x 128, 10 slices; the same
// number of patterns simulated from the atoms, for the ratio and for the largest difference.
//   library_speed [threads] [patterns]
#include <fmt/format.h>
#include <omp.h>
#include <time.h>

#include <chrono>
#include <cstdlib>

#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/motifs.hpp"
#include "models/transform.hpp"
#include "multislice/changed_slab.hpp"

using namespace vitrobeam;

namespace {

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2, n = argc > 2 ? std::atoi(argv[2]) : 4000;
  constexpr int kCompared = 40;
  RandomSequence random(1, 0);
  Atoms matrix;
  matrix.cell = Cell::orthogonal(30, 30, 20);
  for (int i = 0; i < 1109; ++i)
    matrix.add(random.uniform() < 0.645 ? 29 : 40,
               {30 * random.uniform(), 30 * random.uniform(), 20 * random.uniform()});
  SimulationSettings s;
  s.nx = s.ny = 128;
  s.optics.semiangle_mrad = 3.58;
  s.recording.q_max = 1;
  s.engine = Engine::multislice;
  const Vector2d at(15, 15);
  const auto motif = [&](int i) {
    RandomSequence turn(2, std::uint64_t(i));
    const Vector3d axis(turn.normal(), turn.normal(), turn.normal());
    Atoms m = rotated(build_motif(find_motif("icosahedron"), {{29, 40}, 2.75, 0}),
                      rotation_to_beam(axis.normalized()));
    for (auto& r : m.positions) r += Vector3d(15, 15, 10);
    return m;
  };

  const auto start = std::chrono::steady_clock::now();
  const double cpu = processor_seconds();
  const ChangedSlab<float> slab(matrix, s, {29, 40}, {at});
  const double made = processor_seconds() - cpu;
  std::vector<PlaneF> kept(kCompared);
  double sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : sum)
  {
    const auto scratch = slab.make_scratch();
#pragma omp for schedule(dynamic)
    for (int i = 0; i < n; ++i) {
      const Atoms m = motif(i);
      const auto patterns = slab(m, displaced_atoms(matrix, m), *scratch);
      sum += patterns[0](0, 0);
      if (i < kCompared) kept[std::size_t(i)] = patterns[0];
    }
  }
  const double fast = processor_seconds() - cpu,
               wall =
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const double before = processor_seconds();
  float largest = 0;
  for (int i = 0; i < kCompared; ++i) {
    Atoms m = motif(i);
    for (auto& r : m.positions) r -= Vector3d(15, 15, 10);
    const Atoms whole = embed(matrix, m, {"icosahedron", "", {15, 15, 10}});
    Simulation<float>(whole, s).run({at}, 1, [&](std::size_t, const ProbeResult<float>& r) {
      largest = std::max(
          largest, (r.pattern - kept[std::size_t(i)]).abs().maxCoeff() / r.pattern.maxCoeff());
    });
  }
  const double slow = (processor_seconds() - before) / kCompared;
  fmt::print(
      "{} patterns, {} threads: {:.0f} per second of the wall clock, {:.0f} per second of "
      "processor time (slab {:.3f} s included); from the atoms {:.0f} per second of processor "
      "time: {:.1f} times; largest difference {:.1e} of the maximum (checksum {:.3e})\n",
      n, threads, n / wall, n / fast, made, 1 / slow, n * slow / fast, double(largest), sum);
}
