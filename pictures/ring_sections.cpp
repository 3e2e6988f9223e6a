#include "pictures/ring_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

const std::string kGroup = "/symmetry/";

// Mean and standard error of every order's map, and the same of the null.
LinePanel spectrum_panel(const Hdf5Reader& file, const std::vector<double>& n) {
  LinePanel panel{"symmetry power in the ring", "order n", "C_{n}"};
  const auto add = [&](const std::string& path, const std::string& label, bool points) {
    const auto values = file.read<double>(path).values;
    Curve curve{label, n, {}, {}, points};
    const std::size_t count = values.size() / n.size();
    for (std::size_t k = 0; k < n.size(); ++k) {
      double sum = 0, squares = 0, known = 0;
      for (std::size_t i = 0; i < count; ++i)
        if (const double v = values[i * n.size() + k]; std::isfinite(v))
          sum += v, squares += v * v, known += 1;
      const double mean = sum / known;
      curve.y.push_back(mean);
      curve.error.push_back(
          known > 1 ? std::sqrt(std::max(0.0, squares / known - mean * mean) / (known - 1)) : 0);
    }
    panel.curves.push_back(std::move(curve));
  };
  add(kGroup + "map", "patterns", true);
  if (file.is_dataset(kGroup + "null/map")) add(kGroup + "null/map", "null", false);
  return panel;
}

// Orders along q: some even ones, and the mean of the odd ones.
LinePanel rings_panel(const Hdf5Reader& file, const std::vector<double>& q) {
  LinePanel panel{"symmetry power, mean over the patterns", "q (\u00c5^{-1})", "C_{n}"};
  const PlaneD power = read_plane<double>(file, kGroup + "mean_power");
  const auto add = [&](const std::string& label, const Eigen::ArrayXd& values) {
    panel.curves.push_back({label, q, {values.begin(), values.end()}, {}, false});
  };
  for (const Eigen::Index n : {2, 4, 6, 10})
    if (n <= power.rows()) add(fmt::format("n = {}", n), power.row(n - 1).transpose());
  Eigen::ArrayXd odd = Eigen::ArrayXd::Zero(power.cols());
  for (Eigen::Index n = 0; n < power.rows(); n += 2)
    odd += power.row(n).transpose() / double((power.rows() + 1) / 2);
  add("odd n, mean", odd);
  return panel;
}

LinePanel friedel_panel(const Hdf5Reader& file, const std::vector<double>& q) {
  LinePanel panel{"correlation of I(q) and I(-q)", "q (\u00c5^{-1})"};
  Curve curve{"", q, file.read<double>(kGroup + "mean_friedel_pair").values,
              file.read<double>(kGroup + "mean_friedel_pair_error").values, false};
  constexpr double kNothing = 0.5;  // an error by which a correlation says nothing
  panel.curves = {curve};
  check_curves(file, panel);
  for (std::size_t i = 0; i < std::min(q.size(), curve.error.size()); ++i)
    if (curve.error[i] > kNothing)
      curve.y[i] = curve.error[i] = std::numeric_limits<double>::quiet_NaN();
  panel.curves = {curve};
  return panel;
}

// One order over the scan of a map by order.
ImagePanel order_panel(const Hdf5Reader& file, const std::string& dataset, std::size_t order,
                       const std::string& title, const std::string& quantity) {
  ImagePanel panel = map_panel(file, kGroup + "status", title);  // its axes
  const std::size_t orders = file.info(kGroup + "n").shape.at(0);
  const auto all = read_shaped<float>(
      file, kGroup + dataset,
      {std::size_t(panel.values.rows()), std::size_t(panel.values.cols()), orders});
  for (Eigen::Index i = 0; i < panel.values.size(); ++i)
    panel.values.data()[i] = all.values[std::size_t(i) * orders + order];
  panel.quantity = quantity;
  return panel;
}

const std::string kLimit = "/symmetry_limit/";

LinePanel odd_even_panel(const Hdf5Reader& file, const std::vector<double>& nm) {
  LinePanel panel{"odd over even orders", "thickness (nm)", "power ratio"};
  const auto add = [&](const std::string& name, const std::string& label) {
    const std::string path = kLimit + "odd_even/" + name;
    if (!file.is_dataset(path)) return;
    Curve curve{label, nm, file.read<double>(path).values, {}, name != "law"};
    if (file.is_dataset(path + "_error")) curve.error = file.read<double>(path + "_error").values;
    panel.curves.push_back(std::move(curve));
  };
  add("law", "law, parallel beam");
  add("multislice", "multislice");
  add("kinematic", "kinematic");
  add("curved_born", "kinematic");  // older files
  add("phase_object", "phase object");
  add("phase_grating", "phase object");
  add("flat_born", "flat Born");
  return panel;
}

// Of a motif by an engine, under `path`: a curve for each depth, tilt and dose, the first six.
LinePanel detection_panel(const Hdf5Reader& file, const std::string& path, std::string title,
                          const std::vector<double>& nm) {
  const auto depth = file.read<double>(kLimit + "depth").values,
             tilt = file.read<double>(kLimit + "tilt").values,
             dose = file.read<double>(kLimit + "dose").values;
  LinePanel panel;
  std::replace(title.begin(), title.end(), '_', ' ');
  panel.title = std::move(title);
  panel.x_label = "thickness (nm)";
  panel.y_label = "share found, 95 % interval";
  panel.y_range = {0, 1};
  const std::size_t each = depth.size() * tilt.size() * dose.size();
  const auto p = read_list(file, path + "probability", nm.size() * each),
             low = read_list(file, path + "probability_low", nm.size() * each),
             high = read_list(file, path + "probability_high", nm.size() * each);
  for (std::size_t c = 0; c < each && c < 6; ++c) {
    const double electrons = dose[c % dose.size()];
    Curve curve{fmt::format("depth {:g}, {:g}\u00b0, {}", depth[c / (tilt.size() * dose.size())],
                            tilt[c / dose.size() % tilt.size()],
                            electrons > 0 ? fmt::format("{:g} e", electrons) : "no noise"),
                nm,
                {},
                {},
                true};
    for (std::size_t t = 0; t < nm.size(); ++t) {
      curve.y.push_back(p[t * each + c]);
      curve.error.push_back(p[t * each + c] - low[t * each + c]);
      curve.above.push_back(high[t * each + c] - p[t * each + c]);
    }
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

const std::string kFluctuation = "/fluctuation/";

LinePanel variance_panel(const std::string& title) {
  LinePanel panel{title, "q (\u00c5^{-1})", "V"};
  return panel;
}

// V of every series, by its definitions, and the mean of the last one.
std::vector<LinePanel> variance_panels(const Hdf5Reader& file, const std::vector<double>& q) {
  checked_shape(file, kFluctuation + "thickness", 1);
  const auto thickness = file.read<double>(kFluctuation + "thickness").values;
  const auto read = [&](const char* name) {  // a row of rings for each thickness
    read_list(file, kFluctuation + name, thickness.size() * q.size());
    return file.read<double>(kFluctuation + name);
  };
  const auto row = [&](const Stack<double>& all, std::size_t k) {
    const auto first = all.values.begin() + std::ptrdiff_t(k * q.size());
    return std::vector<double>(first, first + std::ptrdiff_t(q.size()));
  };
  const std::size_t last = thickness.size() - 1;
  LinePanel omega = variance_panel("V_{\u03a9}, ring means over positions");
  const auto all = read("V_omega"), error = read("V_omega_error");
  for (std::size_t k = 0; k < thickness.size() && k < 8; ++k)
    omega.curves.push_back({std::isfinite(thickness[k]) ? fmt::format("{:g} \u00c5", thickness[k])
                                                        : fmt::format("series {}", k),
                            q, row(all, k), row(error, k), false});
  LinePanel others = variance_panel("the other definitions (last series)");
  for (const auto& [name, label] :
       {std::pair{"V_r", "V_{r}"}, {"V_re", "V_{re}"}, {"V_image", "V_{image}"}})
    others.curves.push_back({label, q, row(read(name), last), {}, false});
  LinePanel mean = variance_panel("radial mean (last series)");
  mean.y_label = "intensity";
  mean.log_y = true;
  mean.curves.push_back({"", q, row(read("mean"), last), {}, false});
  return {omega, others, mean};
}

}  // namespace

ResultSection symmetry_section(const Hdf5Reader& file) {
  ResultSection s{"Symmetry", {}, ""};
  if (!file.is_dataset(kGroup + "map")) return s;
  s.text =
      "C_n is the power of n-fold symmetry along a ring over the squared mean, counting noise "
      "removed. A single value of some per cent is what chance gives a random packing; only the "
      "difference from the null, or from the odd orders, speaks of structure.";
  const auto shape = checked_shape(file, kGroup + "map", 3);
  const auto n = read_list(file, kGroup + "n", shape[2]),
             q = file.read<double>(kGroup + "q").values;
  s.panels.emplace_back(spectrum_panel(file, n));
  s.panels.emplace_back(rings_panel(file, q));
  s.panels.emplace_back(friedel_panel(file, q));
  if (shape[0] * shape[1] < 2) return s;
  for (const std::size_t order : {2, 4, 6, 10})
    if (order <= n.size())
      s.panels.emplace_back(
          order_panel(file, "map", order - 1, fmt::format("C_{{{}}} in the ring", order), "power"));
  if (file.is_dataset(kGroup + "p_value"))
    for (const std::size_t order : {5, 6})
      if (order <= n.size()) {
        ImagePanel panel =
            order_panel(file, "p_value", order - 1,
                        fmt::format("{}-fold: rarity in the null", order), "-log_{10} p");
        panel.values = -panel.values.log10();
        s.panels.emplace_back(panel);
      }
  return s;
}

ResultSection symmetry_limit_section(const Hdf5Reader& file) {
  ResultSection section{"What symmetry analysis can see", {}, ""};
  if (!file.is_dataset(kLimit + "thickness")) return section;
  section.text =
      "Odd orders come with thickness where there is propagation (multislice, kinematic) and "
      "not without it (flat Born, phase object). A motif is found where few patterns of the same "
      "glass without it have as much power.";
  std::vector<double> nm = file.read<double>(kLimit + "thickness").values;
  for (double& t : nm) t /= 10;
  section.panels.emplace_back(odd_even_panel(file, nm));
  const std::string group = kLimit + "detection";
  if (!file.exists(group)) return section;
  for (const auto& target : file.children(group))
    for (const auto& engine : file.children(group + "/" + target))
      section.panels.emplace_back(detection_panel(file, group + "/" + target + "/" + engine + "/",
                                                  target + ", " + engine, nm));
  return section;
}

ResultSection fluctuation_section(const Hdf5Reader& file) {
  ResultSection section{"Fluctuation", {}, ""};
  if (!file.is_dataset(kFluctuation + "q")) return section;
  if (file.is_dataset(kFluctuation + "V_omega")) {
    section.text =
        "Normalised variance over the positions, counting noise removed, in the definitions of "
        "the field; errors by jackknife.";
    for (LinePanel& panel : variance_panels(file, file.read<double>(kFluctuation + "q").values))
      section.panels.emplace_back(std::move(panel));
  }
  LinePanel model = variance_panel("kinematic model, and the comparison (over its largest)");
  const auto scaled = [&](const std::string& name, const std::string& label, const char* value) {
    const std::string group = kFluctuation + name + "/";
    if (!file.is_dataset(group + "q")) return;
    auto v = file.read<double>(group + value).values;
    const double most = v.empty() ? 1 : *std::max_element(v.begin(), v.end());
    for (double& x : v) x /= most;
    model.curves.push_back({fmt::format("{} / {:.3g}", label, most),
                            file.read<double>(group + "q").values,
                            v,
                            {},
                            false});
  };
  scaled("model", "model", "V_omega");
  scaled("compared", "compared", "V");
  if (!model.curves.empty()) section.panels.emplace_back(model);
  return section;
}

ResultSection pair_section(const Hdf5Reader& file) {
  ResultSection section{"Radial analysis", {}, ""};
  LinePanel s{"structure factor", "q (\u00c5^{-1})", "S"};
  LinePanel g{"reduced pair distribution", "r (\u00c5)", "G (\u00c5^{-2})"};
  for (const auto& [group, label] : {std::pair{std::string("/radial/"), "patterns"},
                                     {std::string("/radial/model/"), "model, Debye"}}) {
    if (!file.is_dataset(group + "S")) continue;
    const auto read = [&, &group = group](const char* name) {
      return file.read<double>(group + name).values;
    };
    s.curves.push_back({label, read("q"), read("S"), {}, false});
    g.curves.push_back({label, read("r"), read("G"), {}, false});
  }
  if (s.curves.empty()) return section;
  section.text =
      "Both curves went through the same transform, so that the end of the data and the fitted "
      "background change them alike.";
  section.panels = {s, g};
  return section;
}

}  // namespace vitrobeam
