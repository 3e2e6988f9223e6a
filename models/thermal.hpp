// Thermal motion in the Einstein model: every atom displaced on its own, normally distributed.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

// Displacements in Angstrom of configuration `configuration` (from 1; 0 is reserved for no motion).
// `u_rms` is the one-dimensional rms displacement by atomic number; B = 8 pi^2 u^2. They depend on
// (seed, configuration, index of the atom) only.
std::vector<Vector3d> thermal_displacements(const Atoms& atoms, const std::map<int, double>& u_rms,
                                            std::uint64_t seed, std::uint64_t configuration);

}  // namespace vitrobeam
