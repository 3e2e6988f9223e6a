#include "io/picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

#include "base/error.hpp"
#include "io/canvas.hpp"

namespace vitrobeam {
namespace {

constexpr double kText = 10, kTitle = 11.5, kTick = 3.5;
constexpr Colour kInk{0.13, 0.15, 0.17};

struct Box {
  double x, y, width, height;
};

struct Margins {
  double left, top, right, bottom;
};

double round_step(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double part = rough / power;
  return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

std::vector<double> ticks(double low, double high, int about, double least = 0) {
  if (!(high > low)) return {low};
  const double step = std::max(round_step((high - low) / about), least);
  std::vector<double> out;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    out.push_back(k * step);
  return out;
}

std::string exponent_text(double value) {
  std::string text = fmt::format("{:.2g}", value);
  if (value > 0 && std::abs(std::log10(value) - std::round(std::log10(value))) < 1e-9)
    text = fmt::format("1e{}", std::lround(std::log10(value)));
  const auto e = text.find('e');
  if (e == std::string::npos) return text;
  const std::string mantissa = text.substr(0, e);
  const int power = std::stoi(text.substr(e + 1));
  return (mantissa == "1" ? "10" : mantissa + "\u00b710") + fmt::format("^{{{}}}", power);
}

// A number on an axis whose ticks are `step` apart.
std::string tick_text(double value, double step) {
  if (value == 0 || std::abs(value) < 1e-9 * step) return "0";
  const double size = std::abs(value);
  if (size >= 1e5 || size < 1e-3) return exponent_text(value);
  return fmt::format("{:.{}f}", value, std::clamp(-int(std::floor(std::log10(step) + 1e-9)), 0, 6));
}

// Where a value stands between the limits, from 0 to 1, after the display's transform.
double position(double value, double low, double high, Display display) {
  if (display == Display::log) return std::log(std::max(value, low) / low) / std::log(high / low);
  const double t = (value - low) / (high - low);
  return display == Display::sqrt ? std::sqrt(std::max(t, 0.)) : t;
}

std::vector<double> bar_ticks(double low, double high, Display display) {
  if (display != Display::log) {
    auto out = ticks(low, high, display == Display::sqrt ? 5 : 5);
    if (display == Display::sqrt && out.size() > 3)
      std::erase_if(out, [&](double v) { return v != 0 && v < 0.1 * high; });
    return out;
  }
  std::vector<double> out;
  for (double p = std::ceil(std::log10(low) - 1e-9); p <= std::log10(high) + 1e-9; ++p)
    out.push_back(std::pow(10, p));
  if (out.size() >= 2) return out;
  return ticks(low, high, 4);
}

std::uint32_t packed(const Colour& c) {
  const auto byte = [](double v) { return std::uint32_t(std::lround(255 * v)); };
  return byte(c.r) << 16 | byte(c.g) << 8 | byte(c.b);
}

std::string axis_label(const ImageAxis& axis) {
  const std::string symbol = unit_symbol(axis.units);
  return symbol.empty() ? axis.label : axis.label + " (" + symbol + ")";
}

// Pixel pitch; a single pixel is one unit wide.
double pitch(const ImageAxis& axis, Eigen::Index n) {
  return n > 1 ? (axis.last - axis.first) / double(n - 1) : 1;
}

// ------------------------------------------------------------------------------------------ images

Box image_size(const ImagePanel& p) {
  if (p.values.size() == 0) return {0, 0, p.side, 0};
  const double width = std::abs(pitch(p.x, p.values.cols())) * double(p.values.cols()),
               height = std::abs(pitch(p.y, p.values.rows())) * double(p.values.rows());
  // A strip thinner than a twelfth is widened: it is a list, not a shape.
  const double scale = p.side / std::max(width, height);
  return {0, 0, std::max(width * scale, p.side / 12), std::max(height * scale, p.side / 12)};
}

Margins margins(const ImagePanel& p) {
  if (p.values.size() == 0) return {0, 0, 0, 0};
  Margins m{8, 10, 8, 8};
  if (!p.title.empty()) m.top = 24;
  if (p.axes) m.left = 54, m.bottom = 40;
  if (!p.categories.empty()) {
    std::size_t longest = 4;
    for (const auto& c : p.categories) longest = std::max(longest, c.size());
    m.right = 34 + 6.2 * double(longest);
  } else if (p.colour_bar) {
    m.right = p.quantity.empty() ? 62 : 76;
  }
  return m;
}

void draw_scale_bar(Canvas& canvas, const ImagePanel& p, const Box& box) {
  const double width = std::abs(pitch(p.x, p.values.cols())) * double(p.values.cols());
  const double length = round_length(width), bar = length / width * box.width;
  const bool nanometres = p.x.units == "Angstrom" && length >= 10;
  const std::string text = fmt::format("{:g} {}", nanometres ? length / 10 : length,
                                       nanometres ? "nm" : unit_symbol(p.x.units));
  const double size = std::min(kText, 0.05 * p.side + 3), inset = 0.03 * p.side + 2;
  const double across = std::max(bar, canvas.text_width(text, {.size = size}));
  const double x = box.x + inset, y = box.y + box.height - inset;
  canvas.rectangle(x - 3, y - size - 8, across + 6, size + 11, kBlack, 0.55);
  canvas.rectangle(x + (across - bar) / 2, y - 3, bar, 3, kWhite);
  canvas.text(x + across / 2, y - 6, text,
              {.size = size, .align = Align::centre, .colour = kWhite});
}

void draw_axes(Canvas& canvas, const ImagePanel& p, const Box& box) {
  const auto nx = p.values.cols(), ny = p.values.rows();
  const double dx = pitch(p.x, nx), dy = pitch(p.y, ny);
  const auto along_x = ticks(std::min(p.x.first, p.x.last), std::max(p.x.first, p.x.last), 5);
  const auto along_y = ticks(std::min(p.y.first, p.y.last), std::max(p.y.first, p.y.last), 5);
  const double bottom = box.y + box.height;
  for (double v : along_x) {
    const double x = box.x + ((v - p.x.first) / dx + 0.5) / double(nx) * box.width;
    canvas.line(x, bottom, x, bottom + kTick, 0.8, kInk);
    canvas.text(x, bottom + kTick + 11,
                tick_text(v, along_x.size() > 1 ? along_x[1] - along_x[0] : 1),
                {.size = kText - 1, .align = Align::centre, .colour = kInk});
  }
  for (double v : along_y) {
    const double y = box.y + ((v - p.y.first) / dy + 0.5) / double(ny) * box.height;
    canvas.line(box.x - kTick, y, box.x, y, 0.8, kInk);
    canvas.text(box.x - kTick - 2, y + 3.2,
                tick_text(v, along_y.size() > 1 ? along_y[1] - along_y[0] : 1),
                {.size = kText - 1, .align = Align::right, .colour = kInk});
  }
  canvas.text(box.x + box.width / 2, bottom + 32, axis_label(p.x),
              {.size = kText, .align = Align::centre, .colour = kInk});
  canvas.text(box.x - 40, box.y + box.height / 2, axis_label(p.y),
              {.size = kText, .align = Align::centre, .colour = kInk, .upwards = true});
}

void draw_colour_bar(Canvas& canvas, const ImagePanel& p, const Box& box,
                     std::pair<double, double> limits) {
  constexpr std::size_t kSteps = 256;
  const double x = box.x + box.width + 10, width = 11;
  const double height = std::max(box.height, 90.), y = box.y + (box.height - height) / 2;
  std::vector<std::uint32_t> ramp(kSteps);
  for (std::size_t i = 0; i < kSteps; ++i)
    ramp[i] = packed(colour(p.map, 1 - double(i) / (kSteps - 1)));
  canvas.raster(ramp, 1, x, y, width, height);
  canvas.frame(x, y, width, height, 0.6, kInk);
  const auto marks = bar_ticks(limits.first, limits.second, p.display);
  const bool decades = p.display == Display::log && marks.size() > 1 && marks[1] > 9 * marks[0];
  double widest = 0;
  for (double v : marks) {
    const double t = position(v, limits.first, limits.second, p.display);
    if (t < -1e-6 || t > 1 + 1e-6) continue;
    const double at = y + (1 - t) * height;
    const std::string text = decades            ? exponent_text(v)
                             : marks.size() > 1 ? tick_text(v, marks[1] - marks[0])
                                                : tick_text(v, 1);
    canvas.line(x + width, at, x + width + 3, at, 0.8, kInk);
    canvas.text(x + width + 5, at + 3.2, text, {.size = kText - 1, .colour = kInk});
    widest = std::max(widest, canvas.text_width(text, {.size = kText - 1}));
  }
  if (!p.quantity.empty())
    canvas.text(x + width + widest + 18, y + height / 2, p.quantity,
                {.size = kText - 0.5, .align = Align::centre, .colour = kInk, .upwards = true});
}

void draw_legend(Canvas& canvas, const ImagePanel& p, const Box& box) {
  const double x = box.x + box.width + 12;
  double y = box.y + 4;
  const bool has_none = (p.values < 0).any();
  for (int k = has_none ? -1 : 0; k < int(p.categories.size()); ++k, y += 17) {
    canvas.rectangle(x, y, 10, 10, category_colour(k));
    canvas.frame(x, y, 10, 10, 0.5, kInk);
    canvas.text(x + 15, y + 9, k < 0 ? "none" : p.categories[std::size_t(k)],
                {.size = kText, .colour = kInk});
  }
}

void draw(Canvas& canvas, const ImagePanel& p, const Box& box) {
  if (p.values.size() == 0) return;
  const auto limits = display_limits(p);
  std::vector<std::uint32_t> pixels(std::size_t(p.values.size()));
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double v = p.values.data()[i];
    pixels[i] = packed(!std::isfinite(v)       ? kMissing
                       : !p.categories.empty() ? category_colour(int(std::lround(v)))
                       : limits.first == limits.second
                           ? colour(p.map, 0.5)
                           : colour(p.map, position(v, limits.first, limits.second, p.display)));
  }
  canvas.raster(pixels, std::size_t(p.values.cols()), box.x, box.y, box.width, box.height);
  canvas.clip(box.x, box.y, box.width, box.height);
  for (const auto& m : p.markers) {
    const double x = box.x + ((m.x - p.x.first) / pitch(p.x, p.values.cols()) + 0.5) /
                                 double(p.values.cols()) * box.width,
                 y = box.y + ((m.y - p.y.first) / pitch(p.y, p.values.rows()) + 0.5) /
                                 double(p.values.rows()) * box.height;
    canvas.circle(x, y, m.radius, 2.6, kWhite);
    canvas.circle(x, y, m.radius, 1.4, category_colour(m.category));
    if (!m.text.empty())
      canvas.text(x + m.radius + 2, y + 3, m.text,
                  {.size = kText - 1, .colour = kWhite, .bold = true});
  }
  canvas.unclip();
  canvas.frame(box.x, box.y, box.width, box.height, 0.8, kInk);
  if (p.axes) draw_axes(canvas, p, box);
  if (p.scale_bar && !p.axes && p.values.cols() > 1 && box.width > 40)
    draw_scale_bar(canvas, p, box);
  if (!p.categories.empty())
    draw_legend(canvas, p, box);
  else if (p.colour_bar && limits.first < limits.second)
    draw_colour_bar(canvas, p, box, limits);
}

const std::string& title_of(const Panel& panel) {
  return std::visit([](const auto& p) -> const std::string& { return p.title; }, panel);
}

// ------------------------------------------------------------------------------------------ line
// plots

Margins margins(const LinePanel& p) { return {64, p.title.empty() ? 10. : 24., 14, 44}; }

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
    const double extra = high > low ? share * (high - low) : std::max(std::abs(low) * 0.05, 1e-12);
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

void draw(Canvas& canvas, const LinePanel& p, const Box& box) {
  const auto height = [&](double v) { return p.log_y ? (v > 0 ? std::log10(v) : NAN) : v; };
  const auto error_of = [](const Curve& c, std::size_t i) {
    return c.error.empty() ? 0. : c.error[i];
  };
  Range x, y;
  for (const auto& c : p.curves)
    for (std::size_t i = 0; i < c.x.size(); ++i) {
      x.include(c.x[i]);
      y.include(height(c.y[i] - error_of(c, i)));
      y.include(height(c.y[i] + error_of(c, i)));
    }
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
      const double px = to_x(c.x[i]), py = to_y(c.y[i]), e = error_of(c, i);
      if (!std::isfinite(py)) continue;
      line.emplace_back(px, py);
      drawn.emplace_back(px, py);
      if (c.points) canvas.disc(px, py, 2.6, ink);
      if (!(e > 0)) continue;
      const double above = to_y(c.y[i] + e), below = to_y(c.y[i] - e);
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

// ------------------------------------------------------------------------------------------ layout

Box content_size(const Panel& panel) {
  if (const auto* image = std::get_if<ImagePanel>(&panel)) return image_size(*image);
  const auto& plot = std::get<LinePanel>(panel);
  return {0, 0, plot.width, plot.height};
}

Margins panel_margins(const Panel& panel) {
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

std::pair<double, double> display_limits(const ImagePanel& p) {
  std::vector<float> values;
  for (Eigen::Index i = 0; i < p.values.size(); ++i) {
    const float v = p.values.data()[i];
    if (std::isfinite(v) && (p.display != Display::log || v > 0)) values.push_back(v);
  }
  if (values.empty()) return {0, 0};
  const auto percentile = [&](double share) {
    const auto k =
        std::ptrdiff_t(std::lround(std::clamp(share, 0., 100.) / 100 * double(values.size() - 1)));
    std::nth_element(values.begin(), values.begin() + k, values.end());
    return double(values[std::size_t(k)]);
  };
  double low = p.low ? *p.low : percentile(p.low_percentile),
         high = p.high ? *p.high : percentile(p.high_percentile);
  if (p.display == Display::log && low <= 0) low = 1e-6 * high;
  if (p.map == ColourMap::diverging && !p.low && !p.high) {
    high = std::max(std::abs(low), std::abs(high));
    low = -high;
  }
  return {low, high};
}

std::vector<std::byte> png(const Figure& figure) {
  const std::size_t n = figure.panels.size(),
                    columns = std::clamp<std::size_t>(std::size_t(figure.columns), 1,
                                                      std::max<std::size_t>(n, 1)),
                    rows = (n + columns - 1) / columns;
  std::vector<double> widths(columns, 0), heights(rows, 0);
  for (std::size_t k = 0; k < n; ++k) {
    const Box size = content_size(figure.panels[k]);
    const Margins m = panel_margins(figure.panels[k]);
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
      const Margins m = panel_margins(panel);
      Box box = content_size(panel);
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

void write_bytes(const std::string& path, const std::vector<std::byte>& bytes) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
  file.close();
  if (!file || std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    fail(Fault::machine, "{}: cannot be written; free space, or choose another output", path);
  }
}

}  // namespace vitrobeam
