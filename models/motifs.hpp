// Structural motifs: named clusters with their symmetry axes and rotation groups. A new motif is
// one line in the table of motifs.cpp and a builder.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

enum class RotationGroup { trivial, dihedral3, octahedral, icosahedral };  // 1, 6, 24, 60 rotations

struct NamedAxis {
  std::string name;    // "5", "100"
  Vector3d direction;  // unit vector in the motif's own frame
};

// How large, and of what, a motif is made.
struct MotifSize {
  std::vector<int>
      elements;     // atomic numbers; what a second one means is said by Motif::second_element
  double bond = 0;  // centre to first shell, Angstrom; 0 = sum of the metallic radii
  double radius =
      0;  // crystal clusters: atoms up to here from the centre, Angstrom; 0 = first shell
};

struct Motif {
  std::string name, summary;
  std::array<int, 4> voronoi;  // <n3,n4,n5,n6> of the centre
  std::string point_group;     // Schoenflies
  RotationGroup rotations;
  std::string second_element;  // what it decorates; empty: one element only
  std::vector<NamedAxis> axes;
  Atoms (*build)(const MotifSize&);  // centre at the origin, cell zero
};

const std::vector<Motif>& motifs();
// Throws Error{usage} naming the known ones.
const Motif& find_motif(const std::string& name);
const NamedAxis& find_axis(const Motif& motif, const std::string& name);

// The motif's atoms around the origin with the labels motif (1) and shell (0 = centre),
// Error{usage} on a size that makes none.
Atoms build_motif(const Motif& motif, const MotifSize& size);

// All rotations that leave the motif as it is, the identity first.
std::vector<Eigen::Matrix3d> rotation_group(RotationGroup group);

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
