#include "models/mackay.hpp"

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

namespace vitrobeam {
namespace {

constexpr double kEdge = 1.0514622242382672;  // 1 / sin(2 pi / 5)

// The twenty faces, outwards, and the thirty edges, as corners.
struct Solid {
  std::vector<Vector3d> corners = icosahedron_corners();
  std::vector<std::array<std::size_t, 3>> faces;
  std::vector<std::array<std::size_t, 2>> edges;
};

Solid make_solid() {
  Solid s;
  const auto near = [&](std::size_t i, std::size_t j) {
    return (s.corners[i] - s.corners[j]).norm() < 1.2;
  };
  for (std::size_t i = 0; i < 12; ++i)
    for (std::size_t j = i + 1; j < 12; ++j) {
      if (!near(i, j)) continue;
      s.edges.push_back({i, j});
      for (std::size_t k = j + 1; k < 12; ++k)
        if (near(i, k) && near(j, k)) s.faces.push_back({i, j, k});
    }
  return s;
}

}  // namespace

std::vector<Vector3d> icosahedron_corners(double distortion) {
  const double t = std::numbers::phi + distortion * (1 - std::numbers::phi);
  std::vector<Vector3d> out;
  for (int k = 0; k < 3; ++k)
    for (int s = -1; s <= 1; s += 2)
      for (int u = -1; u <= 1; u += 2) {
        Vector3d v = Vector3d::Zero();
        v[(k + 1) % 3] = s;
        v[(k + 2) % 3] = u * t;
        out.push_back(v.normalized());
      }
  return out;
}

std::vector<Vector3d> mackay_shell(int n) {
  const Solid s = make_solid();
  std::vector<Vector3d> out;
  for (const auto& c : s.corners) out.push_back(n * c);
  for (const auto& [i, j] : s.edges)
    for (int a = 1; a < n; ++a) out.push_back(a * s.corners[i] + (n - a) * s.corners[j]);
  for (const auto& [i, j, k] : s.faces)
    for (int a = 1; a < n; ++a)
      for (int b = 1; a + b < n; ++b)
        out.push_back(a * s.corners[i] + b * s.corners[j] + (n - a - b) * s.corners[k]);
  return out;
}

std::vector<Vector3d> anti_mackay_shell(int n) {
  const Solid s = make_solid();
  std::vector<Vector3d> out;
  for (const auto& c : s.corners) out.push_back(n * c);
  const double height = kEdge * std::sqrt(2.0 / 3);  // of a close-packed layer over the next
  const int m = n - 1;                               // shell underneath
  for (const auto& [i, j, k] : s.faces) {
    const Vector3d normal = (s.corners[i] + s.corners[j] + s.corners[k]).normalized();
    for (int a = 0; a < m; ++a)
      for (int b = 0; a + b < m; ++b) {
        const int c = m - 1 - a - b;  // the small triangle (a+1,b,c) (a,b+1,c) (a,b,c+1)
        out.push_back((a + 1.0 / 3) * s.corners[i] + (b + 1.0 / 3) * s.corners[j] +
                      (c + 1.0 / 3) * s.corners[k] + height * normal);
      }
  }
  return out;
}

}  // namespace vitrobeam
