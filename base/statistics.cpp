#include "base/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vitrobeam {

double finite_median(const PlaneD& map) {
  std::vector<double> values;
  for (const double v : map.reshaped())
    if (std::isfinite(v)) values.push_back(v);
  if (values.empty()) return NAN;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Share wilson_interval(double k, double n) {
  if (n == 0) return {std::numeric_limits<double>::quiet_NaN(), 0, 1};
  constexpr double z = 1.959964;
  const double p = k / n, w = z * z / n;
  const double centre = (p + w / 2) / (1 + w),
               half = z / (1 + w) * std::sqrt(p * (1 - p) / n + w / (4 * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

double rank_p_value(const std::vector<double>& sorted_null, double score) {
  const auto below =
      std::lower_bound(sorted_null.begin(), sorted_null.end(), score) - sorted_null.begin();
  return (1.0 + double(sorted_null.size()) - double(below)) / (1.0 + double(sorted_null.size()));
}

std::vector<double> benjamini_hochberg(const std::vector<double>& p_values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p_values.size(); ++i)
    if (!std::isnan(p_values[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return p_values[a] < p_values[b]; });
  std::vector<double> q(p_values.size(), std::numeric_limits<double>::quiet_NaN());
  double smallest = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    smallest = std::min(smallest, p_values[order[rank - 1]] * double(order.size()) / double(rank));
    q[order[rank - 1]] = smallest;
  }
  return q;
}

}  // namespace vitrobeam
