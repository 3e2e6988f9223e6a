// Laws of ranks, false-discovery rates, shares with their intervals, and medians.
#include "base/statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/approx.hpp"

using namespace vitrobeam;

TEST_CASE("the rank p-value counts the null at and above the score") {
  const std::vector<double> null{1, 2, 2, 3};
  CHECK(rank_p_value(null, 4) == approx(1.0 / 5));
  CHECK(rank_p_value(null, 2) == approx(4.0 / 5));
  CHECK(rank_p_value(null, 0) == approx(1));
}

TEST_CASE("Wilson's interval ends where the share is 1.96 of its own standard deviations away") {
  for (const double n : {5.0, 16.0, 50.0, 1000.0})
    for (const double k : {0.0, 1.0, std::floor(n / 3), n - 1, n}) {
      CAPTURE(n);
      CAPTURE(k);
      const Share s = wilson_interval(k, n);
      CHECK(s.value == approx(k / n));
      for (const double end : {s.low, s.high}) {
        const double distance = std::abs(s.value - end);
        if (end > 1e-12 && end < 1 - 1e-12)
          CHECK(distance == approx(1.959964 * std::sqrt(end * (1 - end) / n)));
        else
          CHECK(distance < 1e-12);  // all or none
      }
      const Share other = wilson_interval(n - k, n);
      CHECK(std::abs(other.low - (1 - s.high)) < 1e-12);
      CHECK(std::abs(other.high - (1 - s.low)) < 1e-12);
    }
  CHECK(std::isnan(wilson_interval(0, 0).value));
}

TEST_CASE("Wilson's interval covers 95 % on average, at every number of cases") {
  for (const int n : {10, 30, 100}) {
    double covered = 0;
    constexpr int kShares = 200;
    for (int i = 0; i < kShares; ++i) {
      const double p = (i + 0.5) / kShares;
      for (int k = 0; k <= n; ++k) {
        const Share s = wilson_interval(k, n);
        const double log_chance = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                                  k * std::log(p) + (n - k) * std::log1p(-p);
        if (s.low <= p && p <= s.high) covered += std::exp(log_chance) / kShares;
      }
    }
    CAPTURE(n);
    CHECK(std::abs(covered - 0.95) < 0.01);
  }
}

TEST_CASE("Benjamini-Hochberg reproduces the example of the 1995 paper") {
  // Benjamini and Hochberg (1995), section 3.2: 15 p-values, of which the procedure rejects the
  // first 4 at 0.05.
  const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                              0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const auto q = benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) CHECK((q[i] <= 0.05) == (i < 4));
  CHECK(q[3] == approx(0.0095 * 15 / 4));
  std::vector<double> with_gap{0.5, std::nan(""), 0.01};
  const auto r = benjamini_hochberg(with_gap);
  CHECK(r[0] == approx(0.5));
  CHECK(std::isnan(r[1]));
  CHECK(r[2] == approx(0.02));
}

TEST_CASE("the median of a map ignores what is not known") {
  PlaneD map(2, 3);
  map << 5, NAN, 1, 3, INFINITY, NAN;
  CHECK(finite_median(map) == 3);
  CHECK(std::isnan(finite_median(PlaneD::Constant(1, 2, NAN))));
}
