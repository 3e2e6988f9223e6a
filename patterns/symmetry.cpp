#include "patterns/symmetry.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double squared_sinc(double x) { return x == 0 ? 1 : std::pow(std::sin(x) / x, 2); }

}  // namespace

double friedel_correlation(double q, double thickness, double wavelength) {
  return squared_sinc(M_PI * wavelength * q * q * thickness);
}

double odd_over_even(double q, double thickness, double wavelength) {
  const double rho = friedel_correlation(q, thickness, wavelength);
  return (1 - rho) / (1 + rho);
}

double thickness_from_friedel(double correlation, double q, double wavelength) {
  if (!(correlation > 0 && correlation < 1)) return kNone;
  double low = 0, high = M_PI;  // the first zero; sinc^2 falls on the way
  for (int k = 0; k < 60; ++k) {
    const double middle = (low + high) / 2;
    (squared_sinc(middle) > correlation ? low : high) = middle;
  }
  return low / (M_PI * wavelength * q * q);
}

PlaneD less_odd_floor(const Eigen::Ref<const PlaneD>& power) {
  PlaneD out = PlaneD::Constant(power.rows(), power.cols(), kNone);
  for (Eigen::Index n = 2; n < power.rows(); n += 2)
    out.row(n - 1) = power.row(n - 1) - (power.row(n - 2) + power.row(n)) / 2;
  return out;
}

RingBand brightest_ring(const PolarGrid& grid, const Eigen::ArrayXd& radial_mean) {
  constexpr double kHalfWidth = 0.08;  // of the radius
  double best = -1, at = grid.q(0);
  for (int i = 0; i < grid.n_q; ++i)
    if (const double v = radial_mean[i] * grid.q(i); v > best) {
      best = v;
      at = grid.q(i);
    }
  return {std::max(grid.q_min, at * (1 - kHalfWidth)), std::min(grid.q_max, at * (1 + kHalfWidth))};
}

Eigen::ArrayXd band_mean(const PolarGrid& grid, const RingBand& band,
                         const Eigen::Ref<const PlaneD>& power,
                         const Eigen::Ref<const Eigen::ArrayXd>& weights) {
  Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(power.rows());
  double total = 0;
  for (int i = 0; i < grid.n_q; ++i) {
    if (grid.q(i) < band.low || grid.q(i) > band.high || !power.col(i).isFinite().all()) continue;
    sum += weights[i] * power.col(i);
    total += weights[i];
  }
  return total > 0 ? Eigen::ArrayXd(sum / total) : Eigen::ArrayXd::Constant(power.rows(), kNone);
}

Eigen::ArrayXd radial_mean(const Eigen::Ref<const PlaneF>& polar,
                           const Eigen::Ref<const PlaneF>& weights) {
  return (polar * weights).cast<double>().rowwise().sum() / weights.cast<double>().rowwise().sum();
}

Vector2d centre_shift(const PolarGrid& grid, const Eigen::Ref<const PlaneF>& polar,
                      const Eigen::Ref<const PlaneF>& weights) {
  const Eigen::ArrayXd mean = radial_mean(polar, weights);
  Eigen::Matrix2d normal = Eigen::Matrix2d::Zero();
  Vector2d right = Vector2d::Zero();
  for (int i = 1; i + 1 < grid.n_q; ++i) {
    const double slope = (mean[i + 1] - mean[i - 1]) / (2 * grid.dq());
    if (!std::isfinite(slope)) continue;
    for (int j = 0; j < grid.n_theta; ++j) {
      const Vector2d g = -slope * Vector2d(std::cos(grid.theta(j)), std::sin(grid.theta(j)));
      normal += double(weights(i, j)) * g * g.transpose();
      right += double(weights(i, j)) * (double(polar(i, j)) - mean[i]) * g;
    }
  }
  if (!(normal.determinant() > 0)) return Vector2d::Zero();
  return normal.inverse() * right;
}

}  // namespace vitrobeam
