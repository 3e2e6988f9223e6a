// Thermal motion in the Einstein model: every atom displaced on its own, normally distributed.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

// Per atom the symmetric square root of its mean-square displacements <u_i u_j>, Angstrom; u times
// the unit matrix where the motion is the same along every axis.
using ThermalMotion = std::vector<Eigen::Matrix3d>;

// One-dimensional rms displacement by atomic number; B = 8 pi^2 u^2.
ThermalMotion einstein_motion(const Atoms& atoms, const std::map<int, double>& u_rms);

// What the model's own labels say: U (mean-square displacements in Angstrom^2, columns xx yy zz xy
// xz yz, or all nine row by row) or else u_rms (one column, Angstrom). Error{input} names the atom
// that moves by more than 2 Angstrom or whose tensor is not symmetric or not positive.
bool has_motion_labels(const Atoms& atoms);
ThermalMotion labelled_motion(const Atoms& atoms);

// Mean over the three axes and over the atoms of each element: one-dimensional rms displacement by
// atomic number.
std::map<int, double> mean_motion(const Atoms& atoms, const ThermalMotion& motion);

// Displacements in Angstrom of configuration `configuration` (from 1; 0 is reserved for no motion).
// They depend on (seed, configuration, index of the atom) only.
std::vector<Vector3d> thermal_displacements(const ThermalMotion& motion, std::uint64_t seed,
                                            std::uint64_t configuration);
std::vector<Vector3d> thermal_displacements(const Atoms& atoms, const std::map<int, double>& u_rms,
                                            std::uint64_t seed, std::uint64_t configuration);

}  // namespace vitrobeam
