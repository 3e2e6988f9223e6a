// Measured patterns made ready for analysis: pixels that must not be used, the centre, the scale.
// Everything found here is stated, never applied silently; patterns keep their values.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "patterns/polar.hpp"

namespace vitrobeam {

// Marks in images of one shape: non-zero = must not be used.
using PixelMask = Plane<unsigned char>;
PixelMask either(const PixelMask& a, const PixelMask& b);  // either may be empty

// Pixels that are not finite, stand alone above their neighbours by more than `sigmas` robust
// standard deviations and threefold (hot), or below a third of the least of them where these are
// bright (dead). `mean` is the mean pattern of a scan, in which noise has averaged out.
PixelMask faulty_pixels(const PlaneF& mean, const PixelMask& hidden, double sigmas);

// The shadow of a beam stop: the largest connected region with less than half of the intensity of
// the brighter fifth of its circle about the centre, wider by `margin` pixels; empty if nothing of
// more than 0.1 % of the image is dark.
PixelMask beam_stop(const PlaneF& mean, const Calibration& centre, const PixelMask& hidden,
                    int margin = 2);

// Centre and radius (pixels) of the brightest disc: the connected region above half of its own
// level, whose border is sub-pixel by linear interpolation. Throws Error{physics} if it touches the
// border of the image or hidden pixels: then the ring gives the centre.
struct Disc {
  double row = 0, col = 0, radius = 0;
};
Disc central_disc(const PlaneF& image, const PixelMask& hidden);

// How far (x, y, 1/Angstrom) the undiffracted beam roughly lies off the stated centre: the place,
// of a lattice up to `reach` away, about which the roots of intensity vary least along circles;
// zero unless that halves the sum of their squares. For refusing, not for correcting: it is a
// lattice.
Vector2d rough_centre_shift(const PlaneF& mean, const Calibration& centre, const PixelMask& hidden,
                            double reach);

// Median (robust against speckle and spots) or mean intensity of each circle of whole pixels about
// the centre, radius r = index + 0.5 pixels; not-a-number where nothing is visible.
std::vector<double> radial_median(const PlaneF& image, const Calibration& centre,
                                  const PixelMask& hidden);
std::vector<double> radial_mean(const PlaneF& image, const Calibration& centre,
                                const PixelMask& hidden);
// A radial profile as an image, linear between the circles.
PlaneF radial_image(const std::vector<double>& profile, Eigen::Index rows, Eigen::Index cols,
                    const Calibration& centre);

// The image moved by whole pixels; what leaves at one border enters at the other, so that moving it
// back gives the image.
PlaneF moved(const PlaneF& image, int rows, int cols);
// Pixels of which at least one of the moved images shows a hidden pixel, or what entered at a
// border. `hidden` may be empty.
PixelMask hidden_after_moves(const PixelMask& hidden, Eigen::Index rows, Eigen::Index cols,
                             const std::vector<std::pair<int, int>>& moves);

// Least squares of a + b x + c y through a map (not-a-number left out): what descan does.
struct PlaneFit {
  double offset = 0, per_column = 0, per_row = 0;
};
PlaneFit fit_plane(const PlaneD& map);

}  // namespace vitrobeam
