// Radial distribution function g(r) and its partials, in any cell.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

// g = 1 for a structureless model of the same density. Partials "Cu-Cu", "Cu-Zr", ...: the density
// of the second around the first over its mean, so that g = sum over a, b of c_a c_b g_ab.
struct PairDistribution {
  std::vector<double> r;  // bin centres, Angstrom
  std::vector<double> total;
  std::map<std::string, std::vector<double>> partials;
};

// Distances up to r_max in bins of `bin` Angstrom; every periodic image counts, so r_max may exceed
// half of the cell. A model without a cell volume is Error{physics}.
PairDistribution pair_distribution(const Atoms& atoms, double r_max, double bin);

}  // namespace vitrobeam
