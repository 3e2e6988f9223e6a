// Centre, mask, faulty pixels and background of measured patterns: what was planted is found.
#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/preparation.hpp"

using namespace vitrobeam;

namespace {

constexpr int kSize = 96;

// Central disc of radius 6 about (row, col), a ring at 30 pixels, a falling background.
PlaneF pattern(double row, double col, double noise = 0, std::uint64_t seed = 1) {
  PlaneF image(kSize, kSize);
  RandomSequence random(seed, 3);
  for (int r = 0; r < kSize; ++r)
    for (int c = 0; c < kSize; ++c) {
      const double q = std::hypot(r - row, c - col);
      const double v = 2000 * std::clamp(6.5 - q, 0.0, 1.0) + 40 * std::exp(-q / 20) +
                       30 * std::exp(-0.5 * std::pow((q - 30) / 4, 2));
      image(r, c) = float(v + noise * std::sqrt(v) * random.normal());
    }
  return image;
}

}  // namespace

TEST_CASE("the central disc gives centre and radius to a fraction of a pixel") {
  for (const auto& [row, col] : {std::pair{48.0, 48.0}, {46.3, 51.8}, {50.5, 40.25}}) {
    const Disc disc = central_disc(pattern(row, col, 1), {});
    CHECK(std::abs(disc.row - row) < 0.05);
    CHECK(std::abs(disc.col - col) < 0.05);
    CHECK(std::abs(disc.radius - 6) < 0.3);
  }
  PlaneF hot = pattern(48, 48);
  hot(10, 10) = 1e6f;  // one hot pixel is not the disc
  CHECK(std::abs(central_disc(hot, {}).row - 48) < 0.05);
  PixelMask half = PixelMask::Zero(kSize, kSize);
  half.block(48, 0, 2, 60) = 1;
  CHECK_THROWS_AS(central_disc(pattern(48, 48), half), Error);
  CHECK_THROWS_AS(central_disc(pattern(2, 48), {}), Error);
}

TEST_CASE("a stated centre that is far off is reported, one that is near or hidden is not") {
  const Calibration centre = centred_calibration(kSize, kSize, 0.015, 0.015);
  PixelMask stop = PixelMask::Zero(kSize, kSize);
  stop.block(41, 0, 16, 60).setOnes();  // the disc and an arm
  for (const bool masked : {false, true}) {
    const PixelMask hidden = masked ? stop : PixelMask();
    for (const auto& [row, col] : {std::pair{48.0, 48.0}, {49.2, 47.1}}) {
      PlaneF image = pattern(row, col, 1);
      image(70, 20) = 1e6f;  // a hot pixel is no centre
      CHECK(rough_centre_shift(image, centre, hidden, 0.4).norm() <= 0.041);
    }
    for (const auto& [row, col] : {std::pair{60.0, 57.0}, {42.0, 66.0}, {53.0, 44.0}}) {
      const Vector2d shift = rough_centre_shift(pattern(row, col, 1), centre, hidden, 0.4);
      CHECK(std::abs(shift.x() - (col - 48) * 0.015) <= 0.041);
      CHECK(std::abs(shift.y() - (row - 48) * 0.015) <= 0.041);
    }
  }
  // speckle of one pattern, its ring in spots
  RandomSequence random(5, 1);
  for (int k = 0; k < 20; ++k) {
    PlaneF image = pattern(48, 48);
    for (int r = 0; r < kSize; r += 6)
      for (int c = 0; c < kSize; c += 6)
        image.block(r, c, 6, 6) *= float(-std::log(1 - random.uniform()));
    CHECK(rough_centre_shift(image, centre, {}, 0.4).norm() <= 0.041);
  }
}

TEST_CASE("faulty pixels are found, spots and edges are none") {
  PlaneF image = pattern(48, 48, 0.3);
  CHECK(faulty_pixels(image, {}, 8).cast<int>().sum() == 0);
  image(20, 70) = 500;
  image(71, 30) = NAN;
  image(48, 18) = 0;  // dead, on the ring
  for (int r = 60; r < 63; ++r)
    for (int c = 70; c < 73; ++c) image(r, c) += 300;  // a Bragg spot of nine pixels
  const PixelMask faulty = faulty_pixels(image, {}, 8);
  CHECK(faulty(20, 70) == 1);
  CHECK(faulty(71, 30) == 1);
  CHECK(faulty(48, 18) == 1);
  CHECK(faulty.cast<int>().sum() == 3);
}

TEST_CASE("a beam stop is found with its arm, and nothing where there is none") {
  const Calibration c = centred_calibration(kSize, kSize, 1, 1);
  PlaneF image = pattern(48, 48, 0.3);
  CHECK(beam_stop(image, c, {}).size() == 0);
  PixelMask truth = PixelMask::Zero(kSize, kSize);
  for (int r = 0; r < kSize; ++r)
    for (int col = 0; col < kSize; ++col)
      if (std::hypot(r - 48, col - 48) < 10 || (std::abs(r - 48) < 3 && col < 48)) {
        truth(r, col) = 1;
        image(r, col) = 1;
      }
  const PixelMask stop = beam_stop(image, c, {});
  REQUIRE(stop.size() > 0);
  CHECK((truth.cast<int>() - stop.cast<int>()).maxCoeff() <= 0);  // all of it
  CHECK(stop.cast<int>().sum() < 2 * truth.cast<int>().sum());    // and not much more
}

TEST_CASE("a radial background subtracted and added again is the pattern") {
  const Calibration c{1, 1, 47.3, 49.1, 0.02, 0.4};
  const PlaneF image = pattern(47.3, 49.1, 1);
  const auto profile = radial_median(image, c, {});
  const PlaneF background = radial_image(profile, kSize, kSize, c);
  const PlaneF residual = image - background;
  CHECK((residual + background - image).abs().maxCoeff() < 1e-3);
  // what is left on the ring averages out
  const auto left = radial_mean(residual, c, {});
  CHECK(std::abs(left[30]) < 0.1 * profile[30]);
  // a flat image has a flat profile, a masked circle none
  const auto flat = radial_mean(PlaneF::Constant(kSize, kSize, 3), c, {});
  for (const double v : flat) CHECK(v == 3);
}

TEST_CASE("moving by whole pixels is undone by moving back; a plane is fitted exactly") {
  PlaneF image = PlaneF::Zero(kSize, kSize);
  image.block(10, 10, 70, 70) = pattern(48, 48).block(10, 10, 70, 70);
  CHECK((moved(moved(image, 4, -3), -4, 3) == image).all());
  CHECK(moved(image, 4, -3)(14, 7) == image(10, 10));
  PlaneD map(5, 7);
  for (int r = 0; r < 5; ++r)
    for (int c = 0; c < 7; ++c) map(r, c) = 2 + 0.25 * c - 0.5 * r;
  map(2, 2) = NAN;
  const PlaneFit plane = fit_plane(map);
  CHECK(std::abs(plane.offset - 2) < 1e-12);
  CHECK(std::abs(plane.per_column - 0.25) < 1e-12);
  CHECK(std::abs(plane.per_row + 0.5) < 1e-12);
}
