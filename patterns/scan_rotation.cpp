#include "patterns/scan_rotation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Sums of squares of curl and divergence along the pattern's axes.
struct Sums {
  double curl_curl = 0, curl_div = 0, div_div = 0;
  Sums operator-(const Sums& s) const {
    return {curl_curl - s.curl_curl, curl_div - s.curl_div, div_div - s.div_div};
  }
  // Of axes turned by the angle, curl = curl cos - div sin; its square is least here, or half a
  // turn from here.
  double angle() const { return 0.5 * std::atan2(2 * curl_div, div_div - curl_curl); }
};

PlaneD without_plane(const PlaneD& map) {
  const PlaneFit fit = fit_plane(map);
  PlaneD out = map;
  for (Eigen::Index row = 0; row < map.rows(); ++row)
    for (Eigen::Index col = 0; col < map.cols(); ++col)
      out(row, col) -= fit.offset + fit.per_row * double(row) + fit.per_column * double(col);
  return out;
}

constexpr Eigen::Index kStrips = 8;

}  // namespace

Vector2d centre_of_mass(const Eigen::Ref<const PlaneF>& pattern, const PixelMask& hidden) {
  double mass = 0;
  Vector2d moment = Vector2d::Zero();
  for (Eigen::Index row = 0; row < pattern.rows(); ++row)
    for (Eigen::Index col = 0; col < pattern.cols(); ++col) {
      const double v = pattern(row, col);
      if (!std::isfinite(v) || (hidden.size() > 0 && hidden(row, col) != 0)) continue;
      mass += v;
      moment += v * Vector2d(double(col), double(row));
    }
  return moment / mass;
}

ScanRotation find_scan_rotation(const PlaneD& x, const PlaneD& y) {
  const Eigen::Index rows = x.rows(), cols = x.cols();
  if (rows < kStrips || cols < kStrips)
    fail(Fault::usage,
         "the rotation of a scan of {} x {} positions cannot be found; it needs {} x {}", cols,
         rows, kStrips, kStrips);
  const PlaneD u = without_plane(x), v = without_plane(y);
  std::vector<Sums> strips(kStrips);
  Sums all;
  struct Place {
    double curl, div;
  };
  std::vector<Place> places;
  for (Eigen::Index row = 1; row + 1 < rows; ++row)
    for (Eigen::Index col = 1; col + 1 < cols; ++col) {
      const double u_x = u(row, col + 1) - u(row, col - 1), u_y = u(row + 1, col) - u(row - 1, col),
                   v_x = v(row, col + 1) - v(row, col - 1), v_y = v(row + 1, col) - v(row - 1, col);
      const double curl = v_x - u_y, div = u_x + v_y;
      if (!std::isfinite(curl) || !std::isfinite(div)) continue;
      places.push_back({curl, div});
      for (Sums* s : {&all, &strips[std::size_t((row - 1) * kStrips / (rows - 2))]}) {
        s->curl_curl += curl * curl;
        s->curl_div += curl * div;
        s->div_div += div * div;
      }
    }
  const double power = all.curl_curl + all.div_div;
  if (!(power > 0))
    fail(Fault::physics, "the centre of mass of the patterns is the same all over the scan");
  ScanRotation r;
  r.angle = all.angle();
  double left = 0, skewness = 0;
  for (const Place& p : places) {
    const double c = std::cos(r.angle), s = std::sin(r.angle);
    left += std::pow(p.curl * c - p.div * s, 2);
    skewness += std::pow(p.div * c + p.curl * s, 3);
  }
  r.curl_share = left / power;
  double variance = 0;
  for (const Sums& strip : strips) {
    const double off = std::remainder((all - strip).angle() - r.angle, std::numbers::pi);
    variance += off * off * double(kStrips - 1) / double(kStrips);
  }
  r.error = std::sqrt(variance);
  if (skewness > 0) r.angle += r.angle > 0 ? -std::numbers::pi : std::numbers::pi;
  return r;
}

}  // namespace vitrobeam
