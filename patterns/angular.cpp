#include "patterns/angular.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;
using Complex = std::complex<double>;

// Of <I>^2, what must be left when the noise is taken away: a single electron leaves nothing.
constexpr double kFewestElectrons = 1e-3;

// Of a circle's pairs; fewer at any lag leave the orders undetermined.
constexpr double kFewestPairs = 0.05;

// Of a source's largest share in the noise: what is less has only been rounded off 0 (the odd
// orders of Friedel pairs), and would be a denormal float, by which sums take four times as long.
constexpr double kRounding = 1e-15;

double cosine(Index k, Index n) { return std::cos(2 * M_PI * double(k % n) / double(n)); }

// B(Delta) = sum_j m_j m_(j + Delta).
std::vector<double> pair_counts(const std::vector<double>& m) {
  const std::size_t n = m.size();
  std::vector<double> b(n, 0.0);
  for (std::size_t lag = 0; lag < n; ++lag)
    for (std::size_t j = 0; j < n; ++j) b[lag] += m[j] * m[(j + lag) % n];
  return b;
}

// sum_j m_j exp(-i l theta_j), l = 0 .. n - 1.
std::vector<Complex> mask_harmonics(const std::vector<double>& m) {
  const auto n = Index(m.size());
  std::vector<Complex> h(m.size());
  for (Index l = 0; l < n; ++l)
    for (Index j = 0; j < n; ++j)
      h[std::size_t(l)] +=
          m[std::size_t(j)] * std::polar(1.0, -2 * M_PI * double(l * j % n) / double(n));
  return h;
}

// Spectrum of the deviations -> Fourier coefficients of the pair-counted correlation.
Eigen::MatrixXd pair_counted(const std::vector<double>& pairs, const Eigen::MatrixXd& cosines) {
  const Index n = cosines.rows(), last = cosines.cols() - 1;
  const Eigen::Map<const Eigen::VectorXd> b(pairs.data(), n);
  Eigen::MatrixXd k = cosines.transpose() * b.cwiseInverse().asDiagonal() * cosines;
  k.middleCols(1, last - 1) *= 2;
  return k / double(n * n);
}

// Spectrum of the deviations, in the mean over its phases, of a ring with mean 1 and C_m = 1.
Eigen::MatrixXd spectrum_of_orders(const std::vector<double>& m, double visible, Index harmonics) {
  const auto n = Index(m.size());
  const auto h = mask_harmonics(m);
  const auto at = [&](Index l) { return h[std::size_t((l % n + n) % n)]; };
  Eigen::MatrixXd e(harmonics, harmonics);
  for (Index l = 0; l < harmonics; ++l)
    for (Index order = 0; order < harmonics; ++order) {
      e(l, order) = std::norm(at(l - order) - at(-order) / visible * at(l));
      if (2 * order != n) e(l, order) += std::norm(at(l + order) - at(order) / visible * at(l));
    }
  return e;
}

// [orders 1 .. N/2 as rows from 0] from the spectrum, whole rings exactly |F_n|^2 / N^2.
Eigen::MatrixXd order_estimator(const std::vector<double>& m, const std::vector<double>& pairs,
                                double visible, const Eigen::MatrixXd& cosines) {
  const bool is_whole = std::all_of(m.begin(), m.end(), [&](double w) { return w == m[0]; });
  const Index harmonics = cosines.cols(), orders = harmonics - 1;
  if (is_whole) {
    Eigen::MatrixXd g = Eigen::MatrixXd::Zero(orders, harmonics);
    g.rightCols(orders).diagonal().setConstant(1 / (visible * visible));
    return g;
  }
  const Eigen::MatrixXd k = pair_counted(pairs, cosines).bottomRows(orders);
  const Eigen::MatrixXd coupling = k * spectrum_of_orders(m, visible, harmonics).rightCols(orders);
  return solve_square(coupling, k);
}

}  // namespace

AngularAnalysis::AngularAnalysis(const PolarTransform& transform, const AngularSettings& settings)
    : grid_(transform.grid()), settings_(settings) {
  std::vector<std::vector<Share>> shares(std::size_t(grid_.n_q));
  for (int i = 0; i < grid_.n_q; ++i)
    for (int j = 0; j < grid_.n_theta; ++j) {
      const auto bin = std::size_t(i) * std::size_t(grid_.n_theta) + std::size_t(j);
      const auto pixels = transform.pixels(bin);
      const auto parts = transform.shares(bin);
      for (std::size_t k = 0; k < pixels.size(); ++k)
        shares[std::size_t(i)].push_back(
            {pixels[k], j, double(parts[k]) * double(transform.weights()(i, j))});
    }
  prepare(transform.weights(), shares);
}

AngularAnalysis::AngularAnalysis(const PolarGrid& grid, const PlaneF& weights,
                                 const AngularSettings& settings)
    : grid_(grid), settings_(settings) {
  check_polar_grid(grid);
  std::vector<std::vector<Share>> shares(std::size_t(grid.n_q));
  for (int i = 0; i < grid.n_q; ++i)
    for (int j = 0; j < grid.n_theta; ++j)
      if (weights(i, j) > 0)
        shares[std::size_t(i)].push_back({i * grid.n_theta + j, j, double(weights(i, j))});
  prepare(weights, shares);
}

void AngularAnalysis::prepare(const PlaneF& weights,
                              const std::vector<std::vector<Share>>& shares) {
  const Index n = grid_.n_theta;
  if (settings_.n_max < 1 || 2 * settings_.n_max >= grid_.n_theta)
    fail(Fault::usage,
         "orders up to {} with {} angular bins; at least 1, and fewer than half of the bins",
         settings_.n_max, grid_.n_theta);
  harmonics_ = n / 2 + 1;
  cosines_.resize(n, harmonics_);
  sines_.resize(n, harmonics_);
  for (Index j = 0; j < n; ++j)
    for (Index l = 0; l < harmonics_; ++l) {
      cosines_(j, l) = cosine(j * l, n);
      sines_(j, l) = std::sin(2 * M_PI * double(j * l % n) / double(n));
    }
  weights_ = weights.cast<double>();
  if (settings_.friedel) {
    PlaneD both = weights_;
    both.leftCols(n / 2) += weights_.rightCols(n / 2);
    both.rightCols(n / 2) = both.leftCols(n / 2);
    pair_scale_ = (both > 0).select(both.min(1.0) / both, 0.0);
  }
  rings_.resize(std::size_t(grid_.n_q));
  std::vector<std::vector<Share>> sorted = shares;
  std::size_t total = 0;
  for (Index i = 0; i < grid_.n_q; ++i) {
    auto& ring = sorted[std::size_t(i)];
    if (settings_.friedel)
      for (std::size_t k = 0, count = ring.size(); k < count; ++k) {
        const int opposite = int((ring[k].j + n / 2) % n);
        ring[k].share *= pair_scale_(i, opposite);  // the same at both
        ring.push_back({ring[k].source, opposite, ring[k].share});
      }
    std::sort(ring.begin(), ring.end(),
              [](const Share& a, const Share& b) { return a.source < b.source; });
    for (std::size_t k = 0; k < ring.size(); ++k)
      total += k == 0 || ring[k].source != ring[k - 1].source;
  }
  noise_.setZero(Index(total), settings_.n_max + 3);
  if (settings_.correlation) noise_spectrum_.setZero(Index(total), harmonics_);
  for (Index i = 0; i < grid_.n_q; ++i) {
    Ring& ring = rings_[std::size_t(i)];
    for (Index j = 0; j < n; ++j) {
      const double pair = weights_(i, j) + weights_(i, (j + n / 2) % n);
      ring.m.push_back(settings_.friedel ? std::min(1.0, pair) : weights_(i, j));
    }
    prepare_ring(ring, std::move(sorted[std::size_t(i)]));
  }
}

void AngularAnalysis::prepare_ring(Ring& ring, std::vector<Share> shares) {
  const Index n = grid_.n_theta, n_max = settings_.n_max;
  ring.first = ring.last = source_.size();
  ring.pairs = pair_counts(ring.m);
  for (const double m : ring.m) ring.visible += m;
  const double whole = ring.visible * ring.visible / double(n);  // pairs, were the weights spread
  ring.resolved = ring.visible > 0 && *std::min_element(ring.pairs.begin(), ring.pairs.end()) >=
                                          kFewestPairs * std::max(whole, ring.pairs[0]);
  if (!ring.resolved) return;

  const Eigen::MatrixXd g = order_estimator(ring.m, ring.pairs, ring.visible, cosines_);
  ring.map.setZero(n_max + 2, harmonics_);
  ring.map.topRows(n_max) = g.topRows(n_max);
  for (Index order = 1; order < harmonics_; ++order) {
    const double times = 2 * order == n ? 1 : 2;
    ring.map.row(n_max) += times * g.row(order - 1);
    ring.map.row(n_max + 1) += (order % 2 == 0 ? times : -times) * g.row(order - 1);
  }
  // The noise of a coefficient has the standard deviation of its mean on a whole ring (it is
  // exponentially distributed); fewer pairs make it larger.
  ring.error_scale.setZero(n_max);
  for (Index order = 1; order <= n_max; ++order) {
    double sum = 0;
    for (Index lag = 0; lag < n; ++lag)
      sum += std::pow(cosine(order * lag, n), 2) / ring.pairs[std::size_t(lag)];
    ring.error_scale[order - 1] = std::sqrt(2 * sum) * ring.pairs[0] / ring.visible;
  }

  Eigen::RowVectorXcd mask = Eigen::RowVectorXcd::Zero(harmonics_);
  const auto wave = [&](Index j) {
    return (cosines_.row(j).cast<Complex>() - Complex(0, 1) * sines_.row(j)).eval();
  };
  for (Index j = 0; j < n; ++j) mask += ring.m[std::size_t(j)] * wave(j);
  for (std::size_t k = 0; k < shares.size();) {
    Eigen::RowVectorXcd w = Eigen::RowVectorXcd::Zero(harmonics_);
    double sum = 0;
    const int source = shares[k].source;
    for (; k < shares.size() && shares[k].source == source; ++k) {
      w += shares[k].share * wave(shares[k].j);
      sum += shares[k].share;
    }
    w -= mask * (sum / ring.visible);
    const Eigen::VectorXd power = w.cwiseAbs2().transpose();
    const auto row = Index(source_.size());
    const Eigen::ArrayXd noise = ring.map * power;
    noise_.row(row).head(n_max + 2) =
        (noise.abs() > kRounding * noise.abs().maxCoeff()).select(noise, 0.0).cast<float>();
    noise_(row, n_max + 2) = float(sum * sum / (ring.visible * ring.visible));
    if (settings_.correlation) noise_spectrum_.row(row) = power.transpose().cast<float>().array();
    source_.push_back(source);
  }
  ring.last = source_.size();
}

// r_j = m_j I_j - m_j <I>, and the visible means <I>.
PlaneD AngularAnalysis::deviations(const Eigen::Ref<const PlaneF>& polar,
                                   Eigen::ArrayXd& mean) const {
  PlaneD r = polar.cast<double>() * weights_;
  const Index half = grid_.n_theta / 2;
  if (settings_.friedel) {
    r.leftCols(half) += r.rightCols(half);
    r.rightCols(half) = r.leftCols(half);
    r *= pair_scale_;
  }
  mean.resize(r.rows());
  for (Index i = 0; i < r.rows(); ++i) {
    const Ring& ring = rings_[std::size_t(i)];
    mean[i] = r.row(i).sum() / ring.visible;
    r.row(i) -= mean[i] * Eigen::Map<const Eigen::Array<double, 1, Eigen::Dynamic>>(ring.m.data(),
                                                                                    grid_.n_theta);
  }
  return r;
}

// |sum_j r_j exp(-i l theta_j)|^2, [q, l].
PlaneD AngularAnalysis::spectrum(const PlaneD& r) const {
  return (r.matrix() * cosines_).array().square() + (r.matrix() * sines_).array().square();
}

AngularPower AngularAnalysis::operator()(const Eigen::Ref<const PlaneF>& polar,
                                         const Eigen::Ref<const PlaneF>& sources,
                                         double gain) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const Index n_max = settings_.n_max;
  Eigen::ArrayXd mean;
  const PlaneD power = spectrum(deviations(polar, mean));
  AngularPower out;
  out.power.setConstant(n_max, grid_.n_q, kNone);
  out.error = out.power;
  out.variance.setConstant(grid_.n_q, kNone);
  out.opposite = out.mean_squared = out.variance;
  const PlaneF copy = sources.outerStride() == sources.cols() ? PlaneF() : PlaneF(sources);
  const float* intensity = copy.size() > 0 ? copy.data() : sources.data();
  for (Index i = 0; i < grid_.n_q; ++i) {
    const Ring& ring = rings_[std::size_t(i)];
    if (!ring.resolved) continue;
    Eigen::ArrayXf sum = Eigen::ArrayXf::Zero(n_max + 3);
    if (gain > 0)
      for (std::size_t k = ring.first; k < ring.last; ++k)
        sum += intensity[source_[k]] * noise_.row(Index(k)).transpose();
    const Eigen::ArrayXd noise = gain * sum.cast<double>();
    const double squared = mean[i] * mean[i] - noise[n_max + 2];
    if (!(squared > kFewestElectrons * mean[i] * mean[i])) continue;
    const Eigen::ArrayXd c =
        ((ring.map * power.row(i).matrix().transpose()).array() - noise.head(n_max + 2)) / squared;
    out.power.col(i) = c.head(n_max);
    out.variance[i] = c[n_max];
    out.opposite[i] = c[n_max + 1];
    out.mean_squared[i] = squared;
    const Eigen::ArrayXd floor = ring.error_scale * noise.head(n_max) / squared;
    // Var C_n = floor^2 + 2 C_n floor; never less than half the floor, where C_n happens to be low.
    out.error.col(i) =
        (floor.square() + 2 * c.head(n_max) * floor).max(0.25 * floor.square()).sqrt();
  }
  return out;
}

PlaneD AngularAnalysis::correlation(const Eigen::Ref<const PlaneF>& polar,
                                    const Eigen::Ref<const PlaneF>& sources, double gain) const {
  const Index n = grid_.n_theta;
  Eigen::ArrayXd mean;
  PlaneD power = spectrum(deviations(polar, mean));
  PlaneD out = PlaneD::Constant(grid_.n_q, n, std::numeric_limits<double>::quiet_NaN());
  const PlaneF plain = sources;
  for (Index i = 0; i < grid_.n_q; ++i) {
    const Ring& ring = rings_[std::size_t(i)];
    if (!ring.resolved) continue;
    double self = 0;
    for (std::size_t k = ring.first; k < ring.last && gain > 0; ++k) {
      const double counts = gain * double(plain.data()[source_[k]]);
      power.row(i) -= counts * noise_spectrum_.row(Index(k)).cast<double>();
      self += counts * double(noise_(Index(k), settings_.n_max + 2));
    }
    const double squared = mean[i] * mean[i] - self;
    if (!(squared > kFewestElectrons * mean[i] * mean[i])) continue;
    for (Index l = 1; 2 * l < n; ++l) power(i, l) *= 2;
    const Eigen::VectorXd lags = cosines_ * power.row(i).matrix().transpose() / double(n);
    for (Index lag = 0; lag < n; ++lag)
      out(i, lag) = lags[lag] / ring.pairs[std::size_t(lag)] / squared;
  }
  return out;
}

}  // namespace vitrobeam
