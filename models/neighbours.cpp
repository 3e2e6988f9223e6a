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
  // Those of bin b stand at [first[b], first[b + 1]): which atom, and where it is in the cell.
  std::vector<std::size_t> first, member;
  std::vector<Vector3d> place;

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
  return bins;
}

// And `place`, folded into the cell.
std::array<int, 3> bin_of(const Bins& bins, const Vector3d& position, Vector3d& place) {
  Vector3d f = bins.to_fraction * (position - bins.origin);
  std::array<int, 3> b;
  for (int k = 0; k < 3; ++k) {
    const auto axis = std::size_t(k);
    if (bins.periodic[axis]) f[k] -= std::floor(f[k]);
    b[axis] = std::clamp(int(f[k] * bins.count[axis]), 0, bins.count[axis] - 1);
  }
  place = bins.vectors.transpose() * f;
  return b;
}

// The atoms in the order of their bins; where each is, and the numbers of its bin.
struct Sorted {
  std::vector<std::array<int, 3>> home;
  std::vector<Vector3d> wrapped;
};

Sorted sort_into(Bins& bins, const std::vector<Vector3d>& positions) {
  const std::size_t n = positions.size();
  Sorted s{std::vector<std::array<int, 3>>(n), std::vector<Vector3d>(n)};
  bins.first.assign(
      std::size_t(bins.count[0]) * std::size_t(bins.count[1]) * std::size_t(bins.count[2]) + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const auto& b = s.home[i] = bin_of(bins, positions[i], s.wrapped[i]);
    ++bins.first[bins.at(b[0], b[1], b[2]) + 1];
  }
  for (std::size_t b = 1; b < bins.first.size(); ++b) bins.first[b] += bins.first[b - 1];
  bins.member.resize(n);
  bins.place.resize(n);
  std::vector<std::size_t> next(bins.first.begin(), bins.first.end() - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const auto& b = s.home[i];
    const std::size_t at = next[bins.at(b[0], b[1], b[2])]++;
    bins.member[at] = i;
    bins.place[at] = s.wrapped[i];
  }
  return s;
}

}  // namespace

void visit_neighbours(const Cell& cell, const std::vector<Vector3d>& positions, double cutoff,
                      const std::function<void(std::size_t, std::size_t, const Vector3d&)>& visit,
                      std::size_t every) {
  Bins bins = make_bins(cell, positions, cutoff);
  const auto [home, wrapped] = sort_into(bins, positions);
  const double cutoff2 = cutoff * cutoff;
  std::array<int, 3> d;
  for (std::size_t i = 0; i < positions.size(); i += every)
    for (d[0] = -bins.reach[0]; d[0] <= bins.reach[0]; ++d[0])
      for (d[1] = -bins.reach[1]; d[1] <= bins.reach[1]; ++d[1])
        for (d[2] = -bins.reach[2]; d[2] <= bins.reach[2]; ++d[2]) {
          std::array<int, 3> b;
          Vector3d shift = Vector3d::Zero();
          bool exists = true, is_image = false;
          for (std::size_t k = 0; k < 3; ++k) {
            const int n = bins.count[k], t = home[i][k] + d[k];
            b[k] = t;
            if (t >= 0 && t < n) continue;
            const int image = t >= 0 ? t / n : -((n - 1 - t) / n);
            exists = exists && bins.periodic[k];
            b[k] = t - image * n;
            shift += image * bins.vectors.row(int(k)).transpose();
            is_image = true;
          }
          if (!exists) continue;
          const std::size_t bin = bins.at(b[0], b[1], b[2]);
          for (std::size_t m = bins.first[bin]; m < bins.first[bin + 1]; ++m) {
            const Vector3d r = bins.place[m] + shift - wrapped[i];
            if (r.squaredNorm() <= cutoff2 && (bins.member[m] != i || is_image))
              visit(i, bins.member[m], r);
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
