#include "patterns/scan_rotation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

struct Field {
  PlaneD x, y;
};

// Gradient of a potential of 30 atoms, along the axes of a pattern in which the scan's x axis lies
// at `angle`, with a descan and noise.
Field deflections(double angle, double noise, std::uint64_t seed) {
  RandomSequence r(seed, 0);
  constexpr int n = 40;
  Field f{PlaneD::Zero(n, n), PlaneD::Zero(n, n)};
  for (int atom = 0; atom < 30; ++atom) {
    const double ax = n * r.uniform(), ay = n * r.uniform();
    for (int row = 0; row < n; ++row)
      for (int col = 0; col < n; ++col) {
        const double dx = col - ax, dy = row - ay,
                     slope = -std::exp(-(dx * dx + dy * dy) / (2 * 2.5 * 2.5));
        f.x(row, col) += slope * (std::cos(angle) * dx - std::sin(angle) * dy);
        f.y(row, col) += slope * (std::sin(angle) * dx + std::cos(angle) * dy);
      }
  }
  for (int row = 0; row < n; ++row)
    for (int col = 0; col < n; ++col) {
      f.x(row, col) += 7 + 0.3 * col - 0.1 * row + noise * r.normal();
      f.y(row, col) += -2 + 0.2 * row + noise * r.normal();
    }
  return f;
}

constexpr double kDegree = std::numbers::pi / 180;

}  // namespace

TEST_CASE("a planted rotation comes back, half turns told apart") {
  for (const double angle : {0.0, 25.0, -100.0, 170.0}) {
    CAPTURE(angle);
    const Field f = deflections(angle * kDegree, 0, 3);
    const ScanRotation r = find_scan_rotation(f.x, f.y);
    CHECK(std::abs(std::remainder(r.angle - angle * kDegree, 2 * std::numbers::pi)) <
          0.5 * kDegree);
    CHECK(r.curl_share < 0.01);
  }
}

TEST_CASE("noise does not bias the rotation, and its error covers") {
  constexpr int kScans = 60;
  double sum = 0, squares = 0;
  for (int k = 0; k < kScans; ++k) {
    const Field f = deflections(40 * kDegree, 1.0, 100 + std::uint64_t(k));
    const ScanRotation r = find_scan_rotation(f.x, f.y);
    const double off = std::remainder(r.angle - 40 * kDegree, 2 * std::numbers::pi) / r.error;
    sum += off / kScans;
    squares += off * off / kScans;
  }
  MESSAGE("mean " << sum << ", rms " << std::sqrt(squares) << " errors");
  CHECK(std::abs(sum) < 3 / std::sqrt(double(kScans)));
  CHECK(std::sqrt(squares) > 0.75);
  CHECK(std::sqrt(squares) < 1.4);
}

TEST_CASE("positions that are not known are left out; too small and flat scans are refused") {
  Field f = deflections(25 * kDegree, 0, 3);
  f.x(20, 20) = std::nan("");
  CHECK(find_scan_rotation(f.x, f.y).angle == approx(25 * kDegree).epsilon(0.02));
  CHECK_THROWS_AS(find_scan_rotation(f.x.topRows(7), f.y.topRows(7)), Error);
  CHECK_THROWS_AS(find_scan_rotation(PlaneD::Zero(9, 9), PlaneD::Zero(9, 9)), Error);
}
