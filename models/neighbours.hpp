// Pairs of atoms within a cutoff, by linked cells, in any cell: periodic along some axes, tilted,
// smaller than the cutoff.
#pragma once
#include <functional>

#include "models/atoms.hpp"

namespace vitrobeam {

// Calls visit(i, j, r_j - r_i) for every ordered pair (i, j) and every periodic image within
// `cutoff`; an atom meets its own images but not itself. A zero cell holds a finite piece.
void visit_neighbours(const Cell& cell, const std::vector<Vector3d>& positions, double cutoff,
                      const std::function<void(std::size_t, std::size_t, const Vector3d&)>& visit);

// Shortest distance between two atoms, images included; infinity if no two are within `limit`.
struct ClosestPair {
  std::size_t first = 0, second = 0;
  double distance;
};
ClosestPair closest_pair(const Atoms& atoms, double limit = 10);

}  // namespace vitrobeam
