// Whether a pattern can be analysed at all, and the contrast of its speckle.
#pragma once
#include "base/array.hpp"

namespace vitrobeam {

// Why a pattern cannot be analysed; such a one is never called a motif.
enum class PatternStatus : unsigned char {
  good = 0,
  not_finite = 1,
  empty = 2,
  featureless = 3,
  saturated = 4,
  smooth = 5,  // far less contrast than any motif-free pattern: none to rank it among
  hidden = 6   // no pixel of the matched range is visible
};

// Of an image [row, column] and its polar pattern [q, theta] with the weights of its bins: finite
// wherever visible, some intensity, some contrast along theta within the grid. `hidden` (non-zero =
// not seen) may be empty. Saturation and smoothness are not looked for.
PatternStatus pattern_status(const Eigen::Ref<const PlaneF>& image,
                             const Plane<unsigned char>& hidden, const PlaneF& polar,
                             const PlaneF& weights);

// Contrast of the speckle: root of the mean over the visible rings of the variance along theta over
// the square of the ring's mean. What a matched pattern must share with the library's motif-free
// ones for their ranks to be error rates; free of scale and of the radial profile. 0 for none.
double speckle_contrast(const PlaneF& polar, const PlaneF& weights);

}  // namespace vitrobeam
