#include "patterns/match_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "base/random.hpp"

namespace vitrobeam {
namespace {

constexpr double kPriorDeviation = 0.03;
constexpr std::uint64_t kGoodnessStream = 1, kResampledStream = 2;

struct Pareto {
  double shape = 0, scale = 1;
  double exceeded(double y) const {
    if (std::abs(shape) < 1e-9) return std::exp(-y / scale);
    const double z = 1 + shape * y / scale;
    return z > 0 ? std::pow(z, -1 / shape) : 0;
  }
  double quantile(double exceeded) const {
    return std::abs(shape) < 1e-9 ? -scale * std::log(exceeded)
                                  : scale * (std::pow(exceeded, -shape) - 1) / shape;
  }
};

double negative_log_likelihood(const std::vector<double>& y, const Pareto& p) {
  double sum = double(y.size()) * std::log(p.scale);
  for (const double v : y) {
    const double z = 1 + p.shape * v / p.scale;
    if (!(z > 0)) return INFINITY;
    sum += std::abs(p.shape) < 1e-9 ? v / p.scale : (1 + 1 / p.shape) * std::log(z);
  }
  return sum;
}

double golden_section(const std::function<double(double)>& f, double low, double high, int steps) {
  const double golden = 0.3819660112501051;
  double a = low + golden * (high - low), b = high - golden * (high - low), fa = f(a), fb = f(b);
  for (int i = 0; i < steps; ++i) {
    if (fa < fb) {
      high = b, b = a, fb = fa;
      fa = f(a = low + golden * (high - low));
    } else {
      low = a, a = b, fa = fb;
      fb = f(b = high - golden * (high - low));
    }
  }
  return (low + high) / 2;
}

// The most probable one of exceedances y > 0.
Pareto most_probable(const std::vector<double>& y) {
  constexpr double kWidest = 5;  // deviations of the prior
  double mean = 0;
  for (const double v : y) mean += v / double(y.size());
  const auto scale_of = [&](double shape) {
    return std::exp(golden_section(
        [&](double s) {
          return negative_log_likelihood(y, {shape, std::exp(s)});
        },
        std::log(0.3 * mean), std::log(3 * mean), 20));
  };
  const double shape = golden_section(
      [&](double k) {
        return negative_log_likelihood(y, {k, scale_of(k)}) +
               k * k / (2 * kPriorDeviation * kPriorDeviation);
      },
      -kWidest * kPriorDeviation, kWidest * kPriorDeviation, 16);
  return {shape, scale_of(shape)};
}

// Distance of Anderson and Darling of ascending exceedances from it.
double distance(const std::vector<double>& y, const Pareto& p) {
  const double n = double(y.size());
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double below = std::clamp(1 - p.exceeded(y[i]), 1e-12, 1.0),
                 above = std::max(p.exceeded(y[y.size() - 1 - i]), 1e-12);
    sum += (2 * double(i) + 1) * (std::log(below) + std::log(above));
  }
  return -n - sum / n;
}

double goodness_of(const std::vector<double>& y, const Pareto& fit, std::uint64_t seed) {
  constexpr int kDraws = 99;
  const double seen = distance(y, fit);
  int larger = 1;
  for (int d = 0; d < kDraws; ++d) {
    RandomSequence random(seed, (kGoodnessStream << 32) + std::uint64_t(d));
    std::vector<double> drawn(y.size());
    for (double& v : drawn) v = fit.quantile(1 - random.uniform());
    std::sort(drawn.begin(), drawn.end());
    larger += distance(drawn, most_probable(drawn)) >= seen;
  }
  return double(larger) / (kDraws + 1);
}

struct Tail {
  double threshold = 0, share = 0;
  std::vector<double> exceedances;  // ascending
};

Tail tail_of(std::vector<double> scores, double share) {
  std::sort(scores.begin(), scores.end());
  const auto count = std::size_t(std::floor(share * double(scores.size())));
  Tail t;
  if (count == 0) return t;
  const std::size_t first = scores.size() - count;
  t.threshold = first > 0 ? scores[first - 1] : scores[0];
  for (std::size_t i = first; i < scores.size(); ++i)
    if (scores[i] > t.threshold) t.exceedances.push_back(scores[i] - t.threshold);
  t.share = double(t.exceedances.size()) / double(scores.size());
  return t;
}

TailFit::Drawn fitted(const Tail& t) {
  const Pareto p = most_probable(t.exceedances);
  return {t.threshold, t.share, p.shape, p.scale};
}

double p_of(const TailFit::Drawn& d, double score) {
  constexpr double kLeast = 1e-30;  // beyond the end of a bounded tail
  return std::max(kLeast,
                  d.share * Pareto{d.shape, d.scale}.exceeded(std::max(0.0, score - d.threshold)));
}

void resample(const std::map<int, std::vector<double>>& by_packing, double share,
              std::uint64_t seed, TailFit& fit) {
  constexpr int kDraws = 50;
  std::vector<const std::vector<double>*> packings;
  for (const auto& [number, scores] : by_packing) packings.push_back(&scores);
  for (int d = 0; d < kDraws; ++d) {
    RandomSequence random(seed, (kResampledStream << 32) + std::uint64_t(d));
    std::vector<double> drawn;
    for (std::size_t i = 0; i < packings.size(); ++i) {
      const auto k =
          std::min(packings.size() - 1, std::size_t(random.uniform() * double(packings.size())));
      drawn.insert(drawn.end(), packings[k]->begin(), packings[k]->end());
    }
    if (const Tail t = tail_of(std::move(drawn), share); t.exceedances.size() > 1)
      fit.resampled.push_back(fitted(t));
  }
}

}  // namespace

double TailFit::p(double score) const { return p_of({threshold, share, shape, scale}, score); }

double TailFit::log_error(double score) const {
  const double own = std::log(p(score));
  double square = 0;
  for (const Drawn& d : resampled) square += std::pow(std::log(p_of(d, score)) - own, 2);
  return resampled.empty() ? INFINITY : std::sqrt(square / double(resampled.size()));
}

TailFit fit_tail(const std::vector<double>& scores, const std::vector<int>& packing,
                 std::uint64_t seed) {
  constexpr std::size_t kFewest = 30, kFewestPackings = 4;
  constexpr double kGood = 0.1;
  std::map<int, std::vector<double>> by_packing;
  for (std::size_t i = 0; i < scores.size(); ++i) by_packing[packing[i]].push_back(scores[i]);
  TailFit fit;
  if (by_packing.size() < kFewestPackings) {
    fit.refused = fmt::format("{} packings, fewer than {}", by_packing.size(), kFewestPackings);
    return fit;
  }
  for (const double share : {0.1, 0.05}) {
    const Tail t = tail_of(scores, share);
    if (t.exceedances.size() < kFewest) {
      if (fit.refused.empty())
        fit.refused = fmt::format("{} motif-free scores in the upper tenth, fewer than {}",
                                  t.exceedances.size(), kFewest);
      return fit;
    }
    const TailFit::Drawn f = fitted(t);
    fit.threshold = f.threshold, fit.share = f.share, fit.shape = f.shape, fit.scale = f.scale;
    fit.goodness = goodness_of(t.exceedances, {f.shape, f.scale}, seed);
    fit.refused = fit.goodness < kGood ? fmt::format("the upper {:g} % are no Pareto tail (p = {})",
                                                     100 * share, fit.goodness)
                                       : "";
    if (!fit.holds()) continue;
    resample(by_packing, share, seed, fit);
    return fit;
  }
  return fit;
}

}  // namespace vitrobeam
