// Exit waves of the plane waves of an aperture, and what probes make of them: sums over the beams,
// for several samples of the exit wave at a time (one per lane).
#pragma once
#include <complex>
#include <cstddef>
#include <vector>

#include "base/array.hpp"
#include "fourier/fourier.hpp"
#include "fourier/lanes.hpp"
#include "multislice/optics.hpp"

namespace vitrobeam {

// I(r0) = sum_g I_g exp(2 pi i g.r0) with g on the grid of the cell, real: what a detector gives at
// every probe position.
class ScanSeries {
 public:
  ScanSeries() = default;
  // From samples [j, i] of I at r0 = (i lx / nx, j ly / ny), which must hold every harmonic |gx| <=
  // `gx`, |gy| <= `gy`.
  ScanSeries(const Grid& cell, const PlaneD& samples, int gx, int gy);
  void add(const ScanSeries& other, double weight);  // of the same beams
  double operator()(const Vector2d& r0) const;

 private:
  Grid cell_;
  int gx_ = 0, gy_ = 0;
  PlaneC coefficients_;  // [gy, gx], gx >= 0 (the other half is the conjugate), already weighted
};

// S_qk of beams k and samples q. Amplitudes are those of the incident wave in the order of the
// beams; the probe at r0 is sum_k A_k exp(-2 pi i q_k.r0).
template <typename Real>
class BeamSums {
 public:
  using Amplitudes = std::vector<std::complex<double>>;
  static constexpr std::size_t kLanes = Lanes<Real>::kCount;

  // Samples in blocks of kLanes.
  BeamSums(const Grid& cell, const std::vector<ApertureBeam>& beams, std::size_t blocks);

  std::size_t blocks() const { return blocks_; }
  static double bytes(std::size_t beams, std::size_t blocks) {
    return double(beams) * double(blocks) * sizeof(Lanes<Real>);
  }
  // The exit wave of one beam, in blocks. Different beams from different threads.
  void set(std::size_t beam, const Lanes<Real>* wave);

  // The waves of probes at `positions` in the samples of blocks first .. last - 1:
  // `at_block(position, block, psi)`. The same arithmetic for a position whatever its company;
  // positions of equal y share most of it.
  template <typename AtBlock>
  void waves(const std::vector<Vector2d>& positions, const Amplitudes& amplitudes,
             std::size_t first, std::size_t last, AtBlock&& at_block) const;

  // sum over the samples of blocks first .. last - 1 of weight_q |psi_q|^2 as a function of the
  // position; weights, where given, are one per sample from the first block on. Independent of
  // `threads`.
  ScanSeries intensity(const Amplitudes& amplitudes, std::size_t first, std::size_t last,
                       int threads, const std::vector<double>& weights = {}) const;

 private:
  struct Column {  // beams of equal jx, first .. last - 1 in the order kept here
    int jx;
    std::size_t first, last;
  };
  // Those without their beams of no amplitude at either end: a probe costs its own aperture.
  std::vector<Column> columns_of(const Amplitudes& amplitudes) const;
  // Factors of a batch of positions.
  struct Batch {
    std::vector<Column> used;
    std::vector<std::vector<std::complex<Real>>> rows;     // by distinct y: A exp(-2 pi i qy y)
    std::vector<std::vector<std::complex<Real>>> columns;  // by position: exp(-2 pi i qx x)
    std::vector<std::size_t> row_of;                       // by position
  };
  Batch prepare(const std::vector<Vector2d>& positions, const Amplitudes& amplitudes) const;
  // sums[(row * pitch + block - first) * columns + column]
  void sum_columns(const Batch& batch, std::size_t first, std::size_t last, std::size_t pitch,
                   Lanes<Real>* sums) const;
  const Lanes<Real>* block(std::size_t index) const {
    return values_.get() + index * beams_.size();
  }

  Grid cell_;
  std::size_t blocks_;
  std::vector<ApertureBeam> beams_;  // by jx, then jy
  std::vector<std::size_t> given_;   // place of each in the order of the caller
  std::vector<std::size_t> kept_;    // and the inverse
  std::vector<Column> columns_;
  AlignedArray<Lanes<Real>> values_;  // [block, beam]
};

// ---- implementation of what must be inlined

template <typename Real>
template <typename AtBlock>
void BeamSums<Real>::waves(const std::vector<Vector2d>& positions, const Amplitudes& amplitudes,
                           std::size_t first, std::size_t last, AtBlock&& at_block) const {
  constexpr std::size_t kPositionsAtOnce = 4, kCacheBytes = 128 << 10;
  const Batch batch = prepare(positions, amplitudes);
  const std::size_t columns = batch.used.size(), rows = batch.rows.size();
  const std::size_t chunk =
      std::max<std::size_t>(1, kCacheBytes / (rows * columns * sizeof(Lanes<Real>)));
  const auto sums = aligned_array<Lanes<Real>>(rows * columns * chunk);
  for (std::size_t b = first; b < last; b += chunk) {
    const std::size_t end = std::min(last, b + chunk);
    sum_columns(batch, b, end, chunk, sums.get());
    for (std::size_t i = 0; i < positions.size(); i += kPositionsAtOnce) {
      // four positions share the reads of the sums where they are in one row of the scan
      const std::size_t n = std::min(kPositionsAtOnce, positions.size() - i);
      const std::complex<Real>* factor[kPositionsAtOnce];
      const Lanes<Real>* sum[kPositionsAtOnce];
      for (std::size_t p = 0; p < kPositionsAtOnce; ++p) {
        const std::size_t position = i + std::min(p, n - 1);
        factor[p] = batch.columns[position].data();
        sum[p] = sums.get() + batch.row_of[position] * columns * chunk;
      }
      for (std::size_t k = 0; k < end - b; ++k) {
        Lanes<Real> psi[kPositionsAtOnce] = {};
        for (std::size_t c = 0; c < columns; ++c)
#pragma GCC unroll 4
          for (std::size_t p = 0; p < kPositionsAtOnce; ++p)
            add_product(psi[p], sum[p][k * columns + c], factor[p][c]);
        for (std::size_t p = 0; p < n; ++p) at_block(i + p, b + k, psi[p]);
      }
    }
  }
}

extern template class BeamSums<float>;
extern template class BeamSums<double>;

}  // namespace vitrobeam
