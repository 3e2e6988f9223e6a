// What a template leaves unexplained of a pattern.
#pragma once
#include "patterns/preparation.hpp"

namespace vitrobeam {

struct Unexplained {
  // [row, column]: the pattern less the mean of its rings, less amplitude times the same of the
  // template, over the root of the pattern's ring mean (in which counts have the same noise
  // everywhere); not-a-number beyond the range and where nothing is known.
  PlaneF difference;
  double amplitude = 0;  // least squares, never below 0
  double share = 1;      // of the square of the pattern's contrast, so weighted, that remains
};

// Both images on one camera, compared for q_min <= q <= q_max. `hidden` may be empty.
Unexplained unexplained(const PlaneF& pattern, const PlaneF& turned_template,
                        const Calibration& camera, const PixelMask& hidden, double q_min,
                        double q_max);

}  // namespace vitrobeam
