// Turns, cuts, repeats, strains and pads models. The entries of planted motifs (ground_truth.hpp)
// move with the atoms.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

// The labels that have a direction in space follow the rotation that is in `deformation` (its polar
// part; a pure strain turns nothing): U (mean-square displacements, R U R^T), axis, velocity and
// force (three columns, R v).
void turn_labels(Atoms& atoms, const Eigen::Matrix3d& deformation);

// A finite piece turned about `centre`: r -> R (r - centre) + centre. The cell is left as it is.
Atoms rotated(const Atoms& piece, const Eigen::Matrix3d& rotation,
              const Vector3d& centre = Vector3d::Zero());

// The atoms (periodic images included, so that the box may be larger than the cell or the cell
// tilted) with lo <= r < hi, in an orthogonal cell with its corner at `lo`. An axis stays periodic
// only where the box repeats the lattice. Error{physics}: empty.
Atoms cut_box(const Atoms& atoms, const Vector3d& lo, const Vector3d& hi);

// A finite piece of a model, turned: a box of the given size in the turned frame, R (r - centre) +
// size / 2, cut from all periodic images, in an open orthogonal cell. No image meets another,
// whatever the rotation. Error{physics}: empty.
Atoms turned_box(const Atoms& atoms, const Eigen::Matrix3d& rotation, const Vector3d& centre,
                 const Vector3d& size);

// The cell repeated along its edges.
Atoms repeated(const Atoms& atoms, const std::array<int, 3>& times);

// Every atom at F r, and the cell with it: F = 1 + strain. Error{physics}: F turns space inside
// out.
Atoms deformed(const Atoms& atoms, const Eigen::Matrix3d& deformation);

// The same atoms in an orthogonal cell larger by `vacuum` on either side of each axis; axes with
// vacuum are not periodic.
Atoms padded(const Atoms& atoms, const Vector3d& vacuum);

// A finite piece with the middle of its extent at the middle of an orthogonal, non-periodic box.
// Error{physics}: too small a box.
Atoms centred_in_box(const Atoms& piece, const Vector3d& box);

// Largest minus smallest coordinate.
Vector3d extent(const Atoms& atoms);

}  // namespace vitrobeam
