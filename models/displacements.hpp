// Motion between frames: non-affine displacement, D2min, local strain, vibration.
#pragma once
#include "models/neighbours.hpp"

namespace vitrobeam {

// From each atom of `before` to the same atom of `after`, by the shortest way through periodic
// faces, without the homogeneous deformation of the cell and without the mean: Angstrom.
// Error{input}: different numbers of atoms or other elements.
std::vector<Vector3d> displacements(const Atoms& before, const Atoms& after);

// For every atom the best affine deformation F of its surroundings in `before` (all atoms within
// `radius`) and what it leaves (Falk and Langer, Phys. Rev. E 57 (1998) 7192).
struct LocalDeformation {
  std::vector<double> d2min;       // Angstrom^2, sum of |r' - F r|^2 over the number of neighbours
  std::vector<double> shear;       // von Mises invariant of the Green-Lagrange strain (F^T F - 1)/2
  std::vector<double> volumetric;  // a third of its trace
};
// Atoms with fewer than three neighbours, or all in a plane, have not-a-number.
LocalDeformation local_deformation(const Atoms& before, const Atoms& after, double radius);

// Mean-square vibration of every atom about its mean place, over the frames given one by one.
class Vibration {
 public:
  // Error{input} as displacements().
  void add(const Atoms& frame);
  std::size_t frames() const { return frames_; }
  std::vector<double> mean_square() const;  // Angstrom^2, in three dimensions

 private:
  Atoms reference_;
  std::size_t frames_ = 0;
  std::vector<Vector3d> sum_;
  std::vector<double> square_;
};

// Flexibility volume <r^2> a of every atom, a = cube root of its atomic volume: Angstrom^3 (Ding et
// al., Nat. Commun. 7 (2016) 13733). Frames must span vibrations only, not relaxation.
std::vector<double> flexibility_volume(const std::vector<double>& mean_square,
                                       const std::vector<double>& atomic_volume);

}  // namespace vitrobeam
