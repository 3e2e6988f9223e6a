#include "pictures/estimate_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

const std::string kCalibration = "/estimate/calibration/";

// Shares explained as bars, a pair for every descriptor: all of it, and what is beyond the others.
LinePanel bars(const std::string& title, const std::vector<std::string>& names,
               const std::vector<double>& share, const std::vector<double>& error,
               const std::vector<double>& partial, const std::vector<double>& partial_error) {
  constexpr double kWidth = 0.32;
  LinePanel panel{title, "number of the descriptor", "share of the variance"};
  const auto bar = [&](double left, double height, const std::string& label) {
    Curve c{label, {}, {}, {}, false};
    const double right = left + kWidth;
    c.x = {left, left, right, right, left};
    c.y = {0, height, height, 0, 0};
    panel.curves.push_back(std::move(c));
  };
  Curve errors{"one standard error", {}, {}, {}, true};
  double low = 0, high = 0.1;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double at = double(k + 1);
    bar(at - 0.35, share[k], fmt::format("{} {}", k + 1, names[k]));
    bar(at + 0.03, partial[k], "");
    for (const auto& [x, y, e] :
         {std::tuple{at - 0.35 + kWidth / 2, share[k], error[k]},
          std::tuple{at + 0.03 + kWidth / 2, partial[k], partial_error[k]}}) {
      errors.x.push_back(x);
      errors.y.push_back(y);
      errors.error.push_back(e);
      low = std::min(low, y - e);
      high = std::max(high, y + e);
    }
  }
  panel.curves.push_back(std::move(errors));
  const double legend = std::min(0.7, double(names.size() + 2) * 15 / panel.height);
  low = std::max(low, -0.2);
  panel.y_range = {low, low + (high - low) / (1 - legend)};
  return panel;
}

// True against estimated values of one descriptor, on patterns of models that were left out: the
// mean and the middle 90 % of the truths in bins of the estimate, and the interval that was stated.
LinePanel calibration_panel(const std::string& name, const std::string& unit, const PlaneD& truth,
                            const PlaneD& value, const PlaneD& low, const PlaneD& high,
                            Eigen::Index k) {
  constexpr std::size_t kBins = 12;
  LinePanel panel{name, fmt::format("estimated ({})", unit), "true"};
  std::vector<Eigen::Index> order(std::size_t(truth.rows()));
  std::iota(order.begin(), order.end(), Eigen::Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return value(a, k) < value(b, k); });
  Curve mean{"true: mean, middle 90 %", {}, {}, {}, true}, equal{"equal", {}, {}, {}, false},
      interval{"90 % interval", {}, {}, {}, false};  // there along its lower end, and back
  std::vector<double> upper;
  for (std::size_t b = 0; b < kBins; ++b) {
    const std::size_t first = order.size() * b / kBins, last = order.size() * (b + 1) / kBins;
    if (last < first + 8) continue;
    std::vector<double> truths;
    double x = 0, y = 0, l = 0, h = 0;
    const double n = double(last - first);
    for (std::size_t i = first; i < last; ++i) {
      truths.push_back(truth(order[i], k));
      x += value(order[i], k) / n;
      y += truths.back() / n;
      l += low(order[i], k) / n;
      h += high(order[i], k) / n;
    }
    std::sort(truths.begin(), truths.end());
    mean.x.push_back(x);
    mean.y.push_back(y);
    mean.error.push_back(y - truths[truths.size() / 20]);
    mean.above.push_back(truths[truths.size() - 1 - truths.size() / 20] - y);
    interval.x.push_back(x);
    interval.y.push_back(l);
    upper.push_back(h);
  }
  for (std::size_t b = upper.size(); b-- > 0;) {
    interval.x.push_back(mean.x[b]);
    interval.y.push_back(upper[b]);
  }
  equal.x = equal.y = mean.x;
  panel.curves = {mean, interval, equal};
  return panel;
}

std::string told_text(const std::string& name, double share, double error, bool told) {
  return fmt::format(" {}: explained {:.2f} +- {:.2f}{}.", name, share, error,
                     told ? "" : ", not measurable here");
}

}  // namespace

ResultSection estimate_section(const Hdf5Reader& file) {
  ResultSection s{"Estimates of the structure", {}, ""};
  if (!file.is_dataset("/estimate/names")) return s;
  const auto names = file.read_strings("/estimate/names");
  const auto list = [&](const char* name) {
    return read_list(file, std::string("/estimate/") + name, names.size());
  };
  const auto explained = list("explained"), error = list("explained_error"),
             partial = list("partial_explained"), partial_error = list("partial_explained_error"),
             told = list("told");
  s.text =
      "Means over the column under the beam, read from one pattern at a time by a calibration with "
      "models. Grey: no estimate. Share of the variance that is explained on what the calibration "
      "left out:";
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string path = "/estimate/" + names[k];
    ImagePanel map = map_panel(file, path, names[k]);
    if (told[k] == 0) {
      map.title += ": not measurable here";
      map.values.setConstant(NAN);
    }
    s.panels.emplace_back(map);
    s.text += told_text(names[k], explained[k], error[k], told[k] != 0);
    if (const std::string model = "/estimate/model/" + names[k]; file.is_dataset(model)) {
      ImagePanel truth = map_panel(file, model,
                                   fmt::format("{} of the model, r = {:.2f}", names[k],
                                               file.number_attribute(model, "correlation")));
      s.panels.emplace_back(truth);
    }
    if (told[k] != 0) s.panels.emplace_back(map_panel(file, path + "_error", names[k] + ": error"));
  }
  s.panels.emplace_back(map_panel(file, "/estimate/familiarity", "distance from the training"));
  s.panels.emplace_back(bars("explained; right: beyond composition and density", names, explained,
                             error, partial, partial_error));
  if (const double together = file.number_attribute("/estimate", "together"); together > 0)
    s.text += fmt::format(" All positions within {:g} \u00c5 are read together.", together);
  return s;
}

ResultSection estimate_calibration_section(const Hdf5Reader& file) {
  ResultSection s{"What patterns tell of the structure", {}, ""};
  if (!file.is_dataset(kCalibration + "together")) return s;
  const auto names = file.read_strings(kCalibration + "names"),
             units = file.read_strings(kCalibration + "units");
  const auto together = file.read<double>(kCalibration + "together").values;
  if (units.size() != names.size())
    fail(Fault::input, "{}: {}units does not fit its names; the file is damaged", file.path(),
         kCalibration);
  for (std::size_t r = 0; r < together.size(); ++r) {
    const std::string group = fmt::format("{}reading_{}/", kCalibration, r);
    const auto list = [&](const char* name) { return read_list(file, group + name, names.size()); };
    const auto explained = list("explained"), error = list("explained_error");
    const std::string of =
        together[r] > 0 ? fmt::format(", within {:g} \u00c5 together", together[r]) : "";
    s.panels.emplace_back(bars("explained; right: beyond composition and density" + of, names,
                               explained, error, list("partial"), list("partial_error")));
    const auto plane = [&](const char* name) -> PlaneD {
      PlaneD p = read_plane<double>(file, group + name);
      if (p.cols() != Eigen::Index(names.size()))
        fail(Fault::input, "{}: {}{} does not fit the names; the file is damaged", file.path(),
             group, name);
      return p;
    };
    const PlaneD truth = plane("left_out_truth"), value = plane("left_out_value"),
                 low = plane("left_out_low_90"), high = plane("left_out_high_90");
    if (value.rows() != truth.rows() || low.rows() != truth.rows() || high.rows() != truth.rows())
      fail(Fault::input, "{}: {}left_out_value does not fit left_out_truth; the file is damaged",
           file.path(), group);
    for (std::size_t k = 0; k < names.size(); ++k)
      s.panels.emplace_back(
          calibration_panel(names[k] + of, units[k], truth, value, low, high, Eigen::Index(k)));
    for (std::size_t k = 0; k < names.size(); ++k)
      s.text += told_text(names[k] + of, explained[k], error[k],
                          explained[k] > 0.02 && explained[k] > 2 * error[k]);
  }
  s.text =
      "True against estimated means over the column, of patterns whose model (or slab) the reading "
      "never saw: points are means in bins of the estimate, bars hold the middle 90 % of the "
      "truths, lines are the 90 % intervals that the calibration states." +
      s.text;
  return s;
}

ResultSection estimate_plan_section(const Hdf5Reader& file) {
  ResultSection s{"Which beam tells of the structure", {}, ""};
  const std::string root = "/estimate_plan/";
  if (!file.is_dataset(root + "explained")) return s;
  const auto names = file.read_strings(root + "names");
  const auto list = [&](const char* name) { return file.read<double>(root + name).values; };
  const auto energy = list("energy"), semiangle = list("semiangle"), thickness = list("thickness"),
             dose = list("dose");
  const Shape shape{energy.size(), semiangle.size(), thickness.size(), dose.size(), names.size()};
  const auto explained = read_shaped<double>(file, root + "explained", shape),
             error = read_shaped<double>(file, root + "explained_error", shape);
  // along the longest of the axes, a curve for each combination of the others
  const std::vector<const std::vector<double>*> axes{&semiangle, &thickness, &dose, &energy};
  const std::vector<std::string> labels{"semi-angle (mrad)", "thickness (\u00c5)",
                                        "electrons per pattern", "energy (kV)"},
      units{"mrad", "\u00c5", "e", "kV"};
  std::size_t along = 0;
  for (std::size_t a = 1; a < axes.size(); ++a)
    if (axes[a]->size() > axes[along]->size()) along = a;
  for (std::size_t k = 0; k < names.size(); ++k) {
    LinePanel panel{names[k], labels[along], "share of the variance explained"};
    for (std::size_t i = k; i < explained.size(); i += names.size()) {
      const std::size_t at = i / names.size(), d = at % dose.size(),
                        t = at / dose.size() % thickness.size(),
                        m = at / dose.size() / thickness.size() % semiangle.size(),
                        e = at / dose.size() / thickness.size() / semiangle.size();
      const std::size_t index[] = {m, t, d, e};
      std::string label;
      for (std::size_t a = 0; a < axes.size(); ++a)
        if (a != along && axes[a]->size() > 1)
          label +=
              fmt::format("{}{:g} {}", label.empty() ? "" : ", ", (*axes[a])[index[a]], units[a]);
      auto curve = std::find_if(panel.curves.begin(), panel.curves.end(),
                                [&](const Curve& c) { return c.label == label; });
      if (curve == panel.curves.end())
        curve = panel.curves.insert(curve, Curve{label, {}, {}, {}, false});
      curve->x.push_back((*axes[along])[index[along]]);
      curve->y.push_back(explained.values[i]);
      curve->error.push_back(error.values[i]);
    }
    s.panels.emplace_back(std::move(panel));
  }
  s.text =
      "Share of the variance from column to column that one pattern explains, on models (or slabs) "
      "that were left out; bars are one standard error.";
  return s;
}

}  // namespace vitrobeam
