// How the scan lies in the patterns, from the patterns themselves. A thin specimen deflects the
// beam by the gradient of its projected potential (Ehrenfest), towards the atoms, so the centre of
// mass over the scan has no curl when it is taken along the scan's own axes, and its divergence is
// negative at the atoms (Lazic, Bosch and Lazar, Ultramicroscopy 160 (2016) 265).
#pragma once
#include "patterns/preparation.hpp"

namespace vitrobeam {

struct ScanRotation {
  double angle = 0;       // of the scan's x axis in the pattern, from +x towards +y, radian
  double error = 0;       // jackknife over strips of the scan
  double curl_share = 0;  // of curl^2 + div^2 that is left: noise alone has one half
};

// Centre of mass (x, y) of the visible, finite pixels, in pixels from the first one; not-a-number
// for a pattern without intensity. `hidden` may be empty.
Vector2d centre_of_mass(const Eigen::Ref<const PlaneF>& pattern, const PixelMask& hidden);

// `x`, `y`: centre of mass of the pattern at every position of a raster of square steps, in one
// unit along both; not-a-number is left out, and so is a plane through them (descan). Throws
// Error{usage} for fewer than 8 x 8 positions, Error{physics} where nothing varies.
ScanRotation find_scan_rotation(const PlaneD& x, const PlaneD& y);

}  // namespace vitrobeam
