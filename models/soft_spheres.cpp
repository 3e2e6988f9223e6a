#include "models/soft_spheres.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/nearest_image.hpp"
#include "models/fire.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

struct Pair {
  std::uint32_t i, j;
};

// Pairs that may overlap until a sphere has moved half of the skin.
struct PairList {
  std::vector<Pair> pairs;
  std::vector<Vector3d> built_at;
  double skin = 0;
};

PairList find_pairs(const SoftSpheres& s) {
  const double largest = 2 * *std::max_element(s.radii.begin(), s.radii.end());
  PairList list;
  list.skin = 0.25 * largest;
  list.built_at = s.positions;
  visit_neighbours(Cell::orthogonal(s.box.x(), s.box.y(), s.box.z()), s.positions,
                   largest + list.skin, [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     const double reach = s.radii[i] + s.radii[j] + list.skin;
                     if (i < j && r.squaredNorm() < reach * reach)
                       list.pairs.push_back({std::uint32_t(i), std::uint32_t(j)});
                   });
  return list;
}

bool is_stale(const PairList& list, const std::vector<Vector3d>& positions) {
  const double limit = list.skin * list.skin / 4;
  for (std::size_t i = 0; i < positions.size(); ++i)
    if ((positions[i] - list.built_at[i]).squaredNorm() > limit) return true;
  return false;
}

struct Forces {
  std::vector<Vector3d> on;
  double energy = 0, pair_square = 0;  // sums over pairs
};

void compute(const SoftSpheres& s, const PairList& list, Forces& f) {
  f.on.assign(s.positions.size(), Vector3d::Zero());
  f.energy = f.pair_square = 0;
  const Vector3d inverse = s.box.cwiseInverse();
  for (const auto [i, j] : list.pairs) {
    const Vector3d d = nearest_image(s.positions[j] - s.positions[i], s.box, inverse);
    const double sigma = s.radii[i] + s.radii[j], d2 = d.squaredNorm();
    if (d2 >= sigma * sigma) continue;
    const double r = std::sqrt(d2), overlap = 1 - r / sigma;
    const Vector3d push = r > 0 ? Vector3d(d * (overlap / (sigma * r)))
                                : Vector3d(overlap / sigma * Vector3d::UnitX());
    f.on[i] -= push;
    f.on[j] += push;
    f.energy += overlap * overlap / 2;
    f.pair_square += push.squaredNorm();
  }
}

}  // namespace

double SoftSpheres::sphere_volume() const {
  double sum = 0;
  for (double r : radii) sum += 4 * std::numbers::pi / 3 * r * r * r;
  return sum;
}

void SoftSpheres::scale_to(double target) {
  const double factor = std::cbrt(target / fraction());
  for (double& r : radii) r *= factor;
}

double relax(SoftSpheres& s, double free) {
  const double n = double(s.positions.size());
  constexpr double kFirstStep = 0.1, kLongestStep = 0.4;
  constexpr int kMostSteps = 20000;
  // rms force on a sphere against that of a contact; 1e-4 takes six times as long and changes the
  // fraction by 0.001.
  constexpr double kBalanced = 3e-3;
  PairList list = find_pairs(s);
  Forces f;
  compute(s, list, f);
  Fire fire(s.positions.size(), kFirstStep, kLongestStep);
  for (int step = 0; step < kMostSteps && f.energy >= free * n; ++step) {
    if (dot(f.on, f.on) < kBalanced * kBalanced * f.pair_square) break;
    fire.move(s.positions, f.on);
    if (is_stale(list, s.positions)) list = find_pairs(s);
    compute(s, list, f);
  }
  return f.energy / n;
}

}  // namespace vitrobeam
