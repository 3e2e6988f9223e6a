#include "pictures/model_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "models/elements.hpp"
#include "models/ground_truth.hpp"
#include "models/pair_distribution.hpp"

namespace vitrobeam {
namespace {

constexpr double kPixels = 640;               // along the longer edge
constexpr double kDisc = 0.6;                 // metallic radii
constexpr std::size_t kMarked = 24;           // planted motifs, at most
constexpr double kFarthest = 12, kBin = 0.1;  // of g(r), Angstrom

// Which axis points right, which down, and whether large values of the third are in front.
struct View {
  int right, down, depth;
  bool far_in_front;
  const char* title;
};

struct Extent {
  Vector3d low, high;
};

Extent extent_of(const Atoms& atoms) {
  Extent e{Vector3d::Constant(std::numeric_limits<double>::max()),
           Vector3d::Constant(std::numeric_limits<double>::lowest())};
  for (const auto& r : atoms.positions) {
    e.low = e.low.cwiseMin(r);
    e.high = e.high.cwiseMax(r);
  }
  if (atoms.cell.volume() > 0 && atoms.cell.is_orthogonal()) {
    e.low = e.low.cwiseMin(Vector3d::Zero());
    e.high = e.high.cwiseMax(atoms.cell.lengths());
  }
  return {e.low - Vector3d::Constant(1), e.high + Vector3d::Constant(1)};
}

// A disc of `category`, with a rim that parts it from its neighbours.
void draw_disc(PlaneF& values, double column, double row, double radius, int category) {
  const auto first = [](double v) { return Eigen::Index(std::max(std::ceil(v), 0.0)); };
  for (Eigen::Index y = first(row - radius); y < values.rows() && double(y) <= row + radius; ++y)
    for (Eigen::Index x = first(column - radius); x < values.cols() && double(x) <= column + radius;
         ++x) {
      const double distance = std::hypot(double(x) - column, double(y) - row);
      if (distance <= radius)
        values(y, x) = radius > 3 && distance > radius - 1 ? NAN : float(category);
    }
}

struct Discs {
  std::vector<std::string> names;
  std::vector<int> category;  // of each atom; negative: left out
};

ImagePanel projection(const Atoms& atoms, const Discs& discs, const View& view) {
  const Extent e = extent_of(atoms);
  const double width = e.high[view.right] - e.low[view.right],
               height = e.high[view.down] - e.low[view.down],
               scale = kPixels / std::max(width, height);
  ImagePanel panel;
  panel.values = PlaneF::Constant(Eigen::Index(std::max(height * scale, 2.0)),
                                  Eigen::Index(std::max(width * scale, 2.0)), NAN);
  std::vector<std::size_t> order(atoms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double za = atoms.positions[a][view.depth], zb = atoms.positions[b][view.depth];
    return view.far_in_front ? za < zb : za > zb;
  });
  for (const std::size_t i : order)
    if (discs.category[i] >= 0) {
      const Vector3d at = (atoms.positions[i] - e.low) * scale;
      draw_disc(panel.values, at[view.right], at[view.down],
                kDisc * metallic_radius(atoms.numbers[i]) * scale, discs.category[i]);
    }
  constexpr const char* kAxes = "xyz";
  panel.x = {std::string(1, kAxes[view.right]), "Angstrom", e.low[view.right], e.high[view.right]};
  panel.y = {std::string(1, kAxes[view.down]), "Angstrom", e.low[view.down], e.high[view.down]};
  panel.categories = discs.names;
  panel.title = view.title;
  panel.side = 320;
  return panel;
}

Discs by_element(const Atoms& atoms) {
  Discs discs;
  std::map<int, int> index;
  for (const int z : atoms.numbers) index[z] = 0;
  for (auto& [z, k] : index) {
    k = int(discs.names.size());
    discs.names.emplace_back(symbol(z));
  }
  for (const int z : atoms.numbers) discs.category.push_back(index[z]);
  return discs;
}

Discs by_motif(const Atoms& atoms, const std::vector<PlantedMotif>& planted) {
  Discs discs;
  std::map<std::int64_t, int> category;
  for (const auto& m : planted) {
    const auto at = std::find(discs.names.begin(), discs.names.end(), m.name);
    category[m.id] = int(at - discs.names.begin());
    if (at == discs.names.end()) discs.names.push_back(m.name);
  }
  for (const std::int64_t id : motif_ids(atoms)) {
    const auto at = category.find(id);
    discs.category.push_back(at == category.end() ? -1 : at->second);
  }
  return discs;
}

LinePanel radial_distribution(const Atoms& atoms) {
  const PairDistribution g = pair_distribution(atoms, kFarthest, kBin);
  LinePanel panel{"radial distribution", "r (\u00c5)", "g(r)"};
  panel.curves.push_back({"all", g.r, g.total, {}, false});
  if (g.partials.size() > 1 && g.partials.size() <= 4)
    for (const auto& [pair, values] : g.partials)
      panel.curves.push_back({pair, g.r, values, {}, false});
  return panel;
}

}  // namespace

std::vector<Panel> model_panels(const Atoms& atoms) {
  const View along{0, 1, 2, false, "along the beam"}, aside{0, 2, 1, false, "from the side"};
  const auto planted = planted_motifs(atoms);
  const Discs elements = by_element(atoms);
  std::vector<Panel> panels;
  ImagePanel front = projection(atoms, elements, along);
  for (std::size_t k = 0; k < std::min(planted.size(), kMarked); ++k)
    front.markers.push_back(
        {planted[k].position.x(), planted[k].position.y(), 7, int(k % 6), planted[k].name});
  panels.emplace_back(std::move(front));
  panels.emplace_back(projection(atoms, elements, aside));
  if (!planted.empty()) {
    ImagePanel motifs = projection(atoms, by_motif(atoms, planted), aside);
    motifs.title = "planted motifs, from the side";
    panels.emplace_back(std::move(motifs));
  }
  if (atoms.cell.volume() > 0 && atoms.size() > 1) panels.emplace_back(radial_distribution(atoms));
  return panels;
}

}  // namespace vitrobeam
