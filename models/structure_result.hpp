// The whole analysis of one model: cells, curves, order, classes, columns, motion.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/chemical_order.hpp"
#include "models/column_density.hpp"
#include "models/displacements.hpp"
#include "models/pair_distribution.hpp"
#include "models/structure_factor.hpp"
#include "models/voronoi.hpp"

namespace vitrobeam {

// One number per atom: how it is called in files, and its unit.
struct AtomColumn {
  std::string name, unit;
  std::vector<double> values;
  bool is_class = false;  // an index into kLocalOrderNames
  double mean() const;    // over what is finite; 0 where nothing is
};

struct VoronoiCount {
  std::array<int, 4> index;
  std::size_t count = 0;
  std::map<int, std::size_t> by_centre;  // element -> count
};

struct StructureResult {
  Atoms atoms;
  double cutoff = 0;            // of the first shell, Angstrom
  std::string cutoff_origin;    // "first minimum of g(r)" or "given"
  std::size_t close_pairs = 0;  // unphysically close
  std::optional<Voronoi> voronoi;
  VoronoiSettings voronoi_settings;
  std::string voronoi_rule;
  std::vector<VoronoiCount> voronoi_counts;  // the most frequent first; surface atoms left out
  std::vector<AtomColumn> columns;
  std::map<std::string, double> bond_signatures;
  std::optional<ChemicalOrder> chemical_order;
  std::optional<PairDistribution> pairs;
  std::optional<StructureFactor> partial_factors;
  std::vector<std::pair<std::string, std::vector<double>>> factors;  // "electron", ... S(q)
  std::optional<ColumnDensity> column;
  std::string column_weight;
  std::vector<Vector3d> non_affine;  // Angstrom, from the reference frame
};

// How often each index occurs.
std::vector<VoronoiCount> count_indices(const Atoms& atoms, const Voronoi& v);

// The atoms with all that is known of each as labels.
Atoms labelled(const StructureResult& result);

}  // namespace vitrobeam
