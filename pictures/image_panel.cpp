// Images: pixels, axes or scale bar, colour bar or legend, markers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pictures/panels.hpp"
#include "pictures/ticks.hpp"

namespace vitrobeam {
namespace {

// Where a value stands between the limits, from 0 to 1, after the display's transform.
double position(double value, double low, double high, Display display) {
  if (display == Display::log) return std::log(std::max(value, low) / low) / std::log(high / low);
  const double t = (value - low) / (high - low);
  return display == Display::sqrt ? std::sqrt(std::max(t, 0.)) : t;
}

std::vector<double> bar_ticks(double low, double high, Display display) {
  if (display != Display::log) {
    auto out = ticks(low, high, 5);
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

// Pixel pitch; a single pixel, or one of an axis without length, is one unit wide.
double pitch(const ImageAxis& axis, Eigen::Index n) {
  const double step = n > 1 ? (axis.last - axis.first) / double(n - 1) : 1;
  return std::isfinite(step) && step != 0 ? step : 1;
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
  const auto name = [](const ImageAxis& axis, Eigen::Index i) {
    return std::size_t(i) < axis.names.size() ? axis.names[std::size_t(i)] : std::string();
  };
  for (Eigen::Index c = 0; c < nx && !p.x.names.empty(); ++c)
    canvas.text(box.x + (double(c) + 0.5) / double(nx) * box.width, bottom + kTick + 11,
                name(p.x, c), {.size = kText - 1, .align = Align::centre, .colour = kInk});
  for (Eigen::Index r = 0; r < ny && !p.y.names.empty(); ++r)
    canvas.text(box.x - kTick, box.y + (double(r) + 0.5) / double(ny) * box.height + 3.2,
                name(p.y, r), {.size = kText - 1, .align = Align::right, .colour = kInk});
  for (double v : along_x) {
    if (!p.x.names.empty()) break;
    const double x = box.x + ((v - p.x.first) / dx + 0.5) / double(nx) * box.width;
    canvas.line(x, bottom, x, bottom + kTick, 0.8, kInk);
    canvas.text(x, bottom + kTick + 11,
                tick_text(v, along_x.size() > 1 ? along_x[1] - along_x[0] : 1),
                {.size = kText - 1, .align = Align::centre, .colour = kInk});
  }
  for (double v : along_y) {
    if (!p.y.names.empty()) break;
    const double y = box.y + ((v - p.y.first) / dy + 0.5) / double(ny) * box.height;
    canvas.line(box.x - kTick, y, box.x, y, 0.8, kInk);
    canvas.text(box.x - kTick - 2, y + 3.2,
                tick_text(v, along_y.size() > 1 ? along_y[1] - along_y[0] : 1),
                {.size = kText - 1, .align = Align::right, .colour = kInk});
  }
  canvas.text(box.x + box.width / 2, bottom + 32, axis_label(p.x),
              {.size = kText, .align = Align::centre, .colour = kInk});
  canvas.text(box.x - margins(p).left + 14, box.y + box.height / 2, axis_label(p.y),
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
  if (p.values.isFinite().all()) return;
  canvas.rectangle(x, y, 10, 10, kMissing);
  canvas.frame(x, y, 10, 10, 0.5, kInk);
  canvas.text(x + 15, y + 9, p.missing, {.size = kText, .colour = kInk});
}

void write_cells(Canvas& canvas, const ImagePanel& p, const Box& box,
                 std::pair<double, double> limits) {
  const double width = box.width / double(p.values.cols()),
               height = box.height / double(p.values.rows());
  for (Eigen::Index r = 0; r < p.values.rows(); ++r)
    for (Eigen::Index c = 0; c < p.values.cols(); ++c) {
      const double v = p.values(r, c);
      if (!std::isfinite(v)) continue;
      const double at = position(v, limits.first, limits.second, p.display);
      canvas.text(box.x + (double(c) + 0.5) * width, box.y + (double(r) + 0.5) * height + 4,
                  fmt::format(fmt::runtime(p.cell_format), v * p.cell_scale),
                  {.size = kText + 1, .align = Align::centre, .colour = at > 0.6 ? kInk : kWhite});
    }
}

}  // namespace

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

Box content_size(const ImagePanel& p) {
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
  for (const auto& name : p.y.names) m.left = std::max(m.left, 26 + 6.2 * double(name.size()));
  if (!p.categories.empty()) {
    std::size_t longest = 4;
    for (const auto& c : p.categories) longest = std::max(longest, c.size());
    if (!p.values.isFinite().all()) longest = std::max(longest, p.missing.size());
    m.right = 34 + 6.2 * double(longest);
  } else if (p.colour_bar) {
    m.right = p.quantity.empty() ? 62 : 76;
  }
  return m;
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
  if (!p.cell_format.empty()) write_cells(canvas, p, box, limits);
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

}  // namespace vitrobeam
