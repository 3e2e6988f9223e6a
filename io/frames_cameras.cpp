// Small binary formats of cameras: NanoMegas blockfiles, EMPAD, MRC.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"

namespace vitrobeam {

// Header of 240 bytes, notes, the virtual image, then frames of 8-bit pixels behind six bytes each.
PatternFrames open_blockfile_frames(const std::string& path, const FrameOptions& options) {
  BinaryFile file(path);
  if (file.number<std::uint16_t>(6) != 258)
    fail(Fault::input, "{}: a blockfile's magic number is 258, here it is {}", path,
         file.number<std::uint16_t>(6));
  FrameLayout layout;
  layout.offset = file.number<std::uint32_t>(12);
  layout.rows = layout.columns = file.number<std::uint16_t>(20);
  layout.header = 6;
  const std::size_t nx = file.number<std::uint16_t>(24), ny = file.number<std::uint16_t>(26);
  PatternFrames f;
  f.format = "NanoMegas blockfile";
  f.units = "counts";
  f.step_x = file.number<double>(30) * 10;  // nm
  f.step_y = file.number<double>(38) * 10;
  const double volt = file.number<std::uint32_t>(46),
               pixels_per_cm = file.number<std::uint16_t>(50) / 100.0,
               camera_length_mm = file.number<std::uint32_t>(52) / 10.0;
  if (volt > 1e4) f.energy_kV = volt / 1e3;
  if (f.energy_kV && pixels_per_cm > 0 && camera_length_mm > 0)
    f.pixel_qx = f.pixel_qy =
        10 / pixels_per_cm / camera_length_mm / wavelength(*f.energy_kV);  // small angles
  f.shape = frames_shape(path, std::min(nx * ny, layout.frames_in(file.size())), layout.rows,
                         layout.columns, options, std::pair{nx, ny});
  f.read = frame_reader(path, layout);
  return f;
}

namespace {

std::optional<double> tag_number(const std::string& xml, const std::string& tag) {
  const auto at = xml.find("<" + tag + ">");
  if (at == std::string::npos) return std::nullopt;
  char* end = nullptr;
  const char* begin = xml.c_str() + at + tag.size() + 2;
  const double value = std::strtod(begin, &end);
  return end == begin ? std::nullopt : std::optional(value);
}

struct Empad {
  std::string raw;
  std::optional<std::pair<std::size_t, std::size_t>> scan;
  PatternFrames said;
};

Empad read_empad_xml(const std::string& path) {
  std::ifstream file(path);
  const std::string xml((std::istreambuf_iterator<char>(file)), {});
  const std::regex name("<raw_file filename=\"([^\"]*)\"");
  std::smatch found;
  if (!std::regex_search(xml, found, name))
    fail(Fault::input, "{}: names no raw_file; expected the .xml that EMPAD writes", path);
  Empad e;
  const std::string raw = found[1].str();
  e.raw = (std::filesystem::path(path).parent_path() /
           std::filesystem::path(raw.substr(raw.find_last_of("/\\") + 1)))
              .string();
  const auto x = tag_number(xml, "pix_x"), y = tag_number(xml, "pix_y");
  if (x && y && *x >= 1 && *y >= 1) e.scan = std::pair{std::size_t(*x), std::size_t(*y)};
  if (const auto volt = tag_number(xml, "source.get_voltage"); volt && *volt > 1e4)
    e.said.energy_kV = *volt / 1e3;
  if (const auto angle = tag_number(xml, "calibrated_diffraction_angle"); angle && e.said.energy_kV)
    e.said.pixel_qx = e.said.pixel_qy = *angle / wavelength(*e.said.energy_kV);
  if (const auto step = tag_number(xml, "calibrated_pixelsize"))
    e.said.step_x = e.said.step_y = *step * 1e10;  // m
  return e;
}

// "scan_x64_y32.raw" states its raster.
std::optional<std::pair<std::size_t, std::size_t>> raster_in_name(const std::string& path) {
  const std::regex raster("x([0-9]+)_y([0-9]+)");
  std::smatch found;
  const std::string name = std::filesystem::path(path).filename().string();
  if (!std::regex_search(name, found, raster)) return std::nullopt;
  return std::pair{std::size_t(std::stoul(found[1])), std::size_t(std::stoul(found[2]))};
}

}  // namespace

// Frames of 130 x 128 little-endian float32, of which the first 128 rows are the image.
PatternFrames open_empad_frames(const std::string& path, const FrameOptions& options) {
  Empad e;
  if (path.ends_with(".raw")) {
    e.raw = path;
    e.scan = raster_in_name(path);
  } else {
    e = read_empad_xml(path);
  }
  FrameLayout layout;
  layout.rows = layout.columns = 128;
  layout.type = SampleType::float32;
  layout.trailer = 2 * 128 * sizeof(float);
  PatternFrames f = e.said;
  f.format = "EMPAD";
  f.units = "counts";
  f.shape = frames_shape(e.raw, layout.frames_in(BinaryFile(e.raw).size()), layout.rows,
                         layout.columns, options, e.scan);
  f.read = frame_reader(e.raw, layout);
  return f;
}

// MRC2014 (Cheng et al., J. Struct. Biol. 192 (2015) 146): 1024 bytes, an extended header, frames.
PatternFrames open_mrc_frames(const std::string& path, const FrameOptions& options) {
  BinaryFile file(path);
  FrameLayout layout;
  layout.columns = file.number<std::uint32_t>(0);
  layout.rows = file.number<std::uint32_t>(4);
  const std::size_t frames = file.number<std::uint32_t>(8);
  const auto mode = file.number<std::int32_t>(12);
  layout.offset = 1024 + file.number<std::uint32_t>(92);
  switch (mode) {
    case 0:
      layout.type = SampleType::int8;
      break;
    case 1:
      layout.type = SampleType::int16;
      break;
    case 2:
      layout.type = SampleType::float32;
      break;
    case 6:
      layout.type = SampleType::uint16;
      break;
    default:
      fail(Fault::input,
           "{}: MRC mode {}; modes 0 (int8), 1 (int16), 2 (float32) and 6 (uint16) can be read",
           path, mode);
  }
  constexpr std::size_t kMost = 1 << 16;
  if (layout.rows > kMost || layout.columns > kMost)
    fail(Fault::input, "{}: {} x {} pixels; not a little-endian MRC file", path, layout.columns,
         layout.rows);
  PatternFrames f;
  f.format = "MRC";
  f.shape = frames_shape(path, std::min(frames, layout.frames_in(file.size())), layout.rows,
                         layout.columns, options);
  f.read = frame_reader(path, layout);
  return f;
}

}  // namespace vitrobeam
