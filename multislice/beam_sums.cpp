#include "multislice/beam_sums.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "fourier/lane_transform.hpp"

namespace vitrobeam {

ScanSeries::ScanSeries(const Grid& cell, const PlaneD& samples, int gx, int gy)
    : cell_(cell), gx_(gx), gy_(gy), coefficients_(2 * gy + 1, gx + 1) {
  PlaneC plane = samples.cast<std::complex<double>>();
  transform_plane(plane, Direction::forward);
  for (int y = -gy; y <= gy; ++y)
    for (int x = 0; x <= gx; ++x)
      coefficients_(y + gy, x) =
          plane(y < 0 ? y + plane.rows() : y, x) * ((x == 0 ? 1.0 : 2.0) / double(plane.size()));
}

void ScanSeries::add(const ScanSeries& other, double weight) {
  if (coefficients_.size() == 0) {
    *this = other;
    coefficients_ *= weight;
  } else {
    coefficients_ += weight * other.coefficients_;
  }
}

double ScanSeries::operator()(const Vector2d& r0) const {
  using Line = Eigen::ArrayXcd;
  if (coefficients_.size() == 0) return 0;
  const auto powers = [](int first, int last, double turn) {
    Line e(last - first + 1);
    const std::complex<double> step = std::polar(1.0, 2 * M_PI * turn);
    std::complex<double> value = std::polar(1.0, 2 * M_PI * first * turn);
    for (int j = first; j <= last; ++j, value *= step) e[j - first] = value;
    return e;
  };
  const Line x = powers(0, gx_, r0.x() / cell_.lx), y = powers(-gy_, gy_, r0.y() / cell_.ly);
  const Eigen::VectorXcd rows = coefficients_.matrix() * x.matrix();
  return (rows.array() * y).real().sum();
}

template <typename Real>
BeamSums<Real>::BeamSums(const Grid& cell, const std::vector<ApertureBeam>& beams,
                         std::size_t blocks)
    : cell_(cell),
      blocks_(blocks),
      given_(beams.size()),
      kept_(beams.size()),
      values_(aligned_array<Lanes<Real>>(blocks * beams.size())) {
  std::iota(given_.begin(), given_.end(), 0);
  std::stable_sort(given_.begin(), given_.end(),
                   [&](std::size_t a, std::size_t b) { return beams[a].jx < beams[b].jx; });
  for (std::size_t k = 0; k < beams.size(); ++k) {
    kept_[given_[k]] = k;
    beams_.push_back(beams[given_[k]]);
    if (columns_.empty() || columns_.back().jx != beams_[k].jx)
      columns_.push_back({beams_[k].jx, k, k});
    columns_.back().last = k + 1;
  }
}

template <typename Real>
void BeamSums<Real>::set(std::size_t beam, const Lanes<Real>* wave) {
  for (std::size_t b = 0; b < blocks_; ++b) values_[b * beams_.size() + kept_[beam]] = wave[b];
}

template <typename Real>
std::vector<typename BeamSums<Real>::Column> BeamSums<Real>::columns_of(
    const Amplitudes& amplitudes) const {
  std::vector<Column> used;
  for (Column c : columns_) {
    while (c.first < c.last && amplitudes[given_[c.first]] == 0.0) ++c.first;
    while (c.first < c.last && amplitudes[given_[c.last - 1]] == 0.0) --c.last;
    if (c.first < c.last) used.push_back(c);
  }
  return used;
}

template <typename Real>
typename BeamSums<Real>::Batch BeamSums<Real>::prepare(const std::vector<Vector2d>& positions,
                                                       const Amplitudes& amplitudes) const {
  const auto phase = [](double turn) { return std::polar(1.0, -2 * M_PI * turn); };
  Batch batch;
  batch.used = columns_of(amplitudes);
  std::map<double, std::size_t> known;
  for (const Vector2d& r0 : positions) {
    const auto [row, is_new] = known.try_emplace(r0.y(), batch.rows.size());
    if (is_new) {
      auto& factors = batch.rows.emplace_back();
      for (std::size_t k = 0; k < beams_.size(); ++k)
        factors.emplace_back(
            std::complex<Real>(amplitudes[given_[k]] * phase(beams_[k].jy * r0.y() / cell_.ly)));
    }
    batch.row_of.push_back(row->second);
    auto& factors = batch.columns.emplace_back();
    for (const Column& c : batch.used)
      factors.emplace_back(std::complex<Real>(phase(c.jx * r0.x() / cell_.lx)));
  }
  return batch;
}

template <typename Real>
void BeamSums<Real>::sum_columns(const Batch& batch, std::size_t first, std::size_t last,
                                 std::size_t pitch, Lanes<Real>* sums) const {
  const std::size_t count = batch.used.size();
  for (std::size_t row = 0; row < batch.rows.size(); ++row) {
    const std::complex<Real>* factor = batch.rows[row].data();
    for (std::size_t b = first; b < last; ++b) {
      const Lanes<Real>* s = block(b);
      Lanes<Real>* out = sums + (row * pitch + (b - first)) * count;
      for (const Column& c : batch.used) {
        Lanes<Real> sum = {};
        for (std::size_t k = c.first; k < c.last; ++k) add_product(sum, s[k], factor[k]);
        *out++ = sum;
      }
    }
  }
}

template <typename Real>
ScanSeries BeamSums<Real>::intensity(const Amplitudes& amplitudes, std::size_t first,
                                     std::size_t last, int threads,
                                     const std::vector<double>& weights) const {
  // The wave of every sample at a grid of positions by Fourier transform over the beams, one sample
  // per lane; its square has harmonics up to twice those of the beams.
  constexpr std::size_t kChunk = 32;
  int jx = 0, jy = 0;
  std::vector<std::size_t> used;
  for (std::size_t k = 0; k < beams_.size(); ++k) {
    if (amplitudes[given_[k]] == 0.0) continue;
    used.push_back(k);
    jx = std::max(jx, std::abs(beams_[k].jx));
    jy = std::max(jy, std::abs(beams_[k].jy));
  }
  const int nx = good_size(4 * jx + 2), ny = good_size(4 * jy + 2), rows = 2 * jy + 1;
  const LaneTransform<Real, Direction::forward> along_x(nx), along_y(ny);
  std::vector<std::complex<Real>> a;
  for (std::size_t k = 0; k < beams_.size(); ++k)
    a.emplace_back(std::complex<Real>(amplitudes[given_[k]]));
  const std::size_t chunks = (last - first + kChunk - 1) / kChunk;
  PlaneD total = PlaneD::Zero(nx, ny);  // in mixed order

#pragma omp parallel num_threads(threads)
  {
    using Vector = typename Lanes<Real>::Vector;
    const auto grid = aligned_array<Lanes<Real>>(std::size_t(rows) * nx),
               line = aligned_array<Lanes<Real>>(ny),
               squares = aligned_array<Lanes<Real>>(std::size_t(nx) * ny);
#pragma omp for ordered schedule(static, 1)
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      const std::size_t begin = first + chunk * kChunk, end = std::min(last, begin + kChunk);
      std::fill_n(squares.get(), std::size_t(nx) * ny, Lanes<Real>{});
      for (std::size_t b = begin; b < end; ++b) {
        std::fill_n(grid.get(), std::size_t(rows) * nx, Lanes<Real>{});
        for (const std::size_t k : used)
          grid[std::size_t(beams_[k].jy + jy) * nx + (beams_[k].jx + nx) % nx] = block(b)[k] * a[k];
        for (int y = 0; y < rows; ++y) along_x.there(grid.get() + std::size_t(y) * nx);
        Vector weight = {};
        for (std::size_t l = 0; l < kLanes; ++l)
          weight[l] = weights.empty() ? Real(1) : Real(weights[(b - first) * kLanes + l]);
        for (int i = 0; i < nx; ++i) {
          std::fill_n(line.get(), ny, Lanes<Real>{});
          for (int y = 0; y < rows; ++y) line[(y - jy + ny) % ny] = grid[std::size_t(y) * nx + i];
          along_y.there(line.get());
          Lanes<Real>* sum = squares.get() + std::size_t(i) * ny;
          for (int j = 0; j < ny; ++j)
            sum[j].re += weight * (line[j].re * line[j].re + line[j].im * line[j].im);
        }
      }
#pragma omp ordered
      for (std::size_t i = 0; i < std::size_t(nx) * ny; ++i)
        for (std::size_t l = 0; l < kLanes; ++l) total.data()[i] += double(squares[i].re[l]);
    }
  }
  PlaneD samples(ny, nx);
  for (int i = 0; i < nx; ++i)
    for (int j = 0; j < ny; ++j) samples(along_y.order()[j], along_x.order()[i]) = total(i, j);
  return {cell_, samples, 2 * jx, 2 * jy};
}

template class BeamSums<float>;
template class BeamSums<double>;

}  // namespace vitrobeam
