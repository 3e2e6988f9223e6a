// Icosahedra of several shells. A. L. Mackay, Acta Cryst. 15 (1962) 916: shell n has 10 n^2 + 2
// atoms (13, 55, 147, 309 in all), its twenty faces stacked as fcc. The anti-Mackay outer shell
// (J. Farges et al., Surf. Sci. 156 (1985) 370) sits in the hollow sites that continue the stacking
// as hcp, and at the twelve corners: 45, 127, 279 atoms in all.
#pragma once
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// The twelve corners of the icosahedron, unit vectors: cyclic permutations of (0, +-1, +-phi).
// Distorted by 0 < s <= 1 they are those of (0, +-1, +-t), t = phi + s (1 - phi): the continuous
// way to the cuboctahedron, the shell of fcc, at s = 1 (R. Buckminster Fuller's jitterbug).
std::vector<Vector3d> icosahedron_corners(double distortion = 0);

// Shell n = 1, 2, ... of a Mackay icosahedron whose corners are n from the centre.
std::vector<Vector3d> mackay_shell(int n);

// The outer shell n >= 2 on a Mackay icosahedron of n - 1 shells.
std::vector<Vector3d> anti_mackay_shell(int n);

}  // namespace vitrobeam
