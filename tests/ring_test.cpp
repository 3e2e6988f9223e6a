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

double falling(double q) { return std::pow(0.08 + 0.74 * q * q, -2); }

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

namespace {

// A strained ring over a fall of the scattering factors that is not strained, convolved with a
// disc.
PlaneF convergent(double radius, double exx, double eyy, double exy) {
  const int kRadii = radius > 0 ? 12 : 1, kAngles = radius > 0 ? 32 : 1;
  PlaneF image = PlaneF::Zero(128, 128);
  for (int k = 0; k < kRadii * kAngles; ++k) {
    const double d = radius * std::sqrt((k / kAngles + 0.5) / kRadii),
                 angle = 2 * M_PI * (k % kAngles + 0.5) / kAngles;
    for (int r = 0; r < 128; ++r)
      for (int c = 0; c < 128; ++c) {
        const double x = (c - 64) * kPixel + d * std::cos(angle),
                     y = (r - 64) * kPixel + d * std::sin(angle);
        const double q = std::hypot((1 + exx) * x + exy * y, exy * x + (1 + eyy) * y);
        image(r, c) += float(ring(q) * falling(std::hypot(x, y)) / (kRadii * kAngles));
      }
  }
  return image;
}

}  // namespace

TEST_CASE("neither the disc of a convergent beam nor the scattering factors are strained") {
  const PolarGrid wide{0.28, 0.76, 60, 120};
  REQUIRE(wide.dq() == approx(kGrid.dq()));
  const Calibration calibration = centred_calibration(128, 128, kPixel, kPixel);
  const PolarTransform polar(128, 128, calibration, kGrid), outward(128, 128, calibration, wide);
  const auto over_factors = [](PlaneF rings, const PolarGrid& grid) {
    for (int i = 0; i < grid.n_q; ++i) rings.row(i) /= float(falling(grid.q(i)));
    return rings;
  };
  for (const double radius : {0.0, 0.08, 0.16}) {
    CAPTURE(radius);
    const PlaneF unstrained = convergent(radius, 0, 0, 0);
    const PlaneF mean = over_factors(outward(unstrained), wide);
    RingProfile profile =
        RingProfile::of(over_factors(polar(unstrained), kGrid), polar.weights(), kGrid);
    const PlaneF strained = over_factors(polar(convergent(radius, 0.010, -0.003, 0.004)), kGrid);
    const RingFit as_parallel = fit_ring(strained, polar.weights(), kGrid, profile, {});
    profile.set_disc(radius, RingProfile::of(mean, outward.weights(), wide).values(), falling);
    const RingFit fit = fit_ring(strained, polar.weights(), kGrid, profile, {});
    REQUIRE(fit.converged);
    MESSAGE(radius << ": " << fit.value[2] << ' ' << fit.value[3] << ' ' << fit.value[4]
                   << ", as of a parallel beam " << as_parallel.value[2]);
    CHECK(std::abs(fit.value[2] - 0.010) < 0.012 * 0.010);
    CHECK(std::abs(fit.value[3] - -0.003) < 0.012 * 0.010);
    CHECK(std::abs(fit.value[4] - 0.004) < 0.012 * 0.010);
    if (radius >= 0.08) CHECK(std::abs(as_parallel.value[2] - 0.010) > 0.04 * 0.010);
    if (radius == 0) CHECK(fit.value == as_parallel.value);
  }
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

namespace {

// The strained ring under the speckle number k.
PlaneF speckled(int k, double exx) {
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
  return image_of(96, 48, 48, exx, 0, 0, speckle);
}

}  // namespace

TEST_CASE("speckle does not bias the strain, and the errors cover: 68 % within one sigma") {
  const Calibration c = centred_calibration(96, 96, kPixel, kPixel);
  const PolarTransform polar(96, 96, c, kGrid);
  const RingProfile profile =
      RingProfile::of(polar(image_of(96, 48, 48, 0, 0, 0)), polar.weights(), kGrid);
  constexpr int kPatterns = 200;
  constexpr double kTrue = 0.01;
  double sum = 0, sum_squares = 0, gained = 0, gained_squares = 0;
  int covered = 0, fitted = 0;
  std::vector<RingFit> fits;
  for (int k = 0; k < kPatterns; ++k) {
    const RingFit fit =
        fit_ring(polar(speckled(k, kTrue)), polar.weights(), kGrid, profile, {false, true, true});
    if (!fit.converged) continue;
    const RingFit unstrained =
        fit_ring(polar(speckled(k, 0)), polar.weights(), kGrid, profile, {false, true, true});
    REQUIRE(unstrained.converged);
    const double gain = fit.value[2] - unstrained.value[2];
    gained += gain;
    gained_squares += gain * gain;
    ++fitted;
    sum += fit.value[2];
    sum_squares += fit.value[2] * fit.value[2];
    fits.push_back(fit);
  }
  // speckle has less power at the harmonics that set the noise than at those that the fit takes
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
  const double response = gained / fitted,
               its_sd = std::sqrt(gained_squares / fitted - response * response);
  MESSAGE("mean " << mean << " scatter of one pattern " << sd << " covered "
                  << double(covered) / fitted << " fitted " << fitted
                  << " strain under the same speckle " << response << " +- "
                  << its_sd / std::sqrt(fitted));
  CHECK(std::abs(mean - kTrue) < 3 * sd / std::sqrt(fitted));
  CHECK(std::abs(response - kTrue) < 3 * its_sd / std::sqrt(fitted));
  CHECK(its_sd / std::sqrt(fitted) < 0.05 * kTrue);
  CHECK(std::abs(double(covered) / fitted - 0.683) < 0.09);  // 2.7 standard deviations of 200
}

TEST_CASE("a fit does not follow noise: what speckle alone moves adds up as intensities do") {
  const PolarTransform polar(96, 96, centred_calibration(96, 96, kPixel, kPixel), kGrid);
  const RingProfile profile =
      RingProfile::of(polar(image_of(96, 48, 48, 0, 0, 0)), polar.weights(), kGrid);
  const auto fit = [&](const PlaneF& rings) {
    return fit_ring(rings, polar.weights(), kGrid, profile, {false, true, true});
  };
  const auto within_noise = [](const RingFit& f) {
    double value = 0, error = 0;
    for (int k = 2; k < 5; ++k) {
      value += f.value[k] * f.value[k];
      error += f.error[k] * f.error[k];
    }
    return value < 9 * error;
  };
  int seen = 0;
  for (int k = 0; k < 40; k += 2) {
    const PlaneF one = polar(speckled(k, 0)), two = polar(speckled(k + 1, 0));
    const RingFit a = fit(one), b = fit(two), both = fit(one + two);
    if (!within_noise(a) || !within_noise(b) || !within_noise(both)) continue;
    ++seen;
    CHECK(both.amplitude == approx(a.amplitude + b.amplitude));
    for (int p = 2; p < 5; ++p)
      CHECK(std::abs(both.amplitude * both.value[p] - a.amplitude * a.value[p] -
                     b.amplitude * b.value[p]) < 1e-6);
  }
  CHECK(seen > 10);
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
