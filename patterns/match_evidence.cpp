#include "patterns/match_evidence.hpp"

#include <Eigen/Geometry>
#include <cmath>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// Inverse of the covariance at one harmonic, its diagonal raised by a fiftieth: samples are few.
Eigen::MatrixXf inverse_covariance(const std::vector<Harmonics>& samples, Index m) {
  const Index n_q = samples.front().rows(), n = Index(samples.size());
  Eigen::MatrixXd s(n_q, 2 * n);
  for (Index k = 0; k < n; ++k) {
    s.col(2 * k) = samples[std::size_t(k)].col(m).real().matrix().cast<double>();
    s.col(2 * k + 1) = samples[std::size_t(k)].col(m).imag().matrix().cast<double>();
  }
  Eigen::MatrixXd c = s * s.transpose() / double(n);
  const double shrinkage = double(n_q) / double(n_q + 2 * n);
  const Eigen::VectorXd diagonal = c.diagonal();
  c *= 1 - shrinkage;
  c.diagonal() = 1.02 * diagonal.array() + 1e-6 * diagonal.mean() + 1e-30;
  return inverse_of(c).cast<float>();
}

Eigen::Matrix2d turned_back(double phi) {
  return Eigen::Rotation2D<double>(-phi).toRotationMatrix();
}

}  // namespace

Background::Background(const PolarGrid& grid, const PlaneF& weights,
                       const EvidenceSettings& settings, const std::vector<PlaneF>& patterns)
    : grid_(grid), weights_(weights), settings_(settings), rings_(Eigen::ArrayXf::Zero(grid.n_q)) {
  check_polar_grid(grid);
  if (settings.m_max < 1 || settings.m_max >= grid.n_theta / 2)
    fail(Fault::usage, "{} angular harmonics from {} angles; give 1 to {}", settings.m_max,
         grid.n_theta, grid.n_theta / 2 - 1);
  if (!(settings.gamma > 0)) fail(Fault::usage, "gamma {}; it must be positive", settings.gamma);
  if (patterns.size() < 8)
    fail(Fault::input, "{} motif-free patterns; evidence against them needs at least 8",
         patterns.size());
  waves_.resize(grid.n_theta, settings.m_max);
  for (Index j = 0; j < waves_.rows(); ++j)
    for (Index m = 0; m < waves_.cols(); ++m)
      waves_(j, m) =
          std::complex<float>(std::polar(1.0 / grid.n_theta, -double(m + 1) * grid.theta(int(j))));
  double sum = 0;
  for (const auto& p : patterns) sum += visible_mean(p, weights);
  mean_ = sum / double(patterns.size());
  if (!(mean_ > 0)) fail(Fault::input, "the motif-free patterns have no intensity");
  for (const auto& p : patterns)
    for (int i = 0; i < grid.n_q; ++i) {
      const float known = weights.row(i).sum();
      if (known > 0)
        rings_(i) += (p.row(i) * weights.row(i)).sum() / known / float(patterns.size());
    }
  std::vector<Harmonics> samples;
  for (const auto& p : patterns) samples.push_back(contrast(p));
  for (Index m = 0; m < settings.m_max; ++m) inverse_.push_back(inverse_covariance(samples, m));
}

Harmonics Background::harmonics(const PlaneF& pattern, double scale) const {
  PlaneF values = (pattern * float(scale)).max(0.0f).pow(float(settings_.gamma));
  for (int i = 0; i < grid_.n_q; ++i) {
    const auto w = weights_.row(i);
    const float known = w.sum();
    auto row = values.row(i);
    if (known > 0) row -= (row * w).sum() / known;
    row *= w;
  }
  return (values.matrix().cast<std::complex<float>>() * waves_).array();
}

Harmonics Background::contrast(const PlaneF& pattern) const {
  const double own = visible_mean(pattern, weights_);
  return own > 0 ? harmonics(pattern, 1 / own) : Harmonics::Zero(grid_.n_q, settings_.m_max);
}

double Background::relative_intensity(const PlaneF& pattern) const {
  return visible_mean(pattern, weights_) / mean_;
}

Harmonics Background::expected(const PlaneF& motif) const {
  return harmonics(motif.colwise() + rings_, 1 / mean_);
}

Harmonics Background::whitened(const Harmonics& h) const {
  Harmonics out(h.rows(), h.cols());
  for (Index m = 0; m < h.cols(); ++m) {
    const Eigen::MatrixXf& c = inverse_[std::size_t(m)];
    out.col(m).real() = (c * h.col(m).real().matrix()).array();
    out.col(m).imag() = (c * h.col(m).imag().matrix()).array();
  }
  return out;
}

JointEvidence::JointEvidence(const Background& background, const OffsetPatterns& motif,
                             const std::vector<Vector2d>& patch, int angles, double period)
    : period_(period), half_norm_(Eigen::ArrayXf::Zero(angles)) {
  const int side = 2 * motif.half + 1;
  if (motif.patterns.size() != std::size_t(side) * std::size_t(side))
    fail(Fault::input, "{} patterns of a motif for a net of {} x {} points", motif.patterns.size(),
         side, side);
  std::vector<Harmonics> net;
  for (const auto& p : motif.patterns) net.push_back(background.expected(p));
  const Index n_q = net.front().rows(), harmonics = net.front().cols();
  // bilinear between the points of the net
  const auto seen_from = [&](const Vector2d& offset) {
    Harmonics t = Harmonics::Zero(n_q, harmonics);
    const Vector2d at = offset / motif.step + Vector2d(motif.half, motif.half);
    const Vector2d corner = at.array().floor();
    for (int dy = 0; dy < 2; ++dy)
      for (int dx = 0; dx < 2; ++dx) {
        const int x = int(corner.x()) + dx, y = int(corner.y()) + dy;
        const double share = (1 - std::abs(at.x() - x)) * (1 - std::abs(at.y() - y));
        if (share > 1e-9 && x >= 0 && y >= 0 && x < side && y < side)
          t += float(share) * net[std::size_t(y) * std::size_t(side) + std::size_t(x)];
      }
    return t;
  };
  for (const Vector2d& d : patch) {
    Eigen::MatrixXf filter(angles, 2 * n_q * harmonics);
    for (int a = 0; a < angles; ++a) {
      const double phi = angle(a);
      Harmonics t = seen_from(turned_back(phi) * d);
      for (Index m = 0; m < harmonics; ++m)
        t.col(m) *= std::complex<float>(std::polar(1.0, -double(m + 1) * phi));
      const Harmonics f = background.whitened(t);
      // both signs of m: twice the real part
      filter.row(a) = 2 * Eigen::Map<const Eigen::VectorXf>(
                              reinterpret_cast<const float*>(f.data()), 2 * f.size());
      half_norm_(a) += (f * t.conjugate()).real().sum();
    }
    filters_.push_back(std::move(filter));
  }
}

Eigen::ArrayXf JointEvidence::operator()(const std::vector<const Harmonics*>& patch) const {
  if (patch.size() != filters_.size())
    fail(Fault::input, "a patch of {} patterns came to evidence made for {}", patch.size(),
         filters_.size());
  Eigen::VectorXf sum = -half_norm_.matrix();
  for (std::size_t k = 0; k < patch.size(); ++k)
    sum +=
        filters_[k] * Eigen::Map<const Eigen::VectorXf>(
                          reinterpret_cast<const float*>(patch[k]->data()), 2 * patch[k]->size());
  return sum.array();
}

double log_mean_exp(const Eigen::ArrayXf& values) {
  const float largest = values.maxCoeff();
  return double(largest) + std::log(double((values - largest).exp().mean()));
}

}  // namespace vitrobeam
