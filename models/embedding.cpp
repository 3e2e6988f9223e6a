#include "models/embedding.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "models/elements.hpp"
#include "models/ground_truth.hpp"

namespace vitrobeam {
namespace {

std::vector<Vector3d> placed_positions(const Atoms& motif, const Vector3d& centre) {
  Vector3d centroid = Vector3d::Zero();
  for (const auto& r : motif.positions) centroid += r / double(motif.size());
  std::vector<Vector3d> out;
  for (const auto& r : motif.positions) out.push_back(r - centroid + centre);
  return out;
}

// The beam's axis counts as open: a motif wrapped from the exit face to the entrance face would be
// two halves.
void check_fits(const Cell& cell, const std::vector<Vector3d>& positions, const Embedding& e) {
  const Eigen::Matrix3d to_fraction = cell.vectors.transpose().inverse();
  for (int k = 0; k < 3; ++k) {
    double low = 1e300, high = -1e300;
    for (const auto& r : positions) {
      const double f = to_fraction.row(k).dot(r);
      low = std::min(low, f);
      high = std::max(high, f);
    }
    const double height = 1 / to_fraction.row(k).norm();
    const bool open = k == 2 || !cell.periodic[std::size_t(k)];
    if (open && (low < 0 || high >= 1))
      fail(Fault::physics,
           "the motif {} at {:g},{:g},{:g} reaches from {:.4g} to {:.4g} Angstrom along {}, the "
           "cell from 0 to {:.4g}; move it inside",
           e.name, e.position.x(), e.position.y(), e.position.z(), low * height, high * height,
           "xyz"[k], height);
    constexpr double kClosest = 2;  // Angstrom between the motif and its image
    if (!open && (high - low) * height > height - kClosest)
      fail(
          Fault::physics,
          "the motif {} is {:.4g} Angstrom wide along {} and would meet its own image in a cell of "
          "{:.4g}; take a larger matrix",
          e.name, (high - low) * height, "xyz"[k], height);
  }
}

// Other labels have no value for the new atoms: 0 or "-".
void extend_labels(Atoms& atoms, std::size_t more) {
  for (auto it = atoms.labels.begin(); it != atoms.labels.end();)
    it = it->first.starts_with("voronoi") ? atoms.labels.erase(it) : std::next(it);
  for (auto& [name, label] : atoms.labels)
    std::visit(
        [&, &label = label](auto& values) {
          using Value = typename std::decay_t<decltype(values)>::value_type;
          Value none{};
          if constexpr (std::is_same_v<Value, std::string>) none = "-";
          values.resize(values.size() + more * std::size_t(label.columns), none);
        },
        label.values);
}

}  // namespace

std::vector<std::size_t> displaced_atoms(const Atoms& matrix, const Atoms& placed, double overlap) {
  const Eigen::Matrix3d to_fraction = matrix.cell.vectors.transpose().inverse();
  const auto nearest_image = [&](const Vector3d& r) {
    return Vector3d(matrix.cell.vectors.transpose() *
                    nearest_fraction(to_fraction * r, matrix.cell.periodic));
  };
  Vector3d centre = Vector3d::Zero();
  for (const auto& r : placed.positions) centre += r / double(placed.size());
  double reach = 0, largest = 0;
  for (std::size_t j = 0; j < placed.size(); ++j) {
    reach = std::max(reach, (placed.positions[j] - centre).norm());
    largest = std::max(largest, metallic_radius(placed.numbers[j]));
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const Vector3d apart = nearest_image(matrix.positions[i] - centre);
    const double radius = metallic_radius(matrix.numbers[i]);
    if (apart.norm() > reach + overlap * (radius + largest)) continue;
    for (std::size_t j = 0; j < placed.size(); ++j)
      if ((apart - (placed.positions[j] - centre)).norm() <
          overlap * (radius + metallic_radius(placed.numbers[j]))) {
        out.push_back(i);
        break;
      }
  }
  return out;
}

Atoms embed(const Atoms& matrix, const Atoms& motif, const Embedding& e) {
  if (matrix.cell.vectors.isZero()) fail(Fault::physics, "the matrix has no cell to embed into");
  if (motif.size() == 0) fail(Fault::physics, "the motif {} has no atoms", e.name);
  if (!(e.overlap > 0 && e.overlap <= 1.5))
    fail(Fault::usage, "an overlap of {:g} is not between 0 and 1.5 of the sum of the radii",
         e.overlap);
  const auto placed = placed_positions(motif, e.position);
  check_fits(matrix.cell, placed, e);
  Atoms there;
  there.numbers = motif.numbers;
  there.positions = placed;
  std::vector<bool> gone(matrix.size(), false);
  for (const std::size_t i : displaced_atoms(matrix, there, e.overlap)) gone[i] = true;
  auto ids = motif_ids(matrix);
  std::vector<std::size_t> kept;
  std::vector<std::int64_t> kept_ids;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    if (gone[i] && ids[i] != 0)
      fail(Fault::physics, "the motif {} at {:g},{:g},{:g} overlaps motif {} that is already there",
           e.name, e.position.x(), e.position.y(), e.position.z(), ids[i]);
    if (gone[i]) continue;
    kept.push_back(i);
    kept_ids.push_back(ids[i]);
  }
  Atoms out = select(matrix, kept);
  extend_labels(out, motif.size());
  std::int64_t id = 1;
  while (out.info.contains(fmt::format("motif_{}", id))) ++id;
  for (std::size_t i = 0; i < motif.size(); ++i) {
    out.add(motif.numbers[i], placed[i]);
    kept_ids.push_back(id);
  }
  out.labels["motif"] = {1, std::move(kept_ids)};
  wrap(out);
  record(out, {id, e.name, e.axis, e.direction, e.position, e.voronoi});
  out.info[fmt::format("motif_{}_removed", id)] = std::to_string(matrix.size() - kept.size());
  return out;
}

}  // namespace vitrobeam
