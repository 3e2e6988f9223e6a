// Common neighbours: the signature of every bond (Honeycutt and Andersen, J. Phys. Chem. 91 (1987)
// 4950) and the class of every atom by the adaptive method (Stukowski, Modelling Simul. Mater. Sci.
// Eng. 20 (2012) 045021).
#pragma once
#include <map>
#include <string>

#include "models/neighbours.hpp"

namespace vitrobeam {

enum class LocalOrder { other, fcc, hcp, bcc, icosahedral, simple_cubic };
inline constexpr const char* kLocalOrderNames[] = {"other", "fcc",         "hcp",
                                                   "bcc",   "icosahedral", "simple cubic"};

// Common neighbours of a bonded pair, bonds among those, and the longest chain of these bonds:
// "555" is the five-ring of an icosahedron, "421" and "422" belong to fcc and hcp, "666" and "444"
// to bcc. Share of all bonds of the list.
std::map<std::string, double> bond_signatures(const NeighbourList& neighbours);

// fcc: 12 x 421; hcp: 6 x 421 and 6 x 422; icosahedral: 12 x 555, among the 12 nearest; bcc: 8 x
// 666 and 6 x 444 among the 14 nearest. Each atom's own cutoff follows from the distances of these.
// The list must reach the 14 nearest neighbours.
std::vector<LocalOrder> common_neighbour_classes(const NeighbourList& neighbours);

}  // namespace vitrobeam
