// Beam directions over the fundamental zone of a rotation group (declared in motifs.hpp).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "models/motifs.hpp"

namespace vitrobeam {
namespace {

using Eigen::Matrix3d;

// Points of equal weight over the sphere (Fibonacci lattice), about `spacing` radian apart.
std::vector<Vector3d> fibonacci_sphere(double spacing) {
  const double n = std::ceil(4 * std::numbers::pi / (spacing * spacing));
  std::vector<Vector3d> out;
  for (double i = 0; i < n; ++i) {
    const double z = 1 - (2 * i + 1) / n, rho = std::sqrt(1 - z * z);
    const double turn = 2 * std::numbers::pi * std::fmod(i * (std::numbers::phi - 1), 1.0);
    out.emplace_back(rho * std::cos(turn), rho * std::sin(turn), z);
  }
  return out;
}

// The points nearer to one point without symmetry than to any other of its orbit: one of each
// orbit.
std::vector<Vector3d> in_zone(const std::vector<Vector3d>& points,
                              const std::vector<Matrix3d>& group) {
  const Vector3d anchor = Vector3d(0.2113, 0.3517, 0.9119).normalized();
  std::vector<Vector3d> rivals;
  for (const auto& g : group)
    if (!g.isIdentity(1e-9)) rivals.push_back(g * anchor);
  std::vector<Vector3d> out;
  for (const auto& p : points) {
    const double own = p.dot(anchor);
    if (std::all_of(rivals.begin(), rivals.end(),
                    [&](const Vector3d& r) { return p.dot(r) < own; }))
      out.push_back(p);
  }
  return out;
}

// For every candidate the closest sampled orbit so far.
struct Nearest {
  std::vector<double> cosine;
  std::vector<std::size_t> index;
};

void add_direction(const Vector3d& d, const std::vector<Matrix3d>& group,
                   const std::vector<Vector3d>& candidates, std::size_t index, Nearest& nearest) {
  std::vector<Vector3d> orbit;
  for (const auto& g : group) orbit.push_back(g * d);
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    double best = -1;
    for (const auto& o : orbit) best = std::max(best, o.dot(candidates[c]));
    if (best > nearest.cosine[c] + 1e-12) {
      nearest.cosine[c] = best;
      nearest.index[c] = index;
    }
  }
}

}  // namespace

std::vector<BeamDirection> directions(const std::vector<Matrix3d>& group,
                                      const std::vector<NamedAxis>& axes, double spacing_deg) {
  if (!(spacing_deg >= 0.5 && spacing_deg <= 90))
    fail(Fault::usage, "a spacing of directions of {:g} degrees is not between 0.5 and 90",
         spacing_deg);
  const double spacing = spacing_deg * std::numbers::pi / 180;
  // Six candidates per spacing place a direction to a tenth of it; the lattice is fine enough for
  // weights to a few percent.
  const double fine = std::min(spacing / 6, 0.15 / std::sqrt(double(group.size())));
  const auto candidates = in_zone(fibonacci_sphere(fine), group);
  std::vector<BeamDirection> out;
  Nearest nearest{std::vector<double>(candidates.size(), -2),
                  std::vector<std::size_t>(candidates.size(), 0)};
  for (const NamedAxis& axis : axes) {
    add_direction(axis.direction.normalized(), group, candidates, out.size(), nearest);
    out.push_back({axis.direction.normalized(), 0, axis.name});
  }
  const double covered = std::cos(spacing / std::sqrt(3.0));
  for (;;) {
    const auto farthest = std::min_element(nearest.cosine.begin(), nearest.cosine.end());
    if (*farthest >= covered) break;
    const Vector3d d = candidates[std::size_t(farthest - nearest.cosine.begin())];
    add_direction(d, group, candidates, out.size(), nearest);
    out.push_back({d, 0, ""});
  }
  for (auto i : nearest.index) out[i].weight += 4 * std::numbers::pi / double(candidates.size());
  return out;
}

std::vector<BeamDirection> directions(const Motif& motif, double spacing_deg) {
  const Symmetry& symmetry = symmetry_of(motif);
  return directions(symmetry.rotations, symmetry.axes, spacing_deg);
}

}  // namespace vitrobeam
