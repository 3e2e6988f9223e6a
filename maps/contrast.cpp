#include "maps/contrast.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "fourier/fourier.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int kBlocks = 4;  // along either edge, of the jackknife

std::vector<double> known_values(const PlaneD& map) {
  std::vector<double> v;
  for (const double x : map.reshaped())
    if (std::isfinite(x)) v.push_back(x);
  return v;
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, excess = 0;
};
Moments moments(const std::vector<double>& v) {
  Moments m;
  for (const double x : v) m.mean += x / double(v.size());
  double third = 0, fourth = 0;
  for (const double x : v) {
    const double d = x - m.mean;
    m.variance += d * d / double(v.size());
    third += d * d * d / double(v.size());
    fourth += d * d * d * d / double(v.size());
  }
  m.skewness = third / std::pow(m.variance, 1.5);
  m.excess = fourth / (m.variance * m.variance) - 3;
  return m;
}

// What the jackknife is made of.
struct Estimates {
  double mean, contrast, length;
  std::vector<double> correlation;
};
Estimates estimate(const PlaneD& map, double step, double noise) {
  const Moments m = moments(known_values(map));
  const double variance = m.variance - noise;
  if (!(variance > 0)) return {m.mean, 0, kNone, {}};
  const Autocorrelogram a = autocorrelogram(map, noise);
  return {m.mean, std::sqrt(variance) / m.mean, a.length(std::exp(-1)) * step, a.radial};
}

PlaneD without_block(const PlaneD& map, int block) {
  PlaneD out = map;
  const Eigen::Index r0 = map.rows() * (block / kBlocks) / kBlocks,
                     r1 = map.rows() * (block / kBlocks + 1) / kBlocks,
                     c0 = map.cols() * (block % kBlocks) / kBlocks,
                     c1 = map.cols() * (block % kBlocks + 1) / kBlocks;
  out.block(r0, c0, r1 - r0, c1 - c0) = kNone;
  return out;
}

double jackknife(const std::vector<Estimates>& parts,
                 const std::function<double(const Estimates&)>& of) {
  double sum = 0, n = 0;
  for (const auto& p : parts)
    if (const double v = of(p); std::isfinite(v)) sum += v, n += 1;
  if (n < 3) return kNone;
  double squares = 0;
  for (const auto& p : parts)
    if (const double v = of(p); std::isfinite(v)) squares += std::pow(v - sum / n, 2);
  return std::sqrt(squares * (n - 1) / n);
}

void make_histogram(const std::vector<double>& values, Contrast& out) {
  constexpr int kBins = 40;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double width = std::max(*high - *low, 1e-300) / kBins;
  for (int i = 0; i <= kBins; ++i) out.edges.push_back(*low + i * width);
  out.histogram.assign(kBins, 0);
  for (const double v : values)
    out.histogram[std::size_t(std::clamp(int((v - *low) / width), 0, kBins - 1))] +=
        1 / double(values.size());
}

// Radial mean of the squared transform under a Hann window, so that its integral over the plane is
// the variance of the map relative to its mean.
void make_power(const PlaneD& map, double mean, double step, Contrast& out) {
  PlaneC f(map.rows(), map.cols());
  double window_power = 0;
  for (Eigen::Index r = 0; r < map.rows(); ++r)
    for (Eigen::Index c = 0; c < map.cols(); ++c) {
      const double w = std::sin(M_PI * (double(r) + 0.5) / double(map.rows())) *
                       std::sin(M_PI * (double(c) + 0.5) / double(map.cols()));
      const double v = map(r, c);
      f(r, c) = std::isfinite(v) ? w * w * (v / mean - 1) : 0;
      window_power += std::isfinite(v) ? w * w * w * w : 0;
    }
  transform_plane(f, Direction::forward);
  const double edge = double(std::max(map.rows(), map.cols())) * step;
  const auto rings = std::size_t(std::min(map.rows(), map.cols()) / 2);
  std::vector<double> count(rings + 1, 0);
  out.frequency.assign(rings + 1, 0);
  out.power = out.frequency;
  for (Eigen::Index r = 0; r < f.rows(); ++r)
    for (Eigen::Index c = 0; c < f.cols(); ++c) {
      const double fy = double(r <= f.rows() / 2 ? r : r - f.rows()) / (double(f.rows()) * step),
                   fx = double(c <= f.cols() / 2 ? c : c - f.cols()) / (double(f.cols()) * step);
      const auto ring = std::size_t(std::lround(std::hypot(fx, fy) * edge));
      if (ring > rings) continue;
      out.frequency[ring] += std::hypot(fx, fy);
      out.power[ring] += std::norm(f(r, c)) * step * step / window_power;
      count[ring] += 1;
    }
  for (std::size_t k = 0; k <= rings; ++k)
    if (count[k] > 0) out.frequency[k] /= count[k], out.power[k] /= count[k];
}

}  // namespace

Contrast analyse_contrast(const PlaneD& map, double step, double probe_length, double noise) {
  std::vector<double> values = known_values(map);
  constexpr std::size_t kFewest = 64;
  if (values.size() < kFewest)
    fail(
        Fault::physics,
        "{} known positions are too few for contrast and correlation length; record an image of at "
        "least 8 x 8",
        values.size());
  const Moments m = moments(values);
  const Estimates whole = estimate(map, step, noise);
  Contrast out;
  out.mean = m.mean;
  out.contrast = whole.contrast;
  out.skewness = m.skewness;
  out.excess = m.excess;
  out.length = whole.length;
  out.correlation = whole.correlation;
  for (std::size_t k = 0; k < out.correlation.size(); ++k) out.lag.push_back(double(k) * step);
  std::vector<Estimates> parts;
  for (int b = 0; b < kBlocks * kBlocks; ++b)
    parts.push_back(estimate(without_block(map, b), step, noise));
  out.mean_error = jackknife(parts, [](const Estimates& e) { return e.mean; });
  out.contrast_error = jackknife(parts, [](const Estimates& e) { return e.contrast; });
  out.length_error = jackknife(parts, [](const Estimates& e) { return e.length; });
  for (std::size_t k = 0; k < out.correlation.size(); ++k)
    out.correlation_error.push_back(jackknife(parts, [&](const Estimates& e) {
      return k < e.correlation.size() ? e.correlation[k] : kNone;
    }));
  const double own = out.length * out.length - probe_length * probe_length;
  out.own_length = own > 0 ? std::sqrt(own) : kNone;
  out.own_length_error = out.length * out.length_error / out.own_length;
  make_histogram(values, out);
  make_power(map, m.mean, step, out);
  std::sort(values.begin(), values.end());
  constexpr double kQuartiles = 1.34898;  // between those of a Gaussian, in standard deviations
  const std::size_t n = values.size();
  out.gaussian = (values[n * 3 / 4] - values[n / 4]) / kQuartiles / m.mean;
  return out;
}

PlaneD detrended(const PlaneD& map, int degree) {
  if (degree <= 0) return map;
  std::vector<PlaneD> terms;
  for (int total = 1; total <= degree; ++total)
    for (int k = 0; k <= total; ++k) {
      PlaneD t(map.rows(), map.cols());
      for (Eigen::Index r = 0; r < map.rows(); ++r)
        for (Eigen::Index c = 0; c < map.cols(); ++c)
          t(r, c) = std::pow(2.0 * double(r) / double(map.rows()) - 1, k) *
                    std::pow(2.0 * double(c) / double(map.cols()) - 1, total - k);
      terms.push_back(std::move(t));
    }
  const auto values = known_values(map);
  return without(map, terms) + moments(values).mean;
}

double probe_autocorrelation_length(const std::function<double(double)>& transform, double most) {
  constexpr int kPoints = 400;
  std::vector<double> g, weight;
  for (int i = 0; i < kPoints; ++i) {
    g.push_back((i + 0.5) * most / kPoints);
    weight.push_back(g.back() * std::pow(transform(g.back()), 2));
  }
  const auto at = [&](double r) {
    double sum = 0;
    for (std::size_t i = 0; i < g.size(); ++i)
      sum += weight[i] * std::cyl_bessel_j(0, 2 * M_PI * g[i] * r);
    return sum;
  };
  const double level = at(0) * std::exp(-1), step = 0.02 / most;
  double before = at(0);
  for (double r = step;; r += step) {
    const double now = at(r);
    if (now < level) return r - step * (level - now) / (before - now);
    before = now;
  }
}

}  // namespace vitrobeam
