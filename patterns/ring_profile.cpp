#include "patterns/ring_profile.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

// Radial bins of equal width by their centres.
struct Bins {
  double first, step;
  int count;
  double operator[](int i) const { return first + i * step; }
};

// [to, from] for a function F(|q|) cos(m theta), linear between the bins `from`, convolved with a
// disc: its radial part at the bins `to`.
Eigen::MatrixXd convolution_with_disc(const Bins& to, const Bins& from, double radius, int m) {
  constexpr int kRadii = 40, kAngles = 90;  // bins of equal area on half of the disc
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(to.count, from.count);
  for (int i = 0; i < to.count; ++i)
    for (int r = 0; r < kRadii; ++r)
      for (int a = 0; a < kAngles; ++a) {
        const double distance = radius * std::sqrt((r + 0.5) / kRadii);
        const double angle = M_PI * (a + 0.5) / kAngles;
        const double x = to[i] + distance * std::cos(angle), y = distance * std::sin(angle);
        const double share = std::cos(m * std::atan2(y, x)) / (kRadii * kAngles);
        const double at = (std::hypot(x, y) - from.first) / from.step;
        const double low = std::floor(at), inside = at - low;
        if (low >= 0 && low < from.count) matrix(i, Eigen::Index(low)) += share * (1 - inside);
        if (low >= -1 && low + 1 < from.count) matrix(i, Eigen::Index(low) + 1) += share * inside;
      }
  return matrix;
}

// S with mean = D * (f^2 S) / f^2. Squares of relative deviations plus those of third differences
// over the disc's radius: the disc's transform has zeros, where only smoothness says what S is.
// A clean ring 0.045 wide at 0.42 1/Angstrom in a disc of 0.16 comes out 0.9 % too strained, with
// 1e-6 4 %; in a smaller disc right. Less smoothness follows the noise of the mean.
Eigen::VectorXd deconvolved(const Eigen::MatrixXd& convolution, const std::vector<double>& mean,
                            double steps_in_radius) {
  constexpr double kSmoothness = 1e-7;
  const Eigen::Index n = convolution.cols();
  const double top = *std::max_element(mean.begin(), mean.end());
  const Eigen::Map<const Eigen::VectorXd> values(mean.data(), Eigen::Index(mean.size()));
  const Eigen::VectorXd weight =
      (values.array().square() + std::pow(0.02 * top, 2)).rsqrt().matrix() * top;
  Eigen::MatrixXd roughness = Eigen::MatrixXd::Zero(n - 3, n);
  for (Eigen::Index k = 0; k + 3 < n; ++k) roughness.row(k).segment<4>(k) << -1, 3, -3, 1;
  roughness *= std::pow(std::max(1.0, steps_in_radius), 3);  // bins that no disc reaches need it
  const Eigen::MatrixXd weighted = weight.asDiagonal() * convolution;
  const Eigen::MatrixXd normal =
      weighted.transpose() * weighted + kSmoothness * roughness.transpose() * roughness;
  return solve_symmetric(normal,
                         Eigen::VectorXd(weighted.transpose() * weight.cwiseProduct(values)));
}

}  // namespace

Spline::Spline(double first, double step, std::vector<double> values)
    : first_(first), step_(step), values_(std::move(values)), curvature_(values_.size(), 0) {
  const auto& y = values_;
  const std::size_t n = y.size();
  std::vector<double> u(n, 0);
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double p = 0.5 * curvature_[i - 1] + 2;
    curvature_[i] = -0.5 / p;
    u[i] = (3 * (y[i + 1] - 2 * y[i] + y[i - 1]) / (step * step) - 0.5 * u[i - 1]) / p;
  }
  for (std::size_t i = n - 1; i-- > 0;) curvature_[i] = curvature_[i] * curvature_[i + 1] + u[i];
}

Spline::Value Spline::operator()(double x) const {
  const double at = (x - first_) / step_, last = double(values_.size() - 1);
  const auto i = std::size_t(std::clamp(std::floor(at), 0.0, last - 1));
  const double inside = std::clamp(at - double(i), 0.0, 1.0), h = step_;
  const double b = inside, a = 1 - b, low = curvature_[i], high = curvature_[i + 1];
  const double slope =
      (values_[i + 1] - values_[i]) / h + ((3 * b * b - 1) * high - (3 * a * a - 1) * low) * h / 6;
  const double value = a * values_[i] + b * values_[i + 1] +
                       ((a * a * a - a) * low + (b * b * b - b) * high) * h * h / 6;
  return {value + slope * (at - double(i) - inside) * h, slope};
}

RingProfile::RingProfile(const PolarGrid& grid, std::vector<double> values)
    : first_(grid.q(0)), step_(grid.dq()), profile_(first_, step_, std::move(values)) {}

RingProfile RingProfile::of(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid) {
  std::vector<double> values(std::size_t(grid.n_q), 0);
  double sum = 0;
  for (int i = 0; i < grid.n_q; ++i) {
    double intensity = 0, weight = 0;
    for (int j = 0; j < grid.n_theta; ++j) {
      intensity += double(weights(i, j)) * double(polar(i, j));
      weight += double(weights(i, j));
    }
    if (!(weight > 0))
      fail(Fault::physics,
           "the circle of {:.4g} 1/Angstrom is wholly hidden or off the detector; choose another "
           "@q_min, @q_max",
           grid.q(i));
    values[std::size_t(i)] = intensity / weight;
    sum += intensity / weight;
  }
  if (!(sum > 0))
    fail(Fault::physics, "no intensity between {} and {} 1/Angstrom: there is no ring to fit",
         grid.q_min, grid.q_max);
  return {grid, values};
}

void RingProfile::set_disc(double radius, const std::vector<double>& outward,
                           const Envelope& envelope) {
  dilatation_of_disc_ = shear_of_disc_ = {};
  if (!(radius > 0)) return;
  // bins of S: all that the disc can reach from the profile's
  const int inward = std::min(int(std::ceil(radius / step_)) + 1, int(first_ / step_));
  const Bins known{first_, step_, int(outward.size())}, ring{first_, step_, int(values().size())},
      sharp{first_ - inward * step_, step_,
            known.count + inward + int(std::ceil(radius / step_)) + 1};
  Eigen::VectorXd of_sharp(sharp.count), of_known(known.count);
  for (int i = 0; i < sharp.count; ++i) of_sharp[i] = envelope(sharp[i]);
  for (int i = 0; i < known.count; ++i) of_known[i] = 1 / envelope(known[i]);
  const Eigen::VectorXd structure =
      deconvolved(of_known.asDiagonal() * convolution_with_disc(known, sharp, radius, 0) *
                      of_sharp.asDiagonal(),
                  outward, radius / step_);
  const Spline smooth(sharp.first, step_, {structure.begin(), structure.end()});
  Eigen::VectorXd strained(sharp.count);
  for (int i = 0; i < sharp.count; ++i)
    strained[i] = of_sharp[i] * sharp[i] * smooth(sharp[i]).slope;
  const auto added = [&](int m) {
    const Eigen::VectorXd blurred =
        of_known.head(ring.count)
            .cwiseProduct(convolution_with_disc(ring, sharp, radius, m) * strained);
    std::vector<double> change(std::size_t(ring.count));
    for (int i = 0; i < ring.count; ++i)
      change[std::size_t(i)] = blurred[i] - ring[i] * profile_(ring[i]).slope;
    return Spline(first_, step_, change);
  };
  dilatation_of_disc_ = added(0);
  shear_of_disc_ = added(2);
}

RingProfile::OfDisc RingProfile::of_disc(double q) const {
  if (dilatation_of_disc_.values().empty()) return {0, 0};
  return {dilatation_of_disc_(q).value, shear_of_disc_(q).value};
}

double RingProfile::q_of_maximum() const {
  double best = first_;
  constexpr int kFine = 32;  // parts of a bin
  for (std::size_t i = 0; i < (values().size() - 1) * kFine; ++i) {
    const double q = first_ + step_ * double(i) / kFine;
    if (profile_(q).value > profile_(best).value) best = q;
  }
  return best;
}

}  // namespace vitrobeam
