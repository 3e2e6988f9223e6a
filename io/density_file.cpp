#include "io/density_file.hpp"

#include "base/error.hpp"
#include "io/symmetry_file.hpp"

namespace vitrobeam {
namespace {

const std::string kRoot = "/density/calibration/";

}  // namespace

void write_calibration(Hdf5Writer& file, const DensityCalibration& c) {
  const auto put = [&](const std::string& name, const auto& values, const std::string& units,
                       const std::string& description) {
    write_described(file, kRoot + name, values, units, description);
  };
  put("change", c.change, "1", "of the number density");
  put("thickness", c.thickness, "Angstrom", "of the specimen");
  put("density", c.density, "1/Angstrom^3",
      "[glass, change, thickness] atoms in the probes' own columns");
  put("intensity", c.intensity, "fraction of incident beam",
      "[glass, change, thickness, detector] mean over the samples");
  put("intensity_error", c.intensity_error, "fraction of incident beam", "its standard error");
  put("contrast", c.contrast, "1", "intensity over that at change 0, less 1, same samples");
  put("contrast_error", c.contrast_error, "1", "jackknife over the samples");
  put("samples/x", c.sample_x, "1",
      "[glass, change, thickness, sample, detector] what the own column would scatter once");
  put("samples/intensity", c.sample_intensity, "fraction of incident beam", "what it does");
  file.write_strings(kRoot + "glass", c.glass);
  put("glass_density", c.glass_density, "1/Angstrom^3", "of every glass at change 0");
  std::vector<std::string> names;
  std::vector<double> inner, outer;
  for (const auto& d : c.detectors) {
    names.push_back(d.name);
    inner.push_back(d.inner_mrad);
    outer.push_back(d.outer_mrad);
    const std::string g = "curve/" + d.name + "/";
    put(g + "k", std::vector<double>(d.curve.k.begin(), d.curve.k.end()), "1",
        "I = sum of k_j x^j, j = 1, 2, ..");
    put(g + "covariance", PlaneD(d.curve.covariance.array()), "1", "of k");
    put(g + "cross_section", d.cross_section, "Angstrom^2", "mean over the atoms of every glass");
    put(g + "position_error", d.position_error, "1",
        "[thickness] scatter of a single position's density against its own column");
    file.attribute(kRoot + "curve/" + d.name, "x_most", d.curve.x_most);
  }
  file.write_strings(kRoot + "detector", names);
  put("inner", inner, "mrad", "angle of every detector");
  put("outer", outer, "mrad", "angle of every detector");
  file.attribute("/density/calibration", "energy_kV", c.energy_kV);
  file.attribute("/density/calibration", "semiangle_mrad", c.semiangle_mrad);
  file.attribute("/density/calibration", "defocus", c.defocus);
}

DensityCalibration read_calibration(const std::string& path) {
  const Hdf5Reader file(path);
  if (!file.is_dataset(kRoot + "intensity"))
    fail(Fault::input, "{}: holds no calibration; make one with vitrobeam density calibrate GLASS",
         path);
  const auto list = [&](const std::string& name) { return file.read<double>(kRoot + name).values; };
  DensityCalibration c;
  c.energy_kV = file.number_attribute("/density/calibration", "energy_kV");
  c.semiangle_mrad = file.number_attribute("/density/calibration", "semiangle_mrad");
  c.defocus = file.number_attribute("/density/calibration", "defocus");
  c.change = list("change");
  c.thickness = list("thickness");
  c.glass = file.read_strings(kRoot + "glass");
  c.glass_density = list("glass_density");
  const auto names = file.read_strings(kRoot + "detector");
  const auto inner = list("inner"), outer = list("outer");
  for (std::size_t d = 0; d < names.size(); ++d) {
    const std::string g = "curve/" + names[d] + "/";
    CalibratedDetector& out = c.detectors.emplace_back();
    out.name = names[d];
    out.inner_mrad = inner[d];
    out.outer_mrad = outer[d];
    out.cross_section = list(g + "cross_section");
    out.position_error = list(g + "position_error");
    const auto k = list(g + "k"), covariance = list(g + "covariance");
    const auto n = Eigen::Index(k.size());
    out.curve.k = Eigen::Map<const Eigen::VectorXd>(k.data(), n);
    out.curve.covariance = Eigen::Map<const Eigen::MatrixXd>(covariance.data(), n, n);
    out.curve.x_most = file.number_attribute(kRoot + "curve/" + names[d], "x_most");
  }
  return c;
}

void write_contrast(Hdf5Writer& file, const std::string& group, const Contrast& c) {
  const auto put = [&](const std::string& name, const std::vector<double>& values,
                       const std::string& units, const std::string& description) {
    write_described(file, group + name, values, units, description);
  };
  put("edges", c.edges, "", "of the histogram's bins");
  put("histogram", c.histogram, "1", "share of the positions");
  put("lag", c.lag, "Angstrom", "distance");
  put("correlation", c.correlation, "1", "autocorrelation of the deviations from the mean");
  put("correlation_error", c.correlation_error, "1", "jackknife over blocks");
  put("frequency", c.frequency, "1/Angstrom", "spatial");
  put("power", c.power, "Angstrom^2", "spectrum of the relative map; its integral is the variance");
  const std::string at = group.substr(0, group.size() - 1);
  for (const auto& [name, value] : {std::pair{"mean", c.mean},
                                    {"mean_error", c.mean_error},
                                    {"contrast", c.contrast},
                                    {"contrast_error", c.contrast_error},
                                    {"skewness", c.skewness},
                                    {"excess", c.excess},
                                    {"gaussian_contrast", c.gaussian},
                                    {"length", c.length},
                                    {"length_error", c.length_error},
                                    {"own_length", c.own_length},
                                    {"own_length_error", c.own_length_error}})
    file.attribute(at, name, value);
}

}  // namespace vitrobeam
