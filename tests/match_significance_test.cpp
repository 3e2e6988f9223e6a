// Laws of p-values, false-discovery rates and posteriors. Random numbers are fixed by their seeds;
// tolerances are the sampling errors of the stated sizes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/statistics.hpp"
#include "patterns/match_significance.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr int kMotifs = 3, kTemplates = 24;

std::vector<int> motif_of_template() {
  std::vector<int> motif;
  for (int t = 0; t < kTemplates; ++t)
    motif.push_back(t < 4 ? 0 : t < 12 ? 1 : 2);  // unequal numbers
  return motif;
}

// Scores of motif-free patterns: every template has its own level and spread, and all share part of
// the noise. A planted motif raises the templates of one motif.
PlaneF scores(int n, std::uint64_t seed, int planted_motif = -1, double by = 0) {
  RandomSequence random(seed, 3);
  PlaneF s(n, kTemplates);
  for (int i = 0; i < n; ++i) {
    const double shared = random.normal();
    for (int t = 0; t < kTemplates; ++t) {
      const double spread = 0.02 + 0.001 * t, level = 0.6 - 0.02 * t;
      const double lift =
          planted_motif >= 0 && motif_of_template()[std::size_t(t)] == planted_motif ? by : 0;
      s(i, t) = float(level + spread * (0.6 * shared + 0.8 * random.normal() + lift));
    }
  }
  return s;
}

ScoreCalibration calibration(int n, std::uint64_t seed = 0) {
  return {scores(n, 2 * seed + 1000), scores(n, 2 * seed + 1001), motif_of_template(), kMotifs};
}

Eigen::ArrayXf row(const PlaneF& s, Eigen::Index i) { return s.row(i).transpose(); }

// Largest distance between the distribution of p and the uniform one.
double uniform_distance(std::vector<double> p) {
  std::sort(p.begin(), p.end());
  double largest = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    largest = std::max({largest, std::abs(p[i] - double(i) / double(p.size())),
                        std::abs(p[i] - double(i + 1) / double(p.size()))});
  return largest;
}

}  // namespace

TEST_CASE("a Gumbel sample gives its parameters back") {
  RandomSequence random(4, 0);
  std::vector<double> v;
  for (int i = 0; i < 4000; ++i) v.push_back(2.0 - 0.5 * std::log(-std::log(random.uniform())));
  const Gumbel g = fit_gumbel(v);
  CHECK(g.location == approx(2.0).epsilon(0.02));
  CHECK(g.scale == approx(0.5).epsilon(0.05));
  CHECK(g.exceeded(2.0) == approx(1 - std::exp(-1)).epsilon(0.05));
  CHECK_THROWS_AS(fit_gumbel({1, 1, 1}), Error);
}

TEST_CASE("the area under the ROC is 1/2 for equal and Phi(d / sqrt 2) for shifted normal scores") {
  RandomSequence random(9, 0);
  std::vector<double> a, b, c;
  for (int i = 0; i < 1500; ++i) {
    a.push_back(random.normal());
    b.push_back(random.normal());
    c.push_back(random.normal() + 1);
  }
  CHECK(std::abs(area_under_roc(a, b).area - 0.5) < 3 * area_under_roc(a, b).error);
  CHECK(std::abs(area_under_roc(a, c).area - 0.5 * std::erfc(-0.5)) <
        3 * area_under_roc(a, c).error);
  CHECK(area_under_roc({1, 1}, {1, 1}).area == 0.5);
}

TEST_CASE(
    "p-values of fresh motif-free patterns are uniform, per motif and for the best of the "
    "library") {
  const int n = 2000, fresh = 1000;
  const auto null = calibration(n);
  const PlaneF s = scores(fresh, 5);
  std::vector<double> best;
  std::vector<std::vector<double>> by_motif(kMotifs);
  for (int i = 0; i < fresh; ++i) {
    const auto assessed = null.assess(row(s, i));
    best.push_back(assessed.p);
    for (std::size_t m = 0; m < kMotifs; ++m) by_motif[m].push_back(assessed.motif_p[m]);
  }
  // 1 % point of the two-sample Kolmogorov-Smirnov distance.
  const double limit = 1.63 * std::sqrt(1.0 / n + 1.0 / fresh);
  CHECK(uniform_distance(best) < limit);
  for (const auto& p : by_motif) CHECK(uniform_distance(p) < limit);
  CHECK(null.smallest_p() == approx(1.0 / 2001));
}

TEST_CASE("standardising lets a specific template win over one that fits everything") {
  // Template 0 fits any packing with 0.6; a planted motif 2 lifts its templates from about 0.3 by
  // three of their spreads.
  const auto null = calibration(500);
  const PlaneF s = scores(100, 8, 2, 4.0);
  int raw = 0, standard = 0;
  for (int i = 0; i < 100; ++i) {
    Eigen::Index t = 0;
    s.row(i).maxCoeff(&t);
    raw += motif_of_template()[std::size_t(t)] == 2;
    standard += null.assess(row(s, i)).motif == 2;
  }
  CHECK(standard >= 95);
  CHECK(raw < 20);
}

TEST_CASE(
    "the realised false-discovery rate stays below the stated one, and planted patterns are "
    "found") {
  const int scans = 60, positions = 200, planted = 40;
  double discoveries = 0, rate = 0, rate_square = 0, found = 0;
  for (int scan = 0; scan < scans; ++scan) {
    const auto null = calibration(1500, std::uint64_t(scan) + 50);
    const PlaneF empty = scores(positions - planted, 300 + std::uint64_t(scan));
    const PlaneF full = scores(planted, 600 + std::uint64_t(scan), 1, 6.0);
    std::vector<double> p;
    for (int i = 0; i < planted; ++i) p.push_back(null.assess(row(full, i)).p);
    for (int i = 0; i < positions - planted; ++i) p.push_back(null.assess(row(empty, i)).p);
    const auto q = benjamini_hochberg(p);
    int right = 0, wrong = 0;
    for (int i = 0; i < positions; ++i) (i < planted ? right : wrong) += q[std::size_t(i)] <= 0.05;
    const double realised = right + wrong > 0 ? double(wrong) / (right + wrong) : 0;
    rate += realised / scans;
    rate_square += realised * realised / scans;
    found += double(right) / (scans * planted);
    discoveries += right + wrong;
  }
  const double error = std::sqrt((rate_square - rate * rate) / scans);
  MESSAGE("realised false-discovery rate " << rate << " +- " << error << " at a stated 0.05; found "
                                           << found);
  CHECK(rate <= 0.05 + 3 * error);
  CHECK(found > 0.9);
  CHECK(discoveries > 0);
}

TEST_CASE("a scan without any motif is left empty in all but the stated share of scans") {
  const int scans = 120;
  int with_discovery = 0;
  for (int scan = 0; scan < scans; ++scan) {
    const auto null = calibration(400, std::uint64_t(scan) + 5000);
    const PlaneF s = scores(100, 9000 + std::uint64_t(scan));
    std::vector<double> p;
    for (int i = 0; i < 100; ++i) p.push_back(null.assess(row(s, i)).p);
    const auto q = benjamini_hochberg(p);
    with_discovery += std::any_of(q.begin(), q.end(), [](double v) { return v <= 0.2; });
  }
  CHECK(with_discovery <= scans * 0.2 + 3 * std::sqrt(scans * 0.2 * 0.8));
}

TEST_CASE("too few motif-free patterns are refused") {
  CHECK_THROWS_AS(ScoreCalibration(scores(5, 1), scores(50, 2), motif_of_template(), kMotifs),
                  Error);
}
