// Hard spheres that grow while they fly and collide, until they jam: B. D. Lubachevsky and
// F. H. Stillinger, J. Stat. Phys. 60 (1990) 561; events as in Lubachevsky, J. Comput. Phys. 94
// (1991) 255: one event per sphere, cells of neighbours, a heap.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// The state at one moment: positions in a periodic orthogonal box, speeds of unit rms per axis, and
// diameters `sizes` (relative, mean 1) times `diameter`. Everything that decides what comes next is
// here, so a run that was saved and taken up again ends on the same bytes.
struct HardSpheres {
  Vector3d box;
  std::vector<Vector3d> positions, velocities;
  std::vector<double> sizes;
  double diameter = 0;    // of a sphere of size 1, in units of the box
  double collisions = 0;  // so far
  double pressure = 0;    // p V / N k T, of the last batch

  double fraction() const;                    // of the volume that the spheres fill
  double diameter_at(double fraction) const;  // of size 1, to fill that fraction
};

struct GrowthSettings {
  double fraction = 0.63;  // wanted
  // Growth of the diameter over the thermal speed. Slower packs denser, and at last crystallises:
  // fast while the fluid is thin, `slow` from where it is dense (above 0.5).
  double fast = 0.1, slow = 1e-2;
  double jammed_pressure = 1e5;  // p V / N k T beyond which nothing moves any more
};

enum class GrowthEnd { reached, jammed, stopped };

// Random places that do not overlap at a fraction of 0.25, random velocities.
HardSpheres random_gas(const Vector3d& box, const std::vector<double>& sizes, std::uint64_t seed);

// Grows to the wanted fraction. `go_on` is asked after every batch of 20 collisions per sphere, at
// which the state is whole; false stops the run there.
GrowthEnd grow(HardSpheres& spheres, const GrowthSettings& settings,
               const std::function<bool(const HardSpheres&)>& go_on);

}  // namespace vitrobeam
