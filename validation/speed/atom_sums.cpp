// Structure factors of one slice by matrix products and by spreading: processor time of one thread
// against atoms and grid, and how far they differ (root mean square, over that of the potential).
// Usage: atom_sums [GRID ...]      (default: 256 512 1024 2048)
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "base/random.hpp"
#include "potentials/slice_potential.hpp"
#include "potentials/spreading.hpp"

using namespace vitrobeam;

namespace {

double now() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// A slice of two elements, 0.1 Angstrom pixels.
Atoms slice(const Grid& grid, int count) {
  RandomSequence random(3, 1);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(grid.lx, grid.ly, 2);
  for (int i = 0; i < count; ++i) {
    const double x = random.uniform(), y = random.uniform();
    atoms.positions.emplace_back(x * grid.lx, y * grid.ly, 1);
    atoms.numbers.push_back(i % 3 == 0 ? 40 : 29);
  }
  return atoms;
}

struct Measured {
  double seconds;
  HalfPlane<float> v;
};

Measured measure(const Grid& grid, const Atoms& atoms, AtomSum sum) {
  PotentialSettings settings;
  settings.sum = sum;
  const SlicePotential<float> potential(grid, settings, atoms, 1);
  Measured best{1e9, {}};
  for (int run = 0; run < (grid.nx > 1024 ? 2 : 5); ++run) {
    const double start = now();
    best.v = potential.coefficients(0);
    best.seconds = std::min(best.seconds, now() - start);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> grids;
  for (int i = 1; i < argc; ++i) grids.push_back(std::atoi(argv[i]));
  if (grids.empty()) grids = {256, 512, 1024, 2048};
  std::printf("grid   atoms  product ms  spreading ms  ratio  difference  cheaper\n");
  for (const int n : grids) {
    const Grid grid{n, n, 0.1 * n, 0.1 * n};
    for (const int count : {25, 50, 100, 200, 400, 1600, 5000}) {
      if (double(count) * n * n > 1e10 && n > 1024 && count > 1600) continue;
      const Atoms atoms = slice(grid, count);
      const Measured product = measure(grid, atoms, AtomSum::product),
                     spreading = measure(grid, atoms, AtomSum::spreading);
      const double difference = std::sqrt((product.v - spreading.v).abs2().cast<double>().sum() /
                                          product.v.abs2().cast<double>().sum());
      std::printf("%-5d %6d  %10.2f  %12.2f  %5.2f  %10.1e  %s\n", n, count, 1e3 * product.seconds,
                  1e3 * spreading.seconds, product.seconds / spreading.seconds, difference,
                  spreading_is_cheaper(grid, count, 2) ? "spreading" : "product");
    }
  }
}
