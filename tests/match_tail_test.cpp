// Laws of fitted tails. Random numbers are fixed by their seeds.
#include "patterns/match_tail.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"

using namespace vitrobeam;

namespace {

struct Null {
  std::vector<double> scores;
  std::vector<int> packing;
};

// Exponential scores, those of a packing shifted together by up to `shared`.
Null exponential(int packings, int each, std::uint64_t seed, double shared = 0) {
  Null n;
  RandomSequence random(seed, 1);
  for (int p = 0; p < packings; ++p) {
    const double shift = shared * random.normal();
    for (int i = 0; i < each; ++i) {
      n.scores.push_back(shift - std::log(1 - random.uniform()));
      n.packing.push_back(p);
    }
  }
  return n;
}

}  // namespace

TEST_CASE("2000 exponential scores give p = 1e-5 within a factor 2, in the median and mostly") {
  std::vector<double> off;
  for (std::uint64_t seed = 1; seed <= 11; ++seed) {
    const Null n = exponential(20, 100, seed);
    const TailFit fit = fit_tail(n.scores, n.packing, 1);
    if (!fit.holds()) continue;
    off.push_back(std::abs(std::log(fit.p(-std::log(1e-5)) / 1e-5)));
    CHECK(fit.log_error(-std::log(1e-5)) > 0.1);
    CHECK(fit.log_error(-std::log(1e-5)) < 3);
  }
  REQUIRE(off.size() >= 8);  // goodness below 0.1 in one of ten, twice in a row in fewer
  std::sort(off.begin(), off.end());
  CHECK(off[off.size() / 2] < std::log(2.0));
  CHECK(off.back() < std::log(8.0));
}

TEST_CASE("p falls with the score, from the share of the tail at its threshold") {
  const Null n = exponential(10, 100, 3);
  const TailFit fit = fit_tail(n.scores, n.packing, 1);
  REQUIRE(fit.holds());
  CHECK(fit.p(fit.threshold) == doctest::Approx(fit.share));
  double before = 1;
  for (double s = fit.threshold; s < 40; s += 0.5) {
    CHECK(fit.p(s) < before);
    CHECK(fit.p(s) > 0);
    before = fit.p(s);
  }
}

TEST_CASE("scores that hang together by packing leave p less certain than independent ones") {
  const Null alone = exponential(10, 200, 5), shared = exponential(10, 200, 5, 1);
  const TailFit a = fit_tail(alone.scores, alone.packing, 1),
                b = fit_tail(shared.scores, shared.packing, 1);
  REQUIRE(a.holds());
  REQUIRE(b.holds());
  CHECK(b.log_error(b.threshold + 1) > 1.5 * a.log_error(a.threshold + 1));
}

TEST_CASE("what is no tail is refused: few scores, few packings, two heaps") {
  const Null few = exponential(5, 20, 7), one = exponential(2, 500, 7);
  CHECK_FALSE(fit_tail(few.scores, few.packing, 1).holds());
  CHECK(fit_tail(one.scores, one.packing, 1).refused.find("packings") != std::string::npos);
  Null heaps = exponential(10, 200, 9);
  for (std::size_t i = 0; i < heaps.scores.size(); i += 25)
    heaps.scores[i] = 20 + 0.01 * heaps.scores[i];
  const TailFit fit = fit_tail(heaps.scores, heaps.packing, 1);
  CHECK_FALSE(fit.holds());
  CHECK(fit.refused.find("no Pareto tail") != std::string::npos);
}

TEST_CASE("the same seed gives the same fit") {
  const Null n = exponential(10, 100, 11);
  const TailFit a = fit_tail(n.scores, n.packing, 4), b = fit_tail(n.scores, n.packing, 4);
  CHECK(a.p(9) == b.p(9));
  CHECK(a.log_error(9) == b.log_error(9));
}
