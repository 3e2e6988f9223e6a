// Pictures show what the arrays hold: orientation, limits, order of colours, and every part on the
// paper.
#include "pictures/picture.hpp"

#include <doctest/doctest.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "pictures/canvas.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

struct Pixels {
  std::size_t width = 0, height = 0;
  std::vector<std::array<unsigned char, 3>> rgb;
  const auto& at(std::size_t x, std::size_t y) const { return rgb[y * width + x]; }
};

Pixels decode(const std::vector<std::byte>& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()));
  image.format = PNG_FORMAT_RGB;
  Pixels out{image.width, image.height, {}};
  out.rgb.resize(out.width * out.height);
  REQUIRE(png_image_finish_read(&image, nullptr, out.rgb.data(), 0, nullptr));
  return out;
}

std::array<unsigned char, 3> bytes_of(const Colour& c) {
  const auto byte = [](double v) { return static_cast<unsigned char>(std::lround(255 * v)); };
  return {byte(c.r), byte(c.g), byte(c.b)};
}

ImagePanel plain(const PlaneF& values) {
  ImagePanel panel;
  panel.values = values;
  panel.axes = panel.scale_bar = panel.colour_bar = false;
  panel.map = ColourMap::grey;
  panel.side = 100;
  return panel;
}

// Without title, axes and bars a panel's image begins 8 + 8 points from the left and 8 + 10 from
// the top.
constexpr double kLeft = 16, kTop = 18;
std::size_t pixel(double points) { return std::size_t(points * Canvas::kPixelsPerPoint); }

}  // namespace

TEST_CASE("the colour maps step evenly and only get lighter") {
  for (const auto map : {ColourMap::grey, ColourMap::sequential}) {
    double shortest = 1, longest = 0;
    for (int i = 0; i < 32; ++i) {
      const OkLab a = to_oklab(colour(map, i / 32.)), b = to_oklab(colour(map, (i + 1) / 32.));
      CHECK(b.lightness > a.lightness);
      const double step = std::hypot(b.lightness - a.lightness, b.a - a.a, b.b - a.b);
      shortest = std::min(shortest, step);
      longest = std::max(longest, step);
    }
    CHECK(longest < 1.25 * shortest);
  }
  for (int i = 0; i <= 16; ++i)
    CHECK(to_oklab(colour(ColourMap::diverging, 0.5 + i / 32.)).lightness ==
          approx(to_oklab(colour(ColourMap::diverging, 0.5 - i / 32.)).lightness).epsilon(1e-3));
  const Colour middle = colour(ColourMap::diverging, 0.5);  // the value 0 has no hue
  CHECK(std::max({middle.r, middle.g, middle.b}) - std::min({middle.r, middle.g, middle.b}) < 1e-3);
}

TEST_CASE("sRGB to OKLab and back is the identity; white has lightness 1 (Ottosson 2020)") {
  CHECK(to_oklab(kWhite).lightness == approx(1).epsilon(1e-4));
  const Colour c{0.2, 0.6, 0.4}, back = from_oklab(to_oklab(c));
  CHECK(back.r == approx(c.r).epsilon(1e-4));
  CHECK(back.g == approx(c.g).epsilon(1e-4));
  CHECK(back.b == approx(c.b).epsilon(1e-4));
}

TEST_CASE("classes can be told apart") {
  for (int i = -1; i < 8; ++i)
    for (int k = -1; k < i; ++k) {
      const OkLab a = to_oklab(category_colour(i)), b = to_oklab(category_colour(k));
      CHECK(std::hypot(a.lightness - b.lightness, a.a - b.a, a.b - b.b) > 0.08);
    }
}

TEST_CASE("columns run to the right, rows downwards") {
  PlaneF values = PlaneF::Zero(4, 4);
  values(0, 3) = 1;  // first row, last column
  const Pixels picture = decode(png({{plain(values)}, 1, ""}));
  CHECK(picture.at(pixel(kLeft + 88), pixel(kTop + 12)) == bytes_of(kWhite));
  CHECK(picture.at(pixel(kLeft + 12), pixel(kTop + 12)) == bytes_of(kBlack));
  CHECK(picture.at(pixel(kLeft + 88), pixel(kTop + 88)) == bytes_of(kBlack));
}

TEST_CASE("a pixel of the picture has the colour of its value") {
  PlaneF values(1, 4);
  values << 0.f, 0.25f, 1.f, NAN;
  for (const auto display : {Display::linear, Display::sqrt}) {
    ImagePanel panel = plain(values);
    panel.display = display;
    const Pixels picture = decode(png({{panel}, 1, ""}));
    const double quarter = display == Display::sqrt ? 0.5 : 0.25;
    CHECK(picture.at(pixel(kLeft + 37), pixel(kTop + 12)) ==
          bytes_of(colour(ColourMap::grey, quarter)));
    CHECK(picture.at(pixel(kLeft + 62), pixel(kTop + 12)) == bytes_of(kWhite));
    CHECK(picture.at(pixel(kLeft + 88), pixel(kTop + 12)) == bytes_of(kMissing));
  }
}

TEST_CASE("the shape of an image is that of the area it covers") {
  ImagePanel panel = plain(PlaneF::Zero(10, 10));
  panel.x = {"x", "Angstrom", 0, 9};
  panel.y = {"y", "Angstrom", 0, 4.5};  // rows half as far apart as columns
  const Pixels picture = decode(png({{panel}, 1, ""}));
  CHECK(picture.width - picture.height == pixel(50) - pixel(10 - 8));
}

TEST_CASE("limits follow percentiles, and a logarithm never sees 0 or less") {
  PlaneF values(1, 101);
  for (int i = 0; i <= 100; ++i) values(0, i) = float(i - 10);
  ImagePanel panel = plain(values);
  panel.low_percentile = 10;
  panel.high_percentile = 90;
  CHECK(display_limits(panel) == std::pair<double, double>(0, 80));
  panel.display = Display::log;
  panel.low_percentile = 0;
  CHECK(display_limits(panel).first == 1);
  panel.values.setZero();
  CHECK(display_limits(panel) == std::pair<double, double>(0, 0));
  CHECK_NOTHROW(png({{panel}, 1, ""}));
}

TEST_CASE("scale bars have round lengths") {
  CHECK(round_length(40.19) == approx(10));
  CHECK(round_length(2.4) == approx(0.5));
  CHECK(round_length(1000) == approx(200));
}

TEST_CASE("equal figures are equal bytes") {
  LinePanel plot{.title = "V(k)",
                 .x_label = "q",
                 .y_label = "V",
                 .curves = {{"glass", {1, 2, 3}, {1, 4, 2}, {.1, .2, .1}, false}}};
  const Figure figure{{plot, plain(PlaneF::Random(8, 8))}, 2, "two"};
  CHECK(png(figure) == png(figure));
}
