#include "models/plausibility.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

// Angstrom: what rounding in a file may do, and what molecular dynamics lets atoms stray over a
// periodic border before they are folded back.
constexpr double kOutside = 0.01, kStrayed = 1;
constexpr double kGap = 6;  // Angstrom: no solid has such a hole from side to side

// Distances between opposite faces.
Vector3d heights(const Cell& cell) {
  const Eigen::Matrix3d inverse = cell.vectors.inverse();  // columns: reciprocal vectors
  return inverse.colwise().norm().cwiseInverse().transpose();
}

std::string pairs_are(std::size_t n) {
  return counted(n, "pair of atoms is", "pairs of atoms are");
}

void find_pairs(const Atoms& atoms, Plausibility& p) {
  p.closest = {0, 0, std::numeric_limits<double>::infinity()};
  double largest = kOnePlace;
  for (const int z : atoms.numbers)
    largest = std::max(largest, 2 * kClosePair * metallic_radius(z));
  const auto occupancy = occupancies(atoms);
  std::size_t coincident = 0, close = 0;
  const auto visit = [&](std::size_t i, std::size_t j, const Vector3d& step) {
    const double r = step.norm();
    const double limit =
        kClosePair * (metallic_radius(atoms.numbers[i]) + metallic_radius(atoms.numbers[j]));
    // partly occupied atoms may be near each other: they need not be there together
    if (occupancy[i] + occupancy[j] <= 1 + 1e-3 && r < limit) return;
    coincident += r < kOnePlace;
    close += r < limit;
    if (r < p.closest.distance) p.closest = {std::min(i, j), std::max(i, j), r};
  };
  visit_neighbours(atoms.cell, atoms.positions, largest, visit);
  p.coincident = coincident / 2;  // every pair was met twice
  p.close = close / 2;
}

}  // namespace

Plausibility plausibility(const Atoms& atoms) {
  Plausibility p;
  find_pairs(atoms, p);
  if (!(atoms.cell.volume() > 0)) return p;
  p.density_g_cm3 = mass_density(atoms);
  const Eigen::Matrix3d to_fraction = atoms.cell.vectors.transpose().inverse();
  const Vector3d height = heights(atoms.cell);
  for (const auto& r : atoms.positions) {
    const Vector3d f = to_fraction * r;
    double beyond = 0;
    for (int k = 0; k < 3; ++k) {
      const double out = std::max(-f[k], f[k] - 1) * height[k];
      if (out > (atoms.cell.periodic[std::size_t(k)] ? kStrayed : kOutside))
        beyond = std::max(beyond, out);
    }
    if (beyond == 0) continue;
    ++p.outside;
    p.farthest = std::max(p.farthest, beyond);
  }
  return p;
}

void refuse_coincident(const Plausibility& p, const std::string& path) {
  if (p.coincident == 0) return;
  fail(Fault::physics,
       "{}: {} at one place, nearer than {:g} Angstrom (atoms {} and {}: {:.3f} Angstrom), and "
       "would scatter twice; take one of each away, or give the occupancies of a mixed site",
       path, pairs_are(p.coincident), kOnePlace, p.closest.first + 1, p.closest.second + 1,
       p.closest.distance);
}

std::vector<std::string> oddities(const Plausibility& p) {
  std::vector<std::string> out;
  const auto pair = [&] {
    return fmt::format("the closest {:.3f} Angstrom (atoms {} and {})", p.closest.distance,
                       p.closest.first + 1, p.closest.second + 1);
  };
  if (p.coincident > 0)
    out.push_back(
        fmt::format("{} at one place, nearer than {:g} Angstrom, {}: is something counted "
                    "twice, or is the box wrong?",
                    pairs_are(p.coincident), kOnePlace, pair()));
  else if (p.close > 0)
    out.push_back(fmt::format("{} closer than {:g} of the sum of their metallic radii, {}",
                              pairs_are(p.close), kClosePair, pair()));
  if (p.density_g_cm3 && *p.density_g_cm3 > kDensest)
    out.push_back(fmt::format(
        "the model has {:.4g} g/cm^3, nothing is denser than {:g}: is something counted twice, or "
        "is the box wrong?",
        *p.density_g_cm3, kDensest));
  if (p.outside > 0)
    out.push_back(fmt::format(
        "the box does not hold its atoms: {} outside of the cell, up to {:.3g} Angstrom",
        counted(p.outside, "atom lies", "atoms lie"), p.farthest));
  return out;
}

Vacuum vacuum_of(const Atoms& atoms) {
  Vacuum out;
  if (!(atoms.cell.volume() > 0) || atoms.size() == 0) return out;
  const Eigen::Matrix3d to_fraction = atoms.cell.vectors.transpose().inverse();
  const Vector3d height = heights(atoms.cell);
  for (int k = 0; k < 3; ++k) {
    std::vector<double> at;
    for (const auto& r : atoms.positions) {
      const double f = (to_fraction * r)[k];
      at.push_back(f - std::floor(f));
    }
    std::sort(at.begin(), at.end());
    double widest = at.front() + 1 - at.back();
    for (std::size_t i = 1; i < at.size(); ++i) widest = std::max(widest, at[i] - at[i - 1]);
    // the atoms at both sides of a gap reach into it by about half of a bond
    const double empty = widest * height[k] - 2.5;
    if (at.size() < 8 || widest * height[k] < kGap) continue;
    out.gap[k] = empty;
    out.filled *= 1 - empty / height[k];
  }
  return out;
}

std::string vacuum_text(const Atoms& atoms) {
  const Vacuum v = vacuum_of(atoms);
  if (!v.exists()) return "";
  std::string gaps;
  for (int k = 0; k < 3; ++k)
    if (v.gap[k] > 0)
      gaps +=
          fmt::format("{}{:.1f} Angstrom along {}", gaps.empty() ? "" : ", ", v.gap[k], "abc"[k]);
  return fmt::format(
      "{}; in the filled {:.0f} % of the cell {:.5f} atoms/Angstrom^3, {:.3f} g/cm^3", gaps,
      100 * v.filled, number_density(atoms) / v.filled, mass_density(atoms) / v.filled);
}

}  // namespace vitrobeam
