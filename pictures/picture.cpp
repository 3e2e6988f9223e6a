// The layout of several panels into one figure.
#include "pictures/picture.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "base/error.hpp"
#include "pictures/panels.hpp"
#include "pictures/ticks.hpp"

namespace vitrobeam {
namespace {

constexpr double kTitle = 11.5;

const std::string& title_of(const Panel& panel) {
  return std::visit([](const auto& p) -> const std::string& { return p.title; }, panel);
}

Box size_of(const Panel& panel) {
  return std::visit([](const auto& p) { return content_size(p); }, panel);
}

Margins margins_of(const Panel& panel) {
  return std::visit([](const auto& p) { return margins(p); }, panel);
}

// Shortens a title that its panel cannot hold.
std::string fitted(Canvas& canvas, std::string text, double width, const TextStyle& style) {
  if (canvas.text_width(text, style) <= width) return text;
  const auto is_continuation = [](char c) { return (c & 0xc0) == 0x80; };  // of a UTF-8 character
  while (!text.empty() && canvas.text_width(text + "\u2026", style) > width) {
    while (is_continuation(text.back())) text.pop_back();
    text.pop_back();
  }
  return text + "\u2026";
}

}  // namespace

double round_length(double extent) { return round_step(extent / 5); }

std::string unit_symbol(const std::string& units) {
  if (units == "Angstrom" || units == "A") return "\u00c5";
  if (units == "1/Angstrom" || units == "1/A" || units == "A^-1") return "\u00c5^{-1}";
  return units == "1" ? "" : units;
}

std::vector<std::byte> png(const Figure& figure) {
  const std::size_t n = figure.panels.size(),
                    columns = std::clamp<std::size_t>(std::size_t(figure.columns), 1,
                                                      std::max<std::size_t>(n, 1)),
                    rows = (n + columns - 1) / columns;
  std::vector<double> widths(columns, 0), heights(rows, 0);
  for (std::size_t k = 0; k < n; ++k) {
    const Box size = size_of(figure.panels[k]);
    const Margins m = margins_of(figure.panels[k]);
    widths[k % columns] = std::max(widths[k % columns], m.left + size.width + m.right);
    heights[k / columns] = std::max(heights[k / columns], m.top + size.height + m.bottom);
  }
  constexpr double kBorder = 8;
  const double header = figure.title.empty() ? 0 : 26;
  double width = 2 * kBorder, height = 2 * kBorder + header;
  for (double w : widths) width += w;
  for (double h : heights) height += h;
  Canvas canvas(width, height);
  if (!figure.title.empty()) {
    const TextStyle style{.size = 13, .colour = kInk, .bold = true};
    canvas.text(kBorder + 6, kBorder + 15,
                fitted(canvas, figure.title, width - 2 * kBorder - 12, style), style);
  }
  double y = kBorder + header;
  for (std::size_t row = 0; row < rows; ++row) {
    double x = kBorder;
    for (std::size_t column = 0; column < columns && row * columns + column < n; ++column) {
      const Panel& panel = figure.panels[row * columns + column];
      const Margins m = margins_of(panel);
      Box box = size_of(panel);
      box.x = x + m.left;
      box.y = y + m.top;
      const TextStyle style{
          .size = std::min(kTitle, 7 + 0.03 * box.width), .colour = kInk, .bold = true};
      canvas.text(box.x, box.y - 8, fitted(canvas, title_of(panel), box.width + m.right - 8, style),
                  style);
      std::visit([&](const auto& p) { draw(canvas, p, box); }, panel);
      x += widths[column];
    }
    y += heights[row];
  }
  return canvas.png();
}

}  // namespace vitrobeam
