// Partial occupancy: which sites of a model hold an atom, drawn anew for every configuration.
#pragma once
#include <cstdint>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

// Whether the model has a label `occupancy` (one column) with a value below 1. Error{input} names
// the atom whose occupancy is not from 0 to 1, or the site whose occupancies sum to more than 1.
bool has_partial_occupancy(const Atoms& atoms);

// Indices, ascending, of the atoms that are there in configuration `configuration`: each with the
// probability that its label says; at most one of those that share a position (within 0.01
// Angstrom). The draw depends on (seed, configuration, lowest index at the position) only.
std::vector<std::size_t> occupied_sites(const Atoms& atoms, std::uint64_t seed,
                                        std::uint64_t configuration);

}  // namespace vitrobeam
