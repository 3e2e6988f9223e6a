// Specimens: thickness, density and strain are those that were asked for.
#include "models/specimen.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "models/neighbours.hpp"
#include "models/shear_band.hpp"
#include "models/time_series.hpp"
#include "models/transform.hpp"
#include "tests/approx.hpp"
#include "tests/read_text.hpp"

using namespace vitrobeam;

namespace {

const Atoms& glass() {
  static const Atoms atoms = example_glass(VITROBEAM_SOURCE_DIR);
  return atoms;
}

Eigen::Matrix3d symmetric(double xx, double yy, double zz, double yz, double xz, double xy) {
  Eigen::Matrix3d m;
  m << xx, xy, xz, xy, yy, yz, xz, yz, zz;
  return m;
}

// Strain of the displacement field at r, by differences.
Eigen::Matrix3d strain_at(const Vector3d& r, double a, const Eigen::Matrix3d& e, double nu) {
  Eigen::Matrix3d gradient;
  const double h = 1e-4;
  for (int k = 0; k < 3; ++k) {
    const Vector3d step = h * Vector3d::Unit(k);
    gradient.col(k) =
        (inclusion_displacement(r + step, a, e, nu) - inclusion_displacement(r - step, a, e, nu)) /
        (2 * h);
  }
  return (gradient + gradient.transpose()) / 2;
}

}  // namespace

TEST_CASE("a wedge is as thick as it should be, everywhere") {
  const double angle = 0.4;
  const Atoms w = wedge(glass(), 5, angle);
  CHECK_FALSE(w.cell.periodic[2]);
  for (int strip = 0; strip < 4; ++strip) {
    double n = 0;
    for (const auto& r : w.positions) n += r.x() >= 10 * strip && r.x() < 10 * strip + 10;
    const double thickness = 5 + (10 * strip + 5) * std::tan(angle);
    CHECK(n / (10 * 40.19 * number_density(glass())) == approx(thickness).epsilon(0.06));
  }
  CHECK_THROWS_WITH_AS(wedge(glass(), 5, 1.2), doctest::Contains("thick at its far end"), Error);
}

TEST_CASE("an oxide skin has its formula, density and thickness, and keeps its distance") {
  const Atoms slab = cut_box(glass(), {0, 0, 10}, {40.19071960449219, 40.19071960449219, 30});
  OxideSkin skin{parse_composition("ZrO2"), 5.0, 8};
  const Atoms both = with_oxide(slab, skin);
  const auto& oxide = std::get<std::vector<std::int64_t>>(both.labels.at("oxide").values);
  double zr = 0, o = 0;
  for (std::size_t i = 0; i < both.size(); ++i)
    if (oxide[i]) (both.numbers[i] == 8 ? o : zr) += 1;
  CHECK(o / zr == approx(2).epsilon(0.01));
  const double grams = (zr * 91.224 + o * 15.999) * 1.66053906660;
  CHECK(grams / (2 * 8 * 40.19 * 40.19) == approx(5.0).epsilon(0.005));
  CHECK(closest_pair(both).distance > 1.6);
  CHECK(both.cell.lengths().z() > 20 + 2 * 8 - 2);
  CHECK(both.cell.lengths().z() < 20 + 2 * 8 + 6);
  skin.entrance = false;
  CHECK(with_oxide(slab, skin).size() < both.size());
  CHECK_THROWS_AS(with_oxide(slab, {parse_composition("Zr"), 5.0, 8}), Error);
  CHECK_THROWS_AS(with_oxide(slab, {parse_composition("ZrO2"), 500, 8}), Error);
}

TEST_CASE("oxide and glass meet without a gap, and oxygen is bonded to the metals of the glass") {
  const Atoms slab = cut_box(glass(), {0, 0, 8}, {40.19071960449219, 40.19071960449219, 32});
  const Atoms both = with_oxide(slab, {parse_composition("ZrO2"), 5.0, 12});
  const auto& oxide = std::get<std::vector<std::int64_t>>(both.labels.at("oxide").values);
  double lowest = 1e300, highest = -1e300;  // of the glass
  for (std::size_t i = 0; i < both.size(); ++i)
    if (oxide[i] == 0) {
      lowest = std::min(lowest, both.positions[i].z());
      highest = std::max(highest, both.positions[i].z());
    }
  const double area = 40.19 * 40.19, bulk = number_density(glass());
  for (const double face : {lowest, highest})
    for (double z = face - 5; z < face + 5; z += 0.5) {  // a window of 2 Angstrom, 200 atoms
      double n = 0;
      for (const auto& r : both.positions) n += std::abs(r.z() - z) < 1;
      CAPTURE(z - face);
      CHECK(n / (2 * area) > 0.85 * bulk);  // a gap of 1.5 Angstrom leaves a quarter
    }
  double bonds = 0;
  visit_neighbours(both.cell, both.positions, 2.5,
                   [&](std::size_t i, std::size_t j, const Vector3d&) {
                     bonds += oxide[i] == 1 && both.numbers[i] == 8 && oxide[j] == 0;
                   });
  MESSAGE("oxygen to glass, bonds per Angstrom^2 of a face: " << bonds / (2 * area));
  CHECK(bonds / (2 * area) > 0.04);
}

TEST_CASE("the profile of a shear band: plateaus, half way at its borders, periodic along it") {
  ShearBand b;
  b.centre = 50;
  b.width = 30;
  b.border = 10;
  b.segment = 40;
  for (const double y : {20.0, 100.0}) {
    CHECK(band_profile(b, 160, 50, y) == approx(0.06));
    CHECK(band_profile(b, 160, 50 + 9.99, y) == approx(0.06));
    CHECK(band_profile(b, 160, 35, y) == approx(0.03));
    CHECK(band_profile(b, 160, 70.01, y) == 0);
  }
  CHECK(band_profile(b, 160, 50, 60) == approx(-0.10));
  for (const double y : {0.0, 40.0, 80.0, 120.0, 159.999999})
    CHECK(band_profile(b, 160, 50, y) == approx(-0.02).epsilon(1e-4));
  double steepest = 0;
  for (double y = 0; y < 160; y += 0.1)
    steepest = std::max(
        steepest, std::abs(band_profile(b, 160, 50, y + 0.1) - band_profile(b, 160, 50, y)) / 0.1);
  CHECK(steepest == approx(0.16 / 10 * std::numbers::pi / 2).epsilon(1e-3));
}

TEST_CASE(
    "a shear band follows its density profile, and the glass beyond its borders is untouched") {
  const Atoms large = repeated(glass(), {2, 2, 1});
  ShearBand band;
  band.centre = 40;
  band.width = 28;
  band.border = 10;
  band.segment = 40;
  const auto [atoms, segments] = with_shear_band(large, band);
  REQUIRE(segments.size() == 2);
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(segments[k].change == (k % 2 ? -0.10 : 0.06));
    CHECK(std::abs(segments[k].asked) < std::abs(segments[k].change));
    CHECK(std::abs(segments[k].made - segments[k].asked) < 0.005);
  }
  const auto& label = std::get<std::vector<std::int64_t>>(atoms.labels.at("band").values);
  std::size_t outside = 0, before = 0;
  for (const auto& r : large.positions) before += std::abs(r.x() - 40) >= 19;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (label[i] == 0) {
      ++outside;
      CHECK(std::abs(atoms.positions[i].x() - 40) >= 19);
    }
  CHECK(outside == before);
  // Atoms in windows of 6 x 16 x 40 Angstrom against the profile, and how the glass itself
  // scatters.
  const double bulk = number_density(glass()), length = 80.38143920898438;
  const auto filling = [&](const Atoms& a, double x, double y) {
    double n = 0;
    for (const auto& r : a.positions) n += std::abs(r.x() - x) < 3 && std::abs(r.y() - y) < 8;
    return n / (6 * 16 * 40.19 * bulk);
  };
  double worst = 0, square = 0, own = 0, windows = 0;
  for (double x = 17; x < 62; x += 3)
    for (const double y : {12.0, 20.0, 28.0, 52.0, 60.0, 68.0}) {
      double wanted = 0;
      for (double u = -2.75; u < 3; u += 0.5)
        for (double v = -7.75; v < 8; v += 0.5)
          wanted += (1 + band_profile(band, length, x + u, y + v)) / (12 * 32);
      const double off = filling(atoms, x, y) / wanted - 1;
      worst = std::max(worst, std::abs(off));
      square += off * off;
      own += std::pow(filling(large, x, y) - 1, 2);
      ++windows;
    }
  MESSAGE("density against profile: rms " << std::sqrt(square / windows) << ", worst " << worst
                                          << "; the glass scatters by "
                                          << std::sqrt(own / windows));
  CHECK(std::sqrt(square / windows) < 1.5 * std::sqrt(own / windows));
  CHECK(worst < 5 * std::sqrt(own / windows));
  CHECK(closest_pair(atoms).distance > 1.8);
  band.centre = 5;
  CHECK_THROWS_WITH_AS(with_shear_band(large, band), doctest::Contains("does not lie in the cell"),
                       Error);
  band.centre = 40;
  band.border = 30;
  CHECK_THROWS_WITH_AS(with_shear_band(large, band), doctest::Contains("does not fit"), Error);
}

TEST_CASE(
    "Eshelby's sphere: uniform strain within by his tensor, continuous at the surface, 1/r^2 "
    "outside") {
  const double a = 10, nu = 0.3;
  const auto shear = symmetric(0, 0, 0, 0, 0, 0.02),
             swelling = symmetric(0.01, 0.01, 0.01, 0, 0, 0);
  const double s1212 = (4 - 5 * nu) / (15 * (1 - nu)), volume = (1 + nu) / (3 * (1 - nu));
  for (const Vector3d& r : {Vector3d(0.1, 0.2, 0.3), Vector3d(5, -3, 2), Vector3d(0, 0, 9)}) {
    CHECK((strain_at(r, a, shear, nu) - 2 * s1212 * shear).norm() < 1e-8);
    CHECK((strain_at(r, a, swelling, nu) - volume * swelling).norm() < 1e-8);
  }
  for (const auto& e : {shear, swelling}) {
    const Vector3d n = Vector3d(1, 2, -2) / 3;
    CHECK((inclusion_displacement((a - 1e-7) * n, a, e, nu) -
           inclusion_displacement((a + 1e-7) * n, a, e, nu))
              .norm() < 1e-8);
    CHECK(inclusion_displacement(400 * n, a, e, nu).norm() /
              inclusion_displacement(800 * n, a, e, nu).norm() ==
          approx(4).epsilon(1e-2));
    CHECK(std::abs(strain_at(25 * n, a, swelling, nu).trace()) < 1e-9);  // no volume change outside
  }
  const Atoms strained = with_inclusion(glass(), {20, 20, 20}, 8, shear, nu);
  CHECK(strained.size() == glass().size());
  CHECK_THROWS_AS(with_inclusion(glass(), {20, 20, 20}, 8, shear, 0.7), Error);
}

TEST_CASE("a relaxing series decays with the times that it carries, faster at the surface") {
  const Atoms slab = cut_box(glass(), {0, 0, 0}, {40.19071960449219, 40.19071960449219, 24});
  Relaxation s;
  s.frames = 60;
  s.tau = 10;
  s.surface = 4;
  s.speed_up = 5;
  s.closest = 0;
  const auto frames = relaxing_series(slab, s);
  REQUIRE(frames.size() == 60);
  const auto& tau = std::get<std::vector<double>>(frames[0].labels.at("tau").values);
  const auto correlation = [&](int lag, double of) {  // of displacements, over atoms and starts
    double product = 0, square = 0;
    for (std::size_t k = 0; k + std::size_t(lag) < frames.size(); ++k)
      for (std::size_t i = 0; i < slab.size(); ++i) {
        if (std::abs(tau[i] - of) > 1e-9) continue;
        const auto shift = [&](const Atoms& f) {
          Vector3d d = f.positions[i] - slab.positions[i];
          for (int c = 0; c < 2; ++c)
            d[c] -= 40.19071960449219 * std::nearbyint(d[c] / 40.19071960449219);
          return d;
        };
        product += shift(frames[k]).dot(shift(frames[k + std::size_t(lag)]));
        square += shift(frames[k]).squaredNorm();
      }
    return product / square;
  };
  for (const double of : {10.0, 2.0})
    for (const int lag : {1, 3, 8})
      CHECK(std::abs(correlation(lag, of) - std::exp(-lag / of)) < 0.02);
  CHECK(frames[7].info.at("time") == "7");
}

TEST_CASE("relaxation times are log-normal over the field, and its contrast is as wide as asked") {
  Relaxation s;
  s.spread = 0.8;
  s.correlation = 4;
  const Atoms large = repeated(glass(), {2, 2, 1});
  double mean = 0, square = 0;
  const auto tau = relaxation_times(large, s);
  for (double t : tau) mean += std::log(t / s.tau) / double(tau.size());
  for (double t : tau) square += std::pow(std::log(t / s.tau) - mean, 2) / double(tau.size());
  CHECK(std::abs(mean) < 0.15);
  CHECK(std::sqrt(square) == approx(0.8).epsilon(0.25));
  s.frames = 1;
  CHECK_THROWS_AS(relaxing_series(glass(), s), Error);
}
