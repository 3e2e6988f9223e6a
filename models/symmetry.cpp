#include "models/symmetry.hpp"

#include <fmt/format.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace vitrobeam {
namespace {

using Eigen::Matrix3d;

// Orthonormal frame with its first axis along a and its second in the plane of a and b.
Matrix3d frame(const Vector3d& a, const Vector3d& b) {
  Matrix3d f;
  f.col(0) = a.normalized();
  f.col(2) = a.cross(b).normalized();
  f.col(1) = f.col(2).cross(f.col(0));
  return f;
}

// Operations of the given determinant (+1 rotations, -1 rotoinversions): two points that are not in
// line are taken to every pair of their kinds, lengths and angle.
std::vector<Matrix3d> operations(const std::vector<Vector3d>& points, const std::vector<int>& kinds,
                                 double determinant, double tolerance) {
  std::vector<Matrix3d> out;
  std::size_t a = points.size(), b = points.size();
  for (std::size_t i = 0; i < points.size() && b == points.size(); ++i) {
    if (a == points.size() && points[i].norm() > tolerance) a = i;
    if (a < points.size() && points[a].cross(points[i]).norm() > 0.1 * points[a].squaredNorm())
      b = i;
  }
  if (b == points.size()) return {determinant * Matrix3d::Identity()};
  const Matrix3d from = frame(points[a], points[b]).transpose();
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (i == j || kinds[i] != kinds[a] || kinds[j] != kinds[b] ||
          std::abs(points[i].norm() - points[a].norm()) > tolerance ||
          std::abs(points[j].norm() - points[b].norm()) > tolerance ||
          std::abs((points[i] - points[j]).norm() - (points[a] - points[b]).norm()) > 2 * tolerance)
        continue;
      const Matrix3d op =
          determinant * frame(determinant * points[i], determinant * points[j]) * from;
      const auto same = [&](const Matrix3d& m) { return (m - op).norm() < 1e-3; };
      if (is_invariant(points, kinds, op, tolerance) && std::none_of(out.begin(), out.end(), same))
        out.push_back(op);
    }
  return out;
}

// Order and axis of a rotation; order 1 for the identity.
std::pair<int, Vector3d> order_and_axis(const Matrix3d& r) {
  const Eigen::AngleAxisd turn(r);
  if (turn.angle() < 1e-3) return {1, Vector3d::UnitZ()};
  int order = 2;
  while (order < 24 && std::abs(std::remainder(order * turn.angle(), 2 * std::numbers::pi)) > 1e-3)
    ++order;
  return {order, turn.axis()};
}

struct AxisOrder {
  Vector3d direction;
  int order;
};

// Every rotation axis once (either sign) with its highest order, highest first.
std::vector<AxisOrder> all_axes(const std::vector<Matrix3d>& rotations) {
  std::vector<AxisOrder> out;
  for (const auto& r : rotations) {
    const auto [order, axis] = order_and_axis(r);
    if (order == 1) continue;
    auto known = std::find_if(out.begin(), out.end(), [&, line = axis](const AxisOrder& a) {
      return std::abs(a.direction.dot(line)) > 1 - 1e-6;
    });
    if (known == out.end())
      out.push_back({axis, order});
    else
      known->order = std::max(known->order, order);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const AxisOrder& a, const AxisOrder& b) { return a.order > b.order; });
  return out;
}

std::string schoenflies(const std::vector<Matrix3d>& rotations, const std::vector<Matrix3d>& others,
                        const std::vector<AxisOrder>& axes) {
  const auto has = [&](const Matrix3d& op) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Matrix3d& m) { return (m - op).norm() < 1e-2; });
  };
  const auto mirror = [&](const Vector3d& normal) {
    return has(Matrix3d::Identity() - 2 * normal * normal.transpose());
  };
  const bool inversion = has(-Matrix3d::Identity());
  if (rotations.size() == 60) return inversion ? "Ih" : "I";
  if (rotations.size() == 24) return inversion ? "Oh" : "O";
  const auto threefold =
      std::count_if(axes.begin(), axes.end(), [](auto& a) { return a.order == 3; });
  if (rotations.size() == 12 && threefold == 4)
    return inversion ? "Th" : others.empty() ? "T" : "Td";
  if (axes.empty()) return inversion ? "Ci" : others.empty() ? "C1" : "Cs";
  const int n = axes.front().order;
  const Vector3d principal = axes.front().direction;
  if (rotations.size() > std::size_t(n))
    return fmt::format("D{}{}", n, mirror(principal) ? "h" : others.empty() ? "" : "d");
  if (others.empty()) return fmt::format("C{}", n);
  if (mirror(principal)) return fmt::format("C{}h", n);
  const bool upright = std::any_of(others.begin(), others.end(), [](const Matrix3d& m) {
    return std::abs(m.trace() - 1) < 1e-2;  // a mirror has eigenvalues 1, 1, -1
  });
  return upright ? fmt::format("C{}v", n) : fmt::format("S{}", 2 * n);
}

// One axis of each orbit, named by its order; the other end too where no rotation reverses it.
std::vector<NamedAxis> name_axes(const std::vector<Matrix3d>& rotations,
                                 const std::vector<Matrix3d>& others,
                                 const std::vector<AxisOrder>& axes) {
  std::vector<NamedAxis> out;
  std::map<int, int> named;
  const auto in_orbit = [&](const std::vector<Matrix3d>& group, const Vector3d& a,
                            const Vector3d& b) {
    return std::any_of(group.begin(), group.end(),
                       [&](const Matrix3d& g) { return (g * a).dot(b) > 1 - 1e-6; });
  };
  std::vector<Vector3d> kept;
  for (const auto& axis : axes) {
    const auto known = [&](const Vector3d& k) {
      return in_orbit(rotations, k, axis.direction) || in_orbit(rotations, k, -axis.direction);
    };
    if (std::any_of(kept.begin(), kept.end(), known)) continue;
    kept.push_back(axis.direction);
    const int again = named[axis.order]++;
    const std::string name =
        std::to_string(axis.order) + (again ? std::string(1, char('a' + again)) : "");
    out.push_back({name, axis.direction});
    const Vector3d end = -axis.direction;
    if (!in_orbit(rotations, axis.direction, end) && !in_orbit(others, axis.direction, end))
      out.push_back({name + "-", end});
  }
  return out;
}

}  // namespace

bool is_invariant(const std::vector<Vector3d>& points, const std::vector<int>& kinds,
                  const Matrix3d& operation, double tolerance) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Vector3d image = operation * points[i];
    bool found = false;
    for (std::size_t j = 0; j < points.size() && !found; ++j)
      found = kinds[i] == kinds[j] && (points[j] - image).norm() < tolerance;
    if (!found) return false;
  }
  return true;
}

Symmetry find_symmetry(const std::vector<Vector3d>& points, const std::vector<int>& kinds,
                       double tolerance) {
  double size = 0;
  for (const auto& p : points) size = std::max(size, p.norm());
  Symmetry out;
  out.rotations = operations(points, kinds, 1, tolerance * size);
  const auto first = std::find_if(out.rotations.begin(), out.rotations.end(),
                                  [](const Matrix3d& m) { return m.isIdentity(1e-3); });
  if (first != out.rotations.end()) std::iter_swap(out.rotations.begin(), first);
  const auto others = operations(points, kinds, -1, tolerance * size);
  const auto axes = all_axes(out.rotations);
  out.point_group = schoenflies(out.rotations, others, axes);
  out.axes = name_axes(out.rotations, others, axes);
  return out;
}

}  // namespace vitrobeam
