// Patterns in HDF5 files: results of this program, the layouts of py4DSTEM (EMD), HyperSpy and
// NeXus, Dectris masters (EIGER, ARINA), or any dataset by its path.
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/pattern_formats.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {
namespace {

using File = std::shared_ptr<Hdf5Reader>;

// Units of a reciprocal axis that mean 1/Angstrom, as the programs of the field spell them.
bool is_inverse_angstrom(const std::string& units) {
  for (const char* known : {"A^-1", "1/A", "Å^-1", "1/Å", "$A^{-1}$", "1/angstrom"})
    if (units == known) return true;
  return false;
}

std::optional<double> number_attribute(const Hdf5Reader& file, const std::string& path,
                                       const std::string& name) {
  if (!file.exists(path) || !file.has_attribute(path, name)) return std::nullopt;
  return file.number_attribute(path, name);
}

// Linear axis `k` of a HyperSpy (axis-k) or EMD (dimk) array: {first value, step}.
std::optional<std::pair<double, double>> linear_axis(const Hdf5Reader& file,
                                                     const std::string& dataset, std::size_t k) {
  const std::string group = dataset.substr(0, dataset.rfind('/'));
  const std::string axis = group + "/axis-" + std::to_string(k),
                    dim = group + "/dim" + std::to_string(k);
  if (file.exists(axis) && file.has_attribute(axis, "scale") &&
      is_inverse_angstrom(file.string_attribute(axis, "units", "")))
    return std::pair{number_attribute(file, axis, "offset").value_or(0),
                     file.number_attribute(axis, "scale")};
  if (file.is_dataset(dim) && is_inverse_angstrom(file.string_attribute(dim, "units", ""))) {
    const auto values = file.read<double>(dim).values;
    if (values.size() >= 2) return std::pair{values[0], values[1] - values[0]};
  }
  return std::nullopt;
}

// What a reader of one dataset, or of several that continue each other, needs.
struct Part {
  std::string path;
  std::size_t frames;
};

std::vector<Part> dectris_parts(const Hdf5Reader& file) {
  std::vector<Part> parts;
  if (!file.exists("/entry/data")) return parts;
  for (const auto& name : file.children("/entry/data")) {
    const std::string path = "/entry/data/" + name;
    if (!name.starts_with("data_")) continue;
    if (!file.is_dataset(path))
      fail(Fault::input, "{}: {} leads to a file that is not beside it", file.path(), path);
    const auto shape = file.info(path).shape;
    if (shape.size() == 3) parts.push_back({path, shape[0]});
  }
  return parts;
}

std::string find_dataset(const Hdf5Reader& file, const std::string& asked) {
  if (!asked.empty()) {
    if (!file.is_dataset(asked))
      fail(Fault::input, "{}: holds no dataset {}; 'vitrobeam info' lists them", file.path(),
           asked);
    return asked;
  }
  for (const char* known : {"/simulation/patterns", "/measurement/patterns",
                            "/datacube_root/datacube/data", "/entry/data/data"})
    if (file.is_dataset(known)) return known;
  if (file.exists("/Experiments"))
    for (const auto& name : file.children("/Experiments"))
      if (file.is_dataset("/Experiments/" + name + "/data"))
        return "/Experiments/" + name + "/data";
  if (const auto parts = dectris_parts(file); !parts.empty()) return parts.front().path;
  fail(Fault::input,
       "{}: holds no patterns in a known place (/simulation/patterns, EMD, HyperSpy, NeXus, "
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
    if (!file.is_dataset(path) || file.string_attribute(group, "scan", "raster") == "list")
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
  if (file.is_dataset(group + "/hidden"))
    f.hidden = (file.read<float>(group + "/hidden").plane(0) != 0.0f).cast<unsigned char>();
}

// Calibrated axes of HyperSpy and EMD; the centre where they start below 0.
void take_axes(const Hdf5Reader& file, PatternFrames& f) {
  const std::size_t rank = f.shape.size();
  const auto y = linear_axis(file, f.dataset, rank - 2), x = linear_axis(file, f.dataset, rank - 1);
  if (!(x && y && x->second > 0 && y->second > 0)) return;
  f.pixel_qy = y->second;
  f.pixel_qx = x->second;
  if (y->first < 0 && x->first < 0) {
    f.centre_row = -y->first / y->second;
    f.centre_col = -x->first / x->second;
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
    if (bad.shape == Shape{f.shape[f.shape.size() - 2], f.shape.back()} &&
        (bad.plane(0) != 0.0f).any())
      f.hidden = (bad.plane(0) != 0.0f).cast<unsigned char>();
  }
  const auto centre = [&](const char* name) -> std::optional<double> {
    const std::string path = detector + "/" + name;
    if (!file.is_dataset(path)) return std::nullopt;
    const double v = file.read_number<double>(path);
    return v > 0 ? std::optional(v) : std::nullopt;
  };
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

// Of an array whose last two axes are the image: frames of the flattened axes before them.
FrameReader reader_of_array(const File& file, const std::string& dataset, const Shape& stored) {
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

}  // namespace

PatternFrames open_hdf5_frames(const std::string& path, const FrameOptions& options) {
  const auto file = std::make_shared<Hdf5Reader>(path);
  PatternFrames f;
  f.format = "HDF5";
  f.dataset = find_dataset(*file, options.dataset);
  const DatasetInfo info = file->info(f.dataset);
  if (!is_number(info.type))
    fail(Fault::input, "{}:{}: holds {}, not intensities", path, f.dataset, type_name(info.type));
  const std::size_t rank = info.shape.size();
  const std::string group = f.dataset.substr(0, f.dataset.rfind('/'));
  const bool result =
      (group == "/simulation" || group == "/measurement") && f.dataset.ends_with("/patterns");
  const std::vector<ProbeRecord> probes =
      result ? read_probes(*file, group) : std::vector<ProbeRecord>{};
  const std::size_t most = !result ? 4 : probes.empty() ? 5 : 6;
  if (rank < 2 || rank > most)
    fail(Fault::input,
         "{}: an array of {} axes; patterns are [row, column], [n, row, column] or [y, x, row, "
         "column]",
         path, rank);
  f.shape = info.shape;
  f.read = reader_of_array(file, f.dataset, info.shape);
  if (rank > 4) {  // [probe,] [thickness,]
    f.probes = std::max<std::size_t>(1, probes.size());
    f.probe_names = probe_names(probes);
    f.shape.erase(f.shape.begin(), f.shape.end() - 4);
    const std::size_t positions = f.shape[0] * f.shape[1];
    f.thicknesses =
        Stack<float>::count(info.shape) / (f.probes * positions * f.shape[2] * f.shape[3]);
    f.read_layer = [all = f.read, positions](std::size_t layer, std::size_t first,
                                             std::size_t count) {
      return all(layer * positions + first, count);
    };
    const std::size_t last = (std::min(options.probe, f.probes - 1) + 1) * f.thicknesses - 1;
    f.read = [layer = f.read_layer, last](std::size_t first, std::size_t count) {
      return layer(last, first, count);
    };
  }
  if (const auto parts = dectris_parts(*file);
      options.dataset.empty() && !parts.empty() && f.dataset == parts.front().path) {
    f.shape[0] = 0;
    for (const auto& part : parts) f.shape[0] += part.frames;
    f.read = reader_of_parts(file, parts);
    take_dectris(*file, f);
  } else if (result) {
    take_result(*file, group, probes, std::min(options.probe, f.probes - 1), f);
  } else {
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
