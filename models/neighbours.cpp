#include "models/neighbours.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "models/elements.hpp"

namespace vitrobeam {
namespace {

// The cell in which atoms are binned: that of the model, or the bounding box of a finite piece or
// of its open axes.
struct Bins {
  Eigen::Matrix3d vectors, to_fraction;
  Vector3d origin = Vector3d::Zero();
  std::array<bool, 3> periodic;
  std::array<int, 3> count, reach;
  std::vector<std::vector<std::size_t>> members;
  std::vector<Vector3d> wrapped;

  std::size_t at(int i, int j, int k) const {
    return (std::size_t(i) * std::size_t(count[1]) + std::size_t(j)) * std::size_t(count[2]) +
           std::size_t(k);
  }
};

Bins make_bins(const Cell& cell, const std::vector<Vector3d>& positions, double cutoff) {
  Bins bins;
  const bool finite = cell.vectors.isZero();
  bins.vectors = finite ? Eigen::Matrix3d(Eigen::Matrix3d::Identity()) : cell.vectors;
  bins.periodic = finite ? std::array<bool, 3>{false, false, false} : cell.periodic;
  bins.to_fraction = bins.vectors.transpose().inverse();
  Vector3d lo = Vector3d::Constant(std::numeric_limits<double>::infinity()), hi = -lo;
  for (const auto& r : positions) {
    const Vector3d f = bins.to_fraction * r;
    lo = lo.cwiseMin(f);
    hi = hi.cwiseMax(f);
  }
  for (int k = 0; k < 3; ++k)  // open axes span what the atoms span
    if (!bins.periodic[std::size_t(k)]) {
      const double span = std::max(hi[k] - lo[k], 1e-9) * (1 + 1e-9);
      bins.origin += lo[k] * bins.vectors.row(k).transpose();
      bins.vectors.row(k) *= span;
    }
  bins.to_fraction = bins.vectors.transpose().inverse();
  const double per_atom = std::cbrt(double(std::max<std::size_t>(positions.size(), 1)));
  for (int k = 0; k < 3; ++k) {
    const double height = 1 / bins.to_fraction.row(k).norm();
    const auto axis = std::size_t(k);
    bins.count[axis] = int(
        std::clamp(std::floor(2 * height / cutoff), 1.0, std::max(1.0, std::ceil(2 * per_atom))));
    const double reach = std::ceil(cutoff * bins.count[axis] / height);
    // an open axis has no images; that of a flat piece has no height
    bins.reach[axis] =
        bins.periodic[axis] ? int(reach) : int(std::min(reach, double(bins.count[axis] - 1)));
  }
  bins.members.resize(std::size_t(bins.count[0]) * std::size_t(bins.count[1]) *
                      std::size_t(bins.count[2]));
  return bins;
}

std::array<int, 3> bin_of(Bins& bins, const Vector3d& position) {
  Vector3d f = bins.to_fraction * (position - bins.origin);
  std::array<int, 3> b;
  for (int k = 0; k < 3; ++k) {
    const auto axis = std::size_t(k);
    if (bins.periodic[axis]) f[k] -= std::floor(f[k]);
    b[axis] = std::clamp(int(f[k] * bins.count[axis]), 0, bins.count[axis] - 1);
  }
  bins.wrapped.push_back(bins.vectors.transpose() * f);
  return b;
}

// The bins of one axis that can hold neighbours, and by how much their image is shifted.
struct BinAlong {
  int bin;
  Vector3d shift;
};
void bins_along(const Bins& bins, std::size_t axis, int home, std::vector<BinAlong>& out) {
  out.clear();
  const int n = bins.count[axis];
  for (int t = home - bins.reach[axis]; t <= home + bins.reach[axis]; ++t) {
    const int image = t >= 0 ? t / n : -((n - 1 - t) / n);
    if (image != 0 && !bins.periodic[axis]) continue;
    out.push_back(
        {t - image * n, Vector3d::Zero() + image * bins.vectors.row(int(axis)).transpose()});
  }
}

}  // namespace

void visit_neighbours(const Cell& cell, const std::vector<Vector3d>& positions, double cutoff,
                      const std::function<void(std::size_t, std::size_t, const Vector3d&)>& visit) {
  Bins bins = make_bins(cell, positions, cutoff);
  std::vector<std::array<int, 3>> home;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    home.push_back(bin_of(bins, positions[i]));
    bins.members[bins.at(home[i][0], home[i][1], home[i][2])].push_back(i);
  }
  const double cutoff2 = cutoff * cutoff;
  std::array<std::vector<BinAlong>, 3> along;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) bins_along(bins, k, home[i][k], along[k]);
    for (const BinAlong& a : along[0])
      for (const BinAlong& b : along[1])
        for (const BinAlong& c : along[2]) {
          const auto& members = bins.members[bins.at(a.bin, b.bin, c.bin)];
          if (members.empty()) continue;
          const Vector3d shift = a.shift + b.shift + c.shift;
          for (const std::size_t j : members) {
            const Vector3d r = bins.wrapped[j] + shift - bins.wrapped[i];
            if (r.squaredNorm() <= cutoff2 && (i != j || !shift.isZero())) visit(i, j, r);
          }
        }
  }
}

NeighbourList neighbours_within(const Cell& cell, const std::vector<Vector3d>& positions,
                                double cutoff) {
  NeighbourList out;
  out.first.assign(positions.size() + 1, 0);
  visit_neighbours(cell, positions, cutoff, [&](std::size_t i, std::size_t j, const Vector3d& r) {
    ++out.first[i + 1];  // atoms are visited in ascending order
    out.atom.push_back(j);
    out.step.push_back(r);
  });
  for (std::size_t i = 0; i < positions.size(); ++i) out.first[i + 1] += out.first[i];
  return out;
}

std::vector<Vector3d> nearest_steps(const NeighbourList& neighbours, std::size_t i,
                                    std::size_t most) {
  const auto begin = neighbours.step.begin() + std::ptrdiff_t(neighbours.first[i]);
  std::vector<Vector3d> out(std::min(most, neighbours.count(i)));
  std::partial_sort_copy(
      begin, begin + std::ptrdiff_t(neighbours.count(i)), out.begin(), out.end(),
      [](const Vector3d& a, const Vector3d& b) { return a.squaredNorm() < b.squaredNorm(); });
  return out;
}

std::size_t close_pairs(const Atoms& atoms) {
  double largest = 0;
  for (int z : atoms.numbers) largest = std::max(largest, metallic_radius(z));
  std::size_t twice = 0;
  visit_neighbours(atoms.cell, atoms.positions, 2 * kClosePair * largest,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     const double limit = kClosePair * (metallic_radius(atoms.numbers[i]) +
                                                        metallic_radius(atoms.numbers[j]));
                     twice += r.squaredNorm() < limit * limit;
                   });
  return twice / 2;
}

ClosestPair closest_pair(const Atoms& atoms, double limit) {
  ClosestPair best{0, 0, std::numeric_limits<double>::infinity()};
  const auto visit = [&](std::size_t i, std::size_t j, const Vector3d& r) {
    if (r.norm() < best.distance) best = {std::min(i, j), std::max(i, j), r.norm()};
  };
  for (double cutoff = 1.5; cutoff < 2 * limit && !(best.distance < 1e300); cutoff *= 2)
    visit_neighbours(atoms.cell, atoms.positions, std::min(cutoff, limit), visit);
  return best;
}

}  // namespace vitrobeam
