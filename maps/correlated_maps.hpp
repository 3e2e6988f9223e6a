// Maps of many kinds over the same columns, and which of them go together.
#pragma once
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "maps/map_statistics.hpp"

namespace vitrobeam {

struct AtlasMap {
  std::string group;  // structure, diffraction, density, motion, motifs
  std::string name, unit, description;
  PlaneD values;           // [y, x]; not-a-number where unknown
  bool correlated = true;  // takes part in the matrix; false where others say the same
};

// Which maps take part in the correlations: those that are named, or else all that are meant to and
// are known at half of the columns or more. Error{usage} for a name that is no map, and for fewer
// than two maps.
std::vector<std::size_t> correlated_maps(const std::vector<AtlasMap>& maps,
                                         const std::vector<std::string>& only,
                                         const RunControl& run);

// Coefficients and p-values of all pairs of maps, [map, map], of values and ranks, and partial ones
// given all the other maps; false-discovery rates of the ranks' (Benjamini and Hochberg 1995).
struct AtlasCorrelations {
  std::vector<std::string> names;
  CorrelationMatrix pearson, spearman, partial, partial_spearman;
  PlaneD false_discovery, partial_false_discovery;
};
AtlasCorrelations correlate(const std::vector<AtlasMap>& maps,
                            const std::vector<std::size_t>& members, const ShiftTest& test,
                            int threads);

// The pairs of maps whose ranks go together at that rate of false discovery, the surest first.
struct MapPair {
  Eigen::Index first, second;
};
std::vector<MapPair> real_correlations(const AtlasCorrelations& correlations, double rate);

}  // namespace vitrobeam
