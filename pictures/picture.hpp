// Figures as PNG: images with calibrated axes, colour bar and scale bar, line plots, and several of
// them as one figure. Pictures show arrays as HyperSpy and py4DSTEM do: the column index grows to
// the right, the row index downwards, so +x points right and +y points down in maps and in
// patterns.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/array.hpp"
#include "pictures/colour.hpp"

namespace vitrobeam {

enum class Display { linear, sqrt, log };

// Centres of the first and last pixel in `units` ("Angstrom", "1/Angstrom" or any other text).
struct ImageAxis {
  std::string label, units;
  double first = 0, last = 1;
  std::vector<std::string> names = {};  // of the pixels, in place of numbers
};

struct Marker {
  double x, y;        // in units of the axes
  double radius = 4;  // points
  int category = 0;   // its colour
  std::string text;   // written beside it
};

struct ImagePanel {
  PlaneF values;  // NaN = no value, drawn grey; an empty array leaves the place blank
  std::string title;
  ImageAxis x, y;
  double side = 250;      // points along the longer edge
  bool axes = true;       // ticks and labels; else a scale bar
  bool scale_bar = true;  // where there are no axes
  bool colour_bar = true;
  std::string quantity;  // label of the colour bar
  std::string cell_format =
      {};                 // as "{:.0f}": every pixel's value is written into it, for small tables
  double cell_scale = 1;  // and multiplied by this first

  Display display = Display::linear;
  ColourMap map = ColourMap::sequential;
  double low_percentile = 0,
         high_percentile = 100;     // of the finite values (of the positive ones in a log display)
  std::optional<double> low, high;  // limits instead of percentiles

  std::vector<std::string>
      categories;  // if any: values are indices into it, -1 = none; a legend replaces the bar
  std::string missing = "no value";  // NaN in that legend
  std::vector<Marker> markers;
};

struct Curve {
  std::string label;
  std::vector<double> x, y;
  std::vector<double> error;       // one sigma; empty: none
  bool points = false;             // marks instead of a line
  std::vector<double> above = {};  // length of the bar upwards where it differs from `error`
};

struct LinePanel {
  std::string title, x_label, y_label = {};
  std::vector<Curve> curves = {};
  bool log_y = false;
  std::optional<std::pair<double, double>> y_range = {};  // instead of the curves' own
  double width = 330, height = 230;
};

using Panel = std::variant<ImagePanel, LinePanel>;

struct Figure {
  std::vector<Panel> panels;
  int columns = 2;
  std::string title;
};

std::vector<std::byte> png(const Figure& figure);

// Limits that a panel's values are shown between, in the units of the values.
std::pair<double, double> display_limits(const ImagePanel& panel);

// A length of the form 1, 2 or 5 x 10^n that fills about a fifth of `extent`.
double round_length(double extent);

// "Angstrom" -> "\u00c5", "1/Angstrom" -> "\u00c5^{-1}", for labels.
std::string unit_symbol(const std::string& units);

}  // namespace vitrobeam
