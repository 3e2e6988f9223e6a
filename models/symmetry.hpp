// Point symmetry of a finite set of points: its rotations, its Schoenflies symbol and its axes.
#pragma once
#include <string>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

struct NamedAxis {
  std::string name;    // "5", "100"
  Vector3d direction;  // unit vector in the motif's own frame
};

struct Symmetry {
  std::string point_group;                 // "Ih", "C2v"
  std::vector<Eigen::Matrix3d> rotations;  // proper ones, the identity first
  std::vector<NamedAxis> axes;             // one of each kind, the highest order first: "6", "2",
                                           // "2b"; both ends of a polar axis: "3", "3-"
};

// The rotations about the origin that leave the points as they are, to `tolerance` of the largest
// distance from the origin. `kinds` tells points apart that may not be exchanged (atomic numbers).
Symmetry find_symmetry(const std::vector<Vector3d>& points, const std::vector<int>& kinds,
                       double tolerance = 1e-5);

// Whether a rotation or rotoinversion leaves the points as they are.
bool is_invariant(const std::vector<Vector3d>& points, const std::vector<int>& kinds,
                  const Eigen::Matrix3d& operation, double tolerance);

}  // namespace vitrobeam
