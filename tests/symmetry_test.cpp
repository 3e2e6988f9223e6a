// Laws of what is made of angular power: the law of Friedel pairs, the odd floor, the centre.
#include "patterns/symmetry.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

TEST_CASE("odd over even power: the published thicknesses, and their scaling with energy and q") {
  // thickness in nm at q = 0.42 where the ratio is 0.05, 0.10, 0.25, 0.50
  const double ratio[4] = {0.05, 0.10, 0.25, 0.50};
  const struct {
    double wavelength, nm[4];
  } rows[] = {{0.041757161, {2.4, 3.3, 5.2, 7.4}},
              {0.025079340, {3.9, 5.5, 8.7, 12.3}},
              {0.019687489, {5.0, 7.0, 11.1, 15.7}}};
  for (const auto& row : rows)
    for (int k = 0; k < 4; ++k) {
      const double rho = (1 - ratio[k]) / (1 + ratio[k]);
      const double t = thickness_from_friedel(rho, 0.42, row.wavelength);
      CHECK(std::abs(t / 10 - row.nm[k]) < 0.06);
      CHECK(odd_over_even(0.42, t, row.wavelength) == approx(ratio[k]));
      // lambda q^2 t is all that counts
      CHECK(odd_over_even(0.84, t / 4, row.wavelength) == approx(ratio[k]));
      CHECK(odd_over_even(0.42, t * 2, row.wavelength / 2) == approx(ratio[k]));
    }
  CHECK(friedel_correlation(0.42, 0, 0.025) == 1);
  CHECK(std::isnan(thickness_from_friedel(1.2, 0.4, 0.025)));
  CHECK(std::isnan(thickness_from_friedel(-0.1, 0.4, 0.025)));
}

TEST_CASE("the odd floor takes chance away from even orders and leaves the rest unknown") {
  PlaneD power = PlaneD::Constant(12, 2, 0.02);
  power(5, 0) = 0.05;
  const PlaneD left = less_odd_floor(power);
  CHECK(left(5, 0) == approx(0.03));
  CHECK(std::abs(left(5, 1)) < 1e-15);
  for (int n = 1; n <= 12; n += 2) CHECK(std::isnan(left(n - 1, 0)));
  CHECK(std::isnan(left(11, 0)));  // 12 has no neighbour 13
}

TEST_CASE("a beam off the stated centre is found, masked or not, and a centred one left alone") {
  const PolarGrid grid{0.25, 0.75, 50, 120};
  const Calibration truth{0.01, 0.01, 101.4, 98.2};
  PlaneF image(200, 200);
  for (int r = 0; r < 200; ++r)
    for (int c = 0; c < 200; ++c) {
      const double q = std::hypot((r - truth.centre_row) * 0.01, (c - truth.centre_col) * 0.01);
      image(r, c) =
          float(1 + 3 * std::exp(-0.5 * std::pow((q - 0.45) / 0.05, 2)) + 8 * std::exp(-q / 0.1));
    }
  Plane<unsigned char> stop = Plane<unsigned char>::Zero(200, 200);
  stop.block(95, 0, 9, 105).setOnes();
  for (const bool masked : {false, true}) {
    const auto hidden = masked ? stop : Plane<unsigned char>();
    Calibration assumed = truth;
    assumed.centre_row = 100.9;
    assumed.centre_col = 98.9;
    const PolarTransform off(200, 200, assumed, grid, hidden), on(200, 200, truth, grid, hidden);
    const Vector2d shift = centre_shift(grid, off(image), off.weights());
    CHECK(shift.y() / 0.01 == doctest::Approx(0.5).epsilon(0.05));
    CHECK(shift.x() / 0.01 == doctest::Approx(-0.7).epsilon(0.05));
    CHECK(centre_shift(grid, on(image), on.weights()).norm() < 0.02 * 0.01);
  }
}

TEST_CASE("the first ring is found, and the mean over a band skips rings without an answer") {
  const PolarGrid grid{0.3, 0.7, 40, 60};
  Eigen::ArrayXd radial(40);
  PlaneD power(12, 40);
  for (int i = 0; i < 40; ++i) {
    radial[i] =
        std::exp(-grid.q(i) / 0.1) + 0.2 * std::exp(-0.5 * std::pow((grid.q(i) - 0.44) / 0.03, 2));
    power.col(i).setConstant(grid.q(i));
  }
  const RingBand band = brightest_ring(grid, radial);
  CHECK(std::abs((band.low + band.high) / 2 - 0.44) < 0.011);
  power(3, 14) = std::nan("");
  const Eigen::ArrayXd alike = Eigen::ArrayXd::Ones(40);
  const double mean = band_mean(grid, {0.40, 0.48}, power, alike)[0];
  double sum = 0;
  for (int i = 10; i < 18; ++i) sum += i == 14 ? 0 : grid.q(i) / 7;
  CHECK(mean == approx(sum));
  CHECK(std::isnan(band_mean(grid, {0.9, 1.0}, power, alike)[0]));
}

TEST_CASE("rings that count by their squared mean leave no bias and less noise") {
  const PolarGrid grid{0.36, 0.48, 12, 120};
  const RingBand band{0.36, 0.48};
  const AngularAnalysis analysis(grid, PlaneF::Ones(12, 120), {});
  // the sums of |F_n|^2 and F_0^2 are divided, and not the mean taken of their ratios
  const PlaneD power = PlaneD::Random(12, 12).abs();
  const Eigen::ArrayXd squares = Eigen::ArrayXd::LinSpaced(12, 0.1, 3);
  const Eigen::ArrayXd weighted = band_mean(grid, band, power, squares);
  CHECK(weighted[3] == approx((power.row(3).transpose() * squares).sum() / squares.sum()));
  CHECK(band_mean(grid, band, power, Eigen::ArrayXd::Ones(12))[3] == approx(power.row(3).mean()));
  // 1 + 0.6 cos(4 theta) on a bright ring between rings of a few electrons
  RandomSequence random(17, 1);
  double sum = 0, sum_squares = 0, plain_squares = 0;
  constexpr int kPatterns = 2000;
  constexpr double kTruth = 0.09;
  for (int k = 0; k < kPatterns; ++k) {
    PlaneF counts(12, 120);
    for (int i = 0; i < 12; ++i)
      for (int j = 0; j < 120; ++j)
        counts(i, j) =
            float(random.poisson((i == 6 ? 1 : 0.03) * (1 + 0.6 * std::cos(4 * grid.theta(j)))));
    const AngularPower a = analysis(counts, counts, 1);
    const double c = band_mean(grid, band, a.power, a.mean_squared)[3];
    sum += c;
    sum_squares += std::pow(c - kTruth, 2);
    plain_squares +=
        std::pow(band_mean(grid, band, a.power, Eigen::ArrayXd::Ones(12))[3] - kTruth, 2);
  }
  CHECK(std::abs(sum / kPatterns - kTruth) < 4 * std::sqrt(sum_squares) / kPatterns);
  CHECK(sum_squares < plain_squares / 4);
}
