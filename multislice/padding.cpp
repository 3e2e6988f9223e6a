#include "multislice/padding.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Vacuum beyond the outermost atoms, Angstrom: across the beam the potential of an atom has fallen
// to 1e-3 of a volt; along it the atom lies wholly inside a slice.
constexpr double kVacuum = 5, kFace = 2;
constexpr double kBeamsAside = 2, kLargest = 500, kStep = 1;

}  // namespace

double smallest_edge(const Optics& optics, double wrapped) {
  if (optics.plane_wave) return 0;
  const double q_short = optics.aperture_q() / std::sqrt(optics.aperture_ratio);
  const auto is_enough = [&](double edge) {
    return wrapped_fraction(optics, {512, 512, edge, edge}) <= wrapped;
  };
  double low = kBeamsAside / q_short, high = low;
  while (high < kLargest && !is_enough(high)) {
    low = high;
    high = std::min(1.5 * high, kLargest);
  }
  if (high >= kLargest && !is_enough(kLargest))
    fail(Fault::physics,
         "no box up to {} Angstrom holds the probe but for {:.1f} % of it: use a larger "
         "@semiangle, less @defocus, or @box",
         kLargest, 100 * wrapped);
  while (high - low > kStep) {
    const double middle = (low + high) / 2;
    (is_enough(middle) ? high : low) = middle;
  }
  return high;
}

PaddedBox pad(Atoms& atoms, const std::vector<Optics>& probes, double wrapped,
              std::optional<double> padding) {
  PaddedBox box;
  const bool is_open = !atoms.cell.periodic[0] || !atoms.cell.periodic[1];
  const bool has_cell = atoms.cell.volume() > 0;
  if (atoms.size() == 0 || (has_cell && !is_open)) return box;
  if (has_cell && !atoms.cell.is_orthogonal()) return box;
  Vector3d low = atoms.positions[0], high = low;
  for (const auto& r : atoms.positions) {
    low = low.cwiseMin(r);
    high = high.cwiseMax(r);
  }
  const Vector3d extent = high - low, given = atoms.cell.vectors.diagonal();
  box.edges = given;
  if (!has_cell) box.edges.z() = extent.z() + 2 * kFace;
  double least = 0;
  for (const Optics& optics : probes)
    if (!padding) least = std::max(least, smallest_edge(optics, wrapped));
  for (int k = 0; k < 2; ++k) {
    if (has_cell && atoms.cell.periodic[std::size_t(k)]) continue;
    if (has_cell && !padding && given[k] >= least) continue;
    // in steps of the search: the same box for the same probe
    box.edges[k] = padding ? extent[k] + 2 * *padding
                           : std::max(std::ceil(extent[k] + 2 * kVacuum), std::ceil(least));
    if (has_cell && !padding) box.edges[k] = std::max(box.edges[k], given[k]);
  }
  box.changed = box.edges != given;
  if (!box.changed) return box;
  for (int k = 0; k < 3; ++k)
    if (box.edges[k] != given[k]) box.moved[k] = box.edges[k] / 2 - (low[k] + high[k]) / 2;
  for (auto& r : atoms.positions) r += box.moved;
  const auto periodic = atoms.cell.periodic;
  atoms.cell = Cell::orthogonal(box.edges.x(), box.edges.y(), box.edges.z());
  atoms.cell.periodic = has_cell ? periodic : std::array<bool, 3>{false, false, false};
  return box;
}

}  // namespace vitrobeam
