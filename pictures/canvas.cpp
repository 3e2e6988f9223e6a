#include "pictures/canvas.hpp"

#include <cairo.h>

#include <cmath>
#include <cstring>
#include <numbers>

#include "base/error.hpp"

#ifdef __SANITIZE_ADDRESS__
// Fontconfig keeps its caches until the process ends; the leak checker is to ignore them.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
#endif

namespace vitrobeam {
namespace {

// A stretch of text at one height.
struct Run {
  std::string text;
  int level;  // -1 lowered, 0, 1 raised
};

std::vector<Run> split_runs(const std::string& text) {
  std::vector<Run> runs;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t low = text.find("_{", begin), high = text.find("^{", begin);
    const std::size_t mark = std::min(low, high), end = text.find('}', mark);
    if (mark == std::string::npos || end == std::string::npos) break;
    if (mark > begin) runs.push_back({text.substr(begin, mark - begin), 0});
    runs.push_back({text.substr(mark + 2, end - mark - 2), mark == low ? -1 : 1});
    begin = end + 1;
  }
  if (begin < text.size()) runs.push_back({text.substr(begin), 0});
  return runs;
}

constexpr double kSmall = 0.72;  // size of raised and lowered text

}  // namespace

struct Canvas::State {
  cairo_surface_t* surface;
  cairo_t* context;

  void set(const Colour& c, double opacity = 1) {
    cairo_set_source_rgba(context, c.r, c.g, c.b, opacity);
  }
  double width(const std::string& text, double size, bool bold) {
    cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context, size);
    cairo_text_extents_t extents;
    cairo_text_extents(context, text.c_str(), &extents);
    return extents.x_advance;
  }
};

Canvas::Canvas(double width, double height) : state_(std::make_unique<State>()) {
  state_->surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, int(std::ceil(width * kPixelsPerPoint)),
                                 int(std::ceil(height * kPixelsPerPoint)));
  state_->context = cairo_create(state_->surface);
  if (cairo_status(state_->context) != CAIRO_STATUS_SUCCESS)
    fail(Fault::machine, "a picture of {} x {} points cannot be drawn: {}; plot fewer panels",
         width, height, cairo_status_to_string(cairo_status(state_->context)));
  cairo_scale(state_->context, kPixelsPerPoint, kPixelsPerPoint);
  state_->set(kWhite);
  cairo_paint(state_->context);
}

Canvas::~Canvas() {
  cairo_destroy(state_->context);
  cairo_surface_destroy(state_->surface);
}

double Canvas::text_width(const std::string& text, const TextStyle& style) {
  double width = 0;
  for (const auto& run : split_runs(text))
    width += state_->width(run.text, run.level ? kSmall * style.size : style.size, style.bold);
  return width;
}

void Canvas::text(double x, double y, const std::string& text, const TextStyle& style) {
  cairo_t* c = state_->context;
  cairo_save(c);
  cairo_translate(c, x, y);
  if (style.upwards) cairo_rotate(c, -std::numbers::pi / 2);
  state_->set(style.colour);
  const double width = text_width(text, style);
  double at = style.align == Align::left ? 0 : style.align == Align::centre ? -width / 2 : -width;
  for (const auto& run : split_runs(text)) {
    const double advance =
        state_->width(run.text, run.level ? kSmall * style.size : style.size, style.bold);
    cairo_move_to(c, at,
                  run.level < 0   ? 0.22 * style.size
                  : run.level > 0 ? -0.35 * style.size
                                  : 0);
    cairo_show_text(c, run.text.c_str());
    at += advance;
  }
  cairo_restore(c);
}

void Canvas::line(double x1, double y1, double x2, double y2, double width, const Colour& colour) {
  polyline({{x1, y1}, {x2, y2}}, width, colour);
}

void Canvas::polyline(const std::vector<std::pair<double, double>>& points, double width,
                      const Colour& colour) {
  cairo_t* c = state_->context;
  cairo_new_path(c);
  for (const auto& [x, y] : points) cairo_line_to(c, x, y);
  state_->set(colour);
  cairo_set_line_width(c, width);
  cairo_set_line_join(c, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke(c);
}

void Canvas::rectangle(double x, double y, double width, double height, const Colour& fill,
                       double opacity) {
  cairo_rectangle(state_->context, x, y, width, height);
  state_->set(fill, opacity);
  cairo_fill(state_->context);
}

void Canvas::frame(double x, double y, double width, double height, double line_width,
                   const Colour& colour) {
  cairo_rectangle(state_->context, x, y, width, height);
  state_->set(colour);
  cairo_set_line_width(state_->context, line_width);
  cairo_set_line_join(state_->context, CAIRO_LINE_JOIN_MITER);
  cairo_stroke(state_->context);
}

void Canvas::circle(double x, double y, double radius, double line_width, const Colour& colour) {
  cairo_new_path(state_->context);
  cairo_arc(state_->context, x, y, radius, 0, 2 * std::numbers::pi);
  state_->set(colour);
  cairo_set_line_width(state_->context, line_width);
  cairo_stroke(state_->context);
}

void Canvas::disc(double x, double y, double radius, const Colour& colour) {
  cairo_new_path(state_->context);
  cairo_arc(state_->context, x, y, radius, 0, 2 * std::numbers::pi);
  state_->set(colour);
  cairo_fill(state_->context);
}

void Canvas::raster(const std::vector<std::uint32_t>& pixels, std::size_t columns, double x,
                    double y, double width, double height) {
  const std::size_t rows = pixels.size() / columns;
  cairo_surface_t* image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, int(columns), int(rows));
  unsigned char* data = cairo_image_surface_get_data(image);
  if (!data) fail(Fault::machine, "an image of {} x {} pixels cannot be drawn", columns, rows);
  const auto stride = std::size_t(cairo_image_surface_get_stride(image));
  for (std::size_t r = 0; r < rows; ++r)
    std::memcpy(data + r * stride, pixels.data() + r * columns, columns * sizeof(std::uint32_t));
  cairo_surface_mark_dirty(image);
  cairo_t* c = state_->context;
  cairo_save(c);
  cairo_rectangle(c, x, y, width, height);
  cairo_clip(c);
  cairo_translate(c, x, y);
  cairo_scale(c, width / double(columns), height / double(rows));
  cairo_set_source_surface(c, image, 0, 0);
  const bool enlarged = width * kPixelsPerPoint >= double(columns);
  cairo_pattern_set_filter(cairo_get_source(c),
                           enlarged ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend(cairo_get_source(c), CAIRO_EXTEND_PAD);
  cairo_paint(c);
  cairo_restore(c);
  cairo_surface_destroy(image);
}

void Canvas::clip(double x, double y, double width, double height) {
  cairo_save(state_->context);
  cairo_rectangle(state_->context, x, y, width, height);
  cairo_clip(state_->context);
}

void Canvas::unclip() { cairo_restore(state_->context); }

std::vector<std::byte> Canvas::png() const {
  std::vector<std::byte> bytes;
  cairo_surface_flush(state_->surface);
  const auto status = cairo_surface_write_to_png_stream(
      state_->surface,
      [](void* out, const unsigned char* data, unsigned length) {
        const auto* begin = reinterpret_cast<const std::byte*>(data);
        static_cast<std::vector<std::byte>*>(out)->insert(
            static_cast<std::vector<std::byte>*>(out)->end(), begin, begin + length);
        return CAIRO_STATUS_SUCCESS;
      },
      &bytes);
  if (status != CAIRO_STATUS_SUCCESS)
    fail(Fault::machine, "the picture cannot be packed as PNG: {}", cairo_status_to_string(status));
  return bytes;
}

}  // namespace vitrobeam
