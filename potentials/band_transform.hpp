// Band-limited waves between real space and Fourier space, in two passes over memory.
//
// A wave is kept half transformed, W(y, jx), and only in the columns jx that lie inside the band (a
// third of the column transforms is never done). It is stored in tiles of kTile columns, each tile
// [y][column], so that the pass along x reads and writes one cache line per tile and row, and the
// pass along y works on one contiguous tile that fits the second-level cache. Every one-dimensional
// transform is contiguous and out of place.
#pragma once
#include <algorithm>
#include <complex>
#include <cstring>

#include "potentials/fourier.hpp"
#include "potentials/grid.hpp"
#include "potentials/transpose.hpp"

namespace vitrobeam {

template <typename Real>
class BandTransform {
 public:
  using Complex = std::complex<Real>;

  explicit BandTransform(const Grid& grid)
      : grid_(grid),
        band_x_(grid.band_x()),
        half_tiles_(band_x_ / kTile + 1),
        pitch_((grid.ny + kTile - 1) / kTile * kTile +
               kTile),  // an odd multiple would do; keeps powers of two apart
        wide_(2 * half_tiles_ * kTile <= grid.nx),
        forward_x_(grid.nx, Direction::forward),
        backward_x_(grid.nx, Direction::backward),
        forward_y_(grid.ny, Direction::forward),
        backward_y_(grid.ny, Direction::backward) {}

  const Grid& grid() const { return grid_; }
  std::size_t wave_size() const { return std::size_t(2) * half_tiles_ * kTile * grid_.ny; }
  AlignedArray<Complex> make_wave() const { return aligned_array<Complex>(wave_size()); }

  // Scratch lines of one thread.
  struct Workspace {
    AlignedArray<Complex> row_q, row_r, row_out, column, columns_in, columns_out;
  };
  Workspace make_workspace() const {
    const auto line = [](int n) { return aligned_array<Complex>(n); };
    return {line(grid_.nx), line(grid_.nx),       line(grid_.nx),
            line(grid_.ny), line(kTile * pitch_), line(kTile * pitch_)};
  }

  // Pass along x for rows first_y .. last_y - 1: `at_row(y, psi)` sees psi(x) in real space (nx
  // values, not normalised) and may change it.
  template <typename AtRow>
  void pass_rows(Complex* wave, Workspace& w, int first_y, int last_y, AtRow&& at_row) const {
    for (int y = first_y; y < last_y; ++y) {
      gather_row(wave, y, w.row_q.get());
      backward_x_(w.row_q.get(), w.row_r.get());
      at_row(y, w.row_r.get());
      forward_x_(w.row_r.get(), w.row_out.get());
      scatter_row(w.row_out.get(), y, wave);
    }
  }

  // The same, read only.
  template <typename AtRow>
  void read_rows(const Complex* wave, Workspace& w, AtRow&& at_row) const {
    for (int y = 0; y < grid_.ny; ++y) {
      gather_row(wave, y, w.row_q.get());
      backward_x_(w.row_q.get(), w.row_r.get());
      at_row(y, w.row_r.get());
    }
  }

  // Adds to `into` what `at_row(y, psi)` makes of the rows of `wave` in real space; forward and
  // inverse transform along x cancel (normalised). The lanes of `into` beyond the band are not kept
  // clean: a pass along y must follow.
  template <typename AtRow>
  void add_rows(const Complex* wave, Complex* into, Workspace& w, AtRow&& at_row) const {
    for (int y = 0; y < grid_.ny; ++y) {
      gather_row(wave, y, w.row_q.get());
      backward_x_(w.row_q.get(), w.row_r.get());
      at_row(y, w.row_r.get());
      forward_x_(w.row_r.get(), w.row_out.get());
      const std::size_t step = std::size_t(kTile) * grid_.ny;
      for (int t = 0; t < 2 * half_tiles_; ++t)
        for (int lane = 0; lane < kTile; ++lane)
          if (const int jx = first_column(t) + lane; std::abs(jx) <= band_x_)
            into[t * step + std::size_t(y) * kTile + lane] +=
                w.row_out[jx < 0 ? jx + grid_.nx : jx] / Real(grid_.nx);
    }
  }

  // Transforms rows given in real space into the wave: `make_row(y, psi)` fills nx values.
  template <typename MakeRow>
  void write_rows(Complex* wave, Workspace& w, MakeRow&& make_row) const {
    for (int y = 0; y < grid_.ny; ++y) {
      make_row(y, w.row_r.get());
      forward_x_(w.row_r.get(), w.row_out.get());
      scatter_row(w.row_out.get(), y, wave);
    }
  }

  // Pass along y: `at_column(jx, psi)` sees psi(jy) in Fourier space (ny values in FFT order, not
  // normalised) of each column -band_x .. band_x and changes it.
  template <typename AtColumn>
  void pass_columns(Complex* wave, Workspace& w, AtColumn&& at_column) const {
    for (int t = 0; t < 2 * half_tiles_; ++t) {
      Complex* tile = wave + std::size_t(t) * kTile * grid_.ny;
      transpose(tile, kTile, grid_.ny, kTile, w.columns_in.get(), pitch_);
      for_columns(
          t,
          [&](int lane, int jx) {
            forward_y_(w.columns_in.get() + lane * pitch_, w.column.get());
            at_column(jx, w.column.get());
            backward_y_(w.column.get(), w.columns_out.get() + lane * pitch_);
          },
          w.columns_out.get());
      transpose(w.columns_out.get(), pitch_, kTile, grid_.ny, tile, kTile);
    }
  }

  template <typename AtColumn>
  void read_columns(const Complex* wave, Workspace& w, AtColumn&& at_column) const {
    for (int t = 0; t < 2 * half_tiles_; ++t) {
      transpose(wave + std::size_t(t) * kTile * grid_.ny, kTile, grid_.ny, kTile,
                w.columns_in.get(), pitch_);
      for_columns(
          t,
          [&](int lane, int jx) {
            forward_y_(w.columns_in.get() + lane * pitch_, w.column.get());
            at_column(jx, w.column.get());
          },
          nullptr);
    }
  }

  // Fills the wave from Fourier space: `make_column(jx, psi)` fills psi(jy), ny values in FFT
  // order, zero on entry, and returns false if it left them all zero.
  template <typename MakeColumn>
  void write_columns(Complex* wave, Workspace& w, MakeColumn&& make_column) const {
    for (int t = 0; t < 2 * half_tiles_; ++t) {
      for_columns(
          t,
          [&](int lane, int jx) {
            std::fill_n(w.column.get(), grid_.ny, Complex(0));
            Complex* out = w.columns_out.get() + lane * pitch_;
            if (make_column(jx, w.column.get()))
              backward_y_(w.column.get(), out);
            else
              std::fill_n(out, grid_.ny, Complex(0));
          },
          w.columns_out.get());
      transpose(w.columns_out.get(), pitch_, kTile, grid_.ny,
                wave + std::size_t(t) * kTile * grid_.ny, kTile);
    }
  }

 private:
  // Columns of a tile: two cache lines of complex<float>; 8 and 32 are slower by a few per cent.
  static constexpr int kTile = 16;

  // Tiles 0 .. half_tiles-1 hold jx = 0, 1, ..; the others end with jx = -1. Lanes outside the band
  // stay zero.
  int first_column(int tile) const {
    return tile < half_tiles_ ? tile * kTile : (tile - 2 * half_tiles_) * kTile;
  }

  template <typename Visit>
  void for_columns(int tile, Visit&& visit, Complex* zero_outside) const {
    for (int lane = 0; lane < kTile; ++lane) {
      const int jx = first_column(tile) + lane;
      if (std::abs(jx) <= band_x_)
        visit(lane, jx);
      else if (zero_outside)
        std::fill_n(zero_outside + lane * pitch_, grid_.ny, Complex(0));
    }
  }

  void gather_row(const Complex* wave, int y, Complex* row) const {
    const Complex* in = wave + std::size_t(y) * kTile;
    const std::size_t step = std::size_t(kTile) * grid_.ny;
    if (!wide_) {
      for (int t = 0; t < 2 * half_tiles_; ++t)
        for (int lane = 0; lane < kTile; ++lane)
          if (const int jx = first_column(t) + lane; std::abs(jx) <= band_x_)
            row[jx < 0 ? jx + grid_.nx : jx] = in[t * step + lane];
      return;
    }
    for (int t = 0; t < half_tiles_; ++t) {
      std::memcpy(row + t * kTile, in + t * step, kTile * sizeof(Complex));
    }
    row += grid_.nx - half_tiles_ * kTile;
    in += half_tiles_ * step;
    for (int t = 0; t < half_tiles_; ++t) {
      std::memcpy(row + t * kTile, in + t * step, kTile * sizeof(Complex));
    }
  }

  void scatter_row(const Complex* row, int y, Complex* wave) const {
    Complex* out = wave + std::size_t(y) * kTile;
    const std::size_t step = std::size_t(kTile) * grid_.ny;
    if (!wide_) {
      for (int t = 0; t < 2 * half_tiles_; ++t)
        for (int lane = 0; lane < kTile; ++lane)
          if (const int jx = first_column(t) + lane; std::abs(jx) <= band_x_)
            out[t * step + lane] = row[jx < 0 ? jx + grid_.nx : jx];
      return;
    }
    // lanes beyond the band receive values too; the pass along y never reads them and writes zeros
    // back
    for (int t = 0; t < half_tiles_; ++t)
      std::memcpy(out + t * step, row + t * kTile, kTile * sizeof(Complex));
    row += grid_.nx - half_tiles_ * kTile;
    out += half_tiles_ * step;
    for (int t = 0; t < half_tiles_; ++t)
      std::memcpy(out + t * step, row + t * kTile, kTile * sizeof(Complex));
  }

  Grid grid_;
  int band_x_, half_tiles_;
  std::size_t pitch_;
  bool wide_;  // both halves of the band, padded to whole tiles, fit into a row without touching
  LineTransform<Real> forward_x_, backward_x_, forward_y_, backward_y_;
};

}  // namespace vitrobeam
