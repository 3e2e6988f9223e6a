// Glasses of trigonal prisms: metalloids each in a prism of metal atoms, capped over its square
// faces, and prisms joined at edges and corners as in cementite but at random. P. H. Gaskell,
// J. Non-Cryst. Solids 32 (1979) 207.
#pragma once
#include <cstdint>

#include "models/packing.hpp"

namespace vitrobeam {

// Six corners of a prism with square sides at unit distance from its centre, its axis along z, and
// over each side a cap at distance `cap`.
// kTouchingCap: it touches its four corners as they touch each other, sqrt(1 / 7) + sqrt(6 / 7).
inline constexpr double kTouchingCap = 1.3037845727817787;
std::vector<Vector3d> tricapped_prism(double cap = kTouchingCap);

// Where caps sit that touch corners and centre as spheres do, in bonds of centre to corner: beyond
// the corners around small metalloids (1.2 to 1.4 in cementite), at 1 around large ones (Ni3P).
double cap_distance(double bond, double metal_radius);

struct PrismPacking {
  Composition composition;  // a metal and a metalloid, in this order
  std::size_t atoms = 1000;
  double density = 0;  // atoms/Angstrom^3; 0: a packing fraction of 0.64
  double bond = 0;     // metalloid to prism corner, Angstrom; 0: sum of the metallic radii
  std::uint64_t seed = 1;
};

struct PrismModel {
  // Labels site (centre, corner, cap, metal), prism (the number of a centre's own, else 0), shared
  // (of how many prisms an atom is a corner) and axis (the three-fold axis of a centre's prism,
  // three columns, 0 elsewhere).
  Atoms atoms;
  // Pairs of prisms with one, two, and three or more corners in common.
  std::size_t at_corners = 0, at_edges = 0, at_faces = 0;
};

// Prisms are joined one to another by an edge at a random angle, corners that nearly meet become
// one; the other metal atoms lie over the square faces and in the holes. Then every prism pulls its
// nine neighbours into place while atoms that overlap part. Error{usage}: not two elements, more
// than one metalloid to two metal atoms, a bond or density that is none; Error{physics}: too few
// atoms, or not a prism for every metalloid at this density.
PrismModel prism_packing(const PrismPacking& settings);
ModelSize expected_size(const PrismPacking& settings);  // the same errors, but for a missing prism

// How far the nine nearest atoms of other elements than `centre` are from a tricapped trigonal
// prism (shape_deviation), the best of caps at 1, 1.1, 1.2, 1.3 bonds; infinity with fewer than
// nine within `reach` Angstrom.
std::vector<double> prism_deviations(const Atoms& atoms, int centre, double reach);

}  // namespace vitrobeam
