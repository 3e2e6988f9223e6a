// Who has whom for a neighbour: partial coordination numbers and Warren-Cowley parameters.
#pragma once
#include <map>
#include <utility>

#include "models/neighbours.hpp"

namespace vitrobeam {

struct ChemicalOrder {
  // [a, b]: neighbours of element b that an atom of element a has on average.
  std::map<std::pair<int, int>, double> coordination;
  // alpha_ab = 1 - (Z_ab / Z_a) / c_b: 0 without order, negative where a prefers b, 1 where it has
  // none (Cowley, J. Appl. Phys. 21 (1950) 24).
  std::map<std::pair<int, int>, double> warren_cowley;
  std::map<int, double> total_coordination;  // of element a
};

// Neighbours within a cutoff, or behind the faces of Voronoi cells.
ChemicalOrder chemical_order(const std::vector<int>& numbers, const NeighbourList& neighbours);
ChemicalOrder chemical_order(const std::vector<int>& numbers,
                             const std::vector<std::vector<std::size_t>>& neighbours);

}  // namespace vitrobeam
