// Laws of the polar transform: symmetry, harmonics, rotation, centre, calibration, mask.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "patterns/polar.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr double kPi = std::numbers::pi;

// Samples f(q, theta) on an image with the given calibration (no ellipticity).
template <typename F>
PlaneF image_of(int rows, int cols, const Calibration& c, F f) {
  PlaneF image(rows, cols);
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < cols; ++k) {
      const double qy = (r - c.centre_row) * c.pixel_qy, qx = (k - c.centre_col) * c.pixel_qx;
      image(r, k) = float(f(std::hypot(qx, qy), std::atan2(qy, qx)));
    }
  return image;
}

double ring(double q) { return std::exp(-0.5 * std::pow((q - 0.6) / 0.12, 2)); }

// (2/N) sum_j I(q_i, theta_j) exp(-i n theta_j) at the ring's radius.
std::complex<double> harmonic(const PlaneF& polar, const PolarGrid& grid, double q, int n) {
  const int i = int((q - grid.q_min) / grid.dq());
  std::complex<double> sum = 0;
  for (int j = 0; j < grid.n_theta; ++j)
    sum += double(polar(i, j)) * std::polar(1.0, -n * grid.theta(j));
  return 2.0 * sum / double(grid.n_theta);
}

const PolarGrid kGrid{0.3, 0.9, 30, 180};

}  // namespace

TEST_CASE("a round pattern is constant in the angle, on square and on oblong pixels") {
  for (const auto& c : {Calibration{0.01, 0.01, 100, 100}, Calibration{0.012, 0.01, 100.3, 90.6}}) {
    const PlaneF polar = PolarTransform(
        200, 200, c, kGrid)(image_of(200, 200, c, [](double q, double) { return ring(q); }));
    for (int i = 0; i < kGrid.n_q; ++i) {
      const double mean = polar.row(i).mean();
      CHECK((polar.row(i) - float(mean)).abs().maxCoeff() < 1.5e-3);
      CHECK(std::abs(mean - ring(kGrid.q(i))) < 0.01 * std::max(ring(kGrid.q(i)), 0.05));
    }
  }
}

TEST_CASE("a planted n-fold modulation comes back with its amplitude and phase") {
  const auto c = centred_calibration(200, 200, 0.01, 0.01);
  const PolarTransform transform(200, 200, c, kGrid);
  for (int n : {1, 2, 5, 6, 10}) {
    const double phase = 0.7;
    const PlaneF polar = transform(image_of(200, 200, c, [&](double q, double t) {
      return ring(q) * (1 + 0.4 * std::cos(n * (t - phase)));
    }));
    const auto f = harmonic(polar, kGrid, 0.6, n);
    const double half_bin = n * kGrid.dtheta() / 2;  // a bin holds the mean over its width
    CHECK(std::abs(f) == approx(0.4 * std::sin(half_bin) / half_bin).epsilon(0.01));
    CHECK(std::abs(std::remainder(std::arg(f) + n * phase, 2 * kPi)) < 0.01);
  }
}

TEST_CASE("angles run from +x (columns) towards +y (rows)") {
  PlaneF image = PlaneF::Zero(101, 101);
  image(50, 80) = 1;  // +x
  image(85, 50) = 2;  // +y
  const PlaneF polar = PolarTransform(101, 101, {0.01, 0.01, 50, 50}, {0.2, 0.4, 20, 72})(image);
  Eigen::Index i = 0, j = 0;
  polar.leftCols(9).maxCoeff(&i, &j);
  CHECK(j == 0);
  polar.middleCols(9, 18).maxCoeff(&i, &j);
  CHECK(j + 9 == 18);
}

TEST_CASE("turning the specimen by one angular step shifts the pattern by one step") {
  const auto c = centred_calibration(200, 200, 0.01, 0.01);
  const PolarTransform transform(200, 200, c, kGrid);
  auto pattern = [&](double turn) {
    return transform(image_of(200, 200, c, [&](double q, double t) {
      return ring(q) * (1 + 0.5 * std::cos(3 * (t - turn)) + 0.3 * std::sin(8 * (t - turn)));
    }));
  };
  const PlaneF before = pattern(0), after = pattern(kGrid.dtheta());
  double largest = 0;
  for (int j = 0; j < kGrid.n_theta; ++j)
    largest = std::max<double>(
        largest, (after.col((j + 1) % kGrid.n_theta) - before.col(j)).abs().maxCoeff());
  CHECK(largest < 3e-3);
}

TEST_CASE("q = 0 lies at index n/2, and half a pixel off is seen as one-fold modulation") {
  const auto truth = centred_calibration(128, 128, 0.015, 0.015);
  CHECK(truth.centre_row == 64);
  CHECK(centred_calibration(129, 127, 1, 1).centre_row == 64);
  CHECK(centred_calibration(129, 127, 1, 1).centre_col == 63);
  const PlaneF image = image_of(128, 128, truth, [](double q, double) { return ring(q); });
  const PolarGrid grid{0.3, 0.9, 30, 90};
  auto wrong = truth;
  wrong.centre_col += 0.5;
  const double right_one =
      std::abs(harmonic(PolarTransform(128, 128, truth, grid)(image), grid, 0.7, 1));
  const double wrong_one =
      std::abs(harmonic(PolarTransform(128, 128, wrong, grid)(image), grid, 0.7, 1));
  CHECK(right_one < 1e-4);
  // dI/dq times half a pixel: |ring'(0.71)| 0.0075 = 0.0376.
  CHECK(wrong_one > 0.03);
}

TEST_CASE("the ellipticity of a lens is undone") {
  Calibration c{0.01, 0.01, 100, 100, 0.06, 0.5};
  PlaneF image(200, 200);
  const double s = std::sqrt(1.06);
  for (int r = 0; r < 200; ++r)
    for (int k = 0; k < 200; ++k) {
      const double qy = (r - 100) * 0.01, qx = (k - 100) * 0.01;
      const double along = qx * std::cos(0.5) + qy * std::sin(0.5),
                   across = qy * std::cos(0.5) - qx * std::sin(0.5);
      image(r, k) = float(ring(std::hypot(along / s, across * s)));
    }
  const PlaneF round = PolarTransform(200, 200, c, kGrid)(image);
  CHECK(std::abs(harmonic(round, kGrid, 0.7, 2)) < 2e-3);
  c.ellipticity = 0;
  CHECK(std::abs(harmonic(PolarTransform(200, 200, c, kGrid)(image), kGrid, 0.7, 2)) > 0.05);
}

TEST_CASE("hidden pixels never enter, and their bins weigh nothing") {
  const auto c = centred_calibration(120, 120, 0.015, 0.015);
  Plane<unsigned char> hidden = Plane<unsigned char>::Zero(120, 120);
  hidden.block(55, 60, 10, 60) = 1;
  PlaneF image = PlaneF::Constant(120, 120, 2.0f);
  for (int r = 55; r < 65; ++r)
    for (int k = 60; k < 120; ++k) image(r, k) = 1e6f;
  const PolarTransform transform(120, 120, c, kGrid, hidden);
  const PlaneF polar = transform(image);
  CHECK(transform.weights()(10, 0) == 0);
  CHECK(transform.weights()(10, 90) == 1);
  CHECK((transform.weights() > 0 && transform.weights() < 1).any());
  for (Eigen::Index k = 0; k < polar.size(); ++k)
    CHECK(polar.data()[k] == approx(transform.weights().data()[k] > 0 ? 2.0 : 0.0));
}

TEST_CASE("bins beyond the image weigh nothing") {
  const auto c = centred_calibration(64, 64, 0.02, 0.02);  // reaches 0.62 along the axes
  const PolarTransform transform(64, 64, c, {0.3, 0.9, 30, 36});
  CHECK(transform.weights()(29, 0) == 0);
  CHECK(transform.weights()(0, 0) == 1);
  CHECK(largest_full_circle(64, 64, c) == approx(0.62));
}

TEST_CASE("a turned image is the pattern of the turned specimen, on another camera") {
  const Calibration from = centred_calibration(160, 160, 0.0125, 0.0125),
                    to{0.02, 0.016, 55.5, 48.25};
  auto pattern = [](double q, double t) {
    return ring(q) * (1 + 0.5 * std::cos(3 * t) + 0.3 * std::sin(2 * t));
  };
  const PlaneF image = image_of(160, 160, from, pattern);
  const double turn = 0.8;
  const PlaneF turned = turned_image(image, from, 110, 100, to, turn, false);
  const PlaneF expected =
      image_of(110, 100, to, [&](double q, double t) { return pattern(q, t - turn); });
  const PlaneF mirrored = turned_image(image, from, 110, 100, to, turn, true);
  const PlaneF expected_mirrored =
      image_of(110, 100, to, [&](double q, double t) { return pattern(q, turn - t); });
  CHECK((turned - expected).abs().maxCoeff() < 0.01);
  CHECK((mirrored - expected_mirrored).abs().maxCoeff() < 0.01);
  CHECK((turned - expected_mirrored).abs().maxCoeff() > 0.3);
}

TEST_CASE("a misuse is refused") {
  CHECK_THROWS_AS(PolarTransform(64, 64, {0, 0.1, 32, 32}, kGrid), Error);
  CHECK_THROWS_AS(PolarTransform(64, 64, {0.1, 0.1, 32, 32}, {0.5, 0.4, 10, 36}), Error);
  CHECK_THROWS_AS(
      PolarTransform(64, 64, {0.1, 0.1, 32, 32}, kGrid, Plane<unsigned char>::Zero(3, 3)), Error);
  CHECK_THROWS_AS(PolarTransform(64, 64, {0.1, 0.1, 32, 32}, kGrid)(PlaneF::Zero(32, 64)), Error);
}
