// Line plots: curves with error bars, grid, legend.
#include <algorithm>
#include <cmath>
#include <limits>

#include "pictures/panels.hpp"
#include "pictures/ticks.hpp"

namespace vitrobeam {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity(),
         high = -std::numeric_limits<double>::infinity();
  void include(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  void widen(double share) {
    if (!(high >= low)) low = 0, high = 1;
    const double size = std::max(std::abs(low), std::abs(high));
    // values that differ in their last digits are one value
    const double extra =
        high - low > 1e-9 * size ? share * (high - low) : std::max(size * 0.05, 1e-12);
    low -= extra;
    high += extra;
  }
};

void draw_plot_axes(Canvas& canvas, const LinePanel& p, const Box& box, const Range& x,
                    const Range& y) {
  const auto across = ticks(x.low, x.high, 6);
  for (double v : across) {
    const double at = box.x + (v - x.low) / (x.high - x.low) * box.width;
    canvas.line(at, box.y, at, box.y + box.height, 0.4, {0.9, 0.9, 0.9});
    canvas.line(at, box.y + box.height, at, box.y + box.height + kTick, 0.8, kInk);
    canvas.text(at, box.y + box.height + kTick + 11,
                tick_text(v, across.size() > 1 ? across[1] - across[0] : 1),
                {.size = kText - 1, .align = Align::centre, .colour = kInk});
  }
  const bool decades = p.log_y && y.high - y.low > 1.5;
  const auto up = ticks(y.low, y.high, 5, decades ? 1 : 0);
  for (double v : up) {
    if (v < y.low || v > y.high) continue;
    const double at = box.y + (y.high - v) / (y.high - y.low) * box.height;
    canvas.line(box.x, at, box.x + box.width, at, 0.4, {0.9, 0.9, 0.9});
    canvas.line(box.x - kTick, at, box.x, at, 0.8, kInk);
    const std::string text =
        p.log_y ? exponent_text(std::pow(10, v)) : tick_text(v, up.size() > 1 ? up[1] - up[0] : 1);
    canvas.text(box.x - kTick - 2, at + 3.2, text,
                {.size = kText - 1, .align = Align::right, .colour = kInk});
  }
  canvas.frame(box.x, box.y, box.width, box.height, 0.8, kInk);
  canvas.text(box.x + box.width / 2, box.y + box.height + 34, p.x_label,
              {.size = kText, .align = Align::centre, .colour = kInk});
  canvas.text(box.x - 46, box.y + box.height / 2, p.y_label,
              {.size = kText, .align = Align::centre, .colour = kInk, .upwards = true});
}

// The corner of `box` in which a rectangle hides the fewest of the drawn points.
Box emptiest_corner(const Box& box, double width, double height,
                    const std::vector<std::pair<double, double>>& points) {
  constexpr double kInset = 5;
  Box best{};
  std::ptrdiff_t fewest = std::numeric_limits<std::ptrdiff_t>::max();
  for (const double y : {box.y + kInset, box.y + box.height - height - kInset})
    for (const double x : {box.x + box.width - width - kInset, box.x + kInset}) {
      const auto hidden = std::count_if(points.begin(), points.end(), [&](const auto& q) {
        return q.first > x && q.first < x + width && q.second > y && q.second < y + height;
      });
      if (hidden < fewest) fewest = hidden, best = {x, y, width, height};
    }
  return best;
}

void draw_curve_legend(Canvas& canvas, const LinePanel& p, const Box& box,
                       const std::vector<std::pair<double, double>>& points) {
  double widest = 0;
  int labelled = 0;
  for (const auto& c : p.curves)
    if (!c.label.empty())
      widest = std::max(widest, canvas.text_width(c.label, {.size = kText - 0.5})), ++labelled;
  if (labelled == 0) return;
  const double width = widest + 32, height = 15. * labelled + 4;
  const Box place = emptiest_corner(box, width, height, points);
  canvas.rectangle(place.x, place.y, width, height, kWhite, 0.85);
  const double x = place.x + 5;
  double y = place.y + 13;
  for (std::size_t k = 0; k < p.curves.size(); ++k) {
    if (p.curves[k].label.empty()) continue;
    if (p.curves[k].points)
      canvas.disc(x + 8, y - 3, 2.6, category_colour(int(k)));
    else
      canvas.line(x, y - 3, x + 16, y - 3, 1.6, category_colour(int(k)));
    canvas.text(x + 21, y, p.curves[k].label, {.size = kText - 0.5, .colour = kInk});
    y += 15;
  }
}

}  // namespace

Box content_size(const LinePanel& p) { return {0, 0, p.width, p.height}; }

Margins margins(const LinePanel& p) { return {64, p.title.empty() ? 10. : 24., 14, 44}; }

void draw(Canvas& canvas, const LinePanel& p, const Box& box) {
  const auto height = [&](double v) { return p.log_y ? (v > 0 ? std::log10(v) : NAN) : v; };
  const auto error_of = [](const Curve& c, std::size_t i) {
    return c.error.empty() ? 0. : c.error[i];
  };
  const auto bar_above = [&](const Curve& c, std::size_t i) {
    return c.above.empty() ? error_of(c, i) : c.above[i];
  };
  Range x, y;
  for (const auto& c : p.curves)
    for (std::size_t i = 0; i < c.x.size(); ++i) {
      x.include(c.x[i]);
      y.include(height(c.y[i] - error_of(c, i)));
      y.include(height(c.y[i] + bar_above(c, i)));
    }
  if (p.y_range) y = {p.y_range->first, p.y_range->second};
  x.widen(0.02);
  y.widen(0.06);
  draw_plot_axes(canvas, p, box, x, y);
  std::vector<std::pair<double, double>> drawn;
  canvas.clip(box.x, box.y, box.width, box.height);
  for (std::size_t k = 0; k < p.curves.size(); ++k) {
    const Curve& c = p.curves[k];
    const Colour ink = category_colour(int(k));
    const auto to_x = [&](double v) { return box.x + (v - x.low) / (x.high - x.low) * box.width; };
    const auto to_y = [&](double v) {
      return box.y + (y.high - height(v)) / (y.high - y.low) * box.height;
    };
    std::vector<std::pair<double, double>> line;
    for (std::size_t i = 0; i < c.x.size(); ++i) {
      const double px = to_x(c.x[i]), py = to_y(c.y[i]), e = error_of(c, i), up = bar_above(c, i);
      if (!std::isfinite(py)) continue;
      line.emplace_back(px, py);
      drawn.emplace_back(px, py);
      if (c.points) canvas.disc(px, py, 2.6, ink);
      if (!(e > 0) && !(up > 0)) continue;
      const double above = to_y(c.y[i] + up), below = to_y(c.y[i] - e);
      const double foot = std::isfinite(below) ? below : box.y + box.height;
      canvas.line(px, above, px, foot, 0.9, ink);
      canvas.line(px - 2, above, px + 2, above, 0.9, ink);
      canvas.line(px - 2, foot, px + 2, foot, 0.9, ink);
    }
    if (!c.points && line.size() > 1) canvas.polyline(line, 1.6, ink);
  }
  canvas.unclip();
  draw_curve_legend(canvas, p, box, drawn);
}

}  // namespace vitrobeam
