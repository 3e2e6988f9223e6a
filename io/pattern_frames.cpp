// The table of pattern formats, and what their readers share.
#include "io/pattern_frames.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "io/npy.hpp"
#include "io/pattern_formats.hpp"

namespace vitrobeam {
namespace {

bool begins(const std::string& text, std::string_view with) {
  return text.compare(0, with.size(), with) == 0;
}

bool has_extension(const std::string& path, std::initializer_list<std::string_view> extensions) {
  std::string end = path.substr(std::min(path.size(), path.rfind('.')));
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return tolower(c); });
  return std::find(extensions.begin(), extensions.end(), end) != extensions.end();
}

struct Format {
  const char* name;
  bool (*is_it)(const std::string& path, const std::string& head);
  PatternFrames (*open)(const std::string& path, const FrameOptions& options);
};

constexpr std::array<Format, 10> kFormats = {{
    {"HDF5 (results, EMD, HyperSpy, NeXus, Dectris)",
     [](const std::string&, const std::string& head) { return begins(head, "\x89HDF\r\n"); },
     open_hdf5_frames},
    {"NumPy .npy",
     [](const std::string&, const std::string& head) { return begins(head, "\x93NUMPY"); },
     open_npy_frames},
    {"Medipix/Merlin .mib",
     [](const std::string&, const std::string& head) { return begins(head, "MQ1,"); },
     open_merlin_frames},
    {"NanoMegas .blo",
     [](const std::string&, const std::string& head) { return begins(head, "IMGBLO"); },
     open_blockfile_frames},
    {"EMPAD .xml or .raw",
     [](const std::string& path, const std::string& head) {
       return (begins(head, "<root") && head.find("empad") != std::string::npos) ||
              (has_extension(path, {".xml"}) && head.find("raw_file") != std::string::npos) ||
              (has_extension(path, {".raw"}) && begins(path.substr(path.rfind('/') + 1), "scan_x"));
     },
     open_empad_frames},
    {"DigitalMicrograph .dm3, .dm4",
     [](const std::string& path, const std::string& head) {
       return has_extension(path, {".dm3", ".dm4"}) && head.size() > 4 && head[0] == 0 &&
              (head[3] == 3 || head[3] == 4);
     },
     open_dm_frames},
    {"TIFF",
     [](const std::string&, const std::string& head) {
       return begins(head, std::string_view("II\x2a\0", 4)) ||
              begins(head, std::string_view("MM\0\x2a", 4)) ||
              begins(head, std::string_view("II\x2b\0", 4)) ||
              begins(head, std::string_view("MM\0\x2b", 4));
     },
     open_tiff_frames},
    {"MATLAB .mat",
     [](const std::string& path, const std::string& head) {
       return begins(head, "MATLAB") && has_extension(path, {".mat"});
     },
     open_matlab_frames},
    {"MRC",
     [](const std::string& path, const std::string& head) {
       return has_extension(path, {".mrc", ".mrcs"}) && head.size() > 212;
     },
     open_mrc_frames},
    {"raw samples with --raw", [](const std::string&, const std::string&) { return false; },
     open_raw_frames},
}};

}  // namespace

std::string pattern_format_names() {
  std::string names;
  for (const auto& f : kFormats) names += (names.empty() ? "" : ", ") + std::string(f.name);
  return names;
}

PatternFrames open_frames(const std::string& path, const FrameOptions& options) {
  if (!options.raw.empty()) return open_raw_frames(path, options);
  BinaryFile(path).size();  // says that it cannot be read
  const std::string head = first_bytes(path, 4096);
  for (const auto& format : kFormats)
    if (format.is_it(path, head)) {
      PatternFrames frames = format.open(path, options);
      if (frames.format.empty()) frames.format = format.name;
      return frames;
    }
  fail(Fault::input, "{}: no known format of patterns; known are {}", path, pattern_format_names());
}

FrameReader frame_reader(const std::string& path, const FrameLayout& layout) {
  auto file = std::make_shared<BinaryFile>(path);
  return [file, layout](std::size_t first, std::size_t count) {
    const std::size_t size = layout.rows * layout.columns;
    std::vector<float> all;
    all.reserve(count * size);
    for (std::size_t k = first; k < first + count; ++k) {
      const auto frame = file->samples(layout.offset + k * layout.frame_bytes() + layout.header,
                                       size, layout.type, layout.big_endian);
      for (std::size_t r = 0; r < layout.rows; ++r) {
        const std::size_t from = layout.bottom_row_first ? layout.rows - 1 - r : r;
        const auto begin = frame.begin() + std::ptrdiff_t(from * layout.columns);
        all.insert(all.end(), begin, begin + std::ptrdiff_t(layout.columns));
      }
    }
    return all;
  };
}

Shape frames_shape(const std::string& path, std::size_t frames, std::size_t rows,
                   std::size_t columns, const FrameOptions& options,
                   std::optional<std::pair<std::size_t, std::size_t>> stated) {
  if (frames == 0 || rows < 2 || columns < 2)
    fail(Fault::input, "{}: holds no frame ({} frames of {} x {} pixels)", path, frames, columns,
         rows);
  if (options.scan) {
    const auto [nx, ny] = *options.scan;
    if (nx * ny != frames)
      fail(Fault::input, "{}: holds {} frames, --scan-shape {}x{} asks for {}", path, frames, nx,
           ny, nx * ny);
    return {ny, nx, rows, columns};
  }
  if (stated && stated->first > 0 && stated->first <= frames) {
    const std::size_t whole_rows = std::min(stated->second, frames / stated->first);
    return {whole_rows, stated->first, rows, columns};
  }
  return {frames, rows, columns};
}

PatternFrames open_npy_frames(const std::string& path, const FrameOptions& options) {
  auto array = std::make_shared<Stack<float>>(read_npy(path));
  const std::size_t rank = array->shape.size();
  if (rank < 2)
    fail(Fault::input,
         "{}: an array of {} axes; patterns are [row, column], [n, row, column] or "
         "[y, x, row, column]",
         path, rank);
  PatternFrames f;
  const std::size_t rows = array->shape[rank - 2], columns = array->shape[rank - 1];
  f.shape = array->shape;
  if (options.scan)
    f.shape = frames_shape(path, array->size() / (rows * columns), rows, columns, options);
  f.read = [array, size = rows * columns](std::size_t first, std::size_t count) {
    const float* from = array->values.data() + first * size;
    return std::vector<float>(from, from + count * size);
  };
  return f;
}

PatternFrames open_raw_frames(const std::string& path, const FrameOptions& options) {
  const std::string& text = options.raw;
  const auto colon = text.find(':'), times = text.find('x', colon), plus = text.find('+');
  const auto wrong = [&] {
    fail(Fault::usage,
         "--raw '{}': expected TYPE:COLUMNSxROWS[+OFFSET], for example uint16be:256x256+384", text);
  };
  if (colon == std::string::npos || times == std::string::npos) wrong();
  FrameLayout layout;
  std::string type = text.substr(0, colon);
  layout.big_endian = type.ends_with("be");
  if (layout.big_endian || type.ends_with("le")) type.resize(type.size() - 2);
  layout.type = parse_sample_type(type);
  try {
    layout.columns = std::stoul(text.substr(colon + 1));
    layout.rows = std::stoul(text.substr(times + 1));
    if (plus != std::string::npos) layout.offset = std::stoul(text.substr(plus + 1));
  } catch (const std::exception&) {
    wrong();
  }
  constexpr std::size_t kMost = 1 << 16;
  if (layout.rows < 2 || layout.columns < 2 || layout.rows > kMost || layout.columns > kMost)
    wrong();
  const auto size = BinaryFile(path).size();
  const std::size_t frames = layout.frames_in(size);
  if (layout.offset + frames * layout.frame_bytes() != size)
    fail(Fault::input, "{}: {} bytes are no whole number of frames of {} bytes after {} (--raw {})",
         path, size, layout.frame_bytes(), layout.offset, text);
  PatternFrames f;
  f.format = "raw";
  f.shape = frames_shape(path, frames, layout.rows, layout.columns, options);
  f.read = frame_reader(path, layout);
  return f;
}

}  // namespace vitrobeam
