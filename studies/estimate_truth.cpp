#include "studies/estimate_truth.hpp"

#include <cmath>
#include <limits>

#include "models/column_descriptors.hpp"
#include "studies/density_study.hpp"
#include "studies/structure_analysis.hpp"

namespace vitrobeam {
namespace {

PlaneD mean_over(const PlaneD& map, double step, double together) {
  if (together == 0) return map;
  const auto around =
      neighbourhoods(std::size_t(map.rows()), std::size_t(map.cols()), step, together);
  PlaneD out(map.rows(), map.cols());
  for (std::size_t i = 0; i < around.size(); ++i) {
    double sum = 0;
    for (const std::size_t k : around[i]) sum += map.data()[k];
    out.data()[i] = sum / double(around[i].size());
  }
  return out;
}

double share_inside(const PlaneD& truth, const PlaneD& low, const PlaneD& high) {
  const auto known = truth.isFinite() && low.isFinite();
  const double n = double(known.count());
  return n > 0 ? double((known && truth >= low && truth <= high).count()) / n
               : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<EstimateTruth> compare_with_model(const EstimateResult& result,
                                              const EstimateConditions& conditions,
                                              const Atoms& model, const std::vector<double>& y,
                                              const std::vector<double>& x, const ShiftTest& test) {
  std::string names;
  for (const auto& m : result.maps) {
    const bool is_share = m.name.starts_with("share_");
    names += (names.empty() ? "" : ",") + (is_share ? "share:" + m.name.substr(6) : m.name);
  }
  const auto descriptors = parse_descriptors(names);
  Optics optics;
  optics.energy_kV = conditions.energy_kV;
  optics.semiangle_mrad = conditions.semiangle_mrad;
  optics.defocus = conditions.defocus;
  const Atoms known = with_descriptors(model, descriptors, first_shell(model, std::nullopt).radius);
  const auto truths = column_descriptors(known, descriptors, column_of(optics), y, x);
  std::vector<EstimateTruth> out;
  for (std::size_t k = 0; k < truths.size(); ++k) {
    const EstimatedMap& m = result.maps[k];
    EstimateTruth t;
    t.name = m.name;
    t.unit = m.unit;
    t.truth = mean_over(truths[k], conditions.step, result.together);
    t.correlation = correlate_maps(m.value, t.truth, test);
    t.coverage_68 = share_inside(t.truth, m.low_68, m.high_68);
    t.coverage_90 = share_inside(t.truth, m.low_90, m.high_90);
    out.push_back(std::move(t));
  }
  return out;
}

}  // namespace vitrobeam
