// Matching by angular harmonics. Work per pair of pattern and template: 8 n_q m_max + 2 n_theta
// m_max floating-point operations (even and odd harmonics apart give the angles phi and phi + pi
// together), all inside matrix products.
#include "patterns/match_correlation.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;
using Eigen::MatrixXcf;
using Eigen::MatrixXf;

void check_shape(const PlaneF& pattern, const PolarGrid& grid) {
  if (pattern.rows() != grid.n_q || pattern.cols() != grid.n_theta)
    fail(Fault::input, "a polar pattern of {} x {} bins came to a matcher made for {} x {}",
         pattern.rows(), pattern.cols(), grid.n_q, grid.n_theta);
}

// A pattern less its weighted angular mean, times weight and sqrt(q^radial_power), with its norm.
struct Contrast {
  PlaneF values;  // [q, theta]
  double norm = 0;
};

Contrast contrast(const PlaneF& pattern, const PlaneF& weights, const PolarGrid& grid,
                  const CorrelationSettings& settings) {
  Contrast c{settings.gamma == 1 ? pattern : PlaneF(pattern.max(0.0f).pow(float(settings.gamma))),
             0};
  double square = 0;
  for (int i = 0; i < grid.n_q; ++i) {
    auto row = c.values.row(i);
    const auto w = weights.row(i);
    const float known = w.sum();
    if (known > 0) row -= (row * w).sum() / known;
    const double radial = std::pow(grid.q(i), settings.radial_power);
    square += radial * double((w * row * row).sum());
    row *= w * float(std::sqrt(radial));
  }
  c.norm = std::sqrt(square);
  return c;
}

// exp(-i m theta_j) for the harmonics in `order`: [n_theta, harmonics].
MatrixXcf analysing_waves(const PolarGrid& grid, const std::vector<int>& order) {
  MatrixXcf waves(grid.n_theta, Index(order.size()));
  for (Index j = 0; j < waves.rows(); ++j)
    for (Index k = 0; k < waves.cols(); ++k)
      waves(j, k) =
          std::complex<float>(std::polar(1.0, -order[std::size_t(k)] * grid.theta(int(j))));
  return waves;
}

// Covariance over the background at one harmonic, shrunk towards its diagonal. It is real, because
// a random packing is as likely as its mirror image.
Eigen::MatrixXd covariance(const std::vector<MatrixXcf>& background, Index harmonic) {
  const Index n_q = background.front().rows(), n = Index(background.size());
  Eigen::MatrixXd samples(n_q, 2 * n);
  for (Index k = 0; k < n; ++k) {
    samples.col(k) = background[std::size_t(k)].col(harmonic).real().cast<double>();
    samples.col(n + k) = background[std::size_t(k)].col(harmonic).imag().cast<double>();
  }
  Eigen::MatrixXd c = samples * samples.transpose() / double(n);
  const Eigen::VectorXd diagonal = c.diagonal();
  const double shrinkage = double(n_q) / double(n_q + 2 * n);
  c *= 1 - shrinkage;
  c.diagonal() = diagonal.array() + 1e-4 * diagonal.mean() + 1e-30;
  return c;
}

// C^-1 t at every harmonic.
void make_matched_filters(std::vector<MatrixXcf>& templates,
                          const std::vector<MatrixXcf>& background) {
  double power = 0;
  for (const auto& b : background)
    power += b.cast<std::complex<double>>().squaredNorm() / double(b.size());
  if (!(power > 0))
    fail(Fault::input, "the motif-free patterns have no contrast; a matched filter needs some");
  for (Index k = 0; k < background.front().cols(); ++k) {
    const Eigen::LDLT<Eigen::MatrixXd> solver(covariance(background, k) *
                                              (double(background.size()) / power));
    for (auto& t : templates) {
      const Eigen::VectorXcd column = t.col(k).cast<std::complex<double>>();
      t.col(k).real() = solver.solve(column.real().eval()).cast<float>();
      t.col(k).imag() = solver.solve(column.imag().eval()).cast<float>();
    }
  }
}

}  // namespace

void check_correlation_settings(const CorrelationSettings& s, const PolarGrid& grid) {
  check_polar_grid(grid);
  if (s.m_max < 1 || s.m_max >= grid.n_theta / 2)
    fail(Fault::usage, "{} angular harmonics from {} angles; give 1 to {}", s.m_max, grid.n_theta,
         grid.n_theta / 2 - 1);
  if (!(s.gamma > 0)) fail(Fault::usage, "gamma {}; it must be positive", s.gamma);
}

Matcher::Matcher(const PolarGrid& grid, const PlaneF& weights, const std::vector<PlaneF>& templates,
                 const CorrelationSettings& settings, const std::vector<PlaneF>& background)
    : grid_(grid), settings_(settings), weights_(weights), n_templates_(Index(templates.size())) {
  check_correlation_settings(settings, grid);
  if (templates.empty())
    fail(Fault::input, "there is no template to match; build a library with at least one motif");
  for (int m = 2; m <= settings.m_max; m += 2) order_.push_back(m);
  n_even_ = Index(order_.size());
  for (int m = 1; m <= settings.m_max; m += 2) order_.push_back(m);
  const Index harmonics = Index(order_.size());
  analysing_ = analysing_waves(grid, order_);

  const PlaneF everywhere = PlaneF::Ones(grid.n_q, grid.n_theta);
  auto harmonics_of = [&](const std::vector<PlaneF>& patterns, const PlaneF& w) {
    std::vector<MatrixXcf> result;
    for (const auto& p : patterns) {
      const Contrast c = contrast(p, w, grid, settings);
      const float scale = c.norm > 0 ? float(1 / c.norm) : 0.0f;
      result.push_back((c.values * scale).matrix().cast<std::complex<float>>() * analysing_);
    }
    return result;
  };
  std::vector<MatrixXcf> filters = harmonics_of(templates, everywhere);
  if (!background.empty()) make_matched_filters(filters, harmonics_of(background, weights));
  if (settings.mirror)
    for (Index t = 0; t < n_templates_; ++t) filters.push_back(filters[std::size_t(t)].conjugate());
  n_columns_ = Index(filters.size());

  for (Index k = 0; k < harmonics; ++k) {
    MatrixXf rows(n_columns_, 2 * grid.n_q);
    for (Index t = 0; t < n_columns_; ++t) {
      rows.row(t).head(grid.n_q) = filters[std::size_t(t)].col(k).real();
      rows.row(t).tail(grid.n_q) = filters[std::size_t(t)].col(k).imag();
    }
    conjugate_.push_back(std::move(rows));
  }
  synthesis_.resize(grid.n_theta / 2, 2 * harmonics);
  for (Index j = 0; j < synthesis_.rows(); ++j)
    for (Index k = 0; k < harmonics; ++k) {
      synthesis_(j, 2 * k) = 2 * analysing_(j, k).real();
      synthesis_(j, 2 * k + 1) = 2 * analysing_(j, k).imag();
    }
  inverse_norm_ = inverse_norms(filters);
}

// 1 / |f'(phi)| of every filter turned by phi, inside the mask.
MatrixXf Matcher::inverse_norms(const std::vector<MatrixXcf>& filters) const {
  const Index n_theta = grid_.n_theta, n = Index(filters.size());
  const bool masked = (weights_ != 1.0f).any();
  MatrixXf square = MatrixXf::Zero(masked ? n_theta : 1, n);
  MatrixXf all(1, n);
  for (Index t = 0; t < n; ++t) all(t) = 2 * filters[std::size_t(t)].squaredNorm() * float(n_theta);
  if (!masked) square = all;
  const MatrixXcf waves = analysing_.adjoint();
  MatrixXcf at_q(n, Index(order_.size()));
  for (Index i = 0; masked && i < grid_.n_q; ++i) {
    const float known = weights_.row(i).sum();
    if (known <= 0) continue;
    for (Index t = 0; t < n; ++t) at_q.row(t) = filters[std::size_t(t)].row(i);
    const MatrixXf values = 2 * (at_q * waves).real().transpose();  // [theta, filter]
    MatrixXf turned(n_theta, n_theta);                              // [phi, theta]: w(theta + phi)
    for (Index p = 0; p < n_theta; ++p)
      for (Index j = 0; j < n_theta; ++j) turned(p, j) = weights_(i, (j + p) % n_theta);
    const MatrixXf sum = turned * values;
    square += turned * values.cwiseAbs2() - sum.cwiseAbs2() / known;
  }
  MatrixXf inverse(square.rows(), n);
  for (Index t = 0; t < n; ++t)
    for (Index p = 0; p < square.rows(); ++p)
      inverse(p, t) = square(p, t) > 1e-6f * all(t) ? 1 / std::sqrt(square(p, t)) : 0.0f;
  return inverse;
}

// Sum over q of D_m conj(T_m) for patterns first..last-1 and all columns.
Matcher::Sums Matcher::template_sums(const std::vector<PlaneF>& patterns, std::size_t first,
                                     std::size_t last) const {
  const Index n = Index(last - first), n_q = grid_.n_q, harmonics = Index(order_.size());
  std::vector<MatrixXcf> transformed;
  for (std::size_t p = first; p < last; ++p) {
    const Contrast c = contrast(patterns[p], weights_, grid_, settings_);
    const float scale = c.norm > 0 ? float(1 / c.norm) : 0.0f;
    transformed.push_back((c.values * scale).matrix().cast<std::complex<float>>() * analysing_);
  }
  Sums sums(2 * harmonics, n_columns_ * n);
  MatrixXf real_part(2 * n_q, n), imaginary_part(2 * n_q, n);
  for (Index k = 0; k < harmonics; ++k) {
    for (Index p = 0; p < n; ++p) {
      const auto d = transformed[std::size_t(p)].col(k);
      real_part.col(p) << d.real(), d.imag();
      imaginary_part.col(p) << d.imag(), -d.real();
    }
    Eigen::Map<MatrixXf>(sums.row(2 * k).data(), n_columns_, n).noalias() =
        conjugate_[std::size_t(k)] * real_part;
    Eigen::Map<MatrixXf>(sums.row(2 * k + 1).data(), n_columns_, n).noalias() =
        conjugate_[std::size_t(k)] * imaginary_part;
  }
  return sums;
}

// S(phi) |t'(phi)| of n columns of the sums: [n_theta, n]. Even harmonics repeat after half a turn,
// odd ones change sign.
MatrixXf Matcher::curves(const Sums& sums, Index column, Index n) const {
  const Index half = grid_.n_theta / 2, even = 2 * n_even_, odd = sums.rows() - even;
  const MatrixXf from_even = synthesis_.leftCols(even) * sums.block(0, column, even, n);
  const MatrixXf from_odd = synthesis_.rightCols(odd) * sums.block(even, column, odd, n);
  MatrixXf result(2 * half, n);
  result.topRows(half) = from_even + from_odd;
  result.bottomRows(half) = from_even - from_odd;
  return result;
}

MatchScores Matcher::match(const std::vector<PlaneF>& patterns, int threads) const {
  for (const auto& p : patterns) check_shape(p, grid_);
  const Index n = Index(patterns.size());
  MatchScores best{PlaneF::Constant(n, n_templates_, -1), Plane<int>::Zero(n, n_templates_),
                   Plane<unsigned char>::Zero(n, n_templates_)};
  const std::size_t block = std::size_t(std::clamp<Index>(8192 / n_columns_, 1, 32));
  const long blocks = long((patterns.size() + block - 1) / block);
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
  for (long b = 0; b < blocks; ++b) {
    const std::size_t first = std::size_t(b) * block,
                      last = std::min(first + block, patterns.size());
    keep_best(template_sums(patterns, first, last), first, best);
  }
  return best;
}

void Matcher::keep_best(const Sums& sums, std::size_t first, MatchScores& best) const {
  constexpr Index kColumns = 256;  // curves of 256 pairs stay in the second-level cache
  for (Index column = 0; column < sums.cols(); column += kColumns) {
    const Index n = std::min(kColumns, sums.cols() - column);
    MatrixXf curve = curves(sums, column, n);
    for (Index c = 0; c < n; ++c) {
      const Index pattern = Index(first) + (column + c) / n_columns_, t = (column + c) % n_columns_;
      if (inverse_norm_.rows() > 1) curve.col(c).array() *= inverse_norm_.col(t).array();
      const float largest = curve.col(c).maxCoeff();
      const float score = inverse_norm_.rows() > 1 ? largest : largest * inverse_norm_(0, t);
      const Index original = t % n_templates_;
      if (score <= best.score(pattern, original)) continue;
      const float* values = curve.col(c).data();
      best.score(pattern, original) = score;
      best.angle(pattern, original) =
          int(std::find(values, values + curve.rows(), largest) - values);
      best.mirrored(pattern, original) = t >= n_templates_;
    }
  }
}

std::vector<float> Matcher::correlation(const PlaneF& pattern, std::size_t template_index) const {
  check_shape(pattern, grid_);
  const Index t = Index(template_index);
  const Sums sums = template_sums({pattern}, 0, 1);
  Eigen::VectorXf curve = curves(sums, t, 1);
  if (inverse_norm_.rows() > 1)
    curve.array() *= inverse_norm_.col(t).array();
  else
    curve *= inverse_norm_(0, t);
  return {curve.data(), curve.data() + curve.size()};
}

}  // namespace vitrobeam
