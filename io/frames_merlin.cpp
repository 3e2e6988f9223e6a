// Medipix/Merlin .mib: every frame is a text header and big-endian pixels, the bottom row first;
// the .hdr file beside it states the raster.
#include <map>
#include <sstream>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

std::vector<std::string> fields(const std::string& header) {
  std::vector<std::string> out;
  std::istringstream in(header);
  for (std::string part; std::getline(in, part, ',');) out.push_back(part);
  return out;
}

// "Name:<tab>value" lines.
std::map<std::string, std::string> read_hdr(const std::string& mib) {
  std::map<std::string, std::string> values;
  std::istringstream text(companion_text(std::filesystem::path(mib).replace_extension(".hdr")));
  for (std::string line; std::getline(text, line);)
    if (const auto tab = line.find(":\t"); tab != std::string::npos)
      values[line.substr(0, tab)] = line.substr(tab + 2);
  return values;
}

std::optional<std::size_t> count_of(const std::map<std::string, std::string>& values,
                                    const std::string& name) {
  const auto it = values.find(name);
  if (it == values.end()) return std::nullopt;
  const long n = std::atol(it->second.c_str());
  return n > 0 ? std::optional(std::size_t(n)) : std::nullopt;
}

// Fly-back frames are recorded where the camera is triggered frame by frame.
StatedFrames stated_by_hdr(const std::string& path) {
  const auto values = read_hdr(path);
  StatedFrames stated{count_of(values, "Frames in Acquisition (Number)"), {}, ".hdr", true};
  const auto row = count_of(values, "Frames per Trigger (Number)");
  if (const auto x = count_of(values, "ScanX"), y = count_of(values, "ScanY"); x && y)
    stated.raster = std::pair{*x, *y};
  else if (stated.count && row && *row > 1 && *stated.count % *row == 0)
    stated.raster = std::pair{*row, *stated.count / *row};
  return stated;
}

SampleType pixel_type(const std::string& path, const std::string& name) {
  if (name == "U08" || name == "U8") return SampleType::uint8;
  if (name == "U16") return SampleType::uint16;
  if (name == "U32") return SampleType::uint32;
  fail(Fault::input,
       "{}: pixels of kind '{}'; only processed frames (U08, U16, U32) can be read: switch raw "
       "mode off when recording, or convert with the maker's software",
       path, name.substr(0, 20));
}

// Frames are numbered one after another: a gap is a lost frame, behind which a raster is shifted.
void check_numbers(const std::string& path, const FrameLayout& layout, PatternFrames& f) {
  BinaryFile file(path);
  constexpr std::size_t kHeader = 100;
  const auto number = [&](std::uint64_t k) {
    const auto head = fields(file.bytes(k * layout.frame_bytes(), kHeader));
    return head.size() > 1 ? std::atof(head[1].c_str()) : 0.0;  // of any size
  };
  const std::uint64_t frames = file.size() / layout.frame_bytes();
  const double first = number(0), last = number(frames - 1);
  if (last - first >= double(frames))
    f.notes.push_back(
        fmt::format("{}: its frames are numbered {:.15g} to {:.15g}, it holds {}: some are lost",
                    path, first, last, frames));
}

}  // namespace

PatternFrames open_merlin_frames(const std::string& path, const FrameOptions& options) {
  const auto head = fields(first_bytes(path, 384));
  if (head.size() < 8) fail(Fault::input, "{}: damaged Merlin header", path);
  FrameLayout layout;
  layout.header = stated_number(path, "the length of its header", head[2]);
  layout.columns = stated_number(path, "its number of columns", head[4]);
  layout.rows = stated_number(path, "its number of rows", head[5]);
  layout.big_endian = layout.bottom_row_first = true;
  layout.type = pixel_type(path, head[6]);
  layout.mark = "MQ1,";
  if (layout.header < 100)
    fail(Fault::input, "{}: damaged Merlin header of {} bytes", path, layout.header);
  PatternFrames f = frames_of(path, layout, stated_by_hdr(path), options);
  check_numbers(path, layout, f);
  f.format = "Merlin";
  f.units = "counts";
  return f;
}

}  // namespace vitrobeam
