#include "pictures/map_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

// Bars of a histogram as one line of steps.
Curve steps(const std::vector<double>& edges, const std::vector<double>& share,
            const std::string& label) {
  Curve c{label, {}, {}, {}, false};
  for (std::size_t i = 0; i < share.size(); ++i)
    for (const double x : {edges[i], edges[i + 1]}) {
      c.x.push_back(x);
      c.y.push_back(share[i]);
    }
  return c;
}

// Panels of /density/contrast, and of /density/against in the same axes.
void add_contrast(const Hdf5Reader& file, ResultSection& s) {
  LinePanel histogram{"relative density", "of the reference", "share of the positions"};
  LinePanel correlation{"autocorrelation", "distance (\u00c5)"};
  LinePanel power{"power spectrum", "spatial frequency (\u00c5^{-1})", "\u00c5^{2}"};
  power.log_y = true;
  for (const auto& [group, label] :
       {std::pair{"contrast", "image"}, {"against", "compared with"}}) {
    const std::string g = std::string("/density/") + group + "/";
    if (!file.is_dataset(g + "correlation")) continue;
    const auto list = [&](const char* name) { return file.read<double>(g + name).values; };
    const auto edges = list("edges");
    histogram.curves.push_back(steps(
        edges, read_list(file, g + "histogram", edges.empty() ? 0 : edges.size() - 1), label));
    correlation.curves.push_back(
        {label, list("lag"), list("correlation"), list("correlation_error"), false});
    Curve p{label, {}, {}, {}, false};
    const auto f = list("frequency"), v = read_list(file, g + "power", f.size());
    for (std::size_t i = 1; i < f.size(); ++i)
      if (v[i] > 0) p.x.push_back(f[i]), p.y.push_back(v[i]);
    power.curves.push_back(std::move(p));
    const std::string at = std::string("/density/") + group;
    s.text += fmt::format(
        " Contrast of the {} {:.3g} +- {:.2g} % of its mean; 1/e length {:.3g} +- {:.2g} \u00c5.",
        label[0] == 'i' ? "image" : "compared one", 100 * file.number_attribute(at, "contrast"),
        100 * file.number_attribute(at, "contrast_error"), file.number_attribute(at, "length"),
        file.number_attribute(at, "length_error"));
  }
  if (correlation.curves.empty()) return;
  s.panels.emplace_back(histogram);
  s.panels.emplace_back(correlation);
  s.panels.emplace_back(power);
}

// One value of a calibration over its axes [glass, change, thickness, detector].
struct Table {
  Stack<double> values;
  double at(std::size_t g, std::size_t c, std::size_t t, std::size_t d) const {
    const auto& s = values.shape;
    return values.values[((g * s[1] + c) * s[2] + t) * s[3] + d];
  }
};

const std::string kCalibration = "/density/calibration/";

struct CalibrationAxes {
  std::vector<std::string> detectors, glasses;
  std::vector<double> change, thickness;
  Shape shape() const {
    return {glasses.size(), change.size(), thickness.size(), detectors.size()};
  }
};

LinePanel intensity_panel(const Hdf5Reader& file, const CalibrationAxes& axes) {
  const Table intensity{read_shaped<double>(file, kCalibration + "intensity", axes.shape())},
      error{read_shaped<double>(file, kCalibration + "intensity_error", axes.shape())};
  const auto& [detectors, glasses, change, thickness] = axes;
  const auto zero = std::size_t(std::find(change.begin(), change.end(), 0.0) - change.begin());
  if (detectors.empty() || glasses.empty() || zero == change.size())
    fail(Fault::input,
         "{}: {}change holds no 0, or there is no detector or glass; the file is damaged",
         file.path(), kCalibration);
  LinePanel panel{"intensity with thickness", "thickness (\u00c5)", "fraction of the beam"};
  for (std::size_t d = 0; d < detectors.size(); ++d)
    for (std::size_t g = 0; g < glasses.size(); ++g) {
      Curve c{glasses.size() > 1 ? detectors[d] + ", " + glasses[g] : detectors[d],
              thickness,
              {},
              {},
              false};
      for (std::size_t t = 0; t < thickness.size(); ++t) {
        c.y.push_back(intensity.at(g, zero, t, d));
        c.error.push_back(error.at(g, zero, t, d));
      }
      panel.curves.push_back(std::move(c));
    }
  return panel;
}

// Of detector `d` and the first glass, a curve for every thickness.
LinePanel contrast_panel(const Hdf5Reader& file, const CalibrationAxes& axes, std::size_t d,
                         const std::string& title) {
  const Table contrast{read_shaped<double>(file, kCalibration + "contrast", axes.shape())},
      error{read_shaped<double>(file, kCalibration + "contrast_error", axes.shape())};
  LinePanel panel{title + ": contrast", "change of density (%)", "change of intensity (%)"};
  std::vector<double> percent;
  for (const double v : axes.change) percent.push_back(100 * v);
  for (std::size_t t = 0; t < axes.thickness.size(); ++t) {
    Curve c{fmt::format("{:g} \u00c5", axes.thickness[t]), percent, {}, {}, true};
    for (std::size_t k = 0; k < percent.size(); ++k) {
      c.y.push_back(100 * contrast.at(0, k, t, d));
      c.error.push_back(100 * error.at(0, k, t, d));
    }
    panel.curves.push_back(std::move(c));
  }
  panel.curves.push_back({"as the density", percent, percent, {}, false});
  return panel;
}

// Of detector `d`: some of the single positions, and the polynomial through 0 that was fitted.
LinePanel curve_panel(const Hdf5Reader& file, const std::vector<std::string>& detectors,
                      std::size_t d, const std::string& title) {
  LinePanel panel{title + ": curve", "what the column would scatter once", "fraction of the beam"};
  Curve samples{"single positions", {}, {}, {}, true}, fit{"curve", {}, {}, {}, false};
  const auto x = file.read<double>(kCalibration + "samples/x").values,
             intensity = read_list(file, kCalibration + "samples/intensity", x.size());
  constexpr std::size_t kMostPoints = 600;
  const std::size_t n = x.size() / detectors.size(),
                    step = std::max<std::size_t>(1, n / kMostPoints);
  for (std::size_t j = 0; j < n; j += step) {
    samples.x.push_back(x[j * detectors.size() + d]);
    samples.y.push_back(intensity[j * detectors.size() + d]);
  }
  const std::string group = kCalibration + "curve/" + detectors[d];
  const auto k = file.read<double>(group + "/k").values;
  const double most = file.number_attribute(group, "x_most");
  for (int j = 0; j <= 40; ++j) {
    const double at = most * j / 40;
    double sum = 0;
    for (std::size_t m = k.size(); m-- > 0;) sum = (sum + k[m]) * at;
    fit.x.push_back(at);
    fit.y.push_back(sum);
  }
  panel.curves = {samples, fit};
  return panel;
}

}  // namespace

ResultSection density_section(const Hdf5Reader& file) {
  ResultSection s{"Density", {}, ""};
  if (!file.is_dataset("/density/relative")) return s;
  const std::string measures = file.string_attribute("/density", "measures", "");
  s.text = fmt::format(
      "Relative to the reference, by {}. The map shows {}{}. Grey: not known, or beyond the curve.",
      file.string_attribute("/density", "curve", "the curve"), measures,
      measures == "density" ? ""
                            : ": an image alone cannot tell a thicker place from a denser one");
  s.panels.emplace_back(map_panel(file, "/density/relative", "relative density"));
  s.panels.emplace_back(map_panel(file, "/density/relative_error", "its error"));
  for (const auto& [name, title] : {std::pair{"column_density", "density of the model's columns"},
                                    {"voronoi_volume", "Voronoi volume of the columns"},
                                    {"five_fold", "five-fold bonds of the columns"}})
    if (const std::string path = std::string("/density/model/") + name; file.is_dataset(path))
      s.panels.emplace_back(map_panel(file, path, title));
  add_contrast(file, s);
  if (file.is_dataset("/density/joint/pearson")) {
    const auto names = file.read_strings("/density/joint/name");
    const auto r = read_list(file, "/density/joint/pearson", names.size()),
               p = read_list(file, "/density/joint/p_shift", names.size());
    for (std::size_t k = 0; k < names.size(); ++k)
      s.text += fmt::format(" With {}: r = {:+.3f}, p = {:.2g}.", names[k], r[k], p[k]);
  }
  if (file.is_dataset("/density/motifs/difference")) {
    const auto names = file.read_strings("/density/motifs/name");
    const auto list = [&](const char* n) {
      return read_list(file, std::string("/density/motifs/") + n, names.size());
    };
    const auto difference = list("difference"), error = list("difference_error"),
               p = list("p_shift");
    for (std::size_t k = 0; k < names.size(); ++k)
      if (std::isfinite(difference[k]))
        s.text += fmt::format(" {}: {:+.2f} +- {:.2f} % against the other positions, p = {:.2g}.",
                              names[k], 100 * difference[k], 100 * error[k], p[k]);
  }
  return s;
}

ResultSection calibration_section(const Hdf5Reader& file) {
  ResultSection s{"HAADF against density", {}, ""};
  if (!file.is_dataset(kCalibration + "intensity")) return s;
  const auto list = [&](const char* name) { return file.read<double>(kCalibration + name).values; };
  const CalibrationAxes axes{file.read_strings(kCalibration + "detector"),
                             file.read_strings(kCalibration + "glass"), list("change"),
                             list("thickness")};
  const auto inner = read_list(file, kCalibration + "inner", axes.detectors.size()),
             outer = read_list(file, kCalibration + "outer", axes.detectors.size());
  s.panels.emplace_back(intensity_panel(file, axes));
  for (std::size_t d = 0; d < axes.detectors.size(); ++d) {
    const std::string title =
        fmt::format("{}, {:g}\u2013{:g} mrad", axes.detectors[d], inner[d], outer[d]);
    s.panels.emplace_back(contrast_panel(file, axes, d, title));
    s.panels.emplace_back(curve_panel(file, axes.detectors, d, title));
  }
  s.text =
      "HAADF of glasses scaled evenly to other densities, same piles and positions at each, so "
      "that contrasts are better known than intensities. x is the atoms per area times their mean "
      "annular cross section; a thin specimen has I = x.";
  return s;
}

namespace {

ImagePanel matrix_panel(const Hdf5Reader& file, const std::string& name, const std::string& title) {
  ImagePanel panel;
  panel.values = read_plane<float>(file, "/atlas/correlation/" + name);
  panel.title = title;
  panel.x = {"number of the map", "", 1, double(panel.values.cols())};
  panel.y = {"number of the map", "", 1, double(panel.values.rows())};
  panel.quantity = "coefficient";
  panel.map = ColourMap::diverging;
  panel.low = -1;
  panel.high = 1;
  return panel;
}

// The pairs that are called real at 5 %, the strongest first.
std::string real_pairs(const Hdf5Reader& file, const std::vector<std::string>& names) {
  const auto matrix = [&](const char* name) -> PlaneD {
    return read_shaped<double>(file, std::string("/atlas/correlation/") + name,
                               {names.size(), names.size()})
        .plane(0);
  };
  const PlaneD r = matrix("spearman"), partial = matrix("partial_spearman"),
               p = matrix("spearman_p_effective"), rate = matrix("false_discovery_rate");
  constexpr double kRate = 0.05;
  std::vector<std::pair<double, std::string>> pairs;
  for (Eigen::Index i = 0; i < r.rows(); ++i)
    for (Eigen::Index j = i + 1; j < r.cols(); ++j)
      if (rate(i, j) <= kRate)
        pairs.emplace_back(
            -std::abs(r(i, j)),
            fmt::format("{} with {} {:+.2f} (p = {:.1g}, partial {:+.2f})", names[std::size_t(i)],
                        names[std::size_t(j)], r(i, j), p(i, j), partial(i, j)));
  std::sort(pairs.begin(), pairs.end());
  if (pairs.empty()) return " No pair is correlated at a false-discovery rate of 5 %.";
  std::string out = " Correlated at a false-discovery rate of 5 %, by rank: ";
  for (std::size_t k = 0; k < pairs.size(); ++k) out += (k ? "; " : "") + pairs[k].second;
  return out + ".";
}

}  // namespace

ResultSection atlas_section(const Hdf5Reader& file) {
  ResultSection s{"Atlas", {}, ""};
  if (!file.is_dataset("/atlas/correlation/spearman")) return s;
  const auto names = file.read_strings("/atlas/correlation/name");
  s.panels.emplace_back(matrix_panel(file, "spearman", "rank correlation"));
  s.panels.emplace_back(matrix_panel(file, "partial_spearman", "partial rank correlation"));
  for (const char* group : {"structure", "diffraction", "density", "motion", "motifs"}) {
    const std::string path = std::string("/atlas/") + group;
    if (!file.exists(path)) continue;
    for (const auto& name : file.children(path)) {
      const bool is_strain =
          name == "dilatation" || name == "exx" || name == "eyy" || name == "exy";
      s.panels.emplace_back(map_panel(file, fmt::format("{}/{}", path, name), name, is_strain));
    }
  }
  s.text = "Maps of the same columns. Numbers in the matrices: ";
  for (std::size_t k = 0; k < names.size(); ++k)
    s.text += fmt::format("{}{} {}", k ? ", " : "", k + 1, names[k]);
  s.text +=
      ". Partial: what is left when the best linear combination of all other maps is taken off "
      "both. P-values count independent columns, not positions that repeat each other." +
      real_pairs(file, names);
  return s;
}

}  // namespace vitrobeam
