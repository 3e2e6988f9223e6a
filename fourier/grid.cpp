#include "fourier/grid.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

int largest_prime_factor(int n) {
  int largest = 1;
  for (int p = 2; p * p <= n; ++p)
    while (n % p == 0) {
      largest = p;
      n /= p;
    }
  return std::max(largest, n);
}

}  // namespace

double Grid::nyquist() const { return std::min(nx / (2 * lx), ny / (2 * ly)); }

double Grid::q_max() const { return band_limit > 0 ? band_limit : 2.0 / 3.0 * nyquist(); }

bool Grid::inside_band(double qx, double qy) const {
  return qx * qx + qy * qy <
         q_max() * q_max() * (1 - 1e-9);  // samples on the limit itself are outside
}

int Grid::band_x() const {
  int i = int(q_max() * lx) + 1;
  while (i > 0 && !inside_band(i / lx, 0)) --i;
  return i;
}

int Grid::band_y() const {
  int j = int(q_max() * ly) + 1;
  while (j > 0 && !inside_band(0, j / ly)) --j;
  return j;
}

int good_size(int n) {
  n += n % 2;
  while (largest_prime_factor(n) > 7) n += 2;
  return n;
}

int good_size_within(int n) {
  n -= n % 2;
  while (n > 2 && largest_prime_factor(n) > 7) n -= 2;
  return std::max(n, 2);
}

void check_grid(const Grid& grid) {
  for (int n : {grid.nx, grid.ny}) {
    if (n < 8 || n % 2 != 0)
      fail(Fault::usage, "@grid {}x{}: each side must be an even number of at least 8", grid.nx,
           grid.ny);
    if (largest_prime_factor(n) > 13)
      fail(Fault::usage,
           "@grid {}x{}: {} has a prime factor above 13 and transforms slowly; {} is the next "
           "good size",
           grid.nx, grid.ny, n, good_size(n));
  }
}

}  // namespace vitrobeam
