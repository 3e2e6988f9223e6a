#include "io/density_file.hpp"

#include <map>

#include "base/error.hpp"
#include "io/result_file.hpp"
#include "io/symmetry_file.hpp"

namespace vitrobeam {
namespace {

const std::string kRoot = "/density/calibration/";

// Columns of one length with a name for every row; nothing where there are no rows.
void write_table(Hdf5Writer& file, const std::string& group, const std::vector<std::string>& names,
                 const std::map<std::string, std::vector<double>>& columns) {
  if (names.empty()) return;
  file.write_strings(group + "name", names);
  for (const auto& [name, values] : columns) file.write(group + name, values);
}

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
  c.name = path;
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

void write_density(Hdf5Writer& file, const DensityResult& r) {
  const DensityMap& d = r.map;
  write_map(file, "/density/relative", d.relative, "of the reference");
  write_map(file, "/density/relative_error", d.error, "of the reference");
  write_map(file, "/density/intensity", r.image.intensity * d.scale,
            r.image.is_fraction ? "fraction of incident beam" : "as in the input");
  file.write("/density/status", d.status);
  file.attribute("/density/status", "description",
                 "0 good, 1 unknown, 2 beyond the calibrated curve");
  if (r.areal.size() > 0) write_map(file, "/density/areal", r.areal, "1/Angstrom^2");
  if (r.absolute.size() > 0) write_map(file, "/density/absolute", r.absolute, "1/Angstrom^3");
  file.attribute("/density", "curve", r.curve.origin);
  file.attribute("/density", "scale_error", d.scale_error);
  file.attribute("/density", "position_error", r.curve.position_error);
  file.attribute("/density", "independent_positions", r.independent);
  file.attribute("/density", "measures",
                 r.has_thickness_map ? "density" : "density times thickness");
  if (r.contrast) write_contrast(file, "/density/contrast/", *r.contrast);
  if (r.image.y.empty()) return;
  write_described(file, "/density/scan_y", r.image.y, "Angstrom", "positions");
  write_described(file, "/density/scan_x", r.image.x, "Angstrom", "positions");
}

void write_comparison(Hdf5Writer& file, const ModelComparison& c) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> table;
  for (const auto& j : c.joint) {
    names.push_back(j.name);
    write_map(file, "/density/model/" + j.name, j.map, j.unit);
    table["pearson"].push_back(j.pearson.coefficient);
    table["pearson_low"].push_back(j.pearson.low);
    table["pearson_high"].push_back(j.pearson.high);
    table["p_shift"].push_back(j.pearson.p_shift);
    table["p_effective"].push_back(j.pearson.p_effective);
    table["effective"].push_back(j.pearson.effective);
    table["spearman"].push_back(j.spearman.coefficient);
    table["spearman_p_shift"].push_back(j.spearman.p_shift);
  }
  write_table(file, "/density/joint/", names, table);
  write_map(file, "/density/model/pull", c.pull, "standard errors");
  file.attribute("/density/model", "coverage", c.coverage);
  file.attribute("/density/model", "slope", c.slope);
}

void write_motif_densities(Hdf5Writer& file, const std::vector<MotifDensity>& motifs) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> table;
  for (const auto& m : motifs) {
    names.push_back(m.name);
    table["positions"].push_back(double(m.positions));
    table["inside"].push_back(m.inside);
    table["outside"].push_back(m.outside);
    table["difference"].push_back(m.difference);
    table["difference_error"].push_back(m.error);
    table["p_shift"].push_back(m.test.p_shift);
    table["p_effective"].push_back(m.test.p_effective);
    table["false_discovery_rate"].push_back(m.false_discovery_rate);
  }
  write_table(file, "/density/motifs/", names, table);
}

void write_contrast_comparison(Hdf5Writer& file, const ContrastComparison& c) {
  write_contrast(file, "/density/against/", c.other);
  for (const auto& [name, d] : {std::pair{"contrast", c.contrast}, {"length", c.length}}) {
    file.attribute("/density/against", std::string(name) + "_difference", d.value);
    file.attribute("/density/against", std::string(name) + "_difference_error", d.error);
    file.attribute("/density/against", std::string(name) + "_p_value", d.p_value);
  }
}

MotifMap read_motif_map(const std::string& path, Eigen::Index rows, Eigen::Index columns) {
  const Hdf5Reader file(path);
  if (!file.is_dataset("/match/motif")) fail(Fault::input, "@motifs {}: no result of match", path);
  const Stack<double> motif = file.read<double>("/match/motif");
  if (motif.shape[0] != std::size_t(rows) || motif.shape[1] != std::size_t(columns))
    fail(Fault::input, "@motifs {}: a map of {} x {} positions, the image has {} x {}", path,
         motif.shape[1], motif.shape[0], columns, rows);
  return {motif.plane(0), file.read_strings("/match/motif_names")};
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
