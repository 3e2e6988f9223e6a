#include "drivers/haadf_image.hpp"

#include <cmath>

#include "base/error.hpp"
#include "drivers/pattern_settings.hpp"
#include "io/hdf5.hpp"

namespace vitrobeam {
namespace {

const std::string kDetectors = "/simulation/detectors/";

bool is_simulation(const std::string& path) {
  return is_hdf5(path) && Hdf5Reader(path).exists("/simulation/detectors");
}

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
    fail(Fault::usage, "{}: {} annular detectors ({}); say which with --detector", file.path(),
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

HaadfImage read_simulation(const std::string& path, const ImageSettings& s) {
  const Hdf5Reader file(path);
  HaadfImage out;
  out.file = path;
  out.name = choose_detector(file, s.detector);
  out.is_fraction = out.is_result = true;
  const std::string dataset = kDetectors + out.name;
  out.intensity = last_map(file, dataset);
  const std::string errors = "/simulation/detectors_stderr/" + out.name;
  if (file.is_dataset(errors)) out.variance = last_map(file, errors).square();
  if (file.string_attribute("/simulation", "scan", "") != "list") {
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

HaadfImage read_measured(const std::string& specification, const ImageSettings& s) {
  PatternSettings p;
  p.raw = s.raw;
  const PatternSource source = open_patterns(specification, p, true);
  HaadfImage out;
  out.file = source.file();
  out.name = "image";
  if (source.scan_rows() * source.scan_columns() != 1)
    fail(Fault::input,
         "{}: {} frames of {} x {} pixels; one image is expected (density reads an image, not "
         "patterns)",
         specification, source.scan_rows() * source.scan_columns(), source.columns(),
         source.rows());
  out.intensity = source.read(0, 0, 1).plane(0).cast<double>();
  return out;
}

void check(const ImageSettings& s) {
  if (s.dose > 0 && s.gain)
    fail(Fault::usage,
         "--dose and --gain: give one of them; both say how many electrons there are");
}

}  // namespace

void add_image_options(Settings& o, ImageSettings& s) {
  o.section("Image (what is given here wins over the file)");
  o.add("detector", s.detector, "NAME", "of a result file with several annular detectors");
  o.add("incident", s.incident, "",
        "what the image would read where the whole beam falls on the detector: it becomes a "
        "fraction of the beam (default: as it is; results of simulate are fractions)")
      .above(0);
  o.add("dark", s.dark, "", "what it reads without a beam, subtracted first");
  o.add("dose", s.dose, "", "electrons per position, for the counting noise of a fraction")
      .at_least(0);
  o.add("gain", s.gain, "", "units of the image per electron on the detector, for counting noise")
      .above(0);
  o.add("energy", s.energy, "kV", "acceleration voltage").above(0);
  o.add("semiangle", s.semiangle, "mrad", "convergence semi-angle").above(0);
  o.add("thickness", s.thickness, "Angstrom", "of the specimen").above(0);
  o.add("step", s.step, "Angstrom", "between positions").above(0);
  o.add("raw", s.raw, "TYPE:COLSxROWS[+OFFSET]", "samples of a file without a header");
}

std::optional<double> HaadfImage::step() const {
  if (y.size() < 2 || x.size() < 2) return std::nullopt;
  const double dy = y[1] - y[0], dx = x[1] - x[0];
  return std::abs(dy - dx) < 0.02 * dx ? std::optional<double>(dx) : std::nullopt;
}

HaadfImage read_image(const std::string& specification, const ImageSettings& s) {
  check(s);
  HaadfImage out = is_simulation(specification) ? read_simulation(specification, s)
                                                : read_measured(specification, s);
  if (s.energy) out.energy_kV = s.energy;
  if (s.semiangle) out.semiangle_mrad = s.semiangle;
  if (s.thickness) out.thickness = s.thickness;
  if (s.step) {
    out.y.clear();
    out.x.clear();
    for (Eigen::Index i = 0; i < out.intensity.rows(); ++i) out.y.push_back(double(i) * *s.step);
    for (Eigen::Index i = 0; i < out.intensity.cols(); ++i) out.x.push_back(double(i) * *s.step);
  }
  const auto add_variance = [&](const PlaneD& counts) {
    if (out.variance.size() == 0)
      out.variance = counts;
    else
      out.variance += counts;
  };
  out.intensity -= s.dark;
  if (s.gain) add_variance(out.intensity.max(0) * *s.gain);
  if (s.incident) {
    out.intensity /= *s.incident;
    if (out.variance.size() > 0) out.variance /= *s.incident * *s.incident;
    out.is_fraction = true;
  }
  if (s.dose > 0) {
    if (!out.is_fraction)
      fail(Fault::usage,
           "--dose {:g}: the image is no fraction of the beam; give --incident, or --gain instead",
           s.dose);
    add_variance(out.intensity.max(0) / s.dose);
  }
  return out;
}

PlaneD read_map(const std::string& specification, Eigen::Index rows, Eigen::Index columns,
                const std::string& option) {
  const PatternSource source = open_patterns(specification, {}, true);
  if (source.scan_rows() * source.scan_columns() != 1 || Eigen::Index(source.rows()) != rows ||
      Eigen::Index(source.columns()) != columns)
    fail(Fault::input, "--{} {}: {} x {} values, the image has {} x {}", option, specification,
         source.columns(), source.rows(), columns, rows);
  return source.read(0, 0, 1).plane(0).cast<double>();
}

PlaneD neighbourhood_mean(const PlaneD& map, int edge, PlaneD* counts) {
  const Eigen::Index half = edge / 2;
  PlaneD out(map.rows(), map.cols());
  if (counts) counts->resize(map.rows(), map.cols());
  for (Eigen::Index r = 0; r < map.rows(); ++r)
    for (Eigen::Index c = 0; c < map.cols(); ++c) {
      double sum = 0, n = 0;
      for (Eigen::Index i = std::max<Eigen::Index>(0, r - half);
           i <= std::min(map.rows() - 1, r + half); ++i)
        for (Eigen::Index j = std::max<Eigen::Index>(0, c - half);
             j <= std::min(map.cols() - 1, c + half); ++j)
          if (std::isfinite(map(i, j))) sum += map(i, j), n += 1;
      out(r, c) = n > 0 && std::isfinite(map(r, c)) ? sum / n : NAN;
      if (counts) (*counts)(r, c) = n;
    }
  return out;
}

}  // namespace vitrobeam
