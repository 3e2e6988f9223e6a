// Pairs of atoms within a cutoff, by linked cells, in any cell: periodic along some axes, tilted,
// smaller than the cutoff.
#pragma once
#include <functional>

#include "models/atoms.hpp"

namespace vitrobeam {

// Calls visit(i, j, r_j - r_i) for every ordered pair (i, j) and every periodic image within
// `cutoff`; an atom meets its own images but not itself. A zero cell holds a finite piece. `every`:
// i is every so many-th atom, and j still all.
void visit_neighbours(const Cell& cell, const std::vector<Vector3d>& positions, double cutoff,
                      const std::function<void(std::size_t, std::size_t, const Vector3d&)>& visit,
                      std::size_t every = 1);

// The neighbours of atom i stand at [first[i], first[i + 1]) of `atom` and `step`.
struct NeighbourList {
  std::vector<std::size_t> first, atom;
  std::vector<Vector3d> step;  // from atom i to the neighbour, Angstrom

  std::size_t size() const { return first.size() - 1; }
  std::size_t count(std::size_t i) const { return first[i + 1] - first[i]; }
};
NeighbourList neighbours_within(const Cell& cell, const std::vector<Vector3d>& positions,
                                double cutoff);

// Steps to the `most` nearest neighbours of atom i in the list, the nearest first.
std::vector<Vector3d> nearest_steps(const NeighbourList& neighbours, std::size_t i,
                                    std::size_t most);

// Pairs closer than this share of the sum of their metallic radii (1.8 Angstrom for Cu-Cu) are
// unphysical: measured models have some.
inline constexpr double kClosePair = 0.7;

// How many there are, images included, each counted once.
std::size_t close_pairs(const Atoms& atoms);

// Shortest distance between two atoms, images included; infinity if no two are within `limit`.
struct ClosestPair {
  std::size_t first = 0, second = 0;
  double distance;
};
ClosestPair closest_pair(const Atoms& atoms, double limit = 10);

}  // namespace vitrobeam
