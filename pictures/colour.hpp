// Colour maps computed in OKLab (B. Ottosson, "A perceptual color space for image processing",
// 2020): equal steps of a value are equal steps to the eye, and lightness only rises, so that a
// picture survives grey printing.
#pragma once
#include <cstddef>

namespace vitrobeam {

struct Colour {
  double r = 0, g = 0, b = 0;  // sRGB, 0 to 1
};

enum class ColourMap {
  grey,        // intensities of one detector
  sequential,  // dark violet over red to pale yellow: diffraction patterns, anything from 0 up
  diverging,   // blue, white, red: signed values
};

Colour colour(ColourMap map, double t);  // t from 0 to 1, values outside are clamped

// Colours of unlike hue and alternating lightness for classes 0, 1, 2, ...; a negative class is
// "none", pale grey.
Colour category_colour(int index);

inline constexpr Colour kBlack{0, 0, 0}, kWhite{1, 1, 1}, kMissing{0.62, 0.64, 0.66};

struct OkLab {
  double lightness, a, b;
};
OkLab to_oklab(const Colour& c);
Colour from_oklab(OkLab lab);  // chroma is reduced until the colour exists in sRGB

}  // namespace vitrobeam
