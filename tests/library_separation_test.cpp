// Laws of separation: the Chernoff information against integration and against brute-force
// classification, its symmetry, its growth with dose; the virtual detector against a planted one.
#include "patterns/library_separation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/experiment_plan.hpp"
#include "patterns/moments.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

HarmonicModel one(std::complex<double> mean, double variance) {
  return {{Eigen::VectorXcd::Constant(1, mean)}, {Eigen::MatrixXd::Constant(1, 1, variance)}};
}

double density(const HarmonicModel& m, std::complex<double> x) {
  const double v = m.covariance[0](0, 0);
  return std::exp(-std::norm(x - m.mean[0](0)) / v) / (std::numbers::pi * v);
}

// Patterns of 41 x 41 pixels: rings with speckle, and for a motif spots at `q_spot`, `fold` times.
PlaneF pattern(std::uint64_t seed, int fold, double q_spot, double strength) {
  RandomSequence random(seed, 3);
  double a[7], b[7];
  for (int m = 1; m < 7; ++m) a[m] = random.normal(), b[m] = random.normal();
  const double level = 6 + 1.5 * random.normal();  // else a whole ring would know everything
  PlaneF image(41, 41);
  for (int r = 0; r < 41; ++r)
    for (int c = 0; c < 41; ++c) {
      const double qy = (r - 20) * 0.05, qx = (c - 20) * 0.05, q = std::hypot(qx, qy),
                   t = std::atan2(qy, qx);
      double v = level;
      for (int m = 1; m < 7; ++m) v += 0.5 * (a[m] * std::cos(m * t) + b[m] * std::sin(m * t));
      image(r, c) = float(1e-4 * std::exp(-q) * v);
      if (fold > 0)
        image(r, c) += float(strength * 1e-3 * std::exp(-std::pow((q - q_spot) / 0.06, 2)) *
                             std::pow(0.5 + 0.5 * std::cos(fold * t), 4));
    }
  return image;
}

void append(Stack<float>& stack, const PlaneF& image) {
  if (stack.shape.empty()) stack.shape = {0, 41, 41};
  ++stack.shape[0];
  stack.values.insert(stack.values.end(), image.data(), image.data() + image.size());
}

// Free clusters: templates without a background.
MotifLibrary library(double strength) {
  MotifLibrary l;
  l.conditions[0].energy_kV = 200;
  l.conditions[0].semiangle_mrad = 3.3;
  l.motif_names = {"three", "four"};
  l.pixel_qx = l.pixel_qy = 0.05;
  append(l.patterns, pattern(1, 3, 0.7, strength) - pattern(1, 0, 0, 0));
  append(l.patterns, pattern(1, 4, 0.7, strength) - pattern(1, 0, 0, 0));
  l.templates = {{0, Vector3d::UnitZ()}, {1, Vector3d::UnitZ()}};
  for (std::uint64_t i = 0; i < 100; ++i) {
    append(l.null_patterns, pattern(100 + i, 0, 0, 0));
    l.null.push_back({.packing = int(i) / 20});
  }
  l.moment_grid = {0.3, 0.95, 8, 10};
  return l;
}

// Every template the mean over four realisations of the matrix.
MotifLibrary embedded_library(double strength) {
  MotifLibrary l = library(strength);
  l.patterns = {};
  l.templates.clear();
  l.conditions[0].matrix = "packing";
  l.conditions[0].realisations = 4;
  l.covariance.shape = {24, l.moment_grid.harmonics(), l.moment_grid.pairs()};
  const PolarTransform polar(41, 41, library(0).calibration(), l.moment_grid.polar());
  for (std::uint64_t t = 0; t < 24; ++t) {
    Moments moments(l.moment_grid);
    PlaneF mean = PlaneF::Zero(41, 41);
    for (std::uint64_t k = 0; k < 4; ++k) {
      const PlaneF one = pattern(5000 + 10 * t + k, t % 2 ? 4 : 3, 0.7, strength);
      mean += one / 4;
      moments.add(harmonics(polar(one), l.moment_grid));
    }
    append(l.patterns, mean);
    l.templates.push_back({int(t % 2), Vector3d::UnitZ()});
    const PlaneF covariance = moments.covariance();
    l.covariance.values.insert(l.covariance.values.end(), covariance.data(),
                               covariance.data() + covariance.size());
  }
  return l;
}

}  // namespace

TEST_CASE("the Chernoff information is the least of the integral over the plane") {
  const HarmonicModel a = one({0.3, -0.2}, 1.0), b = one({-0.9, 0.6}, 2.5);
  double least = 1;
  for (double s = 0.02; s < 1; s += 0.02) {
    double integral = 0;
    for (double x = -9; x < 9; x += 0.05)
      for (double y = -9; y < 9; y += 0.05)
        integral += 0.0025 * std::pow(density(a, {x, y}), 1 - s) * std::pow(density(b, {x, y}), s);
    least = std::min(least, integral);
  }
  CHECK(chernoff_information(a, b) == approx(-std::log(least)).epsilon(2e-3));
  CHECK(chernoff_information(a, b) == approx(chernoff_information(b, a)).epsilon(1e-6));
  CHECK(chernoff_information(a, a) < 1e-12);
  // equal covariances: a quarter of the squared distance
  CHECK(chernoff_information(one(0, 2), one(3, 2)) == approx(9.0 / 2 / 4).epsilon(1e-6));
}

TEST_CASE("brute-force classification errs as the information says") {
  // n patterns of distance d: the error is erfc(sqrt(n C)) / 2
  const HarmonicModel a = one(0, 1), b = one({0.6, 0.5}, 1);
  const double c = chernoff_information(a, b);
  RandomSequence random(5, 0);
  const int n = 12, cases = 20000;
  int wrong = 0;
  for (int k = 0; k < cases; ++k) {
    double evidence = 0;
    for (int i = 0; i < n; ++i) {
      const std::complex<double> x(random.normal() / std::sqrt(2), random.normal() / std::sqrt(2));
      evidence += std::log(density(b, x) / density(a, x));
    }
    wrong += evidence > 0;
  }
  const double expected = std::erfc(std::sqrt(n * c)) / 2;
  CHECK(std::abs(double(wrong) / cases - expected) < 4 * std::sqrt(expected / cases));
  CHECK(expected > 0.005);  // else nothing would be counted
}

TEST_CASE("a motif turned in the plane is no other motif") {
  HarmonicModel a, b;
  for (int m = 1; m <= 6; ++m) {
    a.mean.push_back(Eigen::VectorXcd::Constant(2, m % 3 == 0 ? 1.0 : 0.0));
    b.mean.push_back(a.mean.back() * std::polar(1.0, -m * 0.6));
    a.covariance.push_back(Eigen::MatrixXd::Identity(2, 2));
  }
  b.covariance = a.covariance;
  CHECK(chernoff_information(a, b) > 0.5);
  CHECK(chernoff_information_at_worst_angle(a, b, 720) < 1e-3);
}

TEST_CASE("separation grows with the motif and with the dose, and is symmetric") {
  const PlaneD weak = separation(library(0.5), {}), strong = separation(library(1), {}),
               few = separation(library(1), {200, 0}), many = separation(library(1), {1e5, 0}),
               noisy = separation(library(1), {1e5, 30});
  CHECK(strong(0, 2) == approx(4 * weak(0, 2)).epsilon(1e-3));
  CHECK(few(0, 2) < many(0, 2));
  CHECK(many(0, 2) < strong(0, 2));
  CHECK(noisy(0, 2) < many(0, 2));
  CHECK(few(0, 1) < few(0, 2) + few(1, 2));
  CHECK((strong - strong.transpose()).abs().maxCoeff() == 0);
  CHECK(strong(0, 0) == 0);
}

TEST_CASE("few realisations of the matrix are no information") {
  // templates that are nothing but the mean of four motif-free patterns, and the same with a motif
  for (const double strength : {0.0, 0.5}) {
    CAPTURE(strength);
    const PlaneD embedded = separation(embedded_library(strength), {2000, 0}),
                 alone = separation(library(strength), {2000, 0});
    CHECK(std::abs(embedded(0, 2) - alone(0, 2)) < 0.1 + 0.05 * alone(0, 2));
  }
}

TEST_CASE("the virtual detector stands on the spots, as often as they repeat") {
  const PolarGrid grid{0.3, 0.95, 13, 24};
  const VirtualDetector d = best_virtual_detector(library(1), 0, -1, {1e5, 0}, grid);
  CHECK(d.sectors == 3);
  CHECK(d.q_inner <= 0.7);
  CHECK(d.q_outer >= 0.7);
  CHECK(d.q_outer - d.q_inner < 0.35);
  const double off = std::remainder(d.angle, 2 * std::numbers::pi / 3);
  CHECK(std::abs(off) < 0.3);
  CHECK(d.distance > best_virtual_detector(library(0.3), 0, -1, {1e5, 0}, grid).distance);
  // against the other motif the mask is of use too
  CHECK(best_virtual_detector(library(1), 0, 1, {1e5, 0}, grid).distance > 1);
}

TEST_CASE("the virtual detector does not follow the speckle of few realisations") {
  const PolarGrid grid{0.3, 0.95, 13, 24};
  CHECK(best_virtual_detector(embedded_library(0), 0, -1, {1e5, 0}, grid).distance < 0.3);
  const VirtualDetector d = best_virtual_detector(embedded_library(1), 0, -1, {1e5, 0}, grid);
  CHECK(d.sectors == 3);
  CHECK(std::abs(std::remainder(d.angle, 2 * std::numbers::pi / 3)) < 0.3);
}

TEST_CASE("the independent step falls with the convergence angle") {
  const double wavelength = 0.0250793;
  CHECK(independent_step(wavelength, 3.3e-3) == approx(2 * independent_step(wavelength, 6.6e-3)));
  const double d = independent_step(wavelength, 3.58e-3),
               x = 2 * std::numbers::pi * 3.58e-3 / wavelength * d;
  CHECK(std::pow(2 * std::cyl_bessel_j(1, x) / x, 2) == approx(std::exp(-1.0)).epsilon(1e-6));
}

TEST_CASE("a plan takes the condition whose least separated pair is separated most") {
  MotifLibrary weak = library(0.3), strong = library(1.5);
  strong.conditions[0].thickness = 7;
  const MotifLibrary both = merged({weak, strong});
  REQUIRE(both.conditions.size() == 2);
  PlanSettings s;
  s.doses = {1e4, 1e6};
  s.q_min = 0.3;
  s.q_max = 0.95;
  s.radii = 8;
  s.angles = 24;
  const ExperimentPlan plan = plan_experiment(both, s, {});
  CHECK(plan.best_condition == 1);
  CHECK(plan.conditions[1].thickness == 7);
  CHECK(plan.names == std::vector<std::string>{"three", "four", "none"});
  const PlaneD alone = separation(strong, {1e6, 0});
  CHECK((PlaneD(plan.information.plane(3)) - alone).abs().maxCoeff() < 1e-12);
  for (std::size_t c = 0; c < 2; ++c)  // more electrons never tell less
    CHECK(plan.least_information(c, 1) >= plan.least_information(c, 0));
  CHECK(plan.least_information(1, 1) > plan.least_information(0, 1));
  s.angles = 50;
  CHECK_THROWS_AS(plan_experiment(both, s, {}), Error);
  s.angles = 24;
  s.q_max = 3;
  CHECK_THROWS_AS(plan_experiment(both, s, {}), Error);
}

TEST_CASE("the patterns needed bring the Chernoff bound below the error, and one fewer does not") {
  for (const double information : {0.01, 0.3, 2.0})
    for (const double error : {0.2, 0.01, 1e-4}) {
      const double n = patterns_needed(information, error);
      CHECK(0.5 * std::exp(-n * information) <= error * (1 + 1e-12));
      CHECK(0.5 * std::exp(-(n - 1) * information) > error);
    }
}

TEST_CASE("too few motif-free patterns are refused") {
  MotifLibrary l = library(1);
  l.null.resize(5);
  l.null_patterns.shape[0] = 5;
  l.null_patterns.values.resize(5 * 41 * 41);
  CHECK_THROWS_AS(separation(l, {}), Error);
  CHECK_THROWS_AS(best_virtual_detector(l, 0, -1, {}, {}), Error);
}
