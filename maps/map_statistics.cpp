#include "maps/map_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"
#include "base/random.hpp"
#include "fourier/fourier.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewest = 8;  // known positions
constexpr std::uint64_t kShiftStream = 0x7368696674;
constexpr double kStillJoined = 0.1;  // product of the autocorrelations below which shifts count

// Room for `n` samples without wrapping, of a length that transforms well.
Eigen::Index padded(Eigen::Index n) { return (n + 15) / 16 * 16; }

double mean_known(const PlaneD& map) {
  double sum = 0, n = 0;
  for (const double v : map.reshaped())
    if (std::isfinite(v)) sum += v, n += 1;
  return n > 0 ? sum / n : kNone;
}

// |F|^2 of a plane laid into a larger one, and back: sums over all pairs at every lag.
PlaneD pair_sums(const PlaneD& values, Eigen::Index rows, Eigen::Index cols) {
  PlaneC f = PlaneC::Zero(rows, cols);
  f.topLeftCorner(values.rows(), values.cols()) = values.cast<std::complex<double>>();
  transform_plane(f, Direction::forward);
  f = f.abs2().cast<std::complex<double>>();
  transform_plane(f, Direction::backward);
  return f.real() / double(rows * cols);
}

double pearson(const PlaneD& a, const PlaneD& b, std::size_t& n) {
  double sa = 0, sb = 0;
  n = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i)
    if (std::isfinite(a.data()[i]) && std::isfinite(b.data()[i])) {
      sa += a.data()[i];
      sb += b.data()[i];
      ++n;
    }
  if (n < kFewest) return kNone;
  const double ma = sa / double(n), mb = sb / double(n);
  double aa = 0, bb = 0, ab = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i)
    if (std::isfinite(a.data()[i]) && std::isfinite(b.data()[i])) {
      const double da = a.data()[i] - ma, db = b.data()[i] - mb;
      aa += da * da;
      bb += db * db;
      ab += da * db;
    }
  const double floor = 1e-24 * double(n);
  if (aa <= floor * std::max(1.0, ma * ma) || bb <= floor * std::max(1.0, mb * mb)) return kNone;
  return ab / std::sqrt(aa * bb);
}

struct Shift {
  Eigen::Index dy, dx;
  bool turned;
};

PlaneD shifted(const PlaneD& map, const Shift& s) {
  PlaneD out(map.rows(), map.cols());
  for (Eigen::Index r = 0; r < map.rows(); ++r) {
    const Eigen::Index from = s.turned ? map.rows() - 1 - r : r, row = (from + s.dy) % map.rows();
    for (Eigen::Index c = 0; c < map.cols(); ++c)
      out(r, c) = map(row, ((s.turned ? map.cols() - 1 - c : c) + s.dx) % map.cols());
  }
  return out;
}

// All moves that leave nothing of what joins the maps, or a random choice of them. A turned map
// meets the other at its own place nowhere but at the centre of the turn, so every turn counts.
std::vector<Shift> shifts_of(Eigen::Index rows, Eigen::Index cols, double reach,
                             const ShiftTest& test) {
  std::vector<Shift> all;
  for (const bool turned : {false, true})
    for (Eigen::Index dy = 0; dy < rows; ++dy)
      for (Eigen::Index dx = 0; dx < cols; ++dx) {
        const double y = double(std::min(dy, rows - dy)), x = double(std::min(dx, cols - dx));
        if (turned || std::hypot(y, x) > reach) all.push_back({dy, dx, turned});
      }
  RandomSequence random(test.seed, kShiftStream);
  const std::size_t n = std::min(test.most, all.size());
  for (std::size_t i = 0; i < n; ++i) std::swap(all[i], all[i + random.below(all.size() - i)]);
  all.resize(n);
  return all;
}

// Variance of the coefficient of two unrelated maps with these autocorrelations: sum over all pairs
// of positions of the product, over N^2. Summed where both are still positive: beyond, sample
// autocorrelations are noise.
double effective_pairs(const Autocorrelogram& a, const Autocorrelogram& b, const PlaneD& pairs,
                       std::size_t n) {
  const double reach = std::min(a.first_zero, b.first_zero);
  const Eigen::Index hy = a.value.rows() / 2, hx = a.value.cols() / 2;
  double sum = 0;
  for (Eigen::Index y = -hy; y <= hy; ++y)
    for (Eigen::Index x = -hx; x <= hx; ++x)
      if (std::hypot(double(y), double(x)) < reach)
        sum += pairs(hy + y, hx + x) * a.value(hy + y, hx + x) * b.value(hy + y, hx + x);
  return std::clamp(1 + double(n) * double(n) / std::max(sum, 1e-9), 2.0, double(n));
}

// Numbers of pairs of positions known in both maps, at the lags of an autocorrelogram.
PlaneD known_pairs(const PlaneD& a, const PlaneD& b, Eigen::Index hy, Eigen::Index hx) {
  const PlaneD known = (a.isFinite() && b.isFinite()).cast<double>();
  const Eigen::Index rows = padded(a.rows() + hy + 1), cols = padded(a.cols() + hx + 1);
  const PlaneD sums = pair_sums(known, rows, cols);
  PlaneD out(2 * hy + 1, 2 * hx + 1);
  for (Eigen::Index y = -hy; y <= hy; ++y)
    for (Eigen::Index x = -hx; x <= hx; ++x)
      out(hy + y, hx + x) = std::round(sums((y + rows) % rows, (x + cols) % cols));
  return out;
}

PlaneD where_both(const PlaneD& a, const PlaneD& b) {
  return (a.isFinite() && b.isFinite()).select(a, kNone);
}

}  // namespace

double Autocorrelogram::length(double level) const {
  for (std::size_t k = 1; k < radial.size(); ++k)
    if (radial[k] < level)
      return radius[k - 1] + (radius[k] - radius[k - 1]) * (radial[k - 1] - level) /
                                 std::max(radial[k - 1] - radial[k], 1e-12);
  return kNone;
}

Autocorrelogram autocorrelogram(const PlaneD& map, double noise) {
  const double mean = mean_known(map);
  const PlaneD known = map.isFinite().cast<double>();
  const double n = known.sum();
  if (n < double(kFewest))
    fail(Fault::physics, "a map with {} known positions has no autocorrelation; {} are the fewest",
         std::size_t(n), kFewest);
  const PlaneD deviation = map.isFinite().select(map - mean, 0.0);
  const Eigen::Index hy = std::max<Eigen::Index>(1, map.rows() / 2),
                     hx = std::max<Eigen::Index>(1, map.cols() / 2);
  const Eigen::Index rows = padded(map.rows() + hy + 1), cols = padded(map.cols() + hx + 1);
  const PlaneD sums = pair_sums(deviation, rows, cols), counts = pair_sums(known, rows, cols);
  const double variance = deviation.square().sum() / n - noise;
  if (!(variance > 0))
    fail(Fault::physics, "the map has no variance beyond its noise, so no autocorrelation");
  Autocorrelogram out;
  out.value.resize(2 * hy + 1, 2 * hx + 1);
  const auto rings = std::size_t(std::max<Eigen::Index>(1, std::min(hy, hx))) + 1;
  out.radius.assign(rings, 0);
  out.radial = out.pairs = out.radius;
  for (Eigen::Index y = -hy; y <= hy; ++y)
    for (Eigen::Index x = -hx; x <= hx; ++x) {
      const Eigen::Index i = (y + rows) % rows, j = (x + cols) % cols;
      const double pairs = std::round(counts(i, j));
      double c = pairs > 0 ? sums(i, j) / pairs / variance : 0;
      if (y == 0 && x == 0) c = 1;
      out.value(hy + y, hx + x) = c;
      const double r = std::hypot(double(y), double(x));
      const auto ring = std::size_t(std::lround(r));
      if (ring >= rings) continue;
      out.radius[ring] += pairs * r;
      out.radial[ring] += pairs * c;
      out.pairs[ring] += pairs;
    }
  for (std::size_t k = 0; k < rings; ++k)
    if (out.pairs[k] > 0) {
      out.radius[k] /= out.pairs[k];
      out.radial[k] /= out.pairs[k];
    }
  out.first_zero = double(rings);
  if (const double zero = out.length(0); std::isfinite(zero)) out.first_zero = zero;
  return out;
}

MapCorrelation correlate_maps(const PlaneD& a, const PlaneD& b, const ShiftTest& test) {
  MapCorrelation out;
  out.coefficient = pearson(a, b, out.positions);
  if (!std::isfinite(out.coefficient)) {
    out.p_shift = out.p_effective = out.low = out.high = kNone;
    return out;
  }
  const PlaneD both_a = where_both(a, b), both_b = where_both(b, a);
  const Autocorrelogram ca = autocorrelogram(both_a), cb = autocorrelogram(both_b);
  out.effective = effective_pairs(
      ca, cb, known_pairs(a, b, ca.value.rows() / 2, ca.value.cols() / 2), out.positions);
  const double z = std::atanh(std::clamp(out.coefficient, -1 + 1e-12, 1 - 1e-12)),
               spread = 1 / std::sqrt(std::max(out.effective - 3, 0.1));
  out.p_effective = std::erfc(std::abs(z) / spread / std::sqrt(2.0));
  out.low = std::tanh(z - spread);
  out.high = std::tanh(z + spread);

  double reach = 0;
  for (std::size_t k = 0;
       k < ca.radial.size() && double(k) < std::min(ca.first_zero, cb.first_zero); ++k)
    if (ca.radial[k] * cb.radial[k] > kStillJoined) reach = ca.radius[k];
  std::size_t as_large = 0;
  for (const Shift& s : shifts_of(a.rows(), a.cols(), reach, test)) {
    std::size_t n = 0;
    const double c = pearson(a, shifted(b, s), n);
    if (!std::isfinite(c)) continue;
    ++out.shifts;
    as_large += std::abs(c) >= std::abs(out.coefficient) * (1 - 1e-12);
  }
  out.p_shift = (1 + double(as_large)) / (1 + double(out.shifts));
  return out;
}

PlaneD ranks_of(const PlaneD& map) {
  std::vector<Eigen::Index> order;
  for (Eigen::Index i = 0; i < map.size(); ++i)
    if (std::isfinite(map.data()[i])) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](Eigen::Index i, Eigen::Index j) { return map.data()[i] < map.data()[j]; });
  PlaneD out = PlaneD::Constant(map.rows(), map.cols(), kNone);
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && map.data()[order[last + 1]] == map.data()[order[first]])
      ++last;
    for (std::size_t k = first; k <= last; ++k) out.data()[order[k]] = 0.5 * double(first + last);
    first = last + 1;
  }
  return out;
}

PlaneD without(const PlaneD& map, const std::vector<PlaneD>& others) {
  std::vector<Eigen::Index> known;
  for (Eigen::Index i = 0; i < map.size(); ++i) {
    bool all = std::isfinite(map.data()[i]);
    for (const auto& o : others) all = all && std::isfinite(o.data()[i]);
    if (all) known.push_back(i);
  }
  PlaneD out = PlaneD::Constant(map.rows(), map.cols(), kNone);
  if (known.size() < kFewest + others.size()) return out;
  const auto n = Eigen::Index(known.size());
  Eigen::MatrixXd design(n, Eigen::Index(others.size()));
  Eigen::VectorXd values(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::Index at = known[std::size_t(i)];
    values[i] = map.data()[at];
    for (std::size_t k = 0; k < others.size(); ++k)
      design(i, Eigen::Index(k)) = others[k].data()[at];
  }
  values.array() -= values.mean();
  for (Eigen::Index k = 0; k < design.cols(); ++k) {
    design.col(k).array() -= design.col(k).mean();
    if (const double size = design.col(k).norm(); size > 0) design.col(k) /= size;
  }
  const Eigen::VectorXd left = values - design * solve_least_squares(design, values);
  const bool nothing_left = left.norm() < 1e-9 * values.norm();
  for (Eigen::Index i = 0; i < n; ++i)
    out.data()[known[std::size_t(i)]] = nothing_left ? 0 : left[i];
  return out;
}

CorrelationMatrix correlation_matrix(const std::vector<PlaneD>& maps, Association kind,
                                     const ShiftTest& test, int threads) {
  const bool is_partial = kind == Association::partial || kind == Association::partial_spearman;
  const bool is_ranked = kind == Association::spearman || kind == Association::partial_spearman;
  std::vector<PlaneD> values = maps;
  if (is_partial)  // ranks over the positions that all maps share
    for (auto& v : values)
      for (const auto& m : maps) v = where_both(v, m);
  if (is_ranked)
    for (auto& v : values) v = ranks_of(v);
  const auto n = Eigen::Index(maps.size());
  CorrelationMatrix out;
  out.coefficient = Eigen::MatrixXd::Identity(n, n).array();
  out.p_shift = out.p_effective = PlaneD::Zero(n, n);
  out.effective = PlaneD::Constant(n, n, kNone);
  std::vector<std::pair<Eigen::Index, Eigen::Index>> pairs;
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = i + 1; j < n; ++j) pairs.emplace_back(i, j);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const auto [i, j] = pairs[p];
    PlaneD a = values[std::size_t(i)], b = values[std::size_t(j)];
    if (is_partial) {
      std::vector<PlaneD> others;
      for (Eigen::Index k = 0; k < n; ++k)
        if (k != i && k != j) others.push_back(values[std::size_t(k)]);
      a = without(a, others);
      b = without(b, others);
    }
    const MapCorrelation c = correlate_maps(a, b, test);
    out.coefficient(i, j) = out.coefficient(j, i) = c.coefficient;
    out.p_shift(i, j) = out.p_shift(j, i) = c.p_shift;
    out.p_effective(i, j) = out.p_effective(j, i) = c.p_effective;
    out.effective(i, j) = out.effective(j, i) = c.effective;
  }
  return out;
}

}  // namespace vitrobeam
