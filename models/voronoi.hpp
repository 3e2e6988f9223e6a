// Voronoi analysis of a model (voro++, Rycroft, Chaos 19 (2009) 041111), plain or radical.
#pragma once
#include <map>

#include "models/atoms.hpp"

namespace vitrobeam {

// Faces smaller than this share of the surface of their cell are not counted (of the index and of
// the neighbours): the usual cut of 1 %. 0 counts everything.
inline constexpr double kVoronoiFaceCut = 0.01;

// What becomes of the edges when small faces are left out.
enum class SmallFaces {
  drop,    // the faces that stay keep their edges as they are
  rebuild  // the cell is cut again by the planes of the neighbours that stay, and all its faces
           // count (Yang et al., Nature 592 (2021) 60): a small face becomes an edge or a corner.
           // A cell that is then open has no faces.
};

struct VoronoiSettings {
  double face_cut = kVoronoiFaceCut;
  SmallFaces small_faces = SmallFaces::drop;
  // Edges shorter than this share of the mean edge of the cell are not counted.
  double edge_cut = 0;
  // Radii by atomic number (Angstrom): a face stands where the power distances r^2 - R^2 are equal
  // (radical or Laguerre tessellation). None: it stands in the middle.
  std::map<int, double> radii;
};

struct Voronoi {
  std::vector<std::array<int, 4>> index;  // <n3,n4,n5,n6>: faces with 3, 4, 5, 6 edges
  std::vector<double> volume;             // Angstrom^3, of the whole cell whatever the cuts
  std::vector<std::vector<std::size_t>> neighbours;  // atoms behind the counted faces, ascending
  std::vector<std::vector<double>> area;             // Angstrom^2 of those faces
  std::vector<std::vector<int>> edges;               // their numbers of edges
  // The cell touches the border of an open axis, or has a corner out in the vacuum (1.3 times as
  // far as usual): index and volume are not the atom's own.
  std::vector<bool> at_surface;
  // Share of all edges that are shorter than 1 % of the mean edge of their cell. In a glass it is
  // about 1 %; much more where many atoms meet at one corner, as in a crystal, and rounding of the
  // positions parts them: then the indices hang on the rounding, unless edge_cut leaves them out.
  double short_edges = 0;
};

// Whether so many edges are short that the indices say little.
bool hangs_on_short_edges(const Voronoi& v, const VoronoiSettings& settings);

// Open axes are closed by walls at the cell's faces; a finite piece (zero cell) by walls 3 Angstrom
// outside of its atoms. Error{physics}: a tilted cell that is not periodic along all axes, two
// atoms at one place, a radical cell that is empty, or sites that are partly occupied.
Voronoi voronoi(const Atoms& atoms, const VoronoiSettings& settings);
Voronoi voronoi(const Atoms& atoms, double face_cut = kVoronoiFaceCut);

// "<0,0,12,0>"
std::string voronoi_name(const std::array<int, 4>& index);

// What was not counted, in words: "faces under 1 % of the surface not counted".
std::string voronoi_rule(const VoronoiSettings& settings);

// Adds the labels voronoi (four columns), voronoi_volume (nan at a surface) and, where there are
// any, at_surface, and records the rule in info.
void label_voronoi(Atoms& atoms, const Voronoi& v, const VoronoiSettings& settings);
void label_voronoi(Atoms& atoms, const Voronoi& v, double face_cut);

// Share of the atoms of element `centre` (0 = all) whose index is `index`; atoms at a surface are
// left out.
double voronoi_fraction(const Atoms& atoms, const Voronoi& v, const std::array<int, 4>& index,
                        int centre = 0);

// Share of the counted faces of every atom that have five edges: its five-fold bonds (Hu et al.,
// Nat. Commun. 6 (2015) 8310, W = n5 / sum n).
std::vector<double> five_fold_share(const Voronoi& v);

}  // namespace vitrobeam
