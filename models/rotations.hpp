// Rotations: drawn at random, between two directions, fitted to points.
#pragma once
#include <vector>

#include "base/array.hpp"
#include "base/random.hpp"

namespace vitrobeam {

// Uniform over all rotations (Shoemake, Graphics Gems III (1992) 124).
Eigen::Matrix3d random_rotation(RandomSequence& random);

// The least rotation that takes the direction of `a` to that of `b`; lengths do not matter.
// Opposite directions: half a turn about an axis square to both, x where both lie along z.
Eigen::Matrix3d rotation_between(const Vector3d& a, const Vector3d& b);

// The rotation R about the origin with the least sum |R a_i - b_i|^2 (W. Kabsch, Acta Cryst. A 32
// (1976) 922).
Eigen::Matrix3d fitted_rotation(const std::vector<Vector3d>& a, const std::vector<Vector3d>& b);

}  // namespace vitrobeam
