// Turns, cuts and pads models.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

// A finite piece turned about `centre`: r -> R (r - centre) + centre. The cell is left as it is.
Atoms rotated(const Atoms& piece, const Eigen::Matrix3d& rotation,
              const Vector3d& centre = Vector3d::Zero());

// The atoms (periodic images included, so that the box may be larger than the cell or the cell
// tilted) with lo <= r < hi, in an orthogonal cell with its corner at `lo`. An axis stays periodic
// only where the box repeats the lattice. Error{physics}: empty.
Atoms cut_box(const Atoms& atoms, const Vector3d& lo, const Vector3d& hi);

// The same atoms in an orthogonal cell larger by `vacuum` on either side of each axis; axes with
// vacuum are not periodic.
Atoms padded(const Atoms& atoms, const Vector3d& vacuum);

// A finite piece with the middle of its extent at the middle of an orthogonal, non-periodic box.
// Error{physics}: too small a box.
Atoms centred_in_box(const Atoms& piece, const Vector3d& box);

// Largest minus smallest coordinate.
Vector3d extent(const Atoms& atoms);

}  // namespace vitrobeam
