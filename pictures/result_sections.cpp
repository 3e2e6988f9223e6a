#include "pictures/result_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "io/result_file.hpp"
#include "pictures/estimate_sections.hpp"
#include "pictures/library_sections.hpp"
#include "pictures/map_sections.hpp"
#include "pictures/result_picture.hpp"
#include "pictures/ring_sections.hpp"
#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

// The axis of a map's scan: calibrated where its values are as many as the map's.
ImageAxis scan_axis(const Hdf5Reader& file, const std::string& label, std::size_t n) {
  for (const char* group : {"/simulation", "/measurement", "/density", "/atlas"}) {
    const std::string path = std::string(group) + "/scan_" + label;
    if (!file.is_dataset(path)) continue;
    const auto values = file.read<double>(path).values;
    if (values.size() == n && n > 1) return {label, "Angstrom", values.front(), values.back()};
  }
  return {label, "position", 0, double(n) - 1};
}

// ---- measured patterns made ready (convert)

ResultSection preparation_section(const Hdf5Reader& file) {
  ResultSection s{"Preparation", {}, ""};
  if (!file.is_dataset("/preparation/mean")) return s;
  const double row = file.number_attribute("/preparation", "centre_row"),
               column = file.number_attribute("/preparation", "centre_column");
  ImagePanel mean;
  mean.values = read_plane<float>(file, "/preparation/mean");
  if (file.is_dataset("/measurement/hidden")) {
    const auto hidden =
        read_shaped<float>(file, "/measurement/hidden",
                           {std::size_t(mean.values.rows()), std::size_t(mean.values.cols())});
    mean.values = (hidden.plane(0) != 0.0f).select(NAN, mean.values);
  }
  mean.title = "mean pattern, centre, hidden pixels grey";
  mean.x = {"column", "pixel", 0, double(mean.values.cols()) - 1};
  mean.y = {"row", "pixel", 0, double(mean.values.rows()) - 1};
  mean.display = Display::log;
  mean.low_percentile = 5;
  mean.high_percentile = 99.5;
  mean.markers = {{column, row, 4, 2, ""}};
  s.panels.emplace_back(mean);

  LinePanel radial{"radial mean", "radius (pixel)", "intensity"};
  radial.log_y = true;
  Curve curve;
  const auto values = file.read<double>("/preparation/radial_mean").values;
  for (std::size_t k = 0; k < values.size(); ++k)
    if (std::isfinite(values[k]) && values[k] > 0) {
      curve.x.push_back(double(k) + 0.5);
      curve.y.push_back(values[k]);
    }
  radial.curves = {curve};
  s.panels.emplace_back(radial);
  for (const char* name : {"centre_row", "centre_column"}) {
    const std::string path = std::string("/preparation/") + name;
    if (file.is_dataset(path)) s.panels.emplace_back(map_panel(file, path, name));
  }
  const AttributeValue steps = file.attribute("/preparation", "steps");
  if (const auto* texts = std::get_if<std::vector<std::string>>(&steps))
    for (const auto& step : *texts) s.text += (s.text.empty() ? "Steps: " : "; ") + step;
  if (!s.text.empty()) s.text += ".";
  return s;
}

// ---- detectors in rings (simulate): their mean over the scan, behind the whole specimen

ResultSection radial_section(const Hdf5Reader& file) {
  ResultSection s{"Radial profiles", {}, "Mean over all positions; intensity per ring."};
  if (!file.exists("/simulation/detectors")) return s;
  for (const auto& name : file.children("/simulation/detectors")) {
    const std::string path = "/simulation/detectors/" + name;
    if (!file.has_attribute(path, "ring_width_mrad")) continue;
    const auto maps = file.read<double>(path);
    if (maps.shape.size() < 3 || maps.size() == 0)
      fail(Fault::input, "{}: {} has {} axes, a scan of rings has three or more", file.path(), path,
           maps.shape.size());
    const std::size_t rings = maps.shape.back(), scan = maps.shape.size() - 3,
                      positions = maps.shape[scan] * maps.shape[scan + 1];
    Curve curve;
    for (std::size_t k = 0; k < rings; ++k) {
      double sum = 0;
      for (std::size_t i = maps.size() - positions * rings + k; i < maps.size(); i += rings)
        sum += maps.values[i];
      curve.x.push_back(file.number_attribute(path, "inner_mrad") +
                        (double(k) + 0.5) * file.number_attribute(path, "ring_width_mrad"));
      curve.y.push_back(sum / double(positions));
    }
    LinePanel panel{name, "angle (mrad)", file.string_attribute(path, "units", "")};
    panel.log_y = true;
    panel.curves = {curve};
    s.panels.emplace_back(panel);
  }
  return s;
}

// ---- series of probes (simulate): mean patterns, and detectors against the probe

ResultSection probe_section(const Hdf5Reader& file) {
  constexpr std::size_t kMost = 8;
  ResultSection s{"Series of probes", {}, ""};
  const auto probes = read_probes(file, "/simulation");
  if (probes.empty()) return s;
  const auto names = probe_names(probes);
  s.text = "Probes: ";
  for (std::size_t k = 0; k < names.size(); ++k)
    s.text += fmt::format("{}{} {}", k == 0 ? "" : "; ", k, names[k]);
  s.text += ".";
  const std::string patterns = "/simulation/patterns";
  const std::size_t shown = std::min(kMost, probes.size());
  for (std::size_t k = 0; k < shown && file.is_dataset(patterns); ++k) {
    const std::size_t probe = shown > 1 ? k * (probes.size() - 1) / (shown - 1) : 0;
    PatternView view;
    view.probe = probe;
    s.panels.emplace_back(mean_pattern_panel(file, patterns, view));
    std::get<ImagePanel>(s.panels.back()).title = names[probe];
  }
  if (!file.exists("/simulation/detectors")) return s;
  for (const auto& name : file.children("/simulation/detectors")) {
    const std::string path = "/simulation/detectors/" + name;
    if (file.has_attribute(path, "ring_width_mrad")) continue;
    Curve mean;
    for (std::size_t k = 0; k < probes.size(); ++k) {
      const Stack<double> maps = file.read<double>(path, {k}, {1});
      if (maps.shape.size() < 3 || maps.size() == 0)
        fail(Fault::input, "{}: {} has {} axes, maps of several probes have three or more",
             file.path(), path, maps.shape.size());
      const std::size_t positions =
          maps.shape[maps.shape.size() - 2] * maps.shape[maps.shape.size() - 1];
      double sum = 0;
      for (std::size_t i = maps.size() - positions; i < maps.size(); ++i) sum += maps.values[i];
      mean.x.push_back(double(k));
      mean.y.push_back(sum / double(positions));
    }
    LinePanel panel{name + ", mean over the scan", "probe",
                    file.string_attribute(path, "units", "")};
    panel.curves = {mean};
    s.panels.emplace_back(panel);
  }
  return s;
}

// ---- thermal motion (simulate): what of the patterns is elastic, and how well they are known

ResultSection thermal_section(const Hdf5Reader& file) {
  ResultSection s{"Thermal motion", {}, ""};
  const struct {
    const char *name, *title;
  } kinds[] = {{"patterns_elastic", "elastic: |<\u03c8>|²"},
               {"patterns_diffuse", "diffuse: the rest"},
               {"patterns_stderr", "standard error of the mean"}};
  for (const auto& [name, title] : kinds) {
    const std::string path = std::string("/simulation/") + name;
    if (!file.is_dataset(path)) continue;
    PatternView view;
    view.display = Display::log;
    ImagePanel panel = mean_pattern_panel(file, path, view);
    panel.title = title;
    s.panels.emplace_back(panel);
  }
  s.text = "Mean over all positions, behind the whole specimen";
  if (file.is_dataset("/simulation/configurations")) {
    const auto used = file.read<double>("/simulation/configurations").values;
    s.text += fmt::format("; {:.4g} configurations a position",
                          std::accumulate(used.begin(), used.end(), 0.0) / double(used.size()));
  }
  s.text += ".";
  return s;
}

// ---- relaxation times (correlation)

ResultSection correlation_section(const Hdf5Reader& file) {
  ResultSection s{"Relaxation", {}, ""};
  if (!file.is_dataset("/correlation/g2")) return s;
  LinePanel g2{"g_{2}, mean over all fits", "time (s)", "g_{2}"};
  g2.curves = {{"",
                file.read<double>("/correlation/time").values,
                file.read<double>("/correlation/g2").values,
                {},
                true}};
  if (file.is_dataset("/correlation/q")) {
    LinePanel tau{"relaxation time of every ring", "q (\u00c5^{-1})", "\u03c4 (s)"};
    tau.curves = {{"", file.read<double>("/correlation/q").values,
                   file.read<double>("/correlation/tau").values,
                   file.read<double>("/correlation/tau_error").values, true}};
    s.panels.emplace_back(tau);
  } else {
    s.panels.emplace_back(map_panel(file, "/correlation/tau", "relaxation time \u03c4"));
    s.panels.emplace_back(map_panel(file, "/correlation/tau_error", "its error"));
    s.panels.emplace_back(map_panel(file, "/correlation/beta", "stretching exponent"));
  }
  s.panels.emplace_back(g2);
  s.text =
      "Grey: no relaxation that the series could resolve (40 relaxation times long, ten frames in "
      "each). Errors are those of leaving out blocks of time.";
  return s;
}

// ---- strain

ResultSection strain_section(const Hdf5Reader& file) {
  ResultSection s{"Strain", {}, ""};
  if (!file.is_dataset("/strain/exx")) return s;
  for (const char* name : {"exx", "eyy", "exy"})
    s.panels.emplace_back(map_panel(file, std::string("/strain/") + name, name, true));
  s.panels.emplace_back(map_panel(file, "/strain/exx_error", "error of exx"));
  s.text =
      "Strain of the specimen, in real space, relative to the reference; tension is positive and "
      "shrinks the ring. Differences below the error are speckle.";
  return s;
}

// ---- potentials (simulate --save-potential): of the first configuration

ResultSection potential_section(const Hdf5Reader& file) {
  ResultSection s{"Potential", {}, ""};
  const std::string path = "/potential/slices";
  if (!file.is_dataset(path)) return s;
  const Shape shape = checked_shape(file, path, 4);
  const auto panel = [&](PlaneF values, const std::string& title) {
    ImagePanel p;
    p.values = std::move(values);
    p.title = title;
    const auto axis = [&](const char* name, std::size_t n) {
      const auto at = read_list(file, std::string("/potential/") + name, n);
      return ImageAxis{name, "Angstrom", at.front(), at.back()};
    };
    p.x = axis("x", shape[3]);
    p.y = axis("y", shape[2]);
    p.quantity = file.string_attribute(path, "units", "");
    p.high_percentile = 99.5;
    s.panels.emplace_back(p);
  };
  PlaneD sum = PlaneD::Zero(Eigen::Index(shape[2]), Eigen::Index(shape[3]));
  for (std::size_t k = 0; k < shape[1]; ++k) {
    const Stack<float> slice = file.read<float>(path, {0, k}, {1, 1});
    sum += slice.plane(0).cast<double>();
    if (k == shape[1] / 2) panel(slice.plane(0), fmt::format("slice {} of {}", k + 1, shape[1]));
  }
  panel(sum.cast<float>(), "all slices");
  s.text = "Projected potential, limited to the band.";
  return s;
}

using SectionOf = ResultSection (*)(const Hdf5Reader& file);
constexpr SectionOf kSections[] = {
    structure_section,             //
    radial_section,                //
    probe_section,                 //
    thermal_section,               //
    preparation_section,           //
    correlation_section,           //
    coverage_section,              //
    recognition_section,           //
    plan_section,                  //
    symmetry_section,              //
    symmetry_limit_section,        //
    fluctuation_section,           //
    pair_section,                  //
    strain_section,                //
    density_section,               //
    calibration_section,           //
    estimate_section,              //
    estimate_calibration_section,  //
    estimate_plan_section,         //
    atlas_section,                 //
    potential_section,             //
};

}  // namespace

ImagePanel map_panel(const Hdf5Reader& file, const std::string& path, const std::string& title,
                     bool is_signed) {
  ImagePanel panel;
  panel.values = read_plane<float>(file, path);
  panel.title = title;
  panel.quantity = file.string_attribute(path, "units", "");
  if (panel.quantity == "1") panel.quantity.clear();
  panel.x = scan_axis(file, "x", std::size_t(panel.values.cols()));
  panel.y = scan_axis(file, "y", std::size_t(panel.values.rows()));
  if (is_signed) {
    panel.map = ColourMap::diverging;
    std::vector<float> sizes;
    for (const float v : panel.values.reshaped())
      if (std::isfinite(v)) sizes.push_back(std::abs(v));
    std::sort(sizes.begin(), sizes.end());
    const double most = sizes.empty() ? 1 : sizes[(sizes.size() - 1) * 98 / 100];
    panel.low = -most;
    panel.high = most;
  }
  return panel;
}

std::vector<ResultSection> result_sections(const Hdf5Reader& file) {
  std::vector<ResultSection> out;
  for (const SectionOf section : kSections)
    if (ResultSection s = section(file); !s.panels.empty()) out.push_back(std::move(s));
  for (const auto& s : out)
    for (const auto& panel : s.panels) check_curves(file, panel);
  return out;
}

}  // namespace vitrobeam
