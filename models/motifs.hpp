// Structural motifs: named clusters with their symmetry axes and rotation groups. A new motif is
// one entry in the table of motifs.cpp and a builder; a new index of the Kasper family is one line
// of kasper.cpp.
#pragma once
#include <functional>
#include <optional>

#include "models/atoms.hpp"
#include "models/symmetry.hpp"

namespace vitrobeam {

// How large, and of what, a motif is made.
struct MotifSize {
  // atomic numbers; Motif::other_elements says what a second and a third one mean
  std::vector<int> elements;
  double bond = 0;        // centre to first shell, Angstrom; 0 = sum of the metallic radii
  double radius = 0;      // crystal clusters: atoms up to here from the centre, Angstrom; 0 = first
                          // shell
  int shells = 1;         // Mackay and anti-Mackay clusters: shells around the centre
  double distortion = 0;  // distorted icosahedron: 0 icosahedron to 1 cuboctahedron (fcc)
};

struct Motif {
  std::string name, summary;                     // sizes in it are written @shells (base/error.hpp)
  std::array<int, 4> voronoi;                    // <n3,n4,n5,n6> of the centre
  std::vector<std::string> other_elements;       // what a second and a third element decorate
  std::function<Atoms(const MotifSize&)> build;  // centre at the origin, cell zero
  std::vector<NamedAxis> named_axes{};           // empty: found from the atoms
};

// The table; one entry a motif, the same for the whole run.
const std::vector<Motif>& motifs();
// By its name, or by its Voronoi index ("0,2,8,1" or "<0,2,8,1>"). Throws Error{usage} naming the
// known ones.
const Motif& find_motif(const std::string& name);
bool is_motif(const std::string& name);  // by either

// The rotations that leave the motif as it is (the identity first), its point group and its axes,
// named ones first. Found once from the first shell and kept.
const Symmetry& symmetry_of(const Motif& motif);
// Error{usage} naming the known ones.
const NamedAxis& find_axis(const Motif& motif, const std::string& name);

// The motif's atoms around the origin with the labels motif (1) and shell (0 = centre),
// Error{usage} on a size that makes none.
Atoms build_motif(const Motif& motif, const MotifSize& size);

// A beam direction in the motif's frame; the pattern of every direction of its orbit under the
// rotation group is the same but for a turn in the plane.
struct BeamDirection {
  Vector3d direction;
  double
      weight;  // solid angle of all the directions that it stands for, steradian; they sum to 4 pi
  std::string axis;  // name, if it is a named axis
};

// The fundamental zone of the sphere of directions, named axes first, then filled at the farthest
// point until no direction is farther than spacing_deg / sqrt(3) from (the orbit of) a sampled one,
// as in a hexagonal net of that spacing. Deterministic.
std::vector<BeamDirection> directions(const Motif& motif, double spacing_deg);
std::vector<BeamDirection> directions(const std::vector<Eigen::Matrix3d>& group,
                                      const std::vector<NamedAxis>& axes, double spacing_deg);

// The rotation by the smallest angle that turns `direction` onto +z, followed by `in_plane`
// (radian, from +x to +y) about z.
Eigen::Matrix3d rotation_to_beam(const Vector3d& direction, double in_plane = 0);

}  // namespace vitrobeam
