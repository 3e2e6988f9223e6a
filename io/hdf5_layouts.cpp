// Layouts of other programs in HDF5: where EMD (1.0 and 0.2, py4DSTEM), HyperSpy, NeXus and Velox
// keep patterns, and how they state the axes.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "base/error.hpp"
#include "io/frames_hdf5.hpp"
#include "io/units.hpp"

namespace vitrobeam {
namespace {

std::optional<double> number_at(const Hdf5Reader& file, const std::string& path,
                                const std::string& name) {
  if (!file.exists(path) || !file.has_attribute(path, name)) return std::nullopt;
  const AttributeValue value = file.attribute(path, name);
  if (const auto* v = std::get_if<double>(&value); v && std::isfinite(*v)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&value)) return double(*v);
  return std::nullopt;
}

std::string text_at(const Hdf5Reader& file, const std::string& path, const std::string& name) {
  if (!file.exists(path) || !file.has_attribute(path, name)) return "";
  const AttributeValue value = file.attribute(path, name);
  if (const auto* v = std::get_if<std::string>(&value)) return *v;
  if (const auto* v = std::get_if<std::vector<std::string>>(&value); v && !v->empty())
    return v->front();
  return "";
}

std::vector<std::string> texts_at(const Hdf5Reader& file, const std::string& path,
                                  const std::string& name) {
  if (!file.exists(path) || !file.has_attribute(path, name)) return {};
  const AttributeValue value = file.attribute(path, name);
  if (const auto* v = std::get_if<std::vector<std::string>>(&value)) return *v;
  if (const auto* v = std::get_if<std::string>(&value)) return {*v};
  return {};
}

std::string group_of(const std::string& dataset) { return dataset.substr(0, dataset.rfind('/')); }

std::vector<std::string> below(const Hdf5Reader& file, const std::string& group) {
  return file.exists(group) && !file.is_dataset(group) ? file.children(group)
                                                       : std::vector<std::string>{};
}

bool may_hold_patterns(const Hdf5Reader& file, const std::string& path) {
  if (!file.is_dataset(path)) return false;
  const DatasetInfo info = file.info(path);
  return is_number(info.type) && info.shape.size() >= 2 && info.shape.size() <= 4;
}

// The one of most axes; Error{input} if several have as many.
FoundPatterns best_of(const Hdf5Reader& file, const std::vector<std::string>& candidates) {
  FoundPatterns found;
  std::size_t most = 0;
  std::vector<std::string> equal;
  for (const auto& path : candidates) {
    if (!may_hold_patterns(file, path)) continue;
    const std::size_t rank = file.info(path).shape.size();
    if (rank > most) equal.clear();
    if (rank >= most) equal.push_back(path);
    most = std::max(most, rank);
  }
  if (equal.size() > 1)
    fail(Fault::input, "{}: holds several arrays of {} axes: {}; name one as {}:{}", file.path(),
         most, fmt::join(equal, ", "), file.path(), equal.front());
  if (!equal.empty()) found.dataset = equal.front();
  return found;
}

FoundPatterns find_hyperspy(const Hdf5Reader& file) {
  std::vector<std::string> all;
  for (const auto& name : below(file, "/Experiments"))
    all.push_back("/Experiments/" + name + "/data");
  return best_of(file, all);
}

// EMD: groups with an attribute emd_group_type ("array", or 1 in version 0.2) and a dataset `data`,
// at any depth.
FoundPatterns find_emd(const Hdf5Reader& file) {
  std::vector<std::string> all;
  bool is_emd = file.has_attribute("/", "emd_group_type") ||
                file.has_attribute("/", "version_major") || file.exists("/4DSTEM_experiment");
  if (!is_emd) return {};
  for (const auto& entry : file.tree()) {
    if (entry.is_dataset || !entry.same_as.empty() ||
        !file.has_attribute(entry.path, "emd_group_type"))
      continue;
    const std::string kind = text_at(file, entry.path, "emd_group_type");
    const bool array = kind == "array" || number_at(file, entry.path, "emd_group_type") == 1.0;
    for (const char* name : {"/data", "/datacube"})
      if (array && file.is_dataset(entry.path + name)) all.push_back(entry.path + name);
  }
  return best_of(file, all);
}

// Datasets that a NeXus group of data names as its signal; old files mark the dataset itself.
std::vector<std::string> nexus_signals(const Hdf5Reader& file) {
  std::vector<std::string> all;
  for (const auto& entry : file.tree()) {
    if (!entry.same_as.empty()) continue;
    if (entry.is_dataset && file.has_attribute(entry.path, "signal") &&
        text_at(file, group_of(entry.path), "NX_class") == "NXdata")
      all.push_back(entry.path);
    if (entry.is_dataset || text_at(file, entry.path, "NX_class") != "NXdata") continue;
    if (const std::string signal = text_at(file, entry.path, "signal"); !signal.empty())
      all.push_back(entry.path + "/" + signal);
  }
  return all;
}

// NeXus: the `default` and `signal` attributes lead there, or there is only one signal.
FoundPatterns find_nexus(const Hdf5Reader& file) {
  std::string at = "/";
  constexpr int kMostSteps = 8;
  for (int step = 0; step < kMostSteps; ++step) {
    const std::string next = text_at(file, at, "default");
    if (next.empty() || next.find('/') != std::string::npos) break;
    std::string path = at;
    if (at != "/") path += "/";
    path += next;
    if (!file.exists(path) || file.is_dataset(path)) break;
    at = path;
  }
  const std::string signal = text_at(file, at, "signal");
  const std::string path = (at == "/" ? "" : at) + "/" + signal;
  return best_of(file, signal.empty() ? nexus_signals(file) : std::vector{path});
}

// Velox: /Data/Image/<identifier>/Data is [row, column, frame].
FoundPatterns find_velox(const Hdf5Reader& file) {
  std::vector<std::string> all;
  for (const auto& name : below(file, "/Data/Image"))
    all.push_back("/Data/Image/" + name + "/Data");
  FoundPatterns found = best_of(file, all);
  found.frames_last = !found.dataset.empty() && file.info(found.dataset).shape.size() == 3;
  return found;
}

struct Axis {
  double first = 0, step = 0;
  std::string units;
};

std::optional<Axis> axis_of_values(const Hdf5Reader& file, const std::string& path) {
  if (!file.is_dataset(path) || !is_number(file.info(path).type)) return std::nullopt;
  const auto values = file.read<double>(path).values;
  if (values.size() < 2) return std::nullopt;
  const double step = values[1] - values[0];
  constexpr double kEqual = 0.01;  // of a step
  for (std::size_t k = 2; k < values.size(); ++k)
    if (!(std::abs(values[k] - values[k - 1] - step) <= kEqual * std::abs(step)))
      return std::nullopt;  // it has no one scale
  return Axis{values[0], step, text_at(file, path, "units")};
}

// Names of the axes: a list of the group or, in old files, of the dataset ("y:x").
std::vector<std::string> nexus_axes(const Hdf5Reader& file, const std::string& dataset) {
  std::vector<std::string> names = texts_at(file, group_of(dataset), "axes");
  if (names.empty()) names = texts_at(file, dataset, "axes");
  if (names.size() != 1) return names;
  std::string text = std::exchange(names, {}).front();
  std::replace(text.begin(), text.end(), ',', ':');
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ':');) names.push_back(word);
  return names;
}

// Axis `k` of an array of `rank` axes: HyperSpy's axis-k, EMD's dimk (from 0, or from 1 in version
// 0.2), or one that NeXus names.
std::optional<Axis> axis_of(const Hdf5Reader& file, const std::string& dataset, std::size_t k,
                            std::size_t rank) {
  const std::string group = group_of(dataset);
  const std::string axis = group + "/axis-" + std::to_string(k);
  if (const auto scale = number_at(file, axis, "scale"))
    return Axis{number_at(file, axis, "offset").value_or(0), *scale, text_at(file, axis, "units")};
  const bool from_one =
      !file.exists(group + "/dim0") && file.exists(group + "/dim" + std::to_string(rank));
  if (const auto dim = axis_of_values(file, group + "/dim" + std::to_string(k + from_one)))
    return dim;
  const auto names = nexus_axes(file, dataset);
  if (names.size() == rank && names[k] != ".") return axis_of_values(file, group + "/" + names[k]);
  return std::nullopt;
}

// py4DSTEM keeps the calibration beside the data cube, or, before 0.13, in the root's metadata.
void take_py4dstem(const Hdf5Reader& file, PatternFrames& f) {
  const std::string group = group_of(f.dataset), root = group_of(group);
  for (const std::string& at :
       {group + "/metadatabundle/calibration", root + "/metadatabundle/calibration",
        group + "/_metadata/calibration",
        std::string("/4DSTEM_experiment/metadata/metadata_0/calibration")}) {
    const auto number = [&](const char* name) -> std::optional<double> {
      const std::string path = at + "/" + name;
      if (const auto value = number_at(file, at, name)) return value;
      if (!file.is_dataset(path) || !is_number(file.info(path).type)) return std::nullopt;
      const auto values = file.read<double>(path).values;
      return values.size() == 1 && std::isfinite(values[0]) ? std::optional(values[0])
                                                            : std::nullopt;
    };
    const auto text = [&](const char* name) -> std::string {
      const std::string path = at + "/" + name;
      if (const std::string value = text_at(file, at, name); !value.empty()) return value;
      if (!file.is_dataset(path) || file.info(path).type != StoredType::string) return "";
      const auto texts = file.read_strings(path);
      return texts.size() == 1 ? texts[0] : "";
    };
    const auto unit = inverse_angstrom_per(text("Q_pixel_units"), f.energy_kV);
    const auto pixel = number("Q_pixel_size");
    if (!f.pixel_qx && unit && pixel && *pixel > 0) f.pixel_qx = f.pixel_qy = *pixel * *unit;
    const auto length = angstrom_per(text("R_pixel_units"));
    const auto step = number("R_pixel_size");
    if (!f.step_x && length && step && *step > 0) f.step_x = f.step_y = *step * *length;
    const auto row = number("qx0_mean"), col = number("qy0_mean");  // its x are rows
    if (!f.centre_row && row && col) {
      f.centre_row = row;
      f.centre_col = col;
    }
  }
}

// Velox describes an image in JSON, one column of bytes for each frame; lengths in m and 1/m.
void take_velox(const Hdf5Reader& file, PatternFrames& f) {
  const std::string path = group_of(f.dataset) + "/Metadata";
  if (!file.is_dataset(path) || file.info(path).shape.size() != 2) return;
  const auto bytes = file.read<std::uint8_t>(path, {}, {});
  const std::size_t frames = bytes.shape[1];
  std::string text;
  for (std::size_t k = 0; k < bytes.shape[0] && frames > 0; ++k)
    if (const char c = char(bytes.values[k * frames]); c != '\0') text += c;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return;
  const auto value = [&](const char* pointer) -> std::string {
    const nlohmann::json::json_pointer at(pointer);
    if (!json.contains(at)) return "";
    const auto& v = json.at(at);
    return v.is_string() ? v.get<std::string>() : v.is_number() ? v.dump() : "";
  };
  const double volt = std::atof(value("/Optics/AccelerationVoltage").c_str());
  if (volt > 1e4) f.energy_kV = volt / 1e3;
  const auto pixel = [&](const char* size, const char* units) -> std::optional<double> {
    const auto unit = inverse_angstrom_per(value(units), f.energy_kV);
    const double v = std::atof(value(size).c_str());
    return unit && v > 0 && std::isfinite(v) ? std::optional(v * *unit) : std::nullopt;
  };
  f.pixel_qx = pixel("/BinaryResult/PixelSize/width", "/BinaryResult/PixelUnitX");
  f.pixel_qy = pixel("/BinaryResult/PixelSize/height", "/BinaryResult/PixelUnitY");
}

}  // namespace

FoundPatterns find_patterns(const Hdf5Reader& file) {
  for (const auto find : {find_hyperspy, find_emd, find_nexus, find_velox})
    if (FoundPatterns found = find(file); !found.dataset.empty()) return found;
  return {};
}

void take_axes(const Hdf5Reader& file, PatternFrames& f) {
  const std::size_t rank = f.shape.size();
  const std::string group = group_of(f.dataset);
  f.energy_kV = number_at(file, group + "/metadata/Acquisition_instrument/TEM", "beam_energy");
  if (f.dataset.starts_with("/Data/Image/")) take_velox(file, f);
  for (std::size_t k = 0; k < rank; ++k) {
    const auto axis = axis_of(file, f.dataset, k, rank);
    f.axis_units.push_back(axis ? axis->units : "");
  }
  const auto y = axis_of(file, f.dataset, rank - 2, rank),
             x = axis_of(file, f.dataset, rank - 1, rank);
  const auto unit_y = y ? inverse_angstrom_per(y->units, f.energy_kV) : std::nullopt,
             unit_x = x ? inverse_angstrom_per(x->units, f.energy_kV) : std::nullopt;
  if (unit_y && unit_x && y->step > 0 && x->step > 0) {
    f.pixel_qy = y->step * *unit_y;
    f.pixel_qx = x->step * *unit_x;
    if (y->first < 0 && x->first < 0) {
      f.centre_row = -y->first / y->step;
      f.centre_col = -x->first / x->step;
    }
  }
  const auto step = [&](std::size_t k) -> std::optional<double> {
    const auto axis = axis_of(file, f.dataset, k, rank);
    const auto unit = axis ? angstrom_per(axis->units) : std::nullopt;
    return unit && axis->step > 0 ? std::optional(axis->step * *unit) : std::nullopt;
  };
  if (rank == 4) {
    f.step_y = step(0);
    f.step_x = step(1);
  }
  take_py4dstem(file, f);
}

}  // namespace vitrobeam
