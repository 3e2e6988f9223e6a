#include "patterns/ring.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

using Parameters = Eigen::Matrix<double, 5, 1>;
using Normal = Eigen::Matrix<double, 5, 5>;

// Of Student's distribution with six degrees of freedom (three complex harmonics), 68.3 % lie
// within 1.09.
constexpr double kStudent = 1.09;

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

// One azimuth under parameters p: what moves the profile orthogonally to its amplitude. Weights
// 1 / (P^2 + floor^2): speckle is multiplicative. The amplitude that strains are divided by is the
// bright part's, by least squares: what strain changes in a speckle goes with that.
Azimuth azimuth_of(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                   const RingProfile& profile, const Parameters& p, double floor, int j) {
  const int n = grid.n_q;
  Azimuth a;
  Eigen::Matrix<double, 5, Eigen::Dynamic> tangent(5, n);
  std::vector<double> value(n), weight(n);
  const double cosine = std::cos(grid.theta(j)), sine = std::sin(grid.theta(j)),
               cosine2 = cosine * cosine - sine * sine, sine2 = 2 * cosine * sine;
  double pp = 0, bright_pp = 0, bright_ip = 0;
  Parameters tp = Parameters::Zero();
  for (int i = 0; i < n; ++i) {
    const double x = grid.q(i) * cosine - p[0], y = grid.q(i) * sine - p[1];
    const double mx = (1 + p[2]) * x + p[4] * y, my = p[4] * x + (1 + p[3]) * y;
    const double r = std::hypot(mx, my), ux = mx / r, uy = my / r;
    const auto [unmoved, slope] = profile(r);
    const auto disc = profile.of_disc(r);
    const Parameters of_disc(0, 0, (disc.dilatation + disc.shear * cosine2) / 2,
                             (disc.dilatation - disc.shear * cosine2) / 2, disc.shear * sine2);
    const double v = unmoved + of_disc.dot(p);
    value[i] = v;
    weight[i] = double(weights(i, j)) / (v * v + floor * floor);
    tangent.col(i) =
        slope * Parameters(-((1 + p[2]) * ux + p[4] * uy), -(p[4] * ux + (1 + p[3]) * uy), ux * x,
                           uy * y, ux * y + uy * x) +
        of_disc;
    pp += weight[i] * v * v;
    tp += weight[i] * v * tangent.col(i);
    bright_pp += double(weights(i, j)) * v * v;
    bright_ip += double(weights(i, j)) * v * double(polar(i, j));
  }
  if (!(pp > 0)) return a;
  a.seen = true;
  a.amplitude = bright_ip / bright_pp;
  for (int i = 0; i < n; ++i) {
    const Parameters t = tangent.col(i) - tp / pp * value[i];
    a.score += weight[i] * double(polar(i, j)) * t;
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
ScoreSpread score_spread(const Equations& e, const PolarGrid& grid) {
  const auto n = Eigen::Index(e.azimuths.size());
  // what the scores of an azimuth are made of: u_0 (e_xx + e_yy) / 2, u_1 along the radius,
  // u_2 that of a shear along the radius
  std::array<Eigen::ArrayXd, 3> u;
  u.fill(Eigen::ArrayXd::Zero(n));
  Normal odd = Normal::Zero(), twofold = Normal::Zero();
  double seen = 0;
  for (Eigen::Index j = 0; j < n; ++j) {
    const Azimuth& a = e.azimuths[std::size_t(j)];
    if (!a.seen) continue;
    const double theta = grid.theta(int(j)), c = std::cos(theta), s = std::sin(theta),
                 c2 = std::cos(2 * theta), s2 = std::sin(2 * theta);
    u[0][j] = a.score[2] + a.score[3];
    u[1][j] = -(c * a.score[0] + s * a.score[1]);
    u[2][j] = (a.score[2] - a.score[3]) * c2 + a.score[4] * s2;
    seen += 1;
    const Parameters centre(-c, -s, 0, 0, 0), shear(0, 0, c2 / 2, -c2 / 2, s2);
    odd += centre * centre.transpose();
    twofold += shear * shear.transpose();
  }
  ScoreSpread spread;
  if (seen == 0) return spread;
  const auto power = [&](int of, int m) {
    std::complex<double> sum = 0;
    for (Eigen::Index j = 0; j < n; ++j)
      sum += u[std::size_t(of)][j] * std::polar(1.0, -m * grid.theta(int(j)));
    return std::norm(sum) / seen;
  };
  for (int m = 0; m < RingFit::kHarmonics && m <= n / 2; ++m)
    spread.power[std::size_t(m)] = power(m % 2 == 0 ? 2 : 1, m);
  const auto& p = spread.power;
  const double even_power = (p[4] + p[6] + p[8]) / 3, odd_power = (p[3] + p[5] + p[7]) / 3,
               mean_power = (power(0, 4) + power(0, 6) + power(0, 8)) / 3;
  const Parameters dilatation(0, 0, 0.5, 0.5, 0);
  spread.of_harmonic = {Normal(mean_power * seen * dilatation * dilatation.transpose()),
                        Normal(odd_power * odd), Normal(even_power * twofold)};
  spread.patches = even_power > 0 ? u[2].square().sum() / even_power : seen;
  return spread;
}

// Where to linearise next: what of an estimate stands above its errors.
Parameters surely(const Parameters& estimate, const Parameters& error) {
  const auto share = [&](auto part) {
    const double size = part(estimate).squaredNorm();
    return size > 0 ? std::max(0.0, 1 - 9 * part(error).squaredNorm() / size) : 0.0;
  };
  Parameters p;
  p.head<2>() = share([](const Parameters& a) { return a.head<2>(); }) * estimate.head<2>();
  p.tail<3>() = share([](const Parameters& a) { return a.tail<3>(); }) * estimate.tail<3>();
  return p;
}

// The errors of a fit whose parameters are `sandwich` times the scores.
RingFit with_errors(const Normal& sandwich, const ScoreSpread& spread) {
  RingFit fit;
  for (std::size_t h = 0; h < 3; ++h) {
    const Normal covariance = sandwich * spread.of_harmonic[h] * sandwich;
    for (int k = 0; k < 5; ++k)
      fit.variance_parts[h][std::size_t(k)] = kStudent * kStudent * std::max(0.0, covariance(k, k));
  }
  fit.residual_power = spread.power;
  fit.effective_patches = spread.patches;
  return with_noise_shape(fit, {});
}

}  // namespace

RingFit fit_ring(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                 const RingProfile& profile, const RingFreedom& freedom) {
  const auto columns = free_directions(freedom);
  Eigen::MatrixXd directions(5, Eigen::Index(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) directions.col(Eigen::Index(k)) = columns[k];
  const double top = *std::max_element(profile.values().begin(), profile.values().end());
  const double floor = 0.02 * top;
  RingFit fit;
  Parameters p = Parameters::Zero();
  constexpr int kMostSteps = 60;
  for (int step = 0; step < kMostSteps && !fit.converged; ++step) {
    const Equations e = equations(polar, weights, grid, profile, p, floor);
    if (!(e.amplitude > 0)) return {};
    const Eigen::MatrixXd inverse = solve_symmetric(
        Eigen::MatrixXd(directions.transpose() * e.normal * directions),
        Eigen::MatrixXd(Eigen::MatrixXd::Identity(directions.cols(), directions.cols())));
    const Normal sandwich = directions * inverse * directions.transpose();
    const Parameters estimate = p + sandwich * e.score;
    if (!estimate.allFinite()) return {};
    fit = with_errors(sandwich, score_spread(e, grid));
    for (int k = 0; k < 5; ++k) fit.value[std::size_t(k)] = estimate[k];
    fit.amplitude = e.amplitude;
    const Eigen::Map<const Parameters> error(fit.error.data());
    Parameters change = surely(estimate, error) - p;
    // settled to a hundredth of the errors; single-precision data settle no further than 2e-6
    const Parameters size(grid.q_max, grid.q_max, 1, 1, 1);
    fit.converged = (change.array().abs() < (0.01 * error).cwiseMax(2e-6 * size).array()).all();
    // one step moves the ring by no more than a twentieth of its radius
    const double largest = change.cwiseQuotient(size).cwiseAbs().maxCoeff();
    if (largest > 0.05) change *= 0.05 / largest;
    p += change / (1 + step / 8);  // ever smaller steps end a cycle
    if (p.tail<3>().cwiseAbs().maxCoeff() > 0.5) return {};
  }
  return fit;
}

double ring_amplitude(const PlaneF& polar, const PlaneF& weights, const RingProfile& profile) {
  const auto& values = profile.values();
  const Eigen::Map<const Eigen::ArrayXd> p(values.data(), Eigen::Index(values.size()));
  const PlaneF seen = weights.colwise() * p.cast<float>();
  const Eigen::ArrayXf overlap = (seen * polar).colwise().sum(),
                       unit = (seen.colwise() * p.cast<float>()).colwise().sum();
  return double((unit > 0).select(overlap / unit, 0.0f).sum()) / double((unit > 0).count());
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
