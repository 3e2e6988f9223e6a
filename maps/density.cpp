#include "maps/density.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kBeyond = 1.1;  // of x_most

double median(std::vector<double> v) {
  const auto middle = v.begin() + std::ptrdiff_t(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  if (v.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(v.begin(), middle)) / 2;
}

}  // namespace

double DensityCurve::intensity(double x) const {
  double sum = 0;
  for (Eigen::Index j = k.size() - 1; j >= 0; --j) sum = (sum + k[j]) * x;
  return sum;
}

double DensityCurve::slope(double x) const {
  double sum = 0;
  for (Eigen::Index j = k.size() - 1; j >= 0; --j) sum = sum * x + double(j + 1) * k[j];
  return sum;
}

double DensityCurve::inverse(double at) const {
  if (!std::isfinite(at) || !(k[0] > 0)) return kNone;
  double x = at / k[0];
  constexpr int kMost = 60;
  for (int i = 0; i < kMost; ++i) {
    const double s = slope(x);
    if (!(s > 0)) return kNone;
    const double step = (intensity(x) - at) / s;
    x -= step;
    if (std::abs(step) <= 1e-13 * std::abs(x)) break;
  }
  if (std::abs(intensity(x) - at) > 1e-9 * std::abs(at)) return kNone;
  return x_most > 0 && x > kBeyond * x_most ? kNone : x;
}

double DensityCurve::relative_error(double x) const {
  if (covariance.size() == 0) return 0;
  Eigen::VectorXd powers(k.size());
  for (Eigen::Index j = 0; j < k.size(); ++j) powers[j] = std::pow(x, double(j + 1));
  return std::sqrt(std::max(0.0, powers.dot(covariance * powers))) / std::abs(intensity(x));
}

Eigen::VectorXd fit_density_curve(const Eigen::ArrayXd& x, const Eigen::ArrayXd& intensity,
                                  int terms) {
  if (x.size() < terms)
    fail(Fault::physics, "a curve of {} terms cannot be fitted to {} points; give fewer @terms",
         terms, x.size());
  const double most = x.maxCoeff();  // scaled, so that the columns are alike
  Eigen::MatrixXd design(x.size(), terms);
  for (int j = 0; j < terms; ++j) design.col(j) = (x / most).pow(j + 1) / intensity;
  Eigen::VectorXd k = solve_least_squares(design, Eigen::VectorXd::Ones(x.size()));
  for (int j = 0; j < terms; ++j) k[j] /= std::pow(most, j + 1);
  return k;
}

double DensityCalibration::position_error(std::size_t detector, double at) const {
  const auto& e = detectors[detector].position_error;
  if (at <= thickness.front()) return e.front() * std::sqrt(thickness.front() / at);
  if (at >= thickness.back()) return e.back() * std::sqrt(thickness.back() / at);
  std::size_t i = 1;
  while (thickness[i] < at) ++i;
  const double f = (at - thickness[i - 1]) / (thickness[i] - thickness[i - 1]);
  return e[i - 1] + f * (e[i] - e[i - 1]);
}

DensityMap relative_density(const DensityInput& in, const DensityCurve& curve) {
  DensityMap out;
  const auto rows = in.intensity.rows(), cols = in.intensity.cols();
  const auto t = [&](Eigen::Index i) { return in.thickness.size() ? in.thickness.data()[i] : 1.0; };
  const auto is_reference = [&](Eigen::Index i) {
    return in.reference.size() == 0 || in.reference.data()[i] != 0;
  };
  const auto needed = [&](const std::vector<double>& v) {
    if (v.empty())
      fail(Fault::physics,
           "no position of the reference has a known density: give another @reference");
  };
  if (in.x_reference) {
    std::vector<double> values;
    for (Eigen::Index i = 0; i < in.intensity.size(); ++i)
      if (is_reference(i) && std::isfinite(in.intensity.data()[i]))
        values.push_back(in.intensity.data()[i]);
    needed(values);
    out.scale = curve.intensity(*in.x_reference) / median(values);
  }
  out.x = PlaneD::Constant(rows, cols, kNone);
  out.relative = out.error = out.x;
  out.status.setConstant(rows, cols, 1);
  for (Eigen::Index i = 0; i < in.intensity.size(); ++i) {
    const double value = out.scale * in.intensity.data()[i];
    if (!std::isfinite(value) || !(t(i) > 0)) continue;
    out.x.data()[i] = curve.inverse(value);
    out.status.data()[i] = std::isfinite(out.x.data()[i]) ? 0 : 2;
  }
  std::vector<double> reference;
  for (Eigen::Index i = 0; i < in.intensity.size(); ++i)
    if (is_reference(i) && out.status.data()[i] == 0) reference.push_back(out.x.data()[i] / t(i));
  needed(reference);
  const double one = median(reference);
  double spread = 0;
  for (const double v : reference) spread += std::pow(v / one - 1, 2) / double(reference.size());
  // of a median, and as if neighbours were as independent as the values' own averages
  out.scale_error =
      1.2533 * std::sqrt(spread * std::max(1.0, in.independent) / double(reference.size()));
  for (Eigen::Index i = 0; i < in.intensity.size(); ++i) {
    if (out.status.data()[i] != 0) continue;
    const double x = out.x.data()[i], relative = x / t(i) / one;
    double square = std::pow(in.position_error, 2) / std::max(1.0, in.independent);
    if (in.variance.size() > 0)
      square += in.variance.data()[i] * std::pow(out.scale / (curve.slope(x) * x), 2);
    if (in.thickness_variance.size() > 0) square += in.thickness_variance.data()[i] / (t(i) * t(i));
    out.relative.data()[i] = relative;
    out.error.data()[i] = std::abs(relative) * std::sqrt(square);
  }
  return out;
}

}  // namespace vitrobeam
