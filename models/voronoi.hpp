// Voronoi analysis of a model (voro++, Rycroft, Chaos 19 (2009) 041111).
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

// Faces smaller than this share of the surface of their cell are not counted (of the index and of
// the neighbours): the usual cut of 1 %. The edges of the faces that stay are counted as they are.
// 0 counts everything.
inline constexpr double kVoronoiFaceCut = 0.01;

struct Voronoi {
  std::vector<std::array<int, 4>> index;  // <n3,n4,n5,n6>: faces with 3, 4, 5, 6 edges
  std::vector<double> volume;             // Angstrom^3, of the whole cell whatever the cut
  std::vector<std::vector<std::size_t>> neighbours;  // atoms behind the counted faces, ascending
  std::vector<bool> at_surface;  // the cell touches the border of an open axis: index and volume
                                 // are not the atom's own
};

// Open axes are closed by walls at the cell's faces; a finite piece (zero cell) by walls 3 Angstrom
// outside of its atoms. Error{physics}: a tilted cell that is not periodic along all axes, or two
// atoms at one place.
Voronoi voronoi(const Atoms& atoms, double face_cut = kVoronoiFaceCut);

// "<0,0,12,0>"
std::string voronoi_name(const std::array<int, 4>& index);

// Adds the labels voronoi (four columns) and voronoi_volume, and records the face cut in info.
void label_voronoi(Atoms& atoms, const Voronoi& v, double face_cut);

// Share of the atoms of element `centre` (0 = all) whose index is `index`; atoms at a surface are
// left out.
double voronoi_fraction(const Atoms& atoms, const Voronoi& v, const std::array<int, 4>& index,
                        int centre = 0);

}  // namespace vitrobeam
