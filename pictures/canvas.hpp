// Drawing of text, lines and rasters into a PNG: all that the program asks of Cairo. Positions are
// in points from the upper left corner, y downwards.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pictures/colour.hpp"

namespace vitrobeam {

enum class Align { left, centre, right };

struct TextStyle {
  double size = 11;
  Align align = Align::left;
  Colour colour = kBlack;
  bool bold = false;
  bool upwards = false;  // turned by 90 degrees, reading upwards
};

class Canvas {
 public:
  static constexpr double kPixelsPerPoint = 2;

  Canvas(double width, double height);  // white
  ~Canvas();

  // `y` is the base line. "_{..}" lowers and "^{..}" raises: "q_{x} (\u00c5^{-1})".
  void text(double x, double y, const std::string& text, const TextStyle& style = {});
  double text_width(const std::string& text, const TextStyle& style = {});
  void line(double x1, double y1, double x2, double y2, double width, const Colour& colour);
  void polyline(const std::vector<std::pair<double, double>>& points, double width,
                const Colour& colour);
  void rectangle(double x, double y, double width, double height, const Colour& fill,
                 double opacity = 1);
  void frame(double x, double y, double width, double height, double line_width,
             const Colour& colour);
  void circle(double x, double y, double radius, double line_width, const Colour& colour);
  void disc(double x, double y, double radius, const Colour& colour);

  // Row-major pixels 0xRRGGBB stretched over a rectangle, without smoothing where they are
  // enlarged.
  void raster(const std::vector<std::uint32_t>& pixels, std::size_t columns, double x, double y,
              double width, double height);

  // What is drawn until the next call stays inside the rectangle; unclip() ends it.
  void clip(double x, double y, double width, double height);
  void unclip();

  std::vector<std::byte> png() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vitrobeam
