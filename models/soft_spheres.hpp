// Spheres that repel where they overlap, E = sum over pairs of (1 - d / sigma)^2 / 2, in a periodic
// orthogonal box.
#pragma once
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

struct SoftSpheres {
  Vector3d box;
  std::vector<Vector3d> positions;
  std::vector<double> radii;

  double sphere_volume() const;
  double fraction() const { return sphere_volume() / box.prod(); }
  void scale_to(double fraction);  // by the radii
};

// Relaxes the positions by FIRE until the energy per sphere is below `free` or the forces balance;
// returns the energy per sphere.
double relax(SoftSpheres& spheres, double free);

}  // namespace vitrobeam
