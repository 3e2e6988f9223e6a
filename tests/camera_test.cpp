// Laws of the camera model: what keeps the sum, what the noise has as mean and variance, what the
// noise depends on.
#include "patterns/camera.hpp"

#include <cmath>

#include "base/error.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr Eigen::Index kSize = 64;

CameraModel model(const Camera& camera, std::uint64_t seed = 1, Eigen::Index size = kSize) {
  return {camera, size, size, centred_calibration(size, size, 0.02, 0.025), seed};
}

// A smooth ring of radius 0.4 1/Angstrom around the centre, of sum 1.
PlaneD ring(double pixel_qx = 0.02, double pixel_qy = 0.025) {
  PlaneD p(kSize, kSize);
  for (Eigen::Index r = 0; r < kSize; ++r)
    for (Eigen::Index k = 0; k < kSize; ++k) {
      const double q =
          std::hypot(double(k - kSize / 2) * pixel_qx, double(r - kSize / 2) * pixel_qy);
      p(r, k) = std::exp(-std::pow((q - 0.4) / 0.05, 2));
    }
  return p / p.sum();
}

struct Moments {
  double mean, variance;
};
Moments moments(const PlaneD& p) {
  const double mean = p.mean();
  return {mean, (p - mean).square().sum() / double(p.size() - 1)};
}

}  // namespace

TEST_CASE("a camera that does nothing changes nothing") {
  CHECK(Camera{}.is_ideal());
  CHECK((model({})(ring(), 3, {0, 0}).pattern == ring()).all());
}

TEST_CASE(
    "counts have the mean and the variance of Poisson, over DQE, times gain squared, plus "
    "readout") {
  constexpr Eigen::Index n = 200;
  const double mean = 40, pixels = double(n * n);
  for (const double dqe : {1.0, 0.4})
    for (const double readout : {0.0, 30.0}) {
      CAPTURE(dqe);
      CAPTURE(readout);
      Camera c;
      c.dose = mean * pixels;
      c.dqe = dqe;
      c.gain = 5;
      c.readout_noise = readout;
      const PlaneD flat = PlaneD::Constant(n, n, 1 / pixels);
      const Moments m = moments(model(c, 7, n)(flat, 0, {0, 0}).pattern);
      const double variance = 25 * mean / dqe + readout * readout;
      // five standard errors
      CHECK(std::abs(m.mean - 5 * mean) < 5 * std::sqrt(variance / pixels));
      CHECK(std::abs(m.variance / variance - 1) < 5 * std::sqrt(2.2 / pixels));
    }
}

TEST_CASE("few electrons: whole numbers, and none where there is no beam") {
  Camera c;
  c.dose = 500;
  PlaneD p = ring();
  p.topRows(10).setZero();
  const PlaneD e = model(c)(p, 0, {0, 0}).pattern;
  CHECK((e == e.round()).all());
  CHECK(e.topRows(10).isZero(0));
  CHECK(e.sum() > 400);
  CHECK(e.sum() < 600);
}

TEST_CASE("noise depends on seed and position, and on nothing that came before") {
  Camera c;
  c.dose = 1e4;
  c.readout_noise = 2;
  const CameraModel camera = model(c, 5);
  const PlaneD first = camera(ring(), 11, {0, 0}).pattern;
  CHECK((camera(ring(), 12, {0, 0}).pattern != first).any());
  CHECK((model(c, 6)(ring(), 11, {0, 0}).pattern != first).any());
  CHECK((model(c, 5)(ring(), 11, {0, 0}).pattern == first).all());
  // one pixel's noise does not depend on another pixel's intensity
  PlaneD other = ring();
  other(0, 0) = 0.5;
  const PlaneD again = camera(other, 11, {0, 0}).pattern;
  CHECK((again - first).abs().sum() == approx(std::abs(again(0, 0) - first(0, 0))));
}

TEST_CASE("the transfer function is 1 at frequency 0 and as stated at Nyquist") {
  Camera gaussian, table;
  gaussian.mtf.at_nyquist = 0.3;
  table.mtf.table = {{0, 2}, {0.25, 1.6}, {0.5, 0.6}};  // relative to its first value
  PlaneD dot = PlaneD::Zero(kSize, kSize), stripes(kSize, kSize);
  dot(30, 33) = 1;
  for (Eigen::Index k = 0; k < kSize; ++k) stripes.col(k) = k % 2;
  for (const Camera& c : {gaussian, table}) {
    CHECK(c.mtf(0, 0) == 1);
    CHECK(c.mtf(0.5, 0) == approx(0.3));
    CHECK(model(c)(dot, 0, {0, 0}).pattern.sum() == approx(1).epsilon(5e-3));
    // far from the edges: alternating columns have the frequency of Nyquist
    const PlaneD s = model(c)(stripes, 0, {0, 0}).pattern.block(24, 24, 16, 16);
    CHECK((s.col(1).mean() - s.col(0).mean()) * (24 % 2 ? -1 : 1) == approx(0.3).epsilon(0.02));
    CHECK(s.mean() == approx(0.5).epsilon(0.01));
  }
  // the Gaussian's spread is positive
  CHECK(model(gaussian)(dot, 0, {0, 0}).pattern.minCoeff() > -1e-12);
  CHECK(table.mtf(0.125, 0) == approx(0.9));
  CHECK(table.mtf(0.5, 0.5) == approx(0.3));
}

TEST_CASE("saturation clips and counts what it clips") {
  Camera c;
  c.dose = 1e6;
  PlaneD p = PlaneD::Constant(kSize, kSize, 1e-6);
  p(3, 4) = p(5, 6) = 0.1;
  c.saturation = 1000;
  const CameraImage e = model(c)(p, 0, {0, 0});
  CHECK(e.saturated == 2);
  CHECK(e.pattern.maxCoeff() == 1000);
  CHECK(e.pattern(3, 4) == 1000);
}

TEST_CASE("a shift by whole pixels moves the pattern, any shift keeps its sum") {
  Camera c;
  c.descan = {0.02, -0.05};  // one pixel right, two pixels up per Angstrom
  c.drift = {0.004, 0.01};
  const CameraModel camera = model(c);
  const PlaneD p = ring();
  const Vector2d by = camera.shift({3, 5}, {2, 4}, 0);
  const PlaneD moved = camera(p, 0, by).pattern;
  CHECK((moved.block(0, 1, kSize - 2, kSize - 1) - p.block(2, 0, kSize - 2, kSize - 1))
            .abs()
            .maxCoeff() < 1e-12);
  CHECK(camera.shift({3, 5}, {3, 5}, 0.5).isApprox(Vector2d(0.002, 0.005)));
  CHECK(camera(p, 0, {0.0123, -0.0071}).pattern.sum() == approx(p.sum()).epsilon(1e-9));
}

TEST_CASE(
    "ellipticity makes a ring an ellipse of the stated ratio and angle, and keeps the intensity") {
  Camera c;
  c.ellipticity = 1.2;
  c.ellipse_angle = 0.5;
  const PlaneD e = model(c)(ring(), 0, {0, 0}).pattern;
  CHECK(e.sum() == approx(1).epsilon(1e-3));
  // second moments of a circle of radius R stretched by sqrt(1.2): R^2/2 times 1.2 and 1/1.2
  Eigen::Matrix2d m = Eigen::Matrix2d::Zero(), round = m;
  for (Eigen::Index r = 0; r < kSize; ++r)
    for (Eigen::Index k = 0; k < kSize; ++k) {
      const Vector2d q(double(k - kSize / 2) * 0.02, double(r - kSize / 2) * 0.025);
      m += e(r, k) * q * q.transpose();
      round += ring()(r, k) * q * q.transpose();
    }
  const Vector2d axis(std::cos(0.5), std::sin(0.5)), across(-axis.y(), axis.x());
  CHECK(axis.dot(m * axis) == approx(axis.dot(round * axis) * 1.2).epsilon(0.01));
  CHECK(across.dot(m * across) == approx(across.dot(round * across) / 1.2).epsilon(0.01));
  CHECK(std::abs(axis.dot(m * across)) < 0.005 * axis.dot(m * axis));
}

TEST_CASE("the beam stop hides its disc and its arm, whatever the shift") {
  Camera c;
  c.beam_stop = {0.2, 0.11, M_PI / 2};  // arm along +y: towards larger rows
  const CameraModel camera = model(c);
  const PlaneD p = camera(PlaneD::Ones(kSize, kSize), 0, {0.04, 0}).pattern;
  CHECK(p(32, 32) == 0);
  CHECK(p(32, 32 + 9) == 0);
  CHECK(p(32, 32 + 10) == 1);
  CHECK(p(60, 32) == 0);
  CHECK(p(60, 34) == 0);
  CHECK(p(60, 36) == 1);
  CHECK(p(4, 32) == 1);
  CHECK((camera.hidden() != 0).count() == (p.rightCols(kSize - 4) == 0).count());
}

TEST_CASE("what needs counts is refused without a dose") {
  Camera c;
  c.readout_noise = 2;
  CHECK_THROWS_AS(check_camera(c), Error);
  c.dose = 1;
  CHECK_NOTHROW(check_camera(c));
  c.mtf.table = {{0, 1}, {0.5, 0.5}, {0.3, 0.4}};
  CHECK_THROWS_AS(check_camera(c), Error);
}
