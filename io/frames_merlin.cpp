// Medipix/Merlin .mib: every frame is a text header and big-endian pixels, the bottom row first;
// the .hdr file beside it states the raster.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"

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
  std::ifstream file(std::filesystem::path(mib).replace_extension(".hdr"));
  for (std::string line; std::getline(file, line);)
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

std::optional<std::pair<std::size_t, std::size_t>> raster(const std::string& path) {
  const auto values = read_hdr(path);
  if (const auto x = count_of(values, "ScanX"), y = count_of(values, "ScanY"); x && y)
    return std::pair{*x, *y};
  const auto all = count_of(values, "Frames in Acquisition (Number)"),
             row = count_of(values, "Frames per Trigger (Number)");
  if (all && row && *row > 1 && *all % *row == 0) return std::pair{*row, *all / *row};
  return std::nullopt;
}

}  // namespace

PatternFrames open_merlin_frames(const std::string& path, const FrameOptions& options) {
  const auto head = fields(first_bytes(path, 384));
  if (head.size() < 8) fail(Fault::input, "{}: damaged Merlin header", path);
  FrameLayout layout;
  layout.header = std::size_t(std::atol(head[2].c_str()));
  layout.columns = std::size_t(std::atol(head[4].c_str()));
  layout.rows = std::size_t(std::atol(head[5].c_str()));
  layout.big_endian = layout.bottom_row_first = true;
  if (head[6] == "U08" || head[6] == "U8")
    layout.type = SampleType::uint8;
  else if (head[6] == "U16")
    layout.type = SampleType::uint16;
  else if (head[6] == "U32")
    layout.type = SampleType::uint32;
  else
    fail(Fault::input,
         "{}: pixels of kind '{}'; only processed frames (U08, U16, U32) can be read: switch raw "
         "mode off when recording, or convert with the maker's software",
         path, head[6]);
  if (layout.header < 100 || layout.rows < 2 || layout.columns < 2)
    fail(Fault::input, "{}: damaged Merlin header: {} x {} pixels behind {} bytes", path,
         layout.columns, layout.rows, layout.header);
  PatternFrames f;
  f.format = "Merlin";
  f.units = "counts";
  f.shape = frames_shape(path, layout.frames_in(BinaryFile(path).size()), layout.rows,
                         layout.columns, options, raster(path));
  f.read = frame_reader(path, layout);
  return f;
}

}  // namespace vitrobeam
