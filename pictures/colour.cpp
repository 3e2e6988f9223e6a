#include "pictures/colour.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace vitrobeam {
namespace {

double encode(double linear) {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
}
double decode(double srgb) {
  return srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4);
}

std::array<double, 3> linear_rgb(const OkLab& c) {
  const double l = std::pow(c.lightness + 0.3963377774 * c.a + 0.2158037573 * c.b, 3),
               m = std::pow(c.lightness - 0.1055613458 * c.a - 0.0638541728 * c.b, 3),
               s = std::pow(c.lightness - 0.0894841775 * c.a - 1.2914855480 * c.b, 3);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

OkLab polar(double lightness, double chroma, double hue_degrees) {
  const double h = hue_degrees * std::numbers::pi / 180;
  return {lightness, chroma * std::cos(h), chroma * std::sin(h)};
}

double distance(const OkLab& p, const OkLab& q) {
  return std::sqrt(std::pow(p.lightness - q.lightness, 2) + std::pow(p.a - q.a, 2) +
                   std::pow(p.b - q.b, 2));
}

// From near black over violet, red and orange to pale yellow.
Colour sequential_path(double s) {
  const double chroma = 0.02 + 0.19 * std::sin(std::numbers::pi * std::min(1.0, 0.02 + 0.92 * s));
  return from_oklab(polar(0.09 + 0.88 * s, chroma, 275 + 195 * s));
}

Colour diverging_path(double s) {
  const double side = std::abs(2 * s - 1);
  return from_oklab(polar(0.97 - 0.52 * side, 0.17 * side, s < 0.5 ? 255 : 27));
}

constexpr std::size_t kSteps = 257;  // odd: the middle is a colour of its own
using Table = std::array<Colour, kSteps>;

// A path as it is: equal lightness on both sides of the middle. Equal steps would shift it, because
// sRGB holds less chroma of blue than of red.
Table even_table(Colour (*path)(double)) {
  Table table;
  for (std::size_t k = 0; k < kSteps; ++k) table[k] = path(double(k) / (kSteps - 1));
  return table;
}

// The path resampled to equal steps of OKLab distance.
Table uniform_table(Colour (*path)(double)) {
  constexpr std::size_t kFine = 4096;
  std::array<double, kFine + 1> length{};
  OkLab previous = to_oklab(path(0));
  for (std::size_t i = 1; i <= kFine; ++i) {
    const OkLab here = to_oklab(path(double(i) / kFine));
    length[i] = length[i - 1] + distance(previous, here);
    previous = here;
  }
  Table table;
  for (std::size_t k = 0, i = 0; k < kSteps; ++k) {
    const double wanted = length[kFine] * double(k) / (kSteps - 1);
    while (i < kFine && length[i] < wanted) ++i;
    table[k] = path(double(i) / kFine);
  }
  return table;
}

Colour look_up(const Table& table, double t) {
  return table[std::size_t(std::lround(t * (kSteps - 1)))];
}

}  // namespace

OkLab to_oklab(const Colour& c) {
  const double r = decode(c.r), g = decode(c.g), b = decode(c.b);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b),
               m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b),
               s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

Colour from_oklab(OkLab lab) {
  for (int step = 0;; ++step) {
    const auto rgb = linear_rgb(lab);
    const bool exists =
        std::all_of(rgb.begin(), rgb.end(), [](double v) { return v >= -1e-4 && v <= 1.0001; });
    if (exists || step == 400)
      return {std::clamp(encode(std::max(rgb[0], 0.)), 0., 1.),
              std::clamp(encode(std::max(rgb[1], 0.)), 0., 1.),
              std::clamp(encode(std::max(rgb[2], 0.)), 0., 1.)};
    lab.a *= 0.99;
    lab.b *= 0.99;
  }
}

Colour colour(ColourMap map, double t) {
  t = std::isnan(t) ? 0 : std::clamp(t, 0., 1.);
  switch (map) {
    case ColourMap::grey:
      return from_oklab({t, 0, 0});
    case ColourMap::sequential: {
      static const Table table = uniform_table(sequential_path);
      return look_up(table, t);
    }
    case ColourMap::diverging: {
      static const Table table = even_table(diverging_path);
      return look_up(table, t);
    }
  }
  return kBlack;
}

Colour category_colour(int index) {
  if (index < 0) return {0.88, 0.88, 0.88};
  // Hues far apart in every short sequence (golden angle), and four lightnesses for eyes that miss
  // hues.
  constexpr std::array lightness = {0.58, 0.78, 0.45, 0.68};
  return from_oklab(polar(lightness[std::size_t(index) % 4], 0.15, 255 + 137.508 * index));
}

}  // namespace vitrobeam
