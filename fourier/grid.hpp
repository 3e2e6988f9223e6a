// The sampling of a cell: real-space pixels, reciprocal axes, the circular band limit.
#pragma once
#include <string>

namespace vitrobeam {

// nx by ny samples of a rectangular cell of lx by ly Angstrom. Sample (j, i) lies at (x, y) = (i
// lx/nx, j ly/ny).
struct Grid {
  int nx = 0, ny = 0;
  double lx = 0, ly = 0;  // Angstrom
  double band_limit = 0;  // 1/Angstrom; 0: 2/3 of the Nyquist frequency of the coarser axis

  double dx() const { return lx / nx; }
  double dy() const { return ly / ny; }
  // Of the coarser axis, 1/Angstrom.
  double nyquist() const;
  // Spatial frequency q = 1/d of index i in FFT order (0, 1, .., n/2-1, -n/2, .., -1), 1/Angstrom.
  double q_x(int i) const { return (i < (nx + 1) / 2 ? i : i - nx) / lx; }
  double q_y(int j) const { return (j < (ny + 1) / 2 ? j : j - ny) / ly; }
  // Radius of the band limit, 1/Angstrom. Samples on it are outside.
  double q_max() const;
  bool inside_band(double qx, double qy) const;
  // Largest |index| with a sample inside the band, along x and y.
  int band_x() const;
  int band_y() const;
};

// The smallest even number >= n whose only prime factors are 2, 3, 5 and 7 (fast transforms).
int good_size(int n);
// The largest such number <= n, at least 2.
int good_size_within(int n);

// Throws Error{usage} unless nx and ny are even, at least 8 and have no prime factor above 13.
void check_grid(const Grid& grid);

}  // namespace vitrobeam
