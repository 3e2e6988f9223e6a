// Band-limited waves between real space and Fourier space, in two passes over memory.
//
// A wave is kept half transformed, W(y, jx), and only in the columns jx that lie inside the band (a
// third of the column transforms is never done). It is stored in tiles of kLanes columns side by
// side: the pass along y transforms a tile where it stands, the pass along x gathers kLanes rows at
// a time, transposed in registers. Inside a pass the values come in mixed order
// (fourier/lane_transform.hpp), so whatever multiplies them is kept in that order.
#pragma once
#include <algorithm>
#include <complex>
#include <cstdlib>

#include "fourier/fourier.hpp"
#include "fourier/grid.hpp"
#include "fourier/lane_transform.hpp"

namespace vitrobeam {

template <typename Real>
class BandTransform {
 public:
  using Complex = std::complex<Real>;
  using Element = Lanes<Real>;
  static constexpr int kLanes = Element::kCount;

  explicit BandTransform(const Grid& grid)
      : grid_(grid),
        band_x_(grid.band_x()),
        half_tiles_(band_x_ / kLanes + 1),
        row_tiles_((grid.ny + kLanes - 1) / kLanes),
        pitch_(std::size_t(row_tiles_ + 1) * kLanes),  // one more keeps powers of two apart
        wide_(2 * half_tiles_ * kLanes <= grid.nx),
        along_x_(grid.nx),
        along_y_(grid.ny) {}

  const Grid& grid() const { return grid_; }
  int row_tiles() const { return row_tiles_; }
  int column_tiles() const { return 2 * half_tiles_; }
  // Index jx of the first column of a tile; tiles 0 .. column_tiles()/2 - 1 hold jx = 0, 1, ..; the
  // others end with jx = -1. Lanes beyond the band must be zeroed in every pass along y.
  int first_column(int tile) const {
    return tile < half_tiles_ ? tile * kLanes : (tile - 2 * half_tiles_) * kLanes;
  }
  // Index of sample i of a row (x), of element i of a column (jy, FFT order), inside a pass.
  int x(int i) const { return along_x_.order()[i]; }
  int jy(int i) const { return along_y_.order()[i]; }

  std::size_t wave_size() const { return pitch_ * column_tiles(); }  // Elements
  AlignedArray<Element> make_wave() const { return aligned_array<Element>(wave_size()); }

  // Scratch lines of one thread.
  struct Workspace {
    AlignedArray<Element> line;
    AlignedArray<Complex> column;
  };
  Workspace make_workspace() const {
    return {aligned_array<Element>(std::max(grid_.nx, grid_.ny)), aligned_array<Complex>(grid_.ny)};
  }

  // Pass along x for row tiles first .. last - 1: `multiply(tile, i, psi)` sees every sample in
  // real space (not normalised), lane l of row tile * kLanes + l, and may change it.
  template <typename Multiply>
  void pass_rows(Element* wave, Workspace& w, int first, int last, Multiply&& multiply) const {
    for (int tile = first; tile < last; ++tile) {
      gather(wave, tile, w.line.get());
      const Element* next = wave + (tile + 1) * kLanes;
      along_x_.there_and_back(
          w.line.get(), [&](int i, Element& psi) __attribute__((always_inline)) {
            __builtin_prefetch(next + std::size_t(i / kLanes) * pitch_ + i % kLanes, 1);
            multiply(tile, i, psi);
          });
      scatter(w.line.get(), tile, wave);
    }
  }

  // `at_tile(tile, psi)` sees nx samples of kLanes rows.
  template <typename AtTile>
  void read_rows(const Element* wave, Workspace& w, AtTile&& at_tile) const {
    for (int tile = 0; tile < row_tiles_; ++tile) {
      gather(wave, tile, w.line.get());
      along_x_.there(w.line.get());
      at_tile(tile, static_cast<const Element*>(w.line.get()));
    }
  }

  // Adds to `into` what `multiply` makes of the rows of `wave`; forward and inverse transform along
  // x cancel (normalised). A pass along y must follow.
  template <typename Multiply>
  void add_rows(const Element* wave, Element* into, Workspace& w, Multiply&& multiply) const {
    const Real norm = Real(1) / Real(grid_.nx);
    for (int tile = 0; tile < row_tiles_; ++tile) {
      gather(wave, tile, w.line.get());
      along_x_.there_and_back(
          w.line.get(), [&](int i, Element& psi) __attribute__((always_inline)) {
            multiply(tile, i, psi);
            psi = psi * norm;
          });
      for_blocks(tile, [&](std::size_t place, int column_tile) {
        Element rows[kLanes], columns[kLanes];
        take(w.line.get(), column_tile, rows);
        transpose(rows, columns);
        for (int l = 0; l < kLanes; ++l) into[place + l] = into[place + l] + columns[l];
      });
    }
  }

  // Transforms rows given in real space into the wave: `make_tile(tile, psi)` fills nx samples of
  // kLanes rows. A pass along y must follow.
  template <typename MakeTile>
  void write_rows(Element* wave, Workspace& w, MakeTile&& make_tile) const {
    for (int tile = 0; tile < row_tiles_; ++tile) {
      make_tile(tile, w.line.get());
      along_x_.back(w.line.get());
      scatter(w.line.get(), tile, wave);
    }
  }

  // Pass along y: `multiply(tile, i, psi)` sees every value in Fourier space (not normalised), lane
  // l of column first_column(tile) + l, changes it, and zeroes what is beyond the band.
  template <typename Multiply>
  void pass_columns(Element* wave, Multiply&& multiply) const {
    for (int tile = 0; tile < column_tiles(); ++tile) {
      const Element* next = wave + (tile + 1) * pitch_;
      along_y_.there_and_back(
          wave + tile * pitch_, [&](int i, Element& psi) __attribute__((always_inline)) {
            __builtin_prefetch(next + i, 1);
            multiply(tile, i, psi);
          });
    }
  }

  // `at_column(jx, psi)` sees psi(jy), ny values in FFT order, of each column -band_x .. band_x,
  // after `multiply`.
  template <typename Multiply, typename AtColumn>
  void read_columns(const Element* wave, Workspace& w, Multiply&& multiply,
                    AtColumn&& at_column) const {
    for (int tile = 0; tile < column_tiles(); ++tile) {
      std::copy_n(wave + tile * pitch_, grid_.ny, w.line.get());
      along_y_.there(w.line.get());
      for (int i = 0; i < grid_.ny; ++i) multiply(tile, i, w.line[i]);
      for_columns(tile, [&](int lane, int jx) {
        for (int i = 0; i < grid_.ny; ++i) w.column[jy(i)] = w.line[i].get(lane);
        at_column(jx, static_cast<const Complex*>(w.column.get()));
      });
    }
  }

  // Fills the wave from Fourier space: `make_column(jx, psi)` fills psi(jy), ny values in FFT
  // order, zero on entry, and returns false if it left them all zero.
  template <typename MakeColumn>
  void write_columns(Element* wave, Workspace& w, MakeColumn&& make_column) const {
    for (int tile = 0; tile < column_tiles(); ++tile) {
      Element* line = wave + tile * pitch_;
      std::fill_n(line, pitch_, Element{});
      bool any = false;
      for_columns(tile, [&](int lane, int jx) {
        std::fill_n(w.column.get(), grid_.ny, Complex(0));
        if (!make_column(jx, w.column.get())) return;
        any = true;
        for (int i = 0; i < grid_.ny; ++i) line[i].set(lane, w.column[jy(i)]);
      });
      if (any) along_y_.back(line);
    }
  }

 private:
  template <typename Visit>
  void for_columns(int tile, Visit&& visit) const {
    for (int lane = 0; lane < kLanes; ++lane)
      if (const int jx = first_column(tile) + lane; std::abs(jx) <= band_x_) visit(lane, jx);
  }

  // The squares of kLanes by kLanes values of a row tile: where each begins in a wave.
  template <typename Visit>
  void for_blocks(int row_tile, Visit&& visit) const {
    for (int t = 0; t < column_tiles(); ++t)
      visit(std::size_t(t) * pitch_ + std::size_t(row_tile) * kLanes, t);
  }

  // Values of a column tile out of a line of nx; zero beyond the band where tiles of a small grid
  // would overlap.
  void take(const Element* line, int column_tile, Element* rows) const {
    const int first = first_column(column_tile), from = first < 0 ? first + grid_.nx : first;
    if (wide_) {
      std::copy_n(line + from, kLanes, rows);
      return;
    }
    std::fill_n(rows, kLanes, Element{});
    for_columns(column_tile,
                [&](int lane, int jx) { rows[lane] = line[jx < 0 ? jx + grid_.nx : jx]; });
  }

  void gather(const Element* wave, int row_tile, Element* line) const {
    if (wide_)
      std::fill(line + half_tiles_ * kLanes, line + grid_.nx - half_tiles_ * kLanes, Element{});
    else
      std::fill_n(line, grid_.nx, Element{});
    for_blocks(row_tile, [&](std::size_t place, int t) {
      const int first = first_column(t), to = first < 0 ? first + grid_.nx : first;
      if (wide_) {
        transpose(wave + place, line + to);
        return;
      }
      Element rows[kLanes];
      transpose(wave + place, rows);
      for_columns(t, [&](int lane, int jx) { line[jx < 0 ? jx + grid_.nx : jx] = rows[lane]; });
    });
  }

  void scatter(const Element* line, int row_tile, Element* wave) const {
    for_blocks(row_tile, [&](std::size_t place, int t) {
      if (wide_) {
        const int first = first_column(t), from = first < 0 ? first + grid_.nx : first;
        transpose(line + from, wave + place);
        return;
      }
      Element rows[kLanes];
      take(line, t, rows);
      transpose(rows, wave + place);
    });
  }

  Grid grid_;
  int band_x_, half_tiles_, row_tiles_;
  std::size_t pitch_;
  bool wide_;  // both halves of the band, padded to whole tiles, fit into a row without touching
  LaneTransform<Real, Direction::backward> along_x_;
  LaneTransform<Real, Direction::forward> along_y_;
};

}  // namespace vitrobeam
