// The table of pattern formats, and what their readers share.
#include "io/pattern_frames.hpp"

#include <algorithm>
#include <filesystem>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/stated_size.hpp"
#include "io/units.hpp"
#include "io/zarr.hpp"

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

// Asked in this order; the first that recognises the file opens it.
constexpr Format kFormats[] = {
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
       return (has_extension(path, {".mrc", ".mrcs"}) && head.size() > 212) ||
              (head.size() >= 1024 && head.compare(208, 4, "MAP ") == 0);
     },
     open_mrc_frames},
    {"Zarr and zspy folders",
     [](const std::string& path, const std::string&) { return is_zarr(path); }, open_zarr_frames},
    {"samples without a header, where they are described",
     [](const std::string&, const std::string&) { return false; }, open_raw_frames},
};

const Format* format_of(const std::string& path) {
  if (!is_zarr(path)) BinaryFile(path).size();  // it can be read
  const std::string head = first_bytes(path, 4096);
  for (const auto& format : kFormats)
    if (format.is_it(path, head)) return &format;
  return nullptr;
}

// Runs `read`; whatever goes wrong in it is a fault of the file.
template <typename Read>
auto reading(const std::string& path, Read&& read) {
  try {
    return read();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(Fault::input, "{}: states more than fits in memory", path);
  } catch (const std::exception& e) {
    fail(Fault::input, "{}: cannot be read: {}", path, e.what());
  }
}

// Axes whose units say that the array is no set of diffraction patterns, or not in this order.
void check_axes(const std::string& path, PatternFrames& f) {
  const std::size_t rank = f.axis_units.size();
  if (rank < 2) return;
  constexpr double kAnyEnergy = 200;  // kV; only whether a unit is one of reciprocal space
  const auto reciprocal = [&](std::size_t k) {
    return inverse_angstrom_per(f.axis_units[k], kAnyEnergy).has_value();
  };
  const std::string &row = f.axis_units[rank - 2], &column = f.axis_units[rank - 1];
  const bool is_last_known = !column.empty() || (rank == 4 && reciprocal(1) && !reciprocal(2));
  if (rank > 2 && reciprocal(0) && !reciprocal(rank - 1) && is_last_known)
    fail(Fault::input,
         "{}: the scan runs fastest in this file; save it with the diffraction pattern as the "
         "fastest axes (swap data in the recording program)",
         path);
  for (const std::string& unit : f.axis_units)
    if (is_energy_unit(unit))
      fail(Fault::input, "{}: an axis in {}: spectra, not diffraction patterns", path, unit);
  if (angstrom_per(row) && angstrom_per(column))
    f.notes.push_back(
        fmt::format("{}: its images have axes in {} and {}: pictures of the specimen rather than "
                    "diffraction patterns",
                    path, row, column));
}

}  // namespace

std::string pattern_format_names() {
  std::string names;
  for (const auto& f : kFormats) names += (names.empty() ? "" : ", ") + std::string(f.name);
  return names;
}

std::string recognise_frames(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none) && !is_zarr(path)) return "";
  const Format* format = format_of(path);
  return format ? format->name : "";
}

PatternFrames open_frames(const std::string& path, const FrameOptions& options) {
  PatternFrames frames = reading(path, [&] {
    if (!options.raw.empty()) return open_raw_frames(path, options);
    const Format* format = format_of(path);
    if (!format)
      fail(Fault::input, "{}: no known format of patterns; known are {}", path,
           pattern_format_names());
    PatternFrames opened = format->open(path, options);
    if (opened.format.empty()) opened.format = format->name;
    if (!options.dataset.empty() && opened.dataset.empty())
      fail(Fault::usage, "{}:{}: a file of the format {} holds no arrays by name; give {} alone",
           path, options.dataset, opened.format, path);
    return opened;
  });
  check_axes(path, frames);
  if (frames.shape.size() < 2 || frames.shape.size() > 4)
    fail(Fault::input,
         "{}: an array of {} axes; patterns are [row, column], [n, row, column] or "
         "[y, x, row, column]",
         path, frames.shape.size());
  if (stated_count(path, "the patterns", frames.shape) == 0)
    fail(Fault::input, "{}: holds no pattern (shape {})", path, fmt::join(frames.shape, " x "));
  check_image_size(path, frames.shape[frames.shape.size() - 2], frames.shape.back());
  frames.read = [path, read = frames.read](std::size_t first, std::size_t count) {
    return reading(path, [&] { return read(first, count); });
  };
  if (frames.read_layer)
    frames.read_layer = [path, read = frames.read_layer](std::size_t layer, std::size_t first,
                                                         std::size_t count) {
      return reading(path, [&] { return read(layer, first, count); });
    };
  return frames;
}

FrameReader frame_reader(const std::string& path, const FrameLayout& layout) {
  auto file = std::make_shared<BinaryFile>(path);
  return [file, layout](std::size_t first, std::size_t count) {
    const std::size_t size = layout.rows * layout.columns;
    std::vector<float> all;
    all.reserve(count * size);
    for (std::size_t k = first; k < first + count; ++k) {
      const std::size_t passed = layout.fly_back ? k / layout.scan_columns * layout.fly_back : 0;
      const std::uint64_t at = layout.offset + (k + passed) * layout.frame_bytes();
      if (!layout.mark.empty() && file->bytes(at, layout.mark.size()) != layout.mark)
        fail(Fault::input, "{}: frame {} does not begin with its header; the file is damaged",
             file->path(), k + passed);
      const auto frame = file->samples(at + layout.header, size, layout.type, layout.big_endian);
      for (std::size_t r = 0; r < layout.rows; ++r) {
        const std::size_t from = layout.bottom_row_first ? layout.rows - 1 - r : r;
        const auto begin = frame.begin() + std::ptrdiff_t(from * layout.columns);
        all.insert(all.end(), begin, begin + std::ptrdiff_t(layout.columns));
      }
    }
    return all;
  };
}

namespace {

using Raster = std::pair<std::size_t, std::size_t>;

// The raster that the frames fill: the user's, or the file's, to which short files give whole rows.
struct Filled {
  std::optional<Raster> raster;
  std::size_t frames = 0, fly_back = 0;
  std::vector<std::string> notes;
};

Filled fill(const std::string& path, std::size_t frames, const StatedFrames& stated,
            const FrameOptions& options) {
  Filled out{options.scan ? options.scan : stated.raster, frames, 0, {}};
  if (!out.raster) {
    const std::size_t n = stated.count.value_or(frames);
    if (frames > n)
      fail(Fault::input,
           "{}: holds {} frames, its {} states {}; give the right one with @scan_shape", path,
           frames, stated.by, n);
    if (frames < n)
      out.notes.push_back(
          fmt::format("{}: ends early: holds {} of the {} frames that its {} states", path, frames,
                      n, stated.by));
    return out;
  }
  const auto [nx, ny] = *out.raster;
  const std::size_t all = stated_count(path, "the raster", {nx, ny});
  if (all == 0 || frames == all) return out;
  if (stated.flies_back && frames == all + ny) {
    out.fly_back = 1;
    out.frames = all;
    out.notes.push_back(fmt::format(
        "{}: holds {} frames for a raster of {} x {}: the last of every scan row, recorded while "
        "the beam flew back, is left out",
        path, frames, nx, ny));
    return out;
  }
  if (options.scan)
    fail(Fault::input, "{}: holds {} frames, @scan_shape {}x{} asks for {}", path, frames, nx, ny,
         all);
  if (frames > all || frames < nx)
    fail(Fault::input,
         "{}: holds {} frames, its {} states a raster of {} x {}, {} frames; give with @scan_shape "
         "NXxNY how they lie",
         path, frames, stated.by, nx, ny, all);
  out.raster = Raster{nx, frames / nx};
  out.frames = nx * (frames / nx);
  out.notes.push_back(
      fmt::format("{}: ends early: holds {} of the {} frames of the raster of {} x {} that its {} "
                  "states; its {} whole rows are used",
                  path, frames, all, nx, ny, stated.by, out.raster->second));
  return out;
}

}  // namespace

PatternFrames frames_of(const std::string& path, FrameLayout layout, const StatedFrames& stated,
                        const FrameOptions& options) {
  check_image_size(path, layout.rows, layout.columns);
  constexpr std::size_t kMostHeader = 1 << 24;
  if (layout.header > kMostHeader || layout.trailer > kMostHeader)
    fail(Fault::input, "{}: states {} bytes before each frame", path, layout.header);
  const std::uint64_t size = BinaryFile(path).size(),
                      data = layout.offset < size ? size - layout.offset : 0;
  const std::size_t found = std::size_t(data / layout.frame_bytes());
  if (found == 0)
    fail(Fault::input, "{}: ends early: {} bytes hold no frame of {} bytes behind the first {}",
         path, size, layout.frame_bytes(), layout.offset);
  Filled filled = fill(path, found, stated, options);
  layout.fly_back = filled.fly_back;
  if (filled.raster) layout.scan_columns = filled.raster->first;
  PatternFrames f;
  f.shape = frames_shape(path, filled.frames, layout.rows, layout.columns, {}, filled.raster);
  f.largest = largest_value(layout.type);
  f.read = frame_reader(path, layout);
  if (const auto rest = data % layout.frame_bytes(); rest > 0)
    filled.notes.push_back(fmt::format("{}: {} behind the last whole frame left out", path,
                                       counted(rest, "byte is", "bytes are")));
  f.notes = std::move(filled.notes);
  return f;
}

Shape frames_shape(const std::string& path, std::size_t frames, std::size_t rows,
                   std::size_t columns, const FrameOptions& options,
                   std::optional<std::pair<std::size_t, std::size_t>> stated) {
  if (frames == 0)
    fail(Fault::input, "{}: holds no frame ({} frames of {} x {} pixels)", path, frames, columns,
         rows);
  check_image_size(path, rows, columns);
  const auto raster = options.scan ? options.scan : stated;
  if (!raster || raster->first == 0 || raster->second == 0) return {frames, rows, columns};
  const auto [nx, ny] = *raster;
  const std::size_t all = stated_count(path, "the raster", {nx, ny});
  if (all != frames && options.scan)
    fail(Fault::input, "{}: holds {} frames, @scan_shape {}x{} asks for {}", path, frames, nx, ny,
         all);
  if (all != frames)
    fail(Fault::input, "{}: holds {} frames, its raster of {} x {} has {}", path, frames, nx, ny,
         all);
  return {ny, nx, rows, columns};
}

std::string companion_text(const std::filesystem::path& path) {
  constexpr std::uint64_t kMost = 16 << 20;
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return "";
  BinaryFile file(path.string());
  if (file.size() > kMost)
    fail(Fault::input, "{}: {} bytes; a small text was expected", path.string(), file.size());
  return file.bytes(0, std::size_t(file.size()));
}

PatternFrames open_raw_frames(const std::string& path, const FrameOptions& options) {
  const std::string& text = options.raw;
  const auto colon = text.find(':'), times = text.find('x', colon), plus = text.find('+');
  const auto wrong = [&] {
    fail(Fault::usage,
         "@raw '{}': expected TYPE:COLUMNSxROWS[+OFFSET], for example uint16be:256x256+384", text);
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
  if (size < layout.offset || (size - layout.offset) % layout.frame_bytes() != 0)
    fail(Fault::input, "{}: {} bytes are no whole number of frames of {} bytes after {} (@raw {})",
         path, size, layout.frame_bytes(), layout.offset, text);
  PatternFrames f = frames_of(path, layout, {}, options);
  f.format = "raw";
  return f;
}

}  // namespace vitrobeam
