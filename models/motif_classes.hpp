// The neighbourhoods of a model sorted into classes of one shape: what motifs a real glass is made
// of.
#pragma once
#include <array>
#include <vector>

#include "models/atoms.hpp"
#include "models/voronoi.hpp"

namespace vitrobeam {

// Least root mean square distance of the points of two shells over all rotations about the origin
// and all pairings, mirror images apart; infinity for different numbers of points. `rotation` and
// `partner` take a onto b: R a[i] is near b[partner[i]]. Pairs of neighbouring points give the
// starts, refined by Kabsch's fit and reassignment.
struct Alignment {
  double distance = 0;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  std::vector<std::size_t> partner;
};
Alignment align(const std::vector<Vector3d>& a, const std::vector<Vector3d>& b);

struct MotifClass {
  std::array<int, 4> index{};
  int centre = 0;                    // atomic number, 0 = any
  std::vector<Vector3d> shell;       // mean of the aligned members, Angstrom from the centre
  std::vector<int> numbers;          // most frequent element at each place
  std::vector<std::size_t> members;  // atoms
  double scatter = 0;  // rms distance of the members from the mean, as share of the bond
};

struct ClassSettings {
  double face_cut = kVoronoiFaceCut;
  double radius = 0.25;     // of a class: rms distance as share of the mean bond
  bool by_element = false;  // centres of different elements are different classes
  int most = 30;            // classes kept, the largest first
};

// Atoms with whole Voronoi cells, by index, then by shape: the first member founds a class, later
// ones join the first that they are near to, and every class is averaged and sorted again. Largest
// first.
std::vector<MotifClass> motif_classes(const Atoms& atoms, const ClassSettings& settings);

// The mean of a class as a motif: a finite piece with the centre at the origin.
Atoms as_motif(const MotifClass& motif_class, const Atoms& source);

}  // namespace vitrobeam
