#include "pictures/library_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

// A library's templates, as far as the pictures of its coverage need them.
struct Coverage {
  std::vector<std::string> motifs;
  std::vector<double> motif, condition, x, y, z, depth, offset_x, offset_y, thickness, energy,
      semiangle, defocus;

  explicit Coverage(const Hdf5Reader& file) {
    const std::string root = "/motif_library/", of = root + "templates/";
    motif = file.read<double>(of + "motif").values;
    const auto column = [&](const std::string& path, std::size_t n) {
      return file.is_dataset(path) ? read_list(file, path, n) : std::vector<double>(n, 0.0);
    };
    const auto list = [&](const char* name) { return column(root + name, motif.size()); };
    condition = list("templates/condition");
    x = list("templates/direction_x");
    y = list("templates/direction_y");
    z = list("templates/direction_z");
    depth = list("templates/depth_A");
    offset_x = list("templates/offset_x_A");
    offset_y = list("templates/offset_y_A");
    const std::string conditions = root + "conditions/";
    if (file.is_dataset(conditions + "thickness_A"))
      thickness = file.read<double>(conditions + "thickness_A").values;
    energy = column(conditions + "energy_kV", thickness.size());
    semiangle = column(conditions + "semiangle_mrad", thickness.size());
    defocus = column(conditions + "defocus_A", thickness.size());
    const std::string names = root + "metadatabundle/simulation/motif_names";
    for (std::size_t i = 0, n = file.children(names).size(); i < n; ++i) {
      const std::string path = fmt::format("{}/{}", names, i);
      const auto text = file.read_strings(path);
      if (text.empty())
        fail(Fault::input, "{}: {} is empty, a name was expected", file.path(), path);
      motifs.push_back(text[0]);
    }
    const std::size_t known = std::max<std::size_t>(thickness.size(), 1);
    for (std::size_t t = 0; t < motif.size() && !motifs.empty(); ++t) {
      checked_index(file, of + "motif", motif[t], motifs.size());
      checked_index(file, of + "condition", condition[t], known);
    }
  }
};

// Directions of one motif in its own frame by Lambert's projection about its z axis, which keeps
// areas: an even sampling looks even.
LinePanel directions_panel(const Coverage& c, std::size_t motif) {
  LinePanel panel;
  panel.title = fmt::format("{}: directions of the beam", c.motifs[motif]);
  panel.x_label = "x (equal area; rim: across z)";
  panel.y_label = "y";
  panel.width = panel.height = 230;
  panel.y_range = {-1.05, 1.05};
  Curve above{"", {}, {}, {}, true}, below{"", {}, {}, {}, true}, rim;
  std::set<std::tuple<double, double, double>> seen;
  for (std::size_t t = 0; t < c.motif.size(); ++t) {
    if (c.motif[t] != double(motif) || !seen.insert({c.x[t], c.y[t], c.z[t]}).second) continue;
    Curve& half = c.z[t] >= 0 ? above : below;
    const double scale = 1 / std::sqrt(1 + std::abs(c.z[t]));
    half.x.push_back(c.x[t] * scale);
    half.y.push_back(c.y[t] * scale);
  }
  for (int k = 0; k <= 120; ++k) {
    rim.x.push_back(std::cos(k * std::numbers::pi / 60));
    rim.y.push_back(std::sin(k * std::numbers::pi / 60));
  }
  if (!below.x.empty()) {
    above.label = "z > 0";
    below.label = "z < 0";
  }
  panel.curves = {above, below, rim};
  return panel;
}

// Templates by motif and condition.
ImagePanel templates_panel(const Coverage& c) {
  ImagePanel panel;
  panel.values = PlaneF::Zero(Eigen::Index(c.motifs.size()),
                              Eigen::Index(std::max<std::size_t>(c.thickness.size(), 1)));
  for (std::size_t t = 0; t < c.motif.size(); ++t)
    panel.values(Eigen::Index(c.motif[t]), Eigen::Index(c.condition[t])) += 1;
  panel.title = "templates";
  panel.x = {"condition", "", 0, double(panel.values.cols() - 1)};
  panel.y = {"", "", 0, double(panel.values.rows() - 1), c.motifs};
  for (Eigen::Index k = 0; k < panel.values.cols(); ++k) panel.x.names.push_back(std::to_string(k));
  panel.low = 0;
  panel.cell_format = "{:.0f}";
  return panel;
}

LinePanel points_panel(const std::string& title, const std::string& x_label,
                       const std::string& y_label,
                       const std::set<std::pair<double, double>>& points) {
  LinePanel panel{title, x_label, y_label};
  panel.width = panel.height = 230;
  Curve curve{"", {}, {}, {}, true};
  for (const auto& [px, py] : points) {
    curve.x.push_back(px);
    curve.y.push_back(py);
  }
  panel.curves = {curve};
  return panel;
}

}  // namespace

// What the templates of a library cover: directions, conditions, depths and offsets.
ResultSection coverage_section(const Hdf5Reader& file) {
  ResultSection s{"Coverage", {}, ""};
  if (!file.is_dataset("/motif_library/templates/motif")) return s;
  const Coverage c(file);
  if (c.motifs.empty() || c.motif.empty()) return s;
  s.panels.emplace_back(templates_panel(c));
  for (std::size_t m = 0; m < c.motifs.size(); ++m) s.panels.emplace_back(directions_panel(c, m));
  std::set<std::pair<double, double>> depths, offsets;
  for (std::size_t t = 0; t < c.motif.size() && !c.thickness.empty(); ++t) {
    depths.insert({c.thickness.at(std::size_t(c.condition[t])), c.depth[t]});
    offsets.insert({c.offset_x[t], c.offset_y[t]});
  }
  if (depths.size() > 1)
    s.panels.emplace_back(points_panel("depth of the motif's centre", "thickness (\u00c5)",
                                       "depth (\u00c5)", depths));
  if (offsets.size() > 1)
    s.panels.emplace_back(points_panel("probe off the motif", "x (\u00c5)", "y (\u00c5)", offsets));
  for (std::size_t k = 0; k < c.thickness.size(); ++k)
    s.text +=
        fmt::format("Condition {}: {:g} kV, {:g} mrad, defocus {:g} \u00c5, {:g} \u00c5 thick. ", k,
                    c.energy.at(k), c.semiangle.at(k), c.defocus.at(k), c.thickness[k]);
  return s;
}

// Planted motifs of the library: what each is called, and how often it is found at which rate.
ResultSection recognition_section(const Hdf5Reader& file) {
  ResultSection s{"Recognition", {}, ""};
  if (!file.is_dataset("/match/confusion") ||
      Stack<float>::count(file.info("/match/confusion").shape) == 0)
    return s;  // nothing was tested
  const auto names = file.read_strings("/match/motif_names");
  const std::size_t n = names.size();
  const auto rates = file.read<double>("/match/roc_false_alarm").values,
             area = read_list(file, "/match/roc_area", n),
             error = read_list(file, "/match/roc_area_error", n);
  const auto confusion = read_shaped<float>(file, "/match/confusion", {n, n + 1}),
             roc = read_shaped<float>(file, "/match/roc", {n, rates.size()});
  ImagePanel calls;
  calls.values = confusion.plane(0);
  calls.title = "planted motifs and what they are called, %";
  calls.x = {"called, at p <= 5 %", "", 0, double(n), names};
  calls.x.names.push_back("none");
  calls.y = {"planted", "", 0, double(n) - 1, names};
  calls.quantity = "share";
  calls.cell_format = "{:.0f}";
  calls.cell_scale = 100;
  calls.low = 0;
  calls.high = 1;
  LinePanel curves{"ROC: found at a false-alarm rate", "false-alarm rate", "share found"};
  for (std::size_t m = 0; m < n; ++m) {
    if (!std::isfinite(area[m])) continue;
    Curve curve;
    curve.label = names[m];
    for (std::size_t k = 0; k < rates.size(); ++k) {
      curve.x.push_back(rates[k]);
      curve.y.push_back(double(roc.plane(0)(Eigen::Index(m), Eigen::Index(k))));
    }
    curves.curves.push_back(curve);
    std::string calls_of;
    for (std::size_t k = 0; k <= n; ++k)
      calls_of += fmt::format("{} {} {:.0f} %", k == 0 ? "" : ",", k < n ? names[k] : "none",
                              100 * confusion.plane(0)(Eigen::Index(m), Eigen::Index(k)));
    s.text += fmt::format("Planted {}: area under the ROC {:.3f} +- {:.3f}; at p <= 5 % called{}. ",
                          names[m], area[m], error[m], calls_of);
  }
  if (curves.curves.empty()) return s;
  s.panels.emplace_back(calls);
  s.panels.emplace_back(curves);
  return s;
}

namespace {

// Everything in /plan that the pictures are made of.
struct PlanFile {
  std::vector<std::string> names;
  std::vector<double> dose, energy, semiangle, defocus, thickness;
  Stack<double> information;  // [condition, dose, a, b]
  std::size_t best = 0;

  explicit PlanFile(const Hdf5Reader& f) : names(f.read_strings("/plan/names")) {
    const auto shape = checked_shape(f, "/plan/information", 4);
    check_shape(f, "/plan/information", {shape[0], shape[1], names.size(), names.size()});
    const auto axis = [&](const char* name, std::size_t n) {
      return read_list(f, std::string("/plan/") + name, n);
    };
    dose = axis("dose", shape[1]);
    energy = axis("energy_kV", shape[0]);
    semiangle = axis("semiangle_mrad", shape[0]);
    defocus = axis("defocus", shape[0]);
    thickness = axis("thickness", shape[0]);
    information = f.read<double>("/plan/information");
    best = checked_index(f, "/plan", f.number_attribute("/plan", "best_condition"), shape[0]);
  }
  double pair(std::size_t condition, std::size_t d, std::size_t a, std::size_t b) const {
    const std::size_t n = names.size();
    return information.values[((condition * dose.size() + d) * n + a) * n + b];
  }
  double worst_pair(std::size_t condition, std::size_t d) const {
    double least = 1e300;
    for (std::size_t a = 0; a < names.size(); ++a)
      for (std::size_t b = a + 1; b < names.size(); ++b)
        least = std::min(least, pair(condition, d, a, b));
    return least;
  }
};

LinePanel plan_panel(const std::string& title, const std::string& x_label) {
  LinePanel panel{title, x_label, "Chernoff information per pattern"};
  panel.log_y = true;
  return panel;
}

LinePanel against_dose(const PlanFile& p) {
  LinePanel panel = plan_panel("best condition, every pair", "log_{10} electrons per pattern");
  for (std::size_t a = 0; a < p.names.size(); ++a)
    for (std::size_t b = a + 1; b < p.names.size(); ++b) {
      Curve curve;
      curve.label = p.names[a] + " | " + p.names[b];
      curve.points = p.dose.size() == 1;
      for (std::size_t d = 0; d < p.dose.size(); ++d) {
        curve.x.push_back(std::log10(p.dose[d]));
        curve.y.push_back(p.pair(p.best, d, a, b));
      }
      panel.curves.push_back(curve);
    }
  return panel;
}

// The pair that is hardest to tell apart, at the largest dose, against one quantity of the
// conditions; a curve for every choice of the others.
LinePanel against(const PlanFile& p, const std::vector<double>& quantity,
                  const std::string& x_label) {
  LinePanel panel =
      plan_panel(fmt::format("hardest pair, {:.3g} electrons", p.dose.back()), x_label);
  const auto others = [&](std::size_t c) {
    std::string text;
    const auto add = [&](const std::vector<double>& values, const char* format) {
      if (&values == &quantity || std::set<double>(values.begin(), values.end()).size() < 2) return;
      text += (text.empty() ? "" : ", ") + fmt::format(fmt::runtime(format), values[c]);
    };
    add(p.energy, "{:g} kV");
    add(p.semiangle, "{:g} mrad");
    add(p.thickness, "{:g} \u00c5");
    add(p.defocus, "defocus {:g} \u00c5");
    return text;
  };
  for (std::size_t c = 0; c < quantity.size(); ++c) {
    auto at = std::find_if(panel.curves.begin(), panel.curves.end(),
                           [&](const Curve& curve) { return curve.label == others(c); });
    if (at == panel.curves.end()) {
      panel.curves.push_back({others(c), {}, {}, {}, false});
      at = panel.curves.end() - 1;
    }
    at->x.push_back(quantity[c]);
    at->y.push_back(p.worst_pair(c, p.dose.size() - 1));
  }
  return panel;
}

ImagePanel detector_mask(const Hdf5Reader& file) {
  const auto number = [&](const char* name) {
    return file.number_attribute("/plan/detector", name);
  };
  const double inner = number("q_inner"), outer = number("q_outer"), sectors = number("sectors"),
               angle = number("angle_rad"), half = number("half_width_rad");
  constexpr int kSide = 241;
  const double reach = 1.25 * outer, pixel = 2 * reach / (kSide - 1);
  ImagePanel panel;
  panel.values = PlaneF::Zero(kSide, kSide);
  for (int r = 0; r < kSide; ++r)
    for (int c = 0; c < kSide; ++c) {
      const double y = r * pixel - reach, x = c * pixel - reach, q = std::hypot(x, y);
      const double off = std::remainder(std::atan2(y, x) - angle, 2 * std::numbers::pi / sectors);
      if (q >= inner && q < outer && std::abs(off) <= half) panel.values(r, c) = 1;
    }
  panel.title = "virtual detector";
  panel.x = {"q_{x}", "1/Angstrom", -reach, reach};
  panel.y = {"q_{y}", "1/Angstrom", -reach, reach};
  panel.colour_bar = false;
  panel.map = ColourMap::grey;
  return panel;
}

}  // namespace

ResultSection plan_section(const Hdf5Reader& file) {
  ResultSection s{"Plan", {}, ""};
  if (!file.is_dataset("/plan/information")) return s;
  const PlanFile p(file);
  s.panels.emplace_back(against_dose(p));
  const auto differ = [](const std::vector<double>& values) {
    return std::set<double>(values.begin(), values.end()).size() > 1;
  };
  if (differ(p.thickness)) s.panels.emplace_back(against(p, p.thickness, "thickness (\u00c5)"));
  if (differ(p.energy)) s.panels.emplace_back(against(p, p.energy, "energy (kV)"));
  if (differ(p.semiangle))
    s.panels.emplace_back(against(p, p.semiangle, "convergence semi-angle (mrad)"));
  if (differ(p.defocus)) s.panels.emplace_back(against(p, p.defocus, "defocus (\u00c5)"));
  s.panels.emplace_back(detector_mask(file));
  const AttributeValue separates = file.attribute("/plan/detector", "separates");
  const auto* names = std::get_if<std::vector<std::string>>(&separates);
  s.text = fmt::format(
      "The probability of confusing a pair falls as exp(\u2212n C) with the number n of "
      "independent patterns, C being the information per pattern. Best condition: {:g} kV, {:g} "
      "mrad, {:g} \u00c5 thick. The detector tells {} from {} by {:.2f} standard deviations.",
      p.energy[p.best], p.semiangle[p.best], p.thickness[p.best],
      names && names->size() == 2 ? (*names)[0] : "one",
      names && names->size() == 2 ? (*names)[1] : "the other",
      file.number_attribute("/plan/detector", "standard_deviations"));
  return s;
}

}  // namespace vitrobeam
