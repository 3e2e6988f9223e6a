// The calibration curve that fits an image: its detector, its beam, its composition.
#pragma once
#include <string>

#include "drivers/haadf_image.hpp"
#include "maps/density.hpp"

namespace vitrobeam {

struct CurveForImage {
  DensityCurve curve;
  double position_error = 0;  // of a single position, relative; 0 = not known
  double cross_section = 0;   // mean over the atoms, Angstrom^2; 0 = not known
  double glass_density = 0;   // atoms/Angstrom^3 of the calibration's first glass
  std::string origin = "in proportion";
};

struct CurveChoice {
  std::string calibration;  // file; empty: intensity in proportion to density times thickness
  std::string detector;     // of it; empty: that of the image's angles
  std::string composition;  // of the specimen; empty: the calibration's first glass
};

// Error{physics} where the calibration is of other angles or another beam.
CurveForImage curve_for_image(const CurveChoice& choice, const HaadfImage& image);

}  // namespace vitrobeam
