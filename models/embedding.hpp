// Puts a motif into a matrix, with the ground truth of what was put where.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

// Matrix atoms closer to a motif atom than this share of the sum of the metallic radii are taken
// out: 1.8 Angstrom for Cu-Cu, 2.0 for Cu-Zr. An icosahedron in a Cu-Zr glass then displaces 21
// atoms on average, 17 at 0.6 and 26 at 0.8.
inline constexpr double kOverlap = 0.7;

struct Embedding {
  std::string name;   // of the motif
  std::string axis;   // along the beam, for the record
  Vector3d position;  // of the motif's centroid, Angstrom from the corner of the matrix
  double overlap = kOverlap;
  Vector3d direction = Vector3d::UnitZ();  // where that axis points, for the record
  std::string voronoi{};                   // index of the motif's centre, for the record
};

// The matrix atoms that `placed` (in the matrix's frame; images count along periodic axes) takes
// the place of, ascending. A motif is smaller than half the cell.
std::vector<std::size_t> displaced_atoms(const Atoms& matrix, const Atoms& placed,
                                         double overlap = kOverlap);

// The matrix with the motif, which is already turned. Label motif: 0 = matrix, k = the k-th
// embedded motif; info motif_k, motif_k_axis, motif_k_position (the depth is its z) and
// motif_k_removed (atoms taken out). Repeat for further motifs. Labels of the matrix stay, those
// that its neighbours decide (voronoi...) go. Error{physics}: the motif meets its own periodic
// image, crosses the faces where the beam enters or leaves or an open face, or overlaps a motif
// that is already there.
Atoms embed(const Atoms& matrix, const Atoms& motif, const Embedding& embedding);

}  // namespace vitrobeam
