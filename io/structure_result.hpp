// The /structure group of a result file and the same as text tables: the analysis of one model.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5.hpp"
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

void write_structure_result(Hdf5Writer& file, const StructureResult& result);

// PREFIX_atoms.csv, PREFIX_voronoi.csv, PREFIX_gr.csv, PREFIX_sq.csv, PREFIX_neighbours.csv,
// whatever the result has; returns the names. Throws Error{machine}.
std::vector<std::string> write_structure_tables(const StructureResult& result,
                                                const std::string& prefix);

}  // namespace vitrobeam
