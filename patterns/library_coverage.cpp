#include "patterns/library_coverage.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace vitrobeam {
namespace {

MotifCoverage coverage_of(const MotifLibrary& library, int motif, int condition) {
  MotifCoverage m;
  std::set<std::tuple<double, double, double>> directions;
  std::set<int> decorations;
  std::set<double> depths;
  std::set<std::pair<double, double>> offsets;
  for (const auto& t : library.templates)
    if (t.motif == motif && t.condition == condition) {
      directions.insert({t.direction.x(), t.direction.y(), t.direction.z()});
      decorations.insert(t.decoration);
      depths.insert(t.depth);
      offsets.insert({t.offset.x(), t.offset.y()});
      ++m.templates;
    }
  m.directions = directions.size();
  m.decorations = decorations.size();
  m.depths = depths.size();
  m.offsets = offsets.size();
  const std::size_t views = std::max<std::size_t>(1, m.directions * m.decorations * m.offsets);
  m.depths_of_view = std::max<std::size_t>(1, m.templates / views);
  for (const auto& p : library.planted) m.planted += p.motif == motif && p.condition == condition;
  m.planted /= library.layout.patch();
  return m;
}

}  // namespace

ConditionCoverage coverage(const MotifLibrary& library, std::size_t condition) {
  ConditionCoverage c;
  std::set<int> packings;
  for (const auto& n : library.null)
    if (n.condition == int(condition)) {
      ++c.null_patterns;
      packings.insert(n.packing);
    }
  c.packings = packings.size();
  for (std::size_t m = 0; m < library.motif_names.size(); ++m)
    c.motifs.push_back(coverage_of(library, int(m), int(condition)));
  return c;
}

}  // namespace vitrobeam
