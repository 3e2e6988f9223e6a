// Laws of what joins maps: planted correlations come back, planted absence gives uniform p-values
// although neighbours repeat each other, partial coefficients see through a common cause.
#include "maps/map_statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

// A stationary Gaussian field of variance 1, autocorrelation exp(-r^2 / (4 s^2)): white noise under
// a Gaussian of width s, cut from a larger plane so that it does not wrap.
PlaneD field(int rows, int cols, double s, std::uint64_t stream) {
  const int reach = int(std::ceil(4 * s));
  PlaneD white(rows + 2 * reach, cols + 2 * reach);
  RandomSequence random(11, stream);
  for (double& v : white.reshaped()) v = random.normal();
  Eigen::ArrayXd kernel(2 * reach + 1);
  for (int k = -reach; k <= reach; ++k) kernel[k + reach] = std::exp(-0.5 * k * k / (s * s));
  kernel /= std::sqrt(kernel.square().sum());
  PlaneD along(white.rows(), cols), out(rows, cols);
  for (Eigen::Index r = 0; r < white.rows(); ++r)
    for (int c = 0; c < cols; ++c)
      along(r, c) = (white.row(r).segment(c, kernel.size()).transpose() * kernel).sum();
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c)
      out(r, c) = (along.col(c).segment(r, kernel.size()) * kernel).sum();
  return out;
}

// Largest distance of the distribution of p-values from the uniform one.
double kolmogorov(std::vector<double> p) {
  std::sort(p.begin(), p.end());
  double worst = 0;
  const double n = double(p.size());
  for (std::size_t i = 0; i < p.size(); ++i)
    worst = std::max({worst, std::abs(p[i] - double(i) / n), std::abs(p[i] - double(i + 1) / n)});
  return worst;
}

}  // namespace

TEST_CASE("the autocorrelogram of a smooth field is its own, with holes too") {
  PlaneD map = field(160, 160, 3, 1);
  const double expected = 2 * 3;  // exp(-r^2 / (4 s^2)) is 1/e at 2 s
  CHECK(autocorrelogram(map).length(std::exp(-1)) == approx(expected).epsilon(0.15));
  RandomSequence random(5, 1);
  for (double& v : map.reshaped())
    if (random.uniform() < 0.3) v = NAN;
  CHECK(autocorrelogram(map).length(std::exp(-1)) == approx(expected).epsilon(0.15));
  // white noise on top, known in size, is not taken for structure
  PlaneD noisy = field(160, 160, 3, 1);
  for (double& v : noisy.reshaped()) v += 2 * random.normal();
  CHECK(autocorrelogram(noisy, 4).length(std::exp(-1)) == approx(expected).epsilon(0.2));
}

TEST_CASE("correlations: of a map with itself 1, of exact sums as made, ranks under any growth") {
  const PlaneD a = field(24, 20, 1, 2), b = field(24, 20, 1, 3);
  CHECK(correlate_maps(a, a).coefficient == approx(1));
  CHECK(correlate_maps(a, -2 * a + 3).coefficient == approx(-1));
  CHECK(correlate_maps(a, b).coefficient == approx(correlate_maps(b, a).coefficient));
  CHECK(correlate_maps(ranks_of(a), ranks_of(a.exp())).coefficient == approx(1));
  CHECK(std::isnan(correlate_maps(a, PlaneD::Constant(24, 20, 2)).coefficient));
  PlaneD half = a;
  half.bottomRows(12) = NAN;
  CHECK(correlate_maps(half, b).positions == 240);
  PlaneD few = PlaneD::Constant(24, 20, NAN);
  few.row(0).head(5) = 1;
  CHECK(std::isnan(correlate_maps(few, b).coefficient));
  // ties share their rank
  PlaneD ties(1, 4);
  ties << 1, 2, 2, 5;
  CHECK(ranks_of(ties)(0, 1) == 1.5);
  CHECK(ranks_of(ties)(0, 3) == 3);
}

TEST_CASE(
    "planted absence: p-values of smooth, unrelated maps are uniform; counting positions errs") {
  std::vector<double> shift, effective;
  int naive_found = 0, found = 0;
  constexpr int kCases = 300;
  for (int k = 0; k < kCases; ++k) {
    const PlaneD a = field(32, 32, 2, std::uint64_t(100 + 2 * k)),
                 b = field(32, 32, 2, std::uint64_t(101 + 2 * k));
    const MapCorrelation c = correlate_maps(a, b, {199, std::uint64_t(k)});
    shift.push_back(c.p_shift);
    effective.push_back(c.p_effective);
    found += c.p_shift <= 0.05;
    naive_found += std::erfc(std::abs(std::atanh(c.coefficient)) * std::sqrt(1021 / 2.0)) <= 0.05;
  }
  // the limit of Kolmogorov and Smirnov at 1 % is 1.63 / sqrt(300) = 0.094
  CHECK(kolmogorov(shift) < 0.094);
  CHECK(kolmogorov(effective) < 0.094);
  CHECK(found < 30);         // 15 +- 4 expected
  CHECK(naive_found > 150);  // what ignoring the neighbours would have reported
}

TEST_CASE(
    "planted correlation: found, with the coefficient inside of its interval two times in three") {
  int inside = 0, found = 0;
  constexpr int kCases = 120;
  const double planted = 0.6;
  for (int k = 0; k < kCases; ++k) {
    const PlaneD a = field(32, 32, 1.5, std::uint64_t(2000 + 2 * k)),
                 b = field(32, 32, 1.5, std::uint64_t(2001 + 2 * k));
    const MapCorrelation c =
        correlate_maps(a, planted * a + std::sqrt(1 - planted * planted) * b, {199, 1});
    inside += c.low <= planted && planted <= c.high;
    found += c.p_shift <= 0.05;
  }
  CHECK(found >= 114);
  CHECK(inside > 0.55 * kCases);
  CHECK(inside < 0.80 * kCases);
}

TEST_CASE("a common cause: correlation without partial correlation, and the way back") {
  const PlaneD cause = field(48, 48, 1.5, 30), u = field(48, 48, 1.5, 31),
               v = field(48, 48, 1.5, 32);
  const PlaneD a = cause + 0.5 * u, b = cause + 0.5 * v;
  const std::vector<PlaneD> maps{a, b, cause};
  const CorrelationMatrix plain = correlation_matrix(maps, Association::pearson, {499, 1}, 2),
                          partial = correlation_matrix(maps, Association::partial, {499, 1}, 2);
  CHECK(plain.coefficient(0, 1) > 0.7);
  CHECK(plain.p_shift(0, 1) <= 0.01);
  CHECK(std::abs(partial.coefficient(0, 1)) < 0.2);
  CHECK(partial.p_shift(0, 1) > 0.02);
  CHECK(partial.p_shift(0, 2) <= 0.01);
  // of three maps the partial coefficient has a closed form
  const auto& r = plain.coefficient;
  const double closed =
      (r(0, 1) - r(0, 2) * r(1, 2)) / std::sqrt((1 - r(0, 2) * r(0, 2)) * (1 - r(1, 2) * r(1, 2)));
  CHECK(partial.coefficient(0, 1) == approx(closed));
  // given their sum two maps determine each other; a map given twice is left with nothing: no
  // coefficient rather than one of rounding
  const CorrelationMatrix sums =
      correlation_matrix({a, b, PlaneD(a + b)}, Association::partial, {99, 1}, 1);
  CHECK(sums.coefficient(0, 1) == approx(-1));
  const CorrelationMatrix twice = correlation_matrix({a, b, a}, Association::partial, {99, 1}, 1);
  CHECK(std::isnan(twice.coefficient(0, 1)));
  // threads change nothing
  const CorrelationMatrix one = correlation_matrix(maps, Association::pearson, {499, 1}, 1);
  CHECK((one.p_shift == plain.p_shift).all());
}
