#include "models/structure_result.hpp"

#include <algorithm>
#include <cmath>

#include "models/common_neighbours.hpp"

namespace vitrobeam {

double AtomColumn::mean() const {
  double sum = 0, count = 0;
  for (const double v : values)
    if (std::isfinite(v)) {
      sum += v;
      ++count;
    }
  return count > 0 ? sum / count : 0;
}

std::vector<VoronoiCount> count_indices(const Atoms& atoms, const Voronoi& v) {
  std::map<std::array<int, 4>, VoronoiCount> found;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (v.at_surface[i]) continue;
    VoronoiCount& c = found[v.index[i]];
    ++c.count;
    ++c.by_centre[atoms.numbers[i]];
  }
  std::vector<VoronoiCount> out;
  for (auto& [index, c] : found) {
    c.index = index;
    out.push_back(std::move(c));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return out;
}

Atoms labelled(const StructureResult& r) {
  Atoms out = r.atoms;
  if (r.voronoi) label_voronoi(out, *r.voronoi, r.voronoi_settings);
  for (const AtomColumn& c : r.columns) {
    if (c.is_class) {
      std::vector<std::string> names;
      for (double v : c.values) {
        names.emplace_back(kLocalOrderNames[std::size_t(v)]);
        std::replace(names.back().begin(), names.back().end(), ' ', '_');
      }
      out.labels[c.name].values = std::move(names);
    } else {
      out.labels[c.name].values = c.values;
    }
  }
  if (!r.non_affine.empty()) {
    std::vector<double> values;
    for (const auto& u : r.non_affine) values.insert(values.end(), {u.x(), u.y(), u.z()});
    out.labels["non_affine"] = {3, std::move(values)};
  }
  return out;
}

}  // namespace vitrobeam
