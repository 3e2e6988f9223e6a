#include "maps/correlated_maps.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace vitrobeam {
namespace {

PlaneD rates_of(const PlaneD& p) {
  std::vector<double> list;
  for (Eigen::Index i = 0; i < p.rows(); ++i)
    for (Eigen::Index j = i + 1; j < p.cols(); ++j) list.push_back(p(i, j));
  const auto rates = benjamini_hochberg(list);
  PlaneD out = PlaneD::Zero(p.rows(), p.cols());
  std::size_t k = 0;
  for (Eigen::Index i = 0; i < p.rows(); ++i)
    for (Eigen::Index j = i + 1; j < p.cols(); ++j) out(i, j) = out(j, i) = rates[k++];
  return out;
}

}  // namespace

std::vector<std::size_t> correlated_maps(const std::vector<AtlasMap>& maps,
                                         const std::vector<std::string>& only,
                                         const RunControl& run) {
  std::vector<std::string> names;
  for (const auto& m : maps) names.push_back(m.name);
  const auto is_in = [](const auto& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const auto& wanted : only)
    if (!is_in(names, wanted))
      fail(Fault::usage, "@only '{}': no such map; there are {}", wanted, fmt::join(names, ", "));
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < maps.size(); ++k) {
    if (only.empty() ? !maps[k].correlated : !is_in(only, maps[k].name)) continue;
    const auto& v = maps[k].values;
    const double known = double(v.isFinite().count());
    if (only.empty() && known < 0.5 * double(v.size())) {
      run.inform("{} is known at {} of {} columns and is not correlated (@only includes it)",
                 maps[k].name, int(known), v.size());
      continue;
    }
    out.push_back(k);
  }
  if (out.size() < 2)
    fail(Fault::usage, "@only {}: correlations need two maps", fmt::join(only, ","));
  return out;
}

AtlasCorrelations correlate(const std::vector<AtlasMap>& maps,
                            const std::vector<std::size_t>& members, const ShiftTest& test,
                            int threads) {
  AtlasCorrelations m;
  std::vector<PlaneD> values;
  for (const std::size_t k : members) {
    m.names.push_back(maps[k].name);
    values.push_back(maps[k].values);
  }
  const auto of = [&](Association kind) { return correlation_matrix(values, kind, test, threads); };
  m.pearson = of(Association::pearson);
  m.spearman = of(Association::spearman);
  m.partial = of(Association::partial);
  m.partial_spearman = of(Association::partial_spearman);
  m.false_discovery = rates_of(m.spearman.p_effective);
  m.partial_false_discovery = rates_of(m.partial_spearman.p_effective);
  return m;
}

std::vector<MapPair> real_correlations(const AtlasCorrelations& m, double rate) {
  std::vector<MapPair> real;
  for (Eigen::Index i = 0; i < m.false_discovery.rows(); ++i)
    for (Eigen::Index j = i + 1; j < m.false_discovery.cols(); ++j)
      if (m.false_discovery(i, j) <= rate) real.push_back({i, j});
  const PlaneD& p = m.spearman.p_effective;
  std::sort(real.begin(), real.end(), [&](const MapPair& a, const MapPair& b) {
    return p(a.first, a.second) < p(b.first, b.second);
  });
  return real;
}

}  // namespace vitrobeam
