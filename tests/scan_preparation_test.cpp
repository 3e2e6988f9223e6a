// Laws of preparing a measured scan: what was planted is found, and what was done can be undone.
#include "patterns/scan_preparation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/neighbourhood.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr Eigen::Index kRows = 64, kColumns = 60;
constexpr double kDisc = 5.3;

// Where the beam falls at a position of a scan of 3 x 4: descan moves it.
Vector2d centre(std::size_t row, std::size_t column) {
  return {29.2 + 2 * double(column), 31.6 - 3 * double(row)};  // column, row of the pattern
}

// A disc, a ring of 16 pixels and a hot pixel.
Stack<float> patterns(std::size_t row, std::size_t first, std::size_t count) {
  Stack<float> out({count, std::size_t(kRows), std::size_t(kColumns)});
  for (std::size_t k = 0; k < count; ++k) {
    auto image = out.plane(k);
    const Vector2d c = centre(row, first + k);
    for (Eigen::Index r = 0; r < kRows; ++r)
      for (Eigen::Index x = 0; x < kColumns; ++x) {
        const double q = std::hypot(double(x) - c.x(), double(r) - c.y());
        image(r, x) = float(1000 * std::clamp(kDisc + 0.5 - q, 0.0, 1.0) +
                            100 * std::exp(-std::pow((q - 16) / 2, 2)) + 7 + 0.01 * double(x));
      }
    image(60, 3) = 5e4f;
  }
  return out;
}

PatternScan scan() {
  PatternScan s;
  s.scan_rows = 3;
  s.scan_columns = 4;
  s.rows = kRows;
  s.columns = kColumns;
  s.calibration = centred_calibration(kRows, kColumns, 0.02, 0.02);
  s.energy_kV = 200;
  s.semiangle_mrad = 2;
  s.read = [](std::size_t row, std::size_t first, std::size_t count, int) {
    return patterns(row, first, count);
  };
  return s;
}

}  // namespace

TEST_CASE("centres, scale and hot pixels that were planted are found") {
  PreparationSettings wanted;
  wanted.hot_pixels = 8;
  wanted.find_centre = Centring::disc;
  wanted.each = true;
  const ScanPreparation p = prepare_scan(scan(), wanted, {});
  CHECK(p.faulty.cast<int>().sum() == 1);
  CHECK(p.faulty(60, 3) == 1);
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 4; ++column) {
      const Vector2d c = centre(row, column);
      CHECK(p.centre_row(Eigen::Index(row), Eigen::Index(column)) == approx(c.y()).epsilon(3e-3));
      CHECK(p.centre_col(Eigen::Index(row), Eigen::Index(column)) == approx(c.x()).epsilon(3e-3));
    }
  const PlaneFit plane = fit_plane(p.centre_col);
  CHECK(plane.per_column == approx(2).epsilon(0.02));
  CHECK(p.calibration.pixel_qx == 0.02);  // as stated
  PatternScan one = scan();
  one.scan_rows = one.scan_columns = 1;
  wanted.each = false;
  wanted.scale_from = PixelScale::disc;
  const ScanPreparation scaled = prepare_scan(one, wanted, {});
  CHECK(scaled.calibration.pixel_qx * kDisc == approx(one.disc_radius()).epsilon(0.02));
  wanted.scale_from = PixelScale::ring;
  wanted.ring = {10, 22};
  wanted.ring_q = 0.4;
  CHECK(prepare_scan(one, wanted, {}).calibration.pixel_qx == approx(0.4 / 16).epsilon(0.02));
}

TEST_CASE("what was done to a pattern can be undone") {
  PreparationSettings wanted;
  wanted.find_centre = Centring::disc;
  wanted.each = wanted.align = true;
  wanted.hot_pixels = 8;
  for (const RadialBackground background :
       {RadialBackground::keep, RadialBackground::median, RadialBackground::mean}) {
    wanted.background = background;
    const ScanPreparation p = prepare_scan(scan(), wanted, {});
    REQUIRE(p.moves.size() == 12);
    for (std::size_t at = 0; at < 12; ++at) {
      const PlaneF recorded = patterns(at / 4, at % 4, 1).plane(0);
      const PreparedPattern done = prepared_pattern(recorded, p, at);
      if (background != RadialBackground::keep || p.moves[at] != std::pair(0, 0))
        CHECK((done.image != recorded).any());
      const PlaneF back = recorded_pattern(done.image, p.pixels, done.background, p.moves[at]);
      CHECK((back - recorded).abs().maxCoeff() <= 1e-6 * recorded.maxCoeff());
      // the beam of every pattern stands at the common centre, but for half a pixel
      const Vector2d c = centre(at / 4, at % 4);
      CHECK(std::abs(c.y() + p.moves[at].first - p.pixels.centre_row) < 0.6);
      CHECK(std::abs(c.x() + p.moves[at].second - p.pixels.centre_col) < 0.6);
    }
  }
}

TEST_CASE("a pattern without a finite value stays as it is") {
  ScanPreparation p;
  p.pixels = centred_calibration(8, 8, 1, 1);
  p.background = RadialBackground::median;
  const PlaneF nothing = PlaneF::Constant(8, 8, NAN);
  const PreparedPattern done = prepared_pattern(nothing, p, 0);
  CHECK(done.image.isNaN().all());
  CHECK(done.background.empty());
}

TEST_CASE("settings that need another one are refused, and so is an unknown scale") {
  const auto refuses = [](auto change, Fault fault) {
    PatternScan s = scan();
    PreparationSettings wanted;
    change(s, wanted);
    try {
      prepare_scan(s, wanted, {});
      FAIL("not refused");
    } catch (const Error& e) {
      CHECK(e.fault() == fault);
    }
  };
  refuses([](auto&, auto& w) { w.each = true; }, Fault::usage);
  refuses([](auto&, auto& w) { w.align = true; }, Fault::usage);
  refuses([](auto&, auto& w) { w.find_ellipse = true; }, Fault::usage);
  refuses([](auto&, auto& w) { w.find_centre = Centring::ring; }, Fault::usage);
  refuses([](auto& s, auto&) { s.calibration.pixel_qx = 0; }, Fault::input);
  refuses(
      [](auto& s, auto& w) {
        w.scale_from = PixelScale::disc;
        s.semiangle_mrad.reset();
      },
      Fault::usage);
}

TEST_CASE("means over neighbourhoods: constants stay, unknown values take no part") {
  PlaneD map = PlaneD::Constant(5, 7, 3);
  map(2, 2) = NAN;
  const NeighbourhoodMean m = neighbourhood_mean(map, 3);
  CHECK(std::isnan(m.mean(2, 2)));
  CHECK(m.count(2, 3) == 8);
  CHECK(m.count(0, 0) == 4);
  CHECK(m.count(4, 6) == 4);
  CHECK(m.count.sum() == (map.rows() * 3 - 2) * (map.cols() * 3 - 2) - 9);
  for (Eigen::Index i = 0; i < map.size(); ++i)
    if (std::isfinite(map.data()[i])) CHECK(m.mean.data()[i] == 3);
  const PlaneD alone = neighbourhood_mean(map, 1).mean;
  CHECK((alone.isNaN() || alone == map).all());
}
