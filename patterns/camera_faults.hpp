// Pixels of measured patterns that hold no measurement: not numbers, the largest number of the
// integers with which cameras mark bad pixels and gaps, dead and hot pixels. Found in a sample of
// the scan, in which what the specimen does changes and what the camera does stays.
#pragma once
#include <optional>
#include <string>

#include "patterns/preparation.hpp"

namespace vitrobeam {

struct CameraFaults {
  PixelMask hidden;      // every pixel found; empty if there is none
  PixelMask unreadable;  // those of them whose values are no intensities: to be taken as 0
  std::size_t not_finite = 0, largest = 0, dead = 0, hot = 0;
  std::size_t saturated = 0;  // at the largest number too, but as a bright disc is: not hidden
};

// `sample` [pattern, row, column]. `largest`: of the integers the patterns are stored as. `counts`:
// they are recorded with counting noise, without which nothing tells a hot pixel from a spot.
// `centre`: a spot has a partner across it, a hot pixel has none. Pixels of `known` are passed
// over.
CameraFaults find_camera_faults(const Stack<float>& sample, std::optional<double> largest,
                                bool counts, const Calibration& centre, const PixelMask& known);

// In words: "3 pixels are hidden: 1 at the largest number of its type, 2 dead"; empty without any.
std::string summary(const CameraFaults& faults);

}  // namespace vitrobeam
