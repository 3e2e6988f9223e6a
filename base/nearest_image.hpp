// The shortest way between two points of a periodic cell. Half an edge either way: which of the two
// is not defined.
#pragma once
#include <array>
#include <cmath>

#include "base/array.hpp"

namespace vitrobeam {

// The shortest of the images of `step` in an orthogonal box that is periodic along the axes given.
// `box`: its edges, in the unit of `step`.
inline Vector3d nearest_image(Vector3d step, const Vector3d& box,
                              const std::array<bool, 3>& periodic = {true, true, true}) {
  for (int k = 0; k < 3; ++k)
    if (periodic[std::size_t(k)]) step[k] -= box[k] * std::nearbyint(step[k] / box[k]);
  return step;
}

// The same for innermost loops: one division for all steps, 1 / `box`.
inline Vector3d nearest_image(Vector3d step, const Vector3d& box, const Vector3d& inverse) {
  for (int k = 0; k < 3; ++k) step[k] -= box[k] * std::nearbyint(step[k] * inverse[k]);
  return step;
}

// The same in fractions of a cell's edges, of any shape: every component between -1/2 and 1/2 (in a
// strongly tilted cell not always the shortest).
inline Vector3d nearest_fraction(Vector3d step,
                                 const std::array<bool, 3>& periodic = {true, true, true}) {
  for (int k = 0; k < 3; ++k)
    if (periodic[std::size_t(k)]) step[k] -= std::nearbyint(step[k]);
  return step;
}

}  // namespace vitrobeam
