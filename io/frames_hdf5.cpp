// Patterns in HDF5 files: results of this program, the layouts of py4DSTEM (EMD), HyperSpy and
// NeXus, Dectris masters (EIGER, ARINA), or any dataset by its path.
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/frames_hdf5.hpp"
#include "io/hdf5_values.hpp"
#include "io/result_file.hpp"
#include "io/stated_size.hpp"

namespace vitrobeam {
namespace {

using File = std::shared_ptr<Hdf5Reader>;

std::optional<double> number_attribute(const Hdf5Reader& file, const std::string& path,
                                       const std::string& name) {
  if (!file.exists(path) || !file.has_attribute(path, name)) return std::nullopt;
  return file.number_attribute(path, name);
}

// What a reader of one dataset, or of several that continue each other, needs.
struct Part {
  std::string path;
  std::size_t frames;
};

std::vector<Part> dectris_parts(const Hdf5Reader& file) {
  std::vector<Part> parts;
  Shape image;
  std::optional<std::size_t> before;  // number of the part before
  if (!file.exists("/entry/data") || file.is_dataset("/entry/data")) return parts;
  for (const auto& name : file.children("/entry/data")) {
    const std::string path = "/entry/data/" + name;
    if (!name.starts_with("data_")) continue;
    if (!file.is_dataset(path))
      fail(Fault::input, "{}: {} leads to a file that is not beside it", file.path(), path);
    const auto shape = file.info(path).shape;
    if (shape.size() != 3) continue;
    if (name.find_first_not_of("0123456789", 5) == std::string::npos && name.size() > 5) {
      const std::size_t number = stated_number(file.path(), path, name.substr(5));
      if (before && number != *before + 1)
        fail(Fault::input, "{}: {} follows on data_{:06}; those between are missing", file.path(),
             path, *before);
      before = number;
    }
    if (!image.empty() && Shape(shape.begin() + 1, shape.end()) != image)
      fail(Fault::input, "{}: {} has frames of {} x {} pixels, those before it of {} x {}",
           file.path(), path, shape[2], shape[1], image[1], image[0]);
    image.assign(shape.begin() + 1, shape.end());
    parts.push_back({path, shape[0]});
  }
  return parts;
}

FoundPatterns find_dataset(const Hdf5Reader& file, const std::string& asked) {
  if (!asked.empty()) {
    if (!file.is_dataset(asked))
      fail(Fault::input, "{}: holds no dataset {}; 'vitrobeam info' lists them", file.path(),
           asked);
    const bool velox = asked.starts_with("/Data/Image/") && file.info(asked).shape.size() == 3;
    return {asked, velox, {}};
  }
  for (const char* known : {"/simulation/patterns", "/measurement/patterns", "/entry/data/data"})
    if (file.is_dataset(known)) return {known, false, {}};
  if (const auto parts = dectris_parts(file); !parts.empty())
    return {parts.front().path, false, {}};
  if (auto found = find_patterns(file); !found.dataset.empty()) return found;
  const std::string cube = "/datacube_root/datacube/data";
  if (file.is_dataset(cube)) return {cube, false, {}};
  fail(Fault::input,
       "{}: holds no patterns in a known place (/simulation/patterns, EMD, HyperSpy, NeXus, Velox, "
       "Dectris); name the dataset as {}:/path",
       file.path(), file.path());
}

// Axes and conditions of a file that this program wrote; `group` is /simulation or /measurement.
void take_result(const Hdf5Reader& file, const std::string& group,
                 const std::vector<ProbeRecord>& probes, std::size_t probe, PatternFrames& f) {
  const auto axis = [&](const char* name, std::size_t n, std::optional<double>& pixel,
                        std::optional<double>& centre) {
    const auto q = file.read<double>(group + "/" + name).values;
    if (q.size() != n || n < 2)
      fail(Fault::input, "{}: {}/{} has {} values for {} pixels", file.path(), group, name,
           q.size(), n);
    pixel = (q.back() - q.front()) / double(n - 1);
    centre = -q.front() / *pixel;
  };
  axis("q_y", f.shape[f.shape.size() - 2], f.pixel_qy, f.centre_row);
  axis("q_x", f.shape.back(), f.pixel_qx, f.centre_col);
  const auto step = [&](const char* name) -> std::optional<double> {
    const std::string path = group + "/" + name;
    if (!file.is_dataset(path) || file.string_attribute(group, "scan", "raster") == "list" ||
        !has_scan_steps(file, group))
      return std::nullopt;
    const auto values = file.read<double>(path).values;
    if (values.size() < 2) return std::nullopt;
    return values[1] - values[0];
  };
  f.step_y = step("scan_y");
  f.step_x = step("scan_x");
  f.energy_kV = number_attribute(file, "/parameters", "energy");
  if (!f.energy_kV) f.energy_kV = number_attribute(file, group, "energy_kV");
  f.semiangle_mrad = probes.empty() ? number_attribute(file, "/parameters", "semiangle")
                                    : std::optional(probes[probe].semiangle_mrad);
  f.thickness = number_attribute(file, "/parameters", "thickness");
  const auto slices = number_attribute(file, "/audit", "slices"),
             slice = number_attribute(file, "/audit", "slice_thickness");
  if (slices && slice) f.thickness = *slices * *slice;
  f.dose = number_attribute(file, "/parameters", "dose");
  f.units = file.string_attribute(f.dataset, "units", "");
  f.ellipticity = number_attribute(file, group, "ellipticity").value_or(0);
  f.ellipse_angle = number_attribute(file, group, "ellipse_angle").value_or(0);
  if (file.is_dataset(group + "/hidden")) {
    const auto hidden = file.read<float>(group + "/hidden");
    if (hidden.shape != Shape{f.shape[f.shape.size() - 2], f.shape.back()})
      fail(Fault::input, "{}: {}/hidden has the shape {}, the patterns {} x {}", file.path(), group,
           fmt::join(hidden.shape, " x "), f.shape[f.shape.size() - 2], f.shape.back());
    f.hidden = (hidden.plane(0) != 0.0f).cast<unsigned char>();
  }
}

// Beam, bad pixels and beam centre of a Dectris master.
void take_dectris(const Hdf5Reader& file, PatternFrames& f) {
  const std::string detector = "/entry/instrument/detector";
  f.format = "Dectris";
  f.units = "counts";
  const std::string mask = detector + "/detectorSpecific/pixel_mask";
  if (file.is_dataset(mask)) {
    const auto bad = file.read<float>(mask);
    if (bad.shape != Shape{f.shape[f.shape.size() - 2], f.shape.back()})
      fail(Fault::input, "{}: its pixel_mask has the shape {}, its frames {} x {}", file.path(),
           fmt::join(bad.shape, " x "), f.shape[f.shape.size() - 2], f.shape.back());
    if ((bad.plane(0) != 0.0f).any()) f.hidden = (bad.plane(0) != 0.0f).cast<unsigned char>();
  }
  const auto centre = [&](const char* name) -> std::optional<double> {
    const std::string path = detector + "/" + name;
    if (!file.is_dataset(path)) return std::nullopt;
    const double v = number_at(file, path);
    return v > 0 ? std::optional(v) : std::nullopt;
  };
  const auto stated = [&](const char* name) {
    const std::string path = detector + "/detectorSpecific/" + name;
    if (!file.is_dataset(path) || !is_number(file.info(path).type)) return 0.0;
    const auto values = file.read<double>(path).values;
    return values.size() == 1 ? values[0] : 0.0;
  };
  const double all = stated("nimages") * std::max(1.0, stated("ntrigger"));
  if (all > double(f.shape[0]))
    f.notes.push_back(fmt::format("{}: ends early: holds {} of the {:.0f} frames that it states",
                                  file.path(), f.shape[0], all));
  if (all > 0 && all < double(f.shape[0]))
    f.notes.push_back(
        fmt::format("{}: holds {} frames, it states {:.0f}", file.path(), f.shape[0], all));
  f.centre_col = centre("beam_center_x");
  f.centre_row = centre("beam_center_y");
}

FrameReader reader_of_parts(const File& file, const std::vector<Part>& parts) {
  return [file, parts](std::size_t first, std::size_t count) {
    std::vector<float> all;
    for (std::size_t begin = 0; const auto& part : parts) {
      const std::size_t from = std::max(first, begin),
                        to = std::min(first + count, begin + part.frames);
      if (from < to) {
        const auto values = file->read<float>(part.path, {from - begin}, {to - from}).values;
        all.insert(all.end(), values.begin(), values.end());
      }
      begin += part.frames;
    }
    return all;
  };
}

// Of an array [row, column, frame].
FrameReader reader_of_last_axis(const File& file, const std::string& dataset, const Shape& stored) {
  return [file, dataset, stored](std::size_t first, std::size_t count) {
    std::vector<float> all;
    for (std::size_t k = first; k < first + count; ++k) {
      const auto values = file->read<float>(dataset, {0, 0, k}, {stored[0], stored[1], 1}).values;
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  };
}

}  // namespace

std::optional<double> largest_value_of(StoredType type) {
  switch (type) {
    case StoredType::int8:
      return largest_value(SampleType::int8);
    case StoredType::uint8:
      return largest_value(SampleType::uint8);
    case StoredType::int16:
      return largest_value(SampleType::int16);
    case StoredType::uint16:
      return largest_value(SampleType::uint16);
    case StoredType::int32:
      return largest_value(SampleType::int32);
    case StoredType::uint32:
      return largest_value(SampleType::uint32);
    case StoredType::int64:
      return largest_value(SampleType::int64);
    case StoredType::uint64:
      return largest_value(SampleType::uint64);
    default:
      return std::nullopt;
  }
}

FrameReader reader_of_array(const std::shared_ptr<Hdf5Reader>& file, const std::string& dataset,
                            const Shape& stored) {
  return [file, dataset, stored](std::size_t first, std::size_t count) {
    const std::size_t rank = stored.size();
    if (rank == 2) return file->read<float>(dataset).values;
    const std::size_t row = stored[rank - 3];  // frames in one run of the last leading axis
    std::vector<float> all;
    for (std::size_t at = first; at < first + count;) {
      const std::size_t n = std::min(first + count - at, row - at % row);
      Shape start(rank - 2), length(rank - 2, 1);
      start[rank - 3] = at % row;
      length[rank - 3] = n;
      for (std::size_t k = rank - 3, rest = at / row; k-- > 0; rest /= stored[k])
        start[k] = rest % stored[k];
      const auto values = file->read<float>(dataset, start, length).values;
      all.insert(all.end(), values.begin(), values.end());
      at += n;
    }
    return all;
  };
}

namespace {

void note_gaps(const Hdf5Reader& file, const std::string& dataset, PatternFrames& f) {
  if (const std::string words = file.gaps(dataset); !words.empty())
    f.notes.push_back(
        fmt::format("{}: {}: {}; they read as its fill value", file.path(), dataset, words));
}

// Whether this program wrote it.
bool is_result(const std::string& dataset) {
  return dataset == "/simulation/patterns" || dataset == "/measurement/patterns";
}

// [.., rows, columns] with the leading axes that a result has: [probe,] [thickness,] before four.
void take_layers(const std::string& path, const Shape& stored,
                 const std::vector<ProbeRecord>& probes, std::size_t probe, PatternFrames& f) {
  f.probes = std::max<std::size_t>(1, probes.size());
  f.probe_names = probe_names(probes);
  f.shape.erase(f.shape.begin(), f.shape.end() - 4);
  const std::size_t positions = f.shape[0] * f.shape[1], all = Stack<float>::count(stored),
                    each = f.probes * positions * f.shape[2] * f.shape[3];
  if (positions == 0) fail(Fault::input, "{}: {} holds no pattern", path, f.dataset);
  f.thicknesses = all / each;
  f.read_layer = [read = f.read, positions](std::size_t layer, std::size_t first,
                                            std::size_t count) {
    return read(layer * positions + first, count);
  };
  if (f.thicknesses == 0 || f.thicknesses * each != all)
    fail(Fault::input, "{}: {} of shape {} does not hold the patterns of {} probes", path,
         f.dataset, fmt::join(stored, " x "), f.probes);
  const std::size_t last = (std::min(probe, f.probes - 1) + 1) * f.thicknesses - 1;
  f.read = [layer = f.read_layer, last](std::size_t first, std::size_t count) {
    return layer(last, first, count);
  };
}

// The dataset that was found, checked, with its reader; `most`: axes that it may have.
PatternFrames open_found(const File& file, const FoundPatterns& found, std::size_t most) {
  const std::string& path = file->path();
  PatternFrames f;
  f.format = "HDF5";
  f.dataset = found.dataset;
  f.notes = found.notes;
  const DatasetInfo info = file->info(f.dataset);
  const std::size_t rank = info.shape.size();
  if (!is_number(info.type))
    fail(Fault::input, "{}:{}: holds {}, not intensities", path, f.dataset, type_name(info.type));
  if (rank < 2 || rank > most)
    fail(Fault::input,
         "{}: an array of {} axes; patterns are [row, column], [n, row, column] or [y, x, row, "
         "column]",
         path, rank);
  stated_count(path, f.dataset, info.shape);
  check_image_size(path, info.shape[found.frames_last ? 0 : rank - 2],
                   info.shape[found.frames_last ? 1 : rank - 1]);
  f.shape = found.frames_last ? Shape{info.shape[2], info.shape[0], info.shape[1]} : info.shape;
  f.largest = largest_value_of(info.type);
  f.read = found.frames_last ? reader_of_last_axis(file, f.dataset, info.shape)
                             : reader_of_array(file, f.dataset, info.shape);
  return f;
}

// All parts of a Dectris master in the place of its first one.
void take_parts(const File& file, const std::vector<Part>& parts, PatternFrames& f) {
  f.shape[0] = 0;
  for (const auto& part : parts) {
    f.shape[0] += part.frames;
    note_gaps(*file, part.path, f);
  }
  f.read = reader_of_parts(file, parts);
  take_dectris(*file, f);
}

}  // namespace

PatternFrames open_hdf5_frames(const std::string& path, const FrameOptions& options) {
  const auto file = std::make_shared<Hdf5Reader>(path, options.follow_links);
  const FoundPatterns found = find_dataset(*file, options.dataset);
  const std::string group = found.dataset.substr(0, found.dataset.rfind('/'));
  const bool result = is_result(found.dataset);
  const std::vector<ProbeRecord> probes =
      result ? read_probes(*file, group) : std::vector<ProbeRecord>{};
  PatternFrames f = open_found(file, found, !result ? 4 : probes.empty() ? 5 : 6);
  if (const Shape stored = f.shape; stored.size() > 4)
    take_layers(path, stored, probes, options.probe, f);
  if (const auto parts = dectris_parts(*file);
      options.dataset.empty() && !parts.empty() && f.dataset == parts.front().path) {
    take_parts(file, parts, f);
  } else if (result) {
    take_result(*file, group, probes, std::min(options.probe, f.probes - 1), f);
  } else {
    note_gaps(*file, f.dataset, f);
    take_axes(*file, f);
  }
  if (options.scan) {
    std::size_t frames = 1;
    for (std::size_t k = 0; k + 2 < f.shape.size(); ++k) frames *= f.shape[k];
    f.shape = frames_shape(path, frames, f.shape[f.shape.size() - 2], f.shape.back(), options);
  }
  return f;
}

}  // namespace vitrobeam
