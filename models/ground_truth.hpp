// Where a model's motifs are and how they lie: the entries motif_1, motif_1_position, ... of
// Atoms::info. Whatever moves atoms moves them too.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

struct PlantedMotif {
  std::int64_t id = 1;          // value of the label motif of its atoms
  std::string name;             // info motif_1
  std::string axis;             // motif_1_axis: which of its axes was put along the beam
  Vector3d direction{0, 0, 1};  // motif_1_direction: where that axis points now, unit vector
  Vector3d position{0, 0, 0};   // motif_1_position: its centre, Angstrom from the cell's corner
  std::string voronoi;          // motif_1_voronoi: its centre's index as built, "0 0 12 0"
};

std::vector<PlantedMotif> planted_motifs(const Atoms& atoms);
void record(Atoms& atoms, const PlantedMotif& motif);

// Positions r -> deformation r + shift; directions turn with the deformation.
void move_planted(Atoms& atoms, const Eigen::Matrix3d& deformation, const Vector3d& shift);

// Positions of a piece cut from the periodic model `whole`: moved by a lattice vector to where
// atoms of the motif are in the piece (the first of several copies); entries of motifs that lost
// all of their atoms go.
void settle_planted(Atoms& piece, const Cell& whole);

// motif_1_depth: distance of each centre below the first atom that the beam meets, Angstrom.
void record_depths(Atoms& atoms);

// The label motif: 0 = matrix; all 0 if there is none.
std::vector<std::int64_t> motif_ids(const Atoms& atoms);

}  // namespace vitrobeam
