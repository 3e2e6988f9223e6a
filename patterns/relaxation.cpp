#include "patterns/relaxation.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>

#include "base/least_squares.hpp"

namespace vitrobeam {
namespace {

double decay(double t, double tau, double beta, bool squared) {
  return std::exp(-(squared ? 2.0 : 1.0) * std::pow(t / tau, beta));
}

// Mean of the decay over all pairs of frames: sum over lags, weighted by the pairs that have them.
double removed_by_mean(std::size_t frames, double tau, double beta, bool squared) {
  const double n = double(frames);
  double sum = 1;  // lag 0, n pairs of n^2, divided by n below
  for (std::size_t k = 1; k < frames; ++k) {
    const double f = decay(double(k), tau, beta, squared);
    if (f < 1e-6) break;
    sum += 2 * (1 - double(k) / n) * f;
  }
  return sum / n;
}

// What the finite series does to g2 - 1 beyond the constant A b / N, to the order of one over its
// length: the mean that divides varies together with the correlation itself. With the speckles of
// Gaussian fields (third cumulant 2 A^2 g g g, g the field's own decay, f = g^2) it takes
//   A^2 (4 g(t) h(t) - 3 b f(t)),  h(t) = mean over the series of g(t' - t) g(t')
// which grows as t f(t) and so looks like a faster decay.
double removed_by_ratio(std::size_t frames, double lag, double removed, double tau, double beta,
                        bool squared) {
  const double step = std::max(1.0, std::floor(tau / 8)), far = 8 * tau;
  const auto g = [&](double t) { return std::sqrt(decay(std::abs(t), tau, beta, squared)); };
  double h = 0;
  const int steps = int((2 * far + lag) / step);
  for (int i = 0; i <= steps; ++i) {
    const double t = i * step - far - lag;
    h += step * g(t) * g(t + lag);
  }
  h /= double(frames);
  return 4 * g(lag) * h - 3 * removed * g(lag) * g(lag);
}

struct Point {
  double lag, value, weight;
};

using Parameters = Eigen::Vector4d;  // log tau, log beta, amplitude, baseline

// Residuals weighted by the number of independent pairs; what is not free has no column.
struct Problem {
  const std::vector<Point>& points;
  std::size_t frames;
  double series;
  bool squared, free_beta, free_baseline;

  struct State {
    Eigen::VectorXd residuals;
    double cost;
  };

  bool is_free(int k) const { return k == 1 ? free_beta : k == 3 ? free_baseline : true; }

  double model(const Parameters& p, double lag, double removed) const {
    return p[2] * (decay(lag, std::exp(p[0]), std::exp(p[1]), squared) - removed / series) + p[3];
  }
  State evaluate(const Parameters& p) const {
    const double b = removed_by_mean(frames, std::exp(p[0]), std::exp(p[1]), squared);
    Eigen::VectorXd r(Eigen::Index(points.size()));
    for (Eigen::Index i = 0; i < r.size(); ++i) {
      const Point& point = points[std::size_t(i)];
      r[i] = point.weight * (point.value - model(p, point.lag, b));
    }
    return {r, r.squaredNorm()};
  }
  // By difference quotients: a few parameters, a few dozen points.
  Quadratic<Parameters> linearise(const Parameters& p, const State& at) const {
    Eigen::Matrix<double, Eigen::Dynamic, 4> jacobian(at.residuals.size(), 4);
    for (int k = 0; k < 4; ++k) {
      if (!is_free(k)) {
        jacobian.col(k).setZero();
        continue;
      }
      Parameters q = p;
      const double h = 1e-5 * std::max(1.0, std::abs(p[k]));
      q[k] += h;
      jacobian.col(k) = (evaluate(q).residuals - at.residuals) / h;
    }
    Eigen::Matrix4d normal = jacobian.transpose() * jacobian;
    for (int k = 0; k < 4; ++k)
      if (!is_free(k)) normal(k, k) = 1;
    return {normal, -(jacobian.transpose() * at.residuals)};
  }
  static Parameters limited(const Parameters& from, Parameters to) {
    to[0] = std::clamp(to[0], from[0] - 1.5, from[0] + 1.5);
    to[1] = std::clamp(to[1], std::log(0.15), std::log(3.0));
    return to;
  }
  static bool settled(const Parameters&, double before, double after) {
    return after <= before && before - after < 1e-10 * std::max(before, 1e-300);
  }
};

// First guess: amplitude from the first lag, tau where the correlation has fallen to exp(-2) of it.
bool first_guess(const std::vector<Point>& points, Parameters& p, const RelaxationModel& m) {
  const double top = points.front().value;
  if (!(top > 0)) return false;
  const double level = top * std::exp(m.squared ? -2.0 : -1.0);
  const auto below = std::find_if(points.begin(), points.end(),
                                  [&](const Point& point) { return point.value < level; });
  if (below == points.end()) return false;  // no end of it in sight
  p = {std::log(std::max(0.3, below->lag)), std::log(m.beta > 0 ? m.beta : 0.8), top, 0};
  return true;
}

// `added` to g2 - 1 at every lag before the fit.
bool fit_once(const Autocorrelation& series, std::size_t without, const RelaxationModel& m,
              const std::vector<double>& added, Parameters& p, bool use_guess) {
  const auto values = series.correlation(without);
  const auto& lags = series.lags();
  std::vector<Point> points;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    const double spacing =
        i + 1 < lags.size() ? double(lags[i + 1] - lags[i]) : double(lags[i] - lags[i - 1]);
    // lags far apart stand for those between them; long lags have fewer pairs
    points.push_back({double(lags[i]), values[i] + added[i],
                      std::sqrt(std::sqrt(spacing) * double(series.frames() - lags[i]) /
                                double(series.frames()))});
  }
  Parameters start;
  if (use_guess) {
    if (!first_guess(points, start, m)) return false;
    p = start;
  }
  const Problem problem{points,    series.frames(), double(series.series()),
                        m.squared, !(m.beta > 0),   m.baseline};
  const auto found = minimise_damped(
      problem, p, {.start = 1e-2, .least = 1e-9, .ease = 5, .tighten = 4, .iterations = 60});
  p = found.value;
  return found.converged && p[2] > 0 && std::isfinite(p[0]);
}

}  // namespace

std::vector<std::size_t> correlation_lags(std::size_t frames) {
  std::vector<std::size_t> lags;
  for (std::size_t lag = 1; lag <= frames / 3; lag = std::max(lag + 1, lag + lag / 10))
    lags.push_back(lag);
  return lags;
}

Autocorrelation::Autocorrelation(std::size_t frames, std::size_t blocks)
    : frames_(frames), blocks_(blocks), lags_(correlation_lags(frames)) {
  const std::size_t n = blocks * lags_.size();
  for (auto* sums : {&product_, &left_, &right_, &count_}) sums->assign(n, 0);
}

bool Autocorrelation::add(const float* series) {
  double mean = 0;
  for (std::size_t i = 0; i < frames_; ++i) mean += series[i];
  mean /= double(frames_);
  if (!(mean > 0) || !std::isfinite(mean)) return false;
  ++series_;
  for (std::size_t b = 0; b < blocks_; ++b) {
    const std::size_t begin = b * frames_ / blocks_, end = (b + 1) * frames_ / blocks_;
    for (std::size_t l = 0; l < lags_.size(); ++l) {
      const std::size_t lag = lags_[l], last = std::min(end, frames_ - lag);
      double product = 0, left = 0, right = 0;
      for (std::size_t i = begin; i < last; ++i) {
        const double x = series[i], y = series[i + lag];
        product += x * y;
        left += x;
        right += y;
      }
      const std::size_t at = b * lags_.size() + l;
      product_[at] += product;
      left_[at] += left;
      right_[at] += right;
      count_[at] += last > begin ? double(last - begin) : 0;
    }
  }
  return true;
}

std::vector<double> Autocorrelation::correlation(std::size_t without) const {
  std::vector<double> out(lags_.size(), 0);
  for (std::size_t l = 0; l < lags_.size(); ++l) {
    double product = 0, left = 0, right = 0, count = 0;
    for (std::size_t b = 0; b < blocks_; ++b) {
      if (b == without) continue;
      const std::size_t at = b * lags_.size() + l;
      product += product_[at];
      left += left_[at];
      right += right_[at];
      count += count_[at];
    }
    out[l] = count > 0 && left > 0 && right > 0 ? product * count / (left * right) - 1 : 0;
  }
  return out;
}

Relaxation fit_relaxation(const Autocorrelation& series, const RelaxationModel& model) {
  Relaxation result;
  Parameters p;
  if (series.series() == 0 || series.lags().size() < 6) return result;
  std::vector<double> added(series.lags().size(), 0);
  if (!fit_once(series, series.blocks(), model, added, p, true)) return result;
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    const double tau = std::min(std::exp(p[0]), double(series.frames()) / 10),
                 beta = std::exp(p[1]),
                 b = removed_by_mean(series.frames(), tau, beta, model.squared);
    for (std::size_t i = 0; i < added.size(); ++i)
      added[i] =
          p[2] * p[2] / double(series.series()) *
          removed_by_ratio(series.frames(), double(series.lags()[i]), b, tau, beta, model.squared);
    if (!fit_once(series, series.blocks(), model, added, p, false)) return result;
  }
  result.tau = std::exp(p[0]);
  result.beta = std::exp(p[1]);
  result.amplitude = p[2];
  result.baseline = p[3];
  // not resolved: faster than the first lag can show, or still falling at the end
  if (result.tau < 0.2 || result.tau > double(series.frames())) return result;
  const double n = double(series.blocks());
  Parameters mean = Parameters::Zero();
  std::vector<Parameters> parts;
  for (std::size_t b = 0; b < series.blocks(); ++b) {
    Parameters q = p;
    if (!fit_once(series, b, model, added, q, false)) return result;
    parts.push_back(q);
    mean += q / n;
  }
  Parameters variance = Parameters::Zero();
  for (const auto& q : parts) variance += (q - mean).cwiseAbs2();
  // jackknife; Student's distribution widens what so few blocks know by a few per cent
  variance *= (n - 1) / n * (1 + 1.2 / n);
  result.tau_error = result.tau * std::sqrt(variance[0]);
  result.beta_error = result.beta * std::sqrt(variance[1]);
  result.amplitude_error = std::sqrt(variance[2]);
  result.fitted = true;
  return result;
}

RelaxationStatus status_of(const Relaxation& fit, std::size_t frames) {
  if (!fit.fitted) return RelaxationStatus::no_decay;
  if (double(frames) < 40 * fit.tau) return RelaxationStatus::series_too_short;
  return fit.tau < 10 ? RelaxationStatus::frame_too_long : RelaxationStatus::good;
}

std::vector<Relaxation> with_shared_errors(std::vector<Relaxation> fits) {
  constexpr std::size_t kFewest = 20;
  constexpr double kOwn = 4, kShared = 8;  // degrees of freedom that each is taken to have
  double tau = 0, beta = 0, n = 0;
  for (const Relaxation& f : fits)
    if (f.fitted) {
      tau += f.tau_error * f.tau_error / (f.tau * f.tau * f.tau);
      beta += f.beta_error * f.beta_error / f.tau;
      n += 1;
    }
  if (n < double(kFewest)) return fits;
  const auto shrunk = [&](double own, double shared) {
    return std::sqrt((kOwn * own * own + kShared * shared) / (kOwn + kShared));
  };
  for (Relaxation& f : fits)
    if (f.fitted) {
      f.tau_error = shrunk(f.tau_error, tau / n * f.tau * f.tau * f.tau);
      f.beta_error = shrunk(f.beta_error, beta / n * f.tau);
    }
  return fits;
}

}  // namespace vitrobeam
