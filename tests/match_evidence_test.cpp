// Laws of joint evidence: it turns with the specimen, finds what was planted at the angle at which
// it was planted, gains with every position that sees the motif, and ignores dose.
#include "patterns/match_evidence.hpp"

#include <doctest/doctest.h>

#include <Eigen/Geometry>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/statistics.hpp"
#include "patterns/match_significance.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const PolarGrid kGrid{0.3, 1.0, 10, 72};
const PlaneF kSeen = PlaneF::Ones(10, 72);
constexpr EvidenceSettings kSettings{12, 0.5};

double envelope(int i) { return std::exp(-0.5 * std::pow((kGrid.q(i) - 0.5) / 0.2, 2)); }

PlaneF speckle(std::uint64_t seed) {
  RandomSequence random(seed, 1);
  PlaneF p(kGrid.n_q, kGrid.n_theta);
  double a[13], b[13];
  for (int i = 0; i < kGrid.n_q; ++i) {
    if (i % 3 == 0)
      for (int m = 0; m < 13; ++m) a[m] = random.normal(), b[m] = random.normal();
    for (int j = 0; j < kGrid.n_theta; ++j) {
      double v = 4;
      for (int m = 1; m < 13; ++m)
        v += (a[m] * std::cos(m * kGrid.theta(j)) + b[m] * std::sin(m * kGrid.theta(j))) / 3;
      p(i, j) = float(1e-4 * envelope(i) * std::max(v, 0.0));
    }
  }
  return p;
}

// Five spots on a ring whose weights lean towards where the probe is off the motif's centre.
PlaneF motif(const Vector2d& offset, double turn = 0) {
  PlaneF p(kGrid.n_q, kGrid.n_theta);
  const Vector2d own = Eigen::Rotation2D<double>(-turn) * offset;
  const double fade = std::exp(-offset.squaredNorm() / 8);
  for (int i = 0; i < kGrid.n_q; ++i)
    for (int j = 0; j < kGrid.n_theta; ++j) {
      const double t = kGrid.theta(j) - turn;
      p(i, j) = float(3e-4 * envelope(i) * fade * (1 + std::cos(5 * t)) *
                      (1 + 0.3 * own.norm() * std::cos(t - std::atan2(own.y(), own.x()))));
    }
  return p;
}

OffsetPatterns offset_patterns() {
  OffsetPatterns g{1, 2, {}};
  for (int y = -2; y <= 2; ++y)
    for (int x = -2; x <= 2; ++x) g.patterns.push_back(motif(Vector2d(x, y)));
  return g;
}

const std::vector<Vector2d> kPatch{{0, 0}, {1, 0}, {0, 1}, {-1, 0}, {0, -1}};

Background background() {
  std::vector<PlaneF> patterns;
  for (std::uint64_t k = 0; k < 300; ++k) patterns.push_back(speckle(1000 + k));
  return Background(kGrid, kSeen, kSettings, patterns);
}

std::vector<Harmonics> seen(const Background& b, std::uint64_t seed, double strength, double turn) {
  std::vector<Harmonics> x;
  for (std::size_t k = 0; k < kPatch.size(); ++k)
    x.push_back(b.contrast(speckle(seed * 10 + k) + float(strength) * motif(kPatch[k], turn)));
  return x;
}

std::vector<const Harmonics*> pointers(const std::vector<Harmonics>& x) {
  std::vector<const Harmonics*> p;
  for (const auto& h : x) p.push_back(&h);
  return p;
}

}  // namespace

TEST_CASE("the evidence turns with the specimen and its scan") {
  const Background b = background();
  const JointEvidence joint(b, offset_patterns(), kPatch, 72, 2 * std::numbers::pi);
  std::vector<PlaneF> patterns;
  for (std::size_t k = 0; k < kPatch.size(); ++k)
    patterns.push_back(speckle(70 + k) + motif(kPatch[k], 0.4));
  std::vector<Harmonics> x, turned(kPatch.size());
  for (const auto& p : patterns) x.push_back(b.contrast(p));
  // a quarter turn takes position 1 to 2, 2 to 3, ..
  for (std::size_t k = 0; k < kPatch.size(); ++k) {
    PlaneF p(kGrid.n_q, kGrid.n_theta);
    for (int j = 0; j < 72; ++j) p.col((j + 18) % 72) = patterns[k].col(j);
    turned[k == 0 ? 0 : k % 4 + 1] = b.contrast(p);
  }
  const Eigen::ArrayXf before = joint(pointers(x)), after = joint(pointers(turned));
  for (int a = 0; a < 72; ++a)
    CHECK(std::abs(after((a + 18) % 72) - before(a)) < 1e-3f * before.abs().maxCoeff());
}

TEST_CASE("a motif is found at the angle at which it was planted") {
  const Background b = background();
  const JointEvidence joint(b, offset_patterns(), kPatch, 72, 2 * std::numbers::pi);
  int right = 0;
  for (std::uint64_t k = 0; k < 40; ++k) {
    const auto x = seen(b, 5000 + k, 1, 0.7);
    Eigen::Index best = 0;
    joint(pointers(x)).maxCoeff(&best);
    right += std::abs(std::remainder(joint.angle(int(best)) - 0.7, 2 * std::numbers::pi)) < 0.1;
  }
  CHECK(right >= 36);
}

TEST_CASE("positions that see the same motif add evidence") {
  const Background b = background();
  const JointEvidence joint(b, offset_patterns(), kPatch, 24, 2 * std::numbers::pi / 5),
      single(b, {1, 0, {motif(Vector2d(0, 0))}}, {{0, 0}}, 24, 2 * std::numbers::pi / 5);
  std::vector<double> null_one, null_all, one, all;
  for (std::uint64_t k = 0; k < 100; ++k) {
    const auto empty = seen(b, 20000 + k, 0, 0), x = seen(b, 30000 + k, 0.12, 0.3);
    null_one.push_back(log_mean_exp(single({&empty[0]})));
    null_all.push_back(log_mean_exp(joint(pointers(empty))));
    one.push_back(log_mean_exp(single({&x[0]})));
    all.push_back(log_mean_exp(joint(pointers(x))));
  }
  const RocArea alone = area_under_roc(null_one, one), together = area_under_roc(null_all, all);
  CHECK(alone.area > 0.55);
  CHECK(alone.area < 0.95);  // else this could not fail
  CHECK(together.area > alone.area + 2 * alone.error);
}

TEST_CASE("the contrast does not depend on the dose, and masked bins take no part") {
  const Background b = background();
  const PlaneF p = speckle(3);
  CHECK((b.contrast(p) - b.contrast(1000 * p)).abs().maxCoeff() < 1e-5);
  PlaneF weights = kSeen;
  weights.block(2, 10, 4, 9) = 0;
  std::vector<PlaneF> patterns;
  for (std::uint64_t k = 0; k < 40; ++k) patterns.push_back(speckle(1000 + k));
  const Background masked(kGrid, weights, kSettings, patterns);
  PlaneF other = p;
  other.block(2, 10, 4, 9) = 7;
  CHECK((masked.contrast(p) - masked.contrast(other)).abs().maxCoeff() == 0);
}

TEST_CASE("log of a mean of exponentials, also of large ones") {
  Eigen::ArrayXf v(2);
  v << 1000, 1000 + float(std::log(3.0));
  CHECK(log_mean_exp(v) == approx(1000 + std::log(2.0)).epsilon(1e-6));
}

TEST_CASE("settings and patterns that cannot be used are refused") {
  const std::vector<PlaneF> few(3, speckle(1)), dark(20, PlaneF::Zero(10, 72));
  CHECK_THROWS_AS(Background(kGrid, kSeen, kSettings, few), Error);
  CHECK_THROWS_AS(Background(kGrid, kSeen, kSettings, dark), Error);
  CHECK_THROWS_AS(Background(kGrid, kSeen, {40, 0.5}, few), Error);
  const Background b = background();
  CHECK_THROWS_AS(JointEvidence(b, {1, 1, {motif({0, 0})}}, kPatch, 8, 1), Error);
}
