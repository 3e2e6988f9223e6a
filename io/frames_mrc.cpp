// MRC2014 (Cheng et al., J. Struct. Biol. 192 (2015) 146): 1024 bytes, an extended header, frames.
// Direct Electron cameras write a text _info.txt beside it that states the raster.
#include <map>
#include <sstream>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"
#include "io/units.hpp"

namespace vitrobeam {
namespace {

// Of the values, as the header states it; not known where the lowest is above the highest, or both
// are 0.
struct StatedRange {
  double low = 0, high = 0;
  bool is_known() const { return low < high; }
  bool fits(double least, double most) const { return low >= least && high <= most; }
};

StatedRange stated_range(BinaryFile& file, bool big_endian) {
  return {file.number<float>(76, big_endian), file.number<float>(80, big_endian)};
}

// Integers of the standard are signed. IMOD marks its files in the header, and says there whether
// bytes are; others store unsigned ones, whose stated range signed ones cannot hold.
SampleType integer_type(BinaryFile& file, bool big_endian, SampleType is_signed,
                        SampleType is_unsigned) {
  const StatedRange range = stated_range(file, big_endian);
  const double most = *largest_value(is_signed);
  constexpr std::int32_t kImod = 1146047817;
  if (is_signed == SampleType::int8 && file.number<std::int32_t>(152, big_endian) == kImod) {
    const bool marked = file.number<std::int32_t>(156, big_endian) & 1;
    if (range.is_known() && (marked ? range.high > most : range.low < 0))
      fail(Fault::input, "{}: its mark of IMOD states {} bytes, its header values from {} to {}",
           file.path(), marked ? "signed" : "unsigned", range.low, range.high);
    return marked ? is_signed : is_unsigned;
  }
  return range.is_known() && range.fits(0, *largest_value(is_unsigned)) && range.high > most
             ? is_unsigned
             : is_signed;
}

void check_range(BinaryFile& file, bool big_endian, SampleType type) {
  const auto most = largest_value(type);
  const StatedRange range = stated_range(file, big_endian);
  if (!most || !range.is_known()) return;
  const bool is_unsigned = type == SampleType::uint8 || type == SampleType::uint16;
  if (!range.fits(is_unsigned ? 0 : -*most - 1, *most))
    fail(Fault::input,
         "{}: its header states values from {} to {}, which its numbers (up to {}) cannot hold; "
         "@raw TYPE:COLUMNSxROWS+OFFSET reads it all the same",
         file.path(), range.low, range.high, *most);
}

SampleType mrc_type(BinaryFile& file, std::int32_t mode, bool big_endian) {
  switch (mode) {
    case 0:
      return integer_type(file, big_endian, SampleType::int8, SampleType::uint8);
    case 1:
      return integer_type(file, big_endian, SampleType::int16, SampleType::uint16);
    case 2:
      return SampleType::float32;
    case 6:
      return SampleType::uint16;
    case 12:
      return SampleType::float16;
    default:
      fail(Fault::input,
           "{}: MRC mode {}; modes 0 (bytes), 1 (int16), 2 (float32), 6 (uint16) and 12 (float16) "
           "can be read, not complex numbers (3, 4), colours (16) or half bytes (101)",
           file.path(), mode);
  }
}

using Values = std::map<std::string, std::string>;

// "Name   = value" lines.
Values info_values(const std::string& text) {
  constexpr std::string_view kBlanks = " \t\r";
  Values values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const auto name_end = line.find_last_not_of(kBlanks, equals - 1),
               begin = line.find_first_not_of(kBlanks, equals + 1);
    if (name_end == std::string::npos || begin == std::string::npos) continue;
    values[line.substr(0, name_end + 1)] =
        line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin);
  }
  return values;
}

std::string value_of(const Values& values, const std::string& name) {
  const auto it = values.find(name);
  return it == values.end() ? "" : it->second;
}

// "20250429_06688_0_movie.mrc" has 20250429_06688_0_info.txt, 20250429_06688_info.txt, ..
Values read_info(const std::filesystem::path& movie) {
  std::string name = movie.stem().string();
  for (;;) {
    const std::string text = companion_text(movie.parent_path() / (name + "_info.txt"));
    if (!text.empty()) return info_values(text);
    const auto cut = name.rfind('_');
    if (cut == std::string::npos || cut == 0) return {};
    name.resize(cut);
  }
}

// The raster of a scan that visited its positions row by row.
StatedFrames stated_by_info(const std::string& path, const Values& info, std::size_t count) {
  StatedFrames stated{count, {}, "header"};
  const std::string type = value_of(info, "Scan - Type");
  if (value_of(info, "Scan - Enable") != "Enable" || !(type.empty() || type == "Raster"))
    return stated;
  const std::string part = value_of(info, "Scan - ROI Enable") == "Enable" ? "ROI " : "",
                    x = value_of(info, "Scan - " + part + "Size X"),
                    y = value_of(info, "Scan - " + part + "Size Y");
  if (x.empty() || y.empty()) return stated;
  const auto number = [&](const std::string& text) {
    return stated_number(path, "a side of the scan in its _info.txt", text);
  };
  const std::pair raster{number(x), number(y)};
  if (raster.first == 0 || raster.second == 0) return stated;
  stated.raster = raster;
  stated.by = "_info.txt";
  return stated;
}

// Scales of the camera's text; -1 where it does not know them. Pixels of patterns in 1/nm.
void take_scales(const Values& info, PatternFrames& f) {
  const auto number = [&](const std::string& name, double unit) -> std::optional<double> {
    const double v = std::atof(value_of(info, name).c_str());
    return v > 0 ? std::optional(v * unit) : std::nullopt;
  };
  f.pixel_qx = number("Diffraction Pixel Size X", *inverse_angstrom_per("1/nm"));
  f.pixel_qy = number("Diffraction Pixel Size Y", *inverse_angstrom_per("1/nm"));
  f.step_x = number("Specimen Pixel Size X (nanometers)", *angstrom_per("nm"));
  f.step_y = number("Specimen Pixel Size Y (nanometers)", *angstrom_per("nm"));
}

}  // namespace

PatternFrames open_mrc_frames(const std::string& path, const FrameOptions& options) {
  BinaryFile file(path);
  constexpr std::int32_t kMostModes = 1 << 8;
  const bool big_endian = [&] {  // a mode is a small number in the right order
    const auto mode = file.number<std::int32_t>(12);
    return !(mode >= 0 && mode < kMostModes);
  }();
  FrameLayout layout;
  layout.big_endian = big_endian;
  layout.columns = file.number<std::uint32_t>(0, big_endian);
  layout.rows = file.number<std::uint32_t>(4, big_endian);
  layout.type = mrc_type(file, file.number<std::int32_t>(12, big_endian), big_endian);
  check_range(file, big_endian, layout.type);
  layout.offset = 1024 + std::uint64_t(file.number<std::uint32_t>(92, big_endian));
  const Values info = read_info(path);
  PatternFrames f = frames_of(
      path, layout, stated_by_info(path, info, file.number<std::uint32_t>(8, big_endian)), options);
  f.format = "MRC";
  if (layout.type == SampleType::int8 && !stated_range(file, big_endian).is_known())
    f.notes.push_back(
        fmt::format("{}: does not say whether its bytes are signed: taken as signed, as the "
                    "standard of MRC says (@raw uint8:{}x{}+{} reads them unsigned)",
                    path, layout.columns, layout.rows, layout.offset));
  take_scales(info, f);
  return f;
}

}  // namespace vitrobeam
