// Partial occupancy: which sites of a model hold an atom, drawn anew for every configuration.
#pragma once
#include <cstdint>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

// Atoms nearer than this cannot both be there: what partial occupancies make of one site, else a
// mistake. No bond is shorter than 0.74 Angstrom (H2).
inline constexpr double kOnePlace = 0.5;  // Angstrom

// The share of the time that each atom is there: the label `occupancy`, else 1. Whatever counts
// atoms counts with it: numbers, densities, compositions, g(r), sums of scattering.
std::vector<double> occupancies(const Atoms& atoms);

// Sum of the occupancies.
double atoms_in(const Atoms& atoms);

// Error{physics} if some site is partly occupied: for `what` ("Voronoi cells") every atom must be
// there or not.
void require_full_occupancy(const Atoms& atoms, const std::string& what);

// Whether the model has a label `occupancy` (one column) with a value below 1. Error{input} names
// the atom whose occupancy is not from 0 to 1, or the site whose occupancies sum to more than 1.
bool has_partial_occupancy(const Atoms& atoms);

// Indices, ascending, of the atoms that are there in configuration `configuration`: each with the
// probability that its label says; at most one of those that share a site (within kOnePlace).
// The draw depends on (seed, configuration, lowest index at the position) only.
std::vector<std::size_t> occupied_sites(const Atoms& atoms, std::uint64_t seed,
                                        std::uint64_t configuration);

}  // namespace vitrobeam
