#include "models/templates.hpp"

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace vitrobeam {
namespace {

struct Template {
  LocalOrder order;
  std::vector<Vector3d> points;  // mean length 1
  std::size_t partner;           // of points[0]: the pair by which rotations are tried
};

using Points = std::vector<Vector3d>;

// Every sign of every cyclic permutation of (a, b, c).
Points permuted(double a, double b, double c, bool all_permutations) {
  Points out;
  std::array<double, 3> v = {a, b, c};
  const auto add = [&](const Vector3d& p) {
    for (const auto& q : out)
      if ((p - q).norm() < 1e-9) return;
    out.push_back(p);
  };
  for (int turn = 0; turn < 3; ++turn)
    for (int swap = 0; swap < (all_permutations ? 2 : 1); ++swap)
      for (int sign = 0; sign < 8; ++sign) {
        Vector3d p;
        for (int k = 0; k < 3; ++k) {
          const int from = swap ? (5 - k + turn) % 3 : (k + turn) % 3;
          p[k] = v[std::size_t(from)] * (sign >> k & 1 ? -1 : 1);
        }
        add(p);
      }
  return out;
}

Template make(LocalOrder order, Points points) {
  double mean = 0;
  for (const auto& p : points) mean += p.norm() / double(points.size());
  for (auto& p : points) p /= mean;
  std::size_t partner = 1;  // the nearest in angle
  for (std::size_t k = 2; k < points.size(); ++k)
    if (points[0].normalized().dot(points[k].normalized()) >
        points[0].normalized().dot(points[partner].normalized()) + 1e-9)
      partner = k;
  return {order, std::move(points), partner};
}

Points anticuboctahedron() {
  Points out;
  const double pi = std::numbers::pi;
  for (int k = 0; k < 6; ++k) out.push_back({std::cos(k * pi / 3), std::sin(k * pi / 3), 0});
  for (int k = 0; k < 3; ++k)
    for (double side : {-1.0, 1.0}) {
      const double angle = pi / 6 + k * 2 * pi / 3, r = 1 / std::sqrt(3.0);
      out.push_back({r * std::cos(angle), r * std::sin(angle), side * std::sqrt(2.0 / 3)});
    }
  return out;
}

const std::vector<Template>& templates() {
  static const std::vector<Template> kAll = [] {
    Points bcc = permuted(1, 1, 1, false);  // the first point is one of the eight near ones
    for (const auto& p : permuted(2, 0, 0, false)) bcc.push_back(p);
    return std::vector<Template>{
        make(LocalOrder::fcc, permuted(0, 1, 1, false)), make(LocalOrder::hcp, anticuboctahedron()),
        make(LocalOrder::icosahedral, permuted(0, 1, std::numbers::phi, false)),
        make(LocalOrder::bcc, bcc), make(LocalOrder::simple_cubic, permuted(1, 0, 0, false))};
  }();
  return kAll;
}

// Axes with x along a and b in the xy half-plane; rows.
Eigen::Matrix3d frame(const Vector3d& a, const Vector3d& b) {
  const Vector3d x = a.normalized(), z = a.cross(b).normalized();
  Eigen::Matrix3d out;
  out << x.transpose(), z.cross(x).transpose(), z.transpose();
  return out;
}

// The neighbour nearest to each template point turned by `rotation`; empty unless all differ.
std::vector<std::size_t> correspondence(const Template& t, const Points& points,
                                        const Eigen::Matrix3d& rotation) {
  std::vector<std::size_t> out;
  std::uint32_t taken = 0;
  for (const auto& p : t.points) {
    const Vector3d turned = rotation * p;
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < points.size(); ++k)
      if (const double d = (points[k] - turned).squaredNorm(); d < least) {
        least = d;
        best = k;
      }
    if (taken >> best & 1) return {};
    taken |= std::uint32_t{1} << best;
    out.push_back(best);
  }
  return out;
}

// Least rms deviation over rotations (Kabsch) and scales.
double deviation(const Template& t, const Points& points, const std::vector<std::size_t>& pairs) {
  Eigen::Matrix3d h = Eigen::Matrix3d::Zero();
  double squares = 0, of_points = 0;
  for (std::size_t k = 0; k < t.points.size(); ++k) {
    h += points[pairs[k]] * t.points[k].transpose();
    squares += t.points[k].squaredNorm();
    of_points += points[k].squaredNorm();
  }
  const Vector3d stretch = h.jacobiSvd().singularValues();
  const double overlap = stretch[0] + stretch[1] + (h.determinant() < 0 ? -1 : 1) * stretch[2];
  return std::sqrt(std::max(0.0, of_points - overlap * overlap / squares) /
                   double(t.points.size()));
}

double best_deviation(const Template& t, Points points) {
  double mean = 0;
  for (const auto& p : points) mean += p.norm() / double(points.size());
  for (auto& p : points) p /= mean;
  constexpr double kNone = std::numeric_limits<double>::infinity();
  double best = kNone;
  const Vector3d first = t.points[0], second = t.points[t.partner];
  const double angle = std::acos(first.normalized().dot(second.normalized()));
  const Eigen::Matrix3d from = frame(first, second);
  for (std::size_t a = 0; a < points.size(); ++a)
    for (std::size_t b = 0; b < points.size(); ++b) {
      if (a == b) continue;
      const double cosine = points[a].normalized().dot(points[b].normalized());
      constexpr double kTurn = 0.35;  // radian by which an angle may be off
      if (std::abs(std::acos(std::clamp(cosine, -1.0, 1.0)) - angle) > kTurn) continue;
      const auto pairs = correspondence(t, points, frame(points[a], points[b]).transpose() * from);
      if (!pairs.empty()) best = std::min(best, deviation(t, points, pairs));
    }
  return best;
}

}  // namespace

double shape_deviation(const Points& shape, const Points& steps) {
  return best_deviation(make(LocalOrder::other, shape), steps);
}

std::vector<TemplateMatch> template_matches(const NeighbourList& neighbours, double largest_rmsd,
                                            int threads) {
  std::vector<TemplateMatch> out(neighbours.size());
#pragma omp parallel for schedule(dynamic, 64) num_threads(threads)
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const Points nearest = nearest_steps(neighbours, i, 14);
    out[i].rmsd = std::numeric_limits<double>::quiet_NaN();
    for (const Template& t : templates()) {
      if (nearest.size() < t.points.size()) continue;
      const double rmsd =
          best_deviation(t, {nearest.begin(), nearest.begin() + std::ptrdiff_t(t.points.size())});
      if (!std::isfinite(rmsd) || rmsd >= (std::isnan(out[i].rmsd) ? 1e300 : out[i].rmsd)) continue;
      out[i].rmsd = rmsd;
      out[i].order = rmsd <= largest_rmsd ? t.order : LocalOrder::other;
    }
  }
  return out;
}

}  // namespace vitrobeam
