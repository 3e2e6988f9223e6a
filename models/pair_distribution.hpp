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
  // Ordered pairs in each bin, an atom with itself not among them, nor two atoms of one site; with
  // partial occupancies their mean number.
  std::vector<double> pairs;
};

// Distances up to r_max in bins of `bin` Angstrom; every periodic image counts, so r_max may exceed
// half of the cell. `every`: around every so many-th atom only. A model without a cell volume is
// Error{physics}.
PairDistribution pair_distribution(const Atoms& atoms, double r_max, double bin,
                                   std::size_t every = 1);

// So many that a first shell is found well and fast: 1 for models of up to 2e5 atoms.
std::size_t centres_apart(const Atoms& atoms);

// A g(r) smoothed over 0.1 Angstrom (not normalised), and where the first of its maxima stands that
// reaches `share` of the highest.
std::vector<double> smoothed(const std::vector<double>& r, const std::vector<double>& g);
std::size_t first_maximum(const std::vector<double>& smooth, double share);

// The first minimum behind the first peak of a g(r), smoothed over 0.1 Angstrom: where the first
// shell ends. In a crystal, the middle of the gap. 0: there is no peak followed by a minimum.
double first_minimum(const std::vector<double>& r, const std::vector<double>& g);

}  // namespace vitrobeam
