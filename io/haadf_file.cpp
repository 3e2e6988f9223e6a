#include "io/haadf_file.hpp"

#include <limits>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {
namespace {

const std::string kDetectors = "/simulation/detectors/";

// The one named, or the only annulus that there is.
std::string choose_detector(const Hdf5Reader& file, const std::string& wanted) {
  std::vector<std::string> annuli;
  for (const auto& name : file.children("/simulation/detectors")) {
    const std::string path = kDetectors + name;
    if (name == wanted) return name;
    if (file.has_attribute(path, "inner_mrad") && !file.has_attribute(path, "from_deg") &&
        !file.has_attribute(path, "ring_width_mrad"))
      annuli.push_back(name);
  }
  std::string names;
  for (const auto& a : annuli) names += (names.empty() ? "" : ", ") + a;
  if (!wanted.empty())
    fail(Fault::input, "{}: holds no detector '{}'; it has {}", file.path(), wanted,
         names.empty() ? "none" : names);
  if (annuli.size() != 1)
    fail(Fault::usage, "{}: {} annular detectors ({}); choose with @detector", file.path(),
         annuli.size(), names);
  return annuli.front();
}

// The last of several thicknesses.
PlaneD last_map(const Hdf5Reader& file, const std::string& path) {
  const Stack<double> all = file.read<double>(path);
  if (all.shape.size() < 2 || all.shape.size() > 3)
    fail(Fault::input, "{}: {} has {} axes; a map has two", file.path(), path, all.shape.size());
  return all.plane(all.shape.size() == 3 ? all.shape[0] - 1 : 0);
}

}  // namespace

bool holds_detector_images(const std::string& path) {
  return is_hdf5(path) && Hdf5Reader(path).exists("/simulation/detectors");
}

HaadfImage read_detector_image(const std::string& path, const std::string& detector) {
  const Hdf5Reader file(path);
  HaadfImage out;
  out.file = path;
  out.name = choose_detector(file, detector);
  out.is_fraction = out.is_result = true;
  const std::string dataset = kDetectors + out.name;
  out.intensity = last_map(file, dataset);
  const std::string errors = "/simulation/detectors_stderr/" + out.name;
  if (file.is_dataset(errors)) out.variance = last_map(file, errors).square();
  if (file.string_attribute("/simulation", "scan", "") != "list" &&
      has_scan_steps(file, "/simulation")) {
    out.y = file.read<double>("/simulation/scan_y").values;
    out.x = file.read<double>("/simulation/scan_x").values;
  }
  const auto number = [&](const std::string& at, const std::string& name) {
    return file.exists(at) && file.has_attribute(at, name)
               ? std::optional<double>(file.number_attribute(at, name))
               : std::nullopt;
  };
  out.inner_mrad = number(dataset, "inner_mrad");
  out.outer_mrad = number(dataset, "outer_mrad");
  out.energy_kV = number("/simulation", "energy_kV");
  out.semiangle_mrad = number("/parameters", "semiangle");
  out.defocus = number("/parameters", "defocus").value_or(0);
  const auto slices = number("/audit", "slices"), dz = number("/audit", "slice_thickness");
  if (slices && dz) out.thickness = *slices * *dz;
  return out;
}

PlaneD known_values(const PatternSource& source) {
  PlaneD values = source.read(0, 0, 1).plane(0).cast<double>();
  if (source.hidden().size() > 0)
    values = (source.hidden() != 0).select(std::numeric_limits<double>::quiet_NaN(), values);
  return values;
}

HaadfImage measured_image(const PatternSource& source, const std::string& name) {
  HaadfImage out;
  out.file = source.file();
  if (source.scan_rows() * source.scan_columns() != 1)
    fail(Fault::input,
         "{}: {} frames of {} x {} pixels; one image is expected (density reads an image, not "
         "patterns)",
         name, source.scan_rows() * source.scan_columns(), source.columns(), source.rows());
  out.intensity = known_values(source);
  return out;
}

}  // namespace vitrobeam
