// The ring as a strain gauge: planted centre and strain come back, without bias under speckle, and
// with errors that cover.
#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/ring.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr double kPixel = 0.0125, kRing = 0.42, kWidth = 0.045;

double ring(double q) { return std::exp(-0.5 * std::pow((q - kRing) / kWidth, 2)) + 0.2; }

// A strained ring about (row, col), as a camera sees it.
PlaneF image_of(int size, double row, double col, double exx, double eyy, double exy,
                const std::function<double(double, double)>& noise = {}) {
  PlaneF image(size, size);
  for (int r = 0; r < size; ++r)
    for (int c = 0; c < size; ++c) {
      const double x = (c - col) * kPixel, y = (r - row) * kPixel;
      const double q = std::hypot((1 + exx) * x + exy * y, exy * x + (1 + eyy) * y);
      image(r, c) = float(ring(q) * (noise ? noise(x, y) : 1));
    }
  return image;
}

const PolarGrid kGrid{0.28, 0.6, 40, 120};

}  // namespace

TEST_CASE("a planted strain and shift come back from a clean ring") {
  const Calibration c = centred_calibration(128, 128, kPixel, kPixel);
  const PolarTransform polar(128, 128, c, kGrid);
  const PlaneF reference = polar(image_of(128, 64, 64, 0, 0, 0));
  const RingProfile profile = RingProfile::of(reference, polar.weights(), kGrid);
  CHECK(std::abs(profile.q_of_maximum() - kRing) < 5e-4);
  const PlaneF strained = polar(image_of(128, 64.7, 63.4, 0.010, -0.003, 0.002));
  const RingFit fit = fit_ring(strained, polar.weights(), kGrid, profile, {});
  REQUIRE(fit.converged);
  CHECK(std::abs(fit.value[0] - -0.6 * kPixel) < 2e-4);
  CHECK(std::abs(fit.value[1] - 0.7 * kPixel) < 2e-4);
  CHECK(std::abs(fit.value[2] - 0.010) < 2e-4);
  CHECK(std::abs(fit.value[3] - -0.003) < 2e-4);
  CHECK(std::abs(fit.value[4] - 0.002) < 2e-4);
  // what is not free stays 0
  const RingFit fixed = fit_ring(strained, polar.weights(), kGrid, profile, {false, false, true});
  CHECK(fixed.value[0] == 0);
  CHECK(fixed.value[2] == -fixed.value[3]);
}

TEST_CASE("the disc of a convergent beam is not strained with the ring") {
  // a ring of Gaussian profile about its own radius, blurred by a Gaussian as wide as the ring: a
  // strained one moves without its blur growing
  constexpr double kTrue = 0.02, kBlur = 0.04;
  const auto blurred = [&](double e) {
    PlaneD sharp(128, 128), out = PlaneD::Zero(128, 128);
    for (int r = 0; r < 128; ++r)
      for (int c = 0; c < 128; ++c) {
        const double q = std::hypot((1 + e) * (c - 64), r - 64) * kPixel;
        sharp(r, c) = std::exp(-0.5 * std::pow((q - kRing) / 0.03, 2));
      }
    constexpr int kReach = 16;
    Eigen::ArrayXd kernel(2 * kReach + 1);
    for (int k = -kReach; k <= kReach; ++k)
      kernel[k + kReach] = std::exp(-0.5 * std::pow(k * kPixel / kBlur, 2));
    kernel /= kernel.sum();
    PlaneD along = PlaneD::Zero(128, 128);
    for (int r = 0; r < 128; ++r)
      for (int c = kReach; c < 128 - kReach; ++c)
        along(r, c) = (sharp.row(r).segment(c - kReach, 2 * kReach + 1).transpose() * kernel).sum();
    for (int r = kReach; r < 128 - kReach; ++r)
      for (int c = 0; c < 128; ++c)
        out(r, c) = (along.col(c).segment(r - kReach, 2 * kReach + 1) * kernel).sum();
    return PlaneF(out.cast<float>());
  };
  const PolarTransform polar(128, 128, centred_calibration(128, 128, kPixel, kPixel), kGrid);
  RingProfile profile = RingProfile::of(polar(blurred(0)), polar.weights(), kGrid);
  const PlaneF strained = polar(blurred(kTrue));
  const RingFit taken_for_parallel = fit_ring(strained, polar.weights(), kGrid, profile, {});
  profile.set_disc_variance(kBlur * kBlur);
  const RingFit known = fit_ring(strained, polar.weights(), kGrid, profile, {});
  REQUIRE(known.converged);
  MESSAGE("planted " << kTrue << ", found " << known.value[2] << ", as parallel "
                     << taken_for_parallel.value[2]);
  CHECK(std::abs(known.value[2] - kTrue) < 0.02 * kTrue);
  CHECK(std::abs(known.value[3]) < 0.02 * kTrue);
  CHECK(std::abs(taken_for_parallel.value[2] - kTrue) > 0.04 * kTrue);
}

TEST_CASE("tension along x shrinks the ring along x") {
  const Calibration c = centred_calibration(128, 128, kPixel, kPixel);
  const PolarTransform polar(128, 128, c, kGrid);
  const RingProfile profile =
      RingProfile::of(polar(image_of(128, 64, 64, 0, 0, 0)), polar.weights(), kGrid);
  // a ring drawn by hand with a semi-axis smaller by 2 % along columns (x)
  PlaneF image(128, 128);
  for (int r = 0; r < 128; ++r)
    for (int col = 0; col < 128; ++col)
      image(r, col) = float(ring(std::hypot((col - 64) * kPixel / 0.98, (r - 64) * kPixel)));
  const RingFit fit = fit_ring(polar(image), polar.weights(), kGrid, profile, {});
  CHECK(std::abs(fit.value[2] - (1 / 0.98 - 1)) < 3e-4);
  CHECK(std::abs(fit.value[3]) < 3e-4);
}

TEST_CASE("speckle does not bias the strain, and the errors cover: 68 % within one sigma") {
  const Calibration c = centred_calibration(96, 96, kPixel, kPixel);
  const PolarTransform polar(96, 96, c, kGrid);
  const RingProfile profile =
      RingProfile::of(polar(image_of(96, 48, 48, 0, 0, 0)), polar.weights(), kGrid);
  constexpr int kPatterns = 200;
  constexpr double kTrue = 0.01;
  double sum = 0, sum_squares = 0;
  int covered = 0, fitted = 0;
  std::vector<RingFit> fits;
  for (int k = 0; k < kPatterns; ++k) {
    // |sum of plane waves|^2: a random field of mean 1, correlated over about 0.06 1/Angstrom, that
    // obeys Friedel's law
    RandomSequence random(7, std::uint64_t(k));
    constexpr int kWaves = 24;
    double kx[kWaves], ky[kWaves], phase[kWaves];
    for (int w = 0; w < kWaves; ++w) {
      kx[w] = 5 * random.normal();
      ky[w] = 5 * random.normal();
      phase[w] = 2 * M_PI * random.uniform();
    }
    const auto speckle = [&](double x, double y) {
      double re = 0;
      double im = 0;
      for (int w = 0; w < kWaves; ++w) {
        re += std::cos(2 * M_PI * (kx[w] * x + ky[w] * y)) * std::cos(phase[w]);
        im += std::cos(2 * M_PI * (kx[w] * x + ky[w] * y)) * std::sin(phase[w]);
      }
      return 2 * (re * re + im * im) / kWaves;
    };
    const PlaneF image = image_of(96, 48, 48, kTrue, 0, 0, speckle);
    const RingFit fit =
        fit_ring(polar(image), polar.weights(), kGrid, profile, {false, true, true});
    if (!fit.converged) continue;
    ++fitted;
    sum += fit.value[2];
    sum_squares += fit.value[2] * fit.value[2];
    fits.push_back(fit);
  }
  // speckle has less power at the harmonics that judge than at those that the fit takes
  const RingNoiseShape shape = ring_noise_shape(fits);
  CHECK(shape.harmonic[0] >= shape.harmonic[2]);
  CHECK(shape.harmonic[2] >= 1);
  for (const RingFit& fit : fits) {
    CHECK(with_noise_shape(fit, {}).error[2] == fit.error[2]);
    CHECK(with_noise_shape(fit, {{4, 4, 4}}).error[2] == approx(2 * fit.error[2]));
    covered += std::abs(fit.value[2] - kTrue) < with_noise_shape(fit, shape).error[2];
  }
  REQUIRE(fitted > kPatterns * 9 / 10);
  const double mean = sum / fitted, sd = std::sqrt(sum_squares / fitted - mean * mean);
  MESSAGE("mean " << mean << " scatter of one pattern " << sd << " covered "
                  << double(covered) / fitted << " fitted " << fitted);
  CHECK(std::abs(mean - kTrue) < 3 * sd / std::sqrt(fitted));
  CHECK(std::abs(double(covered) / fitted - 0.683) < 0.09);  // 2.7 standard deviations of 200
}

TEST_CASE("the ring finds its own centre and ellipse, behind a beam stop as well") {
  const double e = 0.03, angle = 0.6;
  PlaneF image(160, 144);
  Plane<unsigned char> stop = Plane<unsigned char>::Zero(160, 144);
  for (int r = 0; r < 160; ++r)
    for (int c = 0; c < 144; ++c) {
      const double x = (c - 70.3) * kPixel, y = (r - 82.6) * kPixel;
      const double along = (x * std::cos(angle) + y * std::sin(angle)) / std::sqrt(1 + e),
                   across = (-x * std::sin(angle) + y * std::cos(angle)) * std::sqrt(1 + e);
      image(r, c) = float(ring(std::hypot(along, across)));
      if (r > 76 && r < 90 && c < 75) {
        stop(r, c) = 1;
        image(r, c) = 0;
      }
    }
  Calibration start = centred_calibration(160, 144, kPixel, kPixel);
  const RingCalibration found = calibrate_by_ring(image, start, kGrid, stop, true);
  REQUIRE(found.converged);
  CHECK(std::abs(found.calibration.centre_row - 82.6) < 0.05);
  CHECK(std::abs(found.calibration.centre_col - 70.3) < 0.05);
  CHECK(std::abs(found.calibration.ellipticity - e) < 1e-3);
  CHECK(std::abs(std::remainder(found.calibration.ellipse_angle - angle, M_PI)) < 0.02);
}
