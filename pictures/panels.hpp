// How each kind of panel is measured and drawn: image_panel.cpp and line_panel.cpp, laid out by
// picture.cpp. A new kind is one more alternative of Panel and one more file with these three.
#pragma once
#include "pictures/canvas.hpp"
#include "pictures/picture.hpp"

namespace vitrobeam {

inline constexpr double kText = 10, kTick = 3.5;  // points
inline constexpr Colour kInk{0.13, 0.15, 0.17};

struct Box {
  double x, y, width, height;  // points
};

struct Margins {
  double left, top, right, bottom;
};

Box content_size(const ImagePanel& panel);  // at the origin
Margins margins(const ImagePanel& panel);
void draw(Canvas& canvas, const ImagePanel& panel, const Box& box);

Box content_size(const LinePanel& panel);
Margins margins(const LinePanel& panel);
void draw(Canvas& canvas, const LinePanel& panel, const Box& box);

}  // namespace vitrobeam
