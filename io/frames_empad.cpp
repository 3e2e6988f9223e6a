// EMPAD: frames of 130 x 128 little-endian float32, of which the first 128 rows are the image, in a
// .raw file that an .xml file names. What the .xml states differs between versions of the camera's
// software (0.51 to 1.2.2: example files and issues of RosettaSciIO).
#include <cmath>
#include <regex>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

using Raster = std::pair<std::size_t, std::size_t>;  // columns, rows

// What stands between <tag> and the next <; empty without it.
std::string tag_text(std::string_view xml, const std::string& tag) {
  const std::string open = "<" + tag;
  auto at = xml.find(open);
  while (at != std::string_view::npos && xml.substr(at + open.size(), 1) != ">" &&
         xml.substr(at + open.size(), 1) != " ")  // a longer tag, or attributes
    at = xml.find(open, at + 1);
  const auto end = at == std::string_view::npos ? at : xml.find('>', at);
  if (end == std::string_view::npos) return "";
  constexpr std::size_t kLongest = 200;
  const std::string_view text = xml.substr(end + 1, kLongest);
  return std::string(text.substr(0, text.find('<')));
}

// The text of an attribute of a tag, in either quotes.
std::string attribute_text(const std::string& tag, const std::string& name) {
  const std::regex form("\\b" + name + "\\s*=\\s*(\"([^\"]*)\"|'([^']*)')");
  std::smatch found;
  if (!std::regex_search(tag, found, form)) return "";
  return found[2].matched ? found[2] : found[3];
}

std::optional<double> tag_number(std::string_view xml, const std::string& tag) {
  const std::string text = tag_text(xml, tag);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() || !std::isfinite(value) ? std::nullopt : std::optional(value);
}

std::optional<Raster> raster_of(std::string_view xml, const char* columns, const char* rows) {
  const auto x = tag_number(xml, columns), y = tag_number(xml, rows);
  constexpr double kMost = 1 << 20;
  if (!x || !y || !(*x >= 1 && *x <= kMost && *y >= 1 && *y <= kMost)) return std::nullopt;
  return Raster{std::size_t(*x), std::size_t(*y)};
}

// "scan_x64_y32.raw" states its raster.
std::optional<Raster> raster_in_name(const std::string& name) {
  static const std::regex raster("x([0-9]{1,6})_y([0-9]{1,6})");
  std::smatch found;
  if (!std::regex_search(name, found, raster)) return std::nullopt;
  return Raster{std::stoul(found[1]), std::stoul(found[2])};
}

// The name of the .raw file, which lies beside the .xml; old versions write a path of the computer
// that recorded it.
std::string raw_name(const std::string& path, std::string_view xml) {
  constexpr std::size_t kLongest = 255, kTag = 1024;  // std::regex recurses with the length
  const auto tag = xml.find("<raw_file");
  const std::string_view inside =
      tag == std::string_view::npos ? "" : xml.substr(tag, xml.find('>', tag) - tag);
  std::string name = attribute_text(std::string(inside.substr(0, kTag)), "filename");
  if (name.empty())
    fail(Fault::input, "{}: names no raw_file; expected the .xml that EMPAD writes", path);
  const bool elsewhere = name.starts_with("../") || name.starts_with("/");
  if (const auto cut = name.find_last_of("/\\"); cut != std::string::npos && !name.empty()) {
    const std::string last = name.substr(cut + 1);
    std::error_code none;
    if (elsewhere &&
        !std::filesystem::exists(std::filesystem::path(path).parent_path() / last, none))
      fail(Fault::input, "{}: its raw_file '{}' is not beside it; only there is it looked for",
           path, name.substr(0, kLongest));
    name = last;
  }
  if (name.empty() || name == "." || name == ".." || name.size() > kLongest)
    fail(Fault::input, "{}: its raw_file has no usable name: '{}'", path, name.substr(0, 40));
  return name;
}

// One of the <scan_parameters>: two modes, search and acquire, of which either may have been run.
struct ScanParameters {
  Raster raster;
  double size = 1;  // share of the full field of view
};
std::vector<ScanParameters> scan_parameters(std::string_view xml) {
  std::vector<ScanParameters> all;
  for (auto at = xml.find("<scan_parameters"); at != std::string_view::npos;
       at = xml.find("<scan_parameters", at + 1)) {
    const std::string_view part = xml.substr(at, xml.find("</scan_parameters>", at) - at);
    if (const auto raster = raster_of(part, "scan_resolution_x", "scan_resolution_y"))
      all.push_back({*raster, tag_number(part, "scan_size").value_or(1)});
  }
  return all;
}

// Of the full field of view along its longer side, Angstrom. Version 1.2 states it times a factor.
std::optional<double> field_of_view(std::string_view xml) {
  constexpr double kMetre = 1e10;
  const auto at = xml.find("<full_scan_field_of_view>");
  if (at != std::string_view::npos) {
    const std::string_view part = xml.substr(at, xml.find("</full_scan_field_of_view>", at) - at);
    const auto x = tag_number(part, "x");
    const double factor = tag_number(part, "scale_factor").value_or(1);
    if (x && *x > 0 && factor > 0) return *x / factor * kMetre;
    return std::nullopt;
  }
  const std::string list = tag_text(xml, "optics.get_full_scan_field_of_view");  // "[x, y]"
  const auto bracket = list.find('[');
  const double x = std::atof(list.c_str() + (bracket == std::string::npos ? 0 : bracket + 1));
  return x > 0 && std::isfinite(x) ? std::optional(x * kMetre) : std::nullopt;
}

struct Empad {
  std::string raw;
  StatedFrames stated;
  std::optional<double> energy_kV, pixel, step;
};

// The name of the .raw file tells its raster, whichever mode was run.
std::optional<Raster> stated_raster(std::string_view xml, const std::string& name,
                                    const std::vector<ScanParameters>& parameters) {
  if (const auto raster = raster_in_name(name)) return raster;
  if (const auto raster = raster_of(xml, "pix_x", "pix_y")) return raster;
  if (!parameters.empty()) return parameters.back().raster;
  return std::nullopt;
}

Empad read_empad_xml(const std::string& path) {
  const std::string xml = companion_text(path);
  const std::string name = raw_name(path, xml);
  const auto parameters = scan_parameters(xml);
  Empad e;
  e.raw = (std::filesystem::path(path).parent_path() / name).string();
  e.stated.by = ".xml";
  std::optional<double> count = tag_number(xml, "series_count");
  if (tag_text(xml, "type") == "series" && !count) count = tag_number(xml, "count");
  if (count && *count >= 1 && *count < 1e9)
    e.stated.count = std::size_t(*count);
  else
    e.stated.raster = stated_raster(xml, name, parameters);
  for (const char* tag : {"source.get_voltage", "high_voltage"})
    if (const auto volt = tag_number(xml, tag); volt && *volt > 1e4) e.energy_kV = *volt / 1e3;
  if (const auto angle = tag_number(xml, "calibrated_diffraction_angle");
      angle && *angle > 0 && e.energy_kV)
    e.pixel = *angle / wavelength(*e.energy_kV);
  if (const auto field = field_of_view(xml); field && e.stated.raster) {
    double size = 1;
    for (const auto& p : parameters)
      if (p.raster == *e.stated.raster) size = p.size;
    e.step = *field * size / double(std::max(e.stated.raster->first, e.stated.raster->second));
  }
  return e;
}

}  // namespace

PatternFrames open_empad_frames(const std::string& path, const FrameOptions& options) {
  Empad e;
  if (path.ends_with(".raw")) {
    e.raw = path;
    e.stated.raster = raster_in_name(std::filesystem::path(path).filename().string());
    e.stated.by = "name";
  } else {
    e = read_empad_xml(path);
    std::error_code none;
    if (!std::filesystem::is_regular_file(e.raw, none))
      fail(Fault::input, "{}: its raw_file {} is no file beside it", path, e.raw);
  }
  FrameLayout layout;
  layout.rows = layout.columns = 128;
  layout.type = SampleType::float32;
  layout.trailer = 2 * 128 * sizeof(float);
  PatternFrames f = frames_of(e.raw, layout, e.stated, options);
  f.format = "EMPAD";
  f.units = "counts";
  f.energy_kV = e.energy_kV;
  f.pixel_qx = f.pixel_qy = e.pixel;
  f.step_x = f.step_y = e.step;
  return f;
}

}  // namespace vitrobeam
