// The section of a file with /structure: curves, distributions over the atoms, the map of columns.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "pictures/result_sections.hpp"
#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

const std::string kGroup = "/structure/";

std::vector<double> numbers(const Hdf5Reader& file, const std::string& name) {
  return file.is_dataset(kGroup + name) ? file.read<double>(kGroup + name).values
                                        : std::vector<double>{};
}

// Atomic numbers of `atoms` atoms.
std::vector<double> elements(const Hdf5Reader& file, std::size_t atoms) {
  auto out = read_list(file, kGroup + "element", atoms);
  for (const double z : out)
    if (!(z >= 1 && z <= kElements))
      fail(Fault::input, "{}: {}element holds the atomic number {}; the file is damaged",
           file.path(), kGroup, z);
  return out;
}

// The curves `names` of a group over its axis, from 0 to `last`.
LinePanel curves(const Hdf5Reader& file, const std::string& group, const std::string& axis,
                 const std::vector<std::string>& names, double last) {
  LinePanel panel;
  const auto x = numbers(file, group + "/" + axis);
  for (const auto& name : names) {
    Curve curve{name, {}, {}, {}, false};
    const auto y = numbers(file, group + "/" + name);
    const double pitch = x.size() > 1 ? x[1] - x[0] : 1;
    const auto mean =
        std::size_t(std::max(1.0, std::round(last / 240 / pitch)));  // of so many bins
    for (std::size_t i = 0; i + mean <= std::min(x.size(), y.size()) && x[i] <= last; i += mean) {
      const auto begin = std::ptrdiff_t(i), end = std::ptrdiff_t(i + mean);
      curve.x.push_back(std::accumulate(x.begin() + begin, x.begin() + end, 0.0) / double(mean));
      curve.y.push_back(std::accumulate(y.begin() + begin, y.begin() + end, 0.0) / double(mean));
    }
    if (!curve.x.empty()) panel.curves.push_back(std::move(curve));
  }
  return panel;
}

// How a quantity is distributed over the atoms of each element, as densities.
LinePanel distribution(const Hdf5Reader& file, const std::string& name, const std::string& title,
                       const std::string& label) {
  LinePanel panel{title, label, "share of the atoms per bin"};
  const auto values = numbers(file, name),
             element = values.empty() ? values : elements(file, values.size());
  std::vector<double> sorted;
  for (double v : values)
    if (std::isfinite(v)) sorted.push_back(v);
  if (sorted.empty()) return panel;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    return sorted[std::size_t(share * double(sorted.size() - 1))];
  };
  const double low = at(0.002), high = std::max(at(0.998), low + 1e-9);
  constexpr std::size_t kBins = 40;
  std::map<int, std::vector<double>> histogram;
  std::map<int, double> count;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double bin = (values[i] - low) / (high - low) * kBins;
    auto& h = histogram[int(element[i])];
    h.resize(kBins, 0);
    ++count[int(element[i])];
    if (bin >= 0 && bin < kBins) ++h[std::size_t(bin)];
  }
  for (auto& [z, h] : histogram) {
    Curve curve{std::string(symbol(z)), {}, {}, {}, false};
    for (std::size_t b = 0; b < kBins; ++b) {
      curve.x.push_back(low + (double(b) + 0.5) * (high - low) / kBins);
      curve.y.push_back(h[b] / count[z]);
    }
    panel.curves.push_back(std::move(curve));
  }
  return panel;
}

LinePanel order_panel(const Hdf5Reader& file) {
  LinePanel panel{"averaged bond order", "averaged q_{4}", "averaged q_{6}"};
  const auto q4 = numbers(file, "q4_averaged"), q6 = numbers(file, "q6_averaged"),
             element = q4.empty() ? q4 : elements(file, q4.size());
  std::map<int, Curve> by_element;
  constexpr std::size_t kMost = 4000;  // points that a panel can show
  const std::size_t step = std::max<std::size_t>(1, q4.size() / kMost);
  for (std::size_t i = 0; i < std::min(q4.size(), q6.size()); i += step) {
    Curve& curve = by_element[int(element[i])];
    curve.label = std::string(symbol(int(element[i])));
    curve.points = true;
    curve.x.push_back(q4[i]);
    curve.y.push_back(q6[i]);
  }
  for (auto& [z, curve] : by_element) panel.curves.push_back(std::move(curve));
  return panel;
}

ImagePanel column_panel(const Hdf5Reader& file) {
  ImagePanel panel;
  panel.values = read_plane<float>(file, kGroup + "column/density");
  panel.title = "density of the columns";
  panel.quantity = unit_symbol("atoms/Angstrom^3");
  const auto x = read_list(file, kGroup + "column/x", std::size_t(panel.values.cols())),
             y = read_list(file, kGroup + "column/y", std::size_t(panel.values.rows()));
  panel.x = {"x", "Angstrom", x.front(), x.back()};
  panel.y = {"y", "Angstrom", y.front(), y.back()};
  return panel;
}

// The rule of the tessellation and the most frequent indices.
std::string voronoi_text(const Hdf5Reader& file) {
  if (!file.is_dataset("/structure/voronoi_kinds/index")) return "";
  const auto count = numbers(file, "voronoi_kinds/count");
  const auto index =
      read_shaped<int>(file, "/structure/voronoi_kinds/index", {count.size(), 4}).values;
  const double all = std::accumulate(count.begin(), count.end(), 0.0);
  std::string text;
  for (std::size_t k = 0; k < std::min<std::size_t>(10, count.size()); ++k)
    text += fmt::format("{}\u27e8{},{},{},{}\u27e9 {:.1f} %", k ? ", " : "", index[4 * k],
                        index[4 * k + 1], index[4 * k + 2], index[4 * k + 3], 100 * count[k] / all);
  return fmt::format("Voronoi cells, {}: {}.",
                     file.string_attribute("/structure/voronoi_index", "rule", ""), text);
}

}  // namespace

ResultSection structure_section(const Hdf5Reader& file) {
  ResultSection section{"Structure", {}, ""};
  std::vector<Panel>& panels = section.panels;
  if (!file.exists("/structure")) return section;
  const auto add = [&](LinePanel panel, const std::string& title, const std::string& x,
                       const std::string& y) {
    if (panel.curves.empty()) return;
    if (!title.empty()) panel.title = title;
    if (!x.empty()) panel.x_label = x;
    if (!y.empty()) panel.y_label = y;
    panels.emplace_back(std::move(panel));
  };
  if (file.exists("/structure/gr")) {
    std::vector<std::string> names = {"total"};
    for (const auto& name : file.children("/structure/gr"))
      if (name.find('-') != std::string::npos) names.push_back(name);
    add(curves(file, "gr", "r", names, 12), "pair distribution", "r (\u00c5)", "g(r)");
  }
  add(curves(file, "sq", "q", {"electron", "xray", "neutron"}, 2), "structure factor",
      "q (\u00c5^{-1})", "S(q)");
  add(distribution(file, "voronoi_volume", "Voronoi volume", "volume (\u00c5^{3})"), "", "", "");
  add(order_panel(file), "", "", "");
  add(distribution(file, "d2min", "non-affine motion", "D^{2}_{min} (\u00c5^{2})"), "", "", "");
  add(distribution(file, "flexibility_volume", "flexibility volume", "\u00c5^{3}"), "", "", "");
  if (file.is_dataset("/structure/column/density")) panels.emplace_back(column_panel(file));
  section.text = voronoi_text(file);
  return section;
}

}  // namespace vitrobeam
