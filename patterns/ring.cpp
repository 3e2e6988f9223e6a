#include "patterns/ring.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <complex>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Parameters = Eigen::Matrix<double, 5, 1>;
using Normal = Eigen::Matrix<double, 5, 5>;

// Of Student's distribution with six degrees of freedom (three complex harmonics), 68.3 % lie
// within 1.09.
constexpr double kStudent = 1.09;

// Second derivatives of the natural cubic spline on equal steps.
std::vector<double> spline_curvature(const std::vector<double>& y, double step) {
  const std::size_t n = y.size();
  std::vector<double> curvature(n, 0), u(n, 0);
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double p = 0.5 * curvature[i - 1] + 2;
    curvature[i] = -0.5 / p;
    u[i] = (3 * (y[i + 1] - 2 * y[i] + y[i - 1]) / (step * step) - 0.5 * u[i - 1]) / p;
  }
  for (std::size_t i = n - 1; i-- > 0;) curvature[i] = curvature[i] * curvature[i + 1] + u[i];
  return curvature;
}

// The columns of the parameters that are free, as a projection: e_xx = e_yy = dilatation if only
// that is, e_xx = -e_yy if there is no dilatation.
std::vector<Parameters> free_directions(const RingFreedom& f) {
  std::vector<Parameters> d;
  const auto unit = [](int k) { return Parameters(Parameters::Unit(k)); };
  if (f.centre) {
    d.push_back(unit(0));
    d.push_back(unit(1));
  }
  if (f.dilatation && f.shear) {
    d.push_back(unit(2));
    d.push_back(unit(3));
  } else if (f.dilatation) {
    d.push_back(unit(2) + unit(3));
  } else if (f.shear) {
    d.push_back(unit(2) - unit(3));
  }
  if (f.shear) d.push_back(unit(4));
  return d;
}

struct Azimuth {
  Parameters score = Parameters::Zero();  // sum over q of weight * tangent * residual
  Normal normal = Normal::Zero();
  double amplitude = 0;
  bool seen = false;
};

// One azimuth under parameters p: amplitude by least squares, then what moves the profile
// orthogonally to it. Weights 1 / (P^2 + floor^2): speckle is multiplicative.
Azimuth azimuth_of(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                   const RingProfile& profile, const Parameters& p, double floor, int j) {
  const int n = grid.n_q;
  Azimuth a;
  Eigen::Matrix<double, 5, Eigen::Dynamic> tangent(5, n);
  std::vector<double> value(n), weight(n);
  const double cosine = std::cos(grid.theta(j)), sine = std::sin(grid.theta(j));
  double pp = 0, ip = 0;
  Parameters tp = Parameters::Zero();
  for (int i = 0; i < n; ++i) {
    const double x = grid.q(i) * cosine - p[0], y = grid.q(i) * sine - p[1];
    const double mx = (1 + p[2]) * x + p[4] * y, my = p[4] * x + (1 + p[3]) * y;
    const double r = std::hypot(mx, my), ux = mx / r, uy = my / r;
    const auto [unmoved, slope, curvature] = profile(r);
    // the disc stays as it is: s^2 times the second derivatives along e
    const double radial = profile.disc_variance() * curvature,
                 tangential = profile.disc_variance() * slope / r, cc = cosine * cosine,
                 ss = sine * sine, cs = 2 * cosine * sine;
    const Parameters of_disc(0, 0, radial * cc + tangential * ss, radial * ss + tangential * cc,
                             (radial - tangential) * cs);
    const double v = unmoved + of_disc.dot(p);
    value[i] = v;
    weight[i] = double(weights(i, j)) / (v * v + floor * floor);
    tangent.col(i) =
        slope * Parameters(-((1 + p[2]) * ux + p[4] * uy), -(p[4] * ux + (1 + p[3]) * uy), ux * x,
                           uy * y, ux * y + uy * x) +
        of_disc;
    pp += weight[i] * v * v;
    ip += weight[i] * v * double(polar(i, j));
    tp += weight[i] * v * tangent.col(i);
  }
  if (!(pp > 0)) return a;
  a.seen = true;
  a.amplitude = ip / pp;
  for (int i = 0; i < n; ++i) {
    const Parameters t = tangent.col(i) - tp / pp * value[i];
    a.score += weight[i] * (double(polar(i, j)) - a.amplitude * value[i]) * t;
    a.normal += weight[i] * t * t.transpose();
  }
  return a;
}

struct Equations {
  std::vector<Azimuth> azimuths;
  Parameters score = Parameters::Zero();
  Normal normal = Normal::Zero();
  double amplitude = 0;
};

Equations equations(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                    const RingProfile& profile, const Parameters& p, double floor) {
  Equations e;
  double seen = 0;
  for (int j = 0; j < grid.n_theta; ++j) {
    e.azimuths.push_back(azimuth_of(polar, weights, grid, profile, p, floor, j));
    const Azimuth& a = e.azimuths.back();
    if (!a.seen) continue;
    e.score += a.score;
    e.normal += a.normal;
    e.amplitude += a.amplitude;
    seen += 1;
  }
  if (seen > 0) e.amplitude /= seen;
  e.normal *= e.amplitude;
  return e;
}

// Covariances of the summed scores, one part for each harmonic that the fit takes for itself. What
// speckle moves the ring by is a random function of the azimuth whose power varies slowly with the
// harmonic, and Friedel's law gives even and odd harmonics different powers. The fit takes
// harmonics 0 and 2 (strain) and 1 (centre); the nearest unfitted ones, 4, 6, 8 and 3, 5, 7, say
// how strong the noise is there.
struct ScoreSpread {
  std::array<Normal, 3> of_harmonic{Normal::Zero(), Normal::Zero(), Normal::Zero()};
  std::array<double, RingFit::kHarmonics> power{};
  double patches = 0;
};
ScoreSpread score_spread(const Equations& e, const PolarGrid& grid, double q) {
  const int n = int(e.azimuths.size());
  std::vector<double> radial(std::size_t(n), 0);
  double seen = 0, squares = 0;
  ScoreSpread spread;
  Normal even = Normal::Zero(), odd = Normal::Zero();
  Parameters mean_mode = Parameters::Zero();
  for (int j = 0; j < n; ++j) {
    const Azimuth& a = e.azimuths[std::size_t(j)];
    if (!a.seen) continue;
    const double c = std::cos(grid.theta(j)), s = std::sin(grid.theta(j));
    radial[std::size_t(j)] = -(c * a.score[0] + s * a.score[1]);
    squares += radial[std::size_t(j)] * radial[std::size_t(j)];
    seen += 1;
    const Parameters strain(0, 0, q * c * c, q * s * s, 2 * q * c * s), centre(-c, -s, 0, 0, 0);
    even += strain * strain.transpose();
    odd += centre * centre.transpose();
    mean_mode += strain;
  }
  if (seen == 0) return spread;
  for (int m = 0; m < RingFit::kHarmonics && m <= n / 2; ++m) {
    std::complex<double> u = 0;
    for (int j = 0; j < n; ++j) u += radial[std::size_t(j)] * std::polar(1.0, -m * grid.theta(j));
    spread.power[std::size_t(m)] = std::norm(u) / seen;
  }
  const auto& p = spread.power;
  const double even_power = (p[4] + p[6] + p[8]) / 3, odd_power = (p[3] + p[5] + p[7]) / 3;
  const Normal of_mean = mean_mode * mean_mode.transpose() / seen;
  spread.of_harmonic = {Normal(even_power * of_mean), Normal(odd_power * odd),
                        Normal(even_power * (even - of_mean))};
  spread.patches = even_power > 0 ? squares / even_power : seen;
  return spread;
}

}  // namespace

RingProfile::RingProfile(const PolarGrid& grid, std::vector<double> values)
    : first_(grid.q(0)),
      step_(grid.dq()),
      values_(std::move(values)),
      curvature_(spline_curvature(values_, step_)) {}

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
           "--q-min, --q-max",
           grid.q(i));
    values[std::size_t(i)] = intensity / weight;
    sum += intensity / weight;
  }
  if (!(sum > 0))
    fail(Fault::physics, "no intensity between {} and {} 1/Angstrom: there is no ring to fit",
         grid.q_min, grid.q_max);
  return {grid, values};
}

RingProfile::Value RingProfile::operator()(double q) const {
  const double at = (q - first_) / step_, last = double(values_.size() - 1);
  const auto i = std::size_t(std::clamp(std::floor(at), 0.0, last - 1));
  const double inside = std::clamp(at - double(i), 0.0, 1.0), h = step_;
  const double b = inside, a = 1 - b, low = curvature_[i], high = curvature_[i + 1];
  const double slope =
      (values_[i + 1] - values_[i]) / h + ((3 * b * b - 1) * high - (3 * a * a - 1) * low) * h / 6;
  const double value = a * values_[i] + b * values_[i + 1] +
                       ((a * a * a - a) * low + (b * b * b - b) * high) * h * h / 6;
  const bool within = at == double(i) + inside;
  return {value + slope * (at - double(i) - inside) * h, slope, within ? a * low + b * high : 0};
}

double RingProfile::q_of_maximum() const {
  double best = first_;
  constexpr int kFine = 32;  // parts of a bin
  for (std::size_t i = 0; i < (values_.size() - 1) * kFine; ++i) {
    const double q = first_ + step_ * double(i) / kFine;
    if ((*this)(q).p > (*this)(best).p) best = q;
  }
  return best;
}

RingFit fit_ring(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                 const RingProfile& profile, const RingFreedom& freedom) {
  const auto columns = free_directions(freedom);
  Eigen::MatrixXd directions(5, Eigen::Index(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) directions.col(Eigen::Index(k)) = columns[k];
  const double top = *std::max_element(profile.values().begin(), profile.values().end());
  const double floor = 0.02 * top;
  RingFit fit;
  Parameters p = Parameters::Zero();
  Equations e;
  constexpr int kMostSteps = 60;
  for (int step = 0; step < kMostSteps; ++step) {
    e = equations(polar, weights, grid, profile, p, floor);
    if (!(e.amplitude > 0)) return fit;
    const Eigen::MatrixXd normal = directions.transpose() * e.normal * directions;
    const Eigen::VectorXd score = directions.transpose() * e.score;
    Parameters change = directions * normal.ldlt().solve(score);
    // one step moves the ring by no more than a twentieth of its radius
    const double largest = std::max(change.tail<3>().cwiseAbs().maxCoeff(),
                                    change.head<2>().cwiseAbs().maxCoeff() / grid.q_max);
    if (!std::isfinite(largest)) return fit;
    if (largest > 0.05) change *= 0.05 / largest;
    p += step < kMostSteps / 4 ? change : Parameters(0.5 * change);  // ends a cycle
    if (p.tail<3>().cwiseAbs().maxCoeff() > 0.5) return fit;
    if (largest < 2e-6) {  // far below any error; single-precision data settle no further
      fit.converged = true;
      break;
    }
  }
  const ScoreSpread spread = score_spread(e, grid, profile.q_of_maximum());
  const Eigen::MatrixXd inverse =
      (directions.transpose() * e.normal * directions)
          .ldlt()
          .solve(Eigen::MatrixXd::Identity(directions.cols(), directions.cols()));
  const Normal sandwich = directions * inverse * directions.transpose();
  for (std::size_t h = 0; h < 3; ++h) {
    const Normal covariance = sandwich * spread.of_harmonic[h] * sandwich;
    for (int k = 0; k < 5; ++k)
      fit.variance_parts[h][std::size_t(k)] = kStudent * kStudent * std::max(0.0, covariance(k, k));
  }
  for (int k = 0; k < 5; ++k) fit.value[std::size_t(k)] = p[k];
  fit.residual_power = spread.power;
  fit.amplitude = e.amplitude;
  fit.effective_patches = spread.patches;
  return with_noise_shape(fit, {});
}

RingNoiseShape ring_noise_shape(const std::vector<RingFit>& fits) {
  constexpr int kFewest = 30;
  std::array<double, RingFit::kHarmonics> power{};
  double scale = 0;
  int used = 0;
  for (const RingFit& fit : fits) {
    const auto& p = fit.residual_power;
    const double even = (p[4] + p[6] + p[8]) / 3;
    if (!fit.converged || !(even > 0)) continue;
    for (std::size_t m = 0; m < power.size(); ++m) power[m] += p[m];
    scale += even;
    ++used;
  }
  if (used < kFewest) return {};
  // The correlation of a disc-shaped aperture's speckle has a cusp, so its spectrum falls more
  // slowly than a Gaussian. Extrapolated by this power, harmonics 0 and 2 are -7 to +15 % off for
  // apertures of 0.1 to 0.36 q; by a Gaussian 0 to -24 %.
  const auto power_of = [](double m) { return m * std::sqrt(m); };
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  constexpr std::array<std::size_t, 5> kFree = {4, 6, 8, 10, 12};
  for (const std::size_t m : kFree) {
    if (!(power[m] > 0)) return {};
    mean_x += power_of(double(m)) / double(kFree.size());
    mean_y += std::log(power[m] / scale) / double(kFree.size());
  }
  for (const std::size_t m : kFree) {
    const double dx = power_of(double(m)) - mean_x;
    xx += dx * dx;
    xy += dx * (std::log(power[m] / scale) - mean_y);
  }
  const double slope = std::min(0.0, xy / xx);
  const auto fall = [&](double m) { return std::exp(slope * power_of(m)); };
  const double even = (fall(4) + fall(6) + fall(8)) / 3, odd = (fall(3) + fall(5) + fall(7)) / 3;
  constexpr double kMost = 3;  // beyond, the shape is no speckle's
  return {
      {std::min(kMost, 1 / even), std::min(kMost, fall(1) / odd), std::min(kMost, fall(2) / even)}};
}

RingFit with_noise_shape(RingFit fit, const RingNoiseShape& shape) {
  for (std::size_t k = 0; k < 5; ++k) {
    double variance = 0;
    for (std::size_t h = 0; h < 3; ++h) variance += shape.harmonic[h] * fit.variance_parts[h][k];
    fit.error[k] = std::sqrt(variance);
  }
  return fit;
}

RingCalibration calibrate_by_ring(const Eigen::Ref<const PlaneF>& image, const Calibration& start,
                                  const PolarGrid& grid, const Plane<unsigned char>& hidden,
                                  bool fit_ellipse) {
  RingCalibration result;
  Calibration& c = result.calibration;
  c = start;
  constexpr int kRounds = 40;
  RingFit fit;
  for (int round = 0; round < kRounds; ++round) {
    const PolarTransform transform(image.rows(), image.cols(), c, grid, hidden);
    const PlaneF polar = transform(image);
    const RingProfile profile = RingProfile::of(polar, transform.weights(), grid);
    fit = fit_ring(polar, transform.weights(), grid, profile, {true, false, fit_ellipse});
    if (!fit.converged) return result;
    // the polar frame is already undistorted: turn the shift back into the image, add the ellipse
    c.centre_col += fit.value[0] / c.pixel_qx;
    c.centre_row += fit.value[1] / c.pixel_qy;
    if (fit_ellipse) {
      // M = (1 + e) M_old; its logarithm is traceless and symmetric to first order
      const double old = -0.5 * std::log1p(c.ellipticity);
      const double a = old * std::cos(2 * c.ellipse_angle) + (fit.value[2] - fit.value[3]) / 2,
                   b = old * std::sin(2 * c.ellipse_angle) + fit.value[4];
      c.ellipticity = std::expm1(2 * std::hypot(a, b));
      c.ellipse_angle = 0.5 * std::atan2(-b, -a);
    }
    // resampling on another ellipse moves the result by a small part of its error
    const auto settled = [&](double value, double error, double least) {
      return std::abs(value) < std::max(least, 0.03 * error);
    };
    if (settled(fit.value[0], fit.error[0], 1e-3 * c.pixel_qx) &&
        settled(fit.value[1], fit.error[1], 1e-3 * c.pixel_qy) &&
        settled(fit.value[2], fit.error[2], 1e-5) && settled(fit.value[4], fit.error[4], 1e-5)) {
      result.converged = true;
      break;
    }
  }
  result.centre_error = std::hypot(fit.error[0] / c.pixel_qx, fit.error[1] / c.pixel_qy);
  result.ellipticity_error = 2 * std::hypot(fit.error[2], fit.error[4]);
  result.moved = std::hypot(c.centre_row - start.centre_row, c.centre_col - start.centre_col);
  return result;
}

}  // namespace vitrobeam
