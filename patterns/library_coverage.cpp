#include "patterns/library_coverage.hpp"

#include <algorithm>
#include <set>
#include <sstream>
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

// Digits behind "seed =" in the text of a plan.
std::string stated_seed(const std::string& plan) {
  std::istringstream lines(plan);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find_first_not_of(' ', 4);
    if (!line.starts_with("seed") || equals == std::string::npos || line[equals] != '=') continue;
    const auto first = line.find_first_not_of(' ', equals + 1);
    if (first != std::string::npos)
      return line.substr(first, line.find_first_not_of("0123456789", first) - first);
  }
  return "unknown";
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

std::vector<OriginCoverage> coverage_of_origins(const MotifLibrary& library) {
  std::vector<OriginCoverage> out;
  for (const LibraryOrigin& made : library.origins) {
    const auto of = [o = int(out.size())](const auto& records) {
      return std::size_t(std::count_if(records.begin(), records.end(),
                                       [o](const auto& r) { return r.origin == o; }));
    };
    out.push_back({made.program.empty() ? "an older program" : made.program, stated_seed(made.plan),
                   of(library.templates), of(library.null), of(library.planted)});
  }
  return out;
}

}  // namespace vitrobeam
