// The matcher against brute-force rotation, its laws, and its masked case.
#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/match_correlation.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const PolarGrid kGrid{0.3, 0.8, 10, 48};

PlaneF ones() { return PlaneF::Ones(kGrid.n_q, kGrid.n_theta); }

// A positive pattern with harmonics up to m_max only.
PlaneF random_pattern(std::uint64_t seed, int m_max) {
  RandomSequence random(seed, 77);
  PlaneF p = PlaneF::Constant(kGrid.n_q, kGrid.n_theta, 10);
  for (int i = 0; i < kGrid.n_q; ++i)
    for (int m = 1; m <= m_max; ++m) {
      const double a = random.normal(), b = random.normal();
      for (int j = 0; j < kGrid.n_theta; ++j)
        p(i, j) +=
            float((a * std::cos(m * kGrid.theta(j)) + b * std::sin(m * kGrid.theta(j))) / m_max);
    }
  return p;
}

PlaneF turned(const PlaneF& p, int steps) {
  PlaneF t(p.rows(), p.cols());
  for (Eigen::Index j = 0; j < p.cols(); ++j) t.col((j + steps) % p.cols()) = p.col(j);
  return t;
}

PlaneF mirrored(const PlaneF& p) {
  PlaneF t(p.rows(), p.cols());
  for (Eigen::Index j = 0; j < p.cols(); ++j) t.col((p.cols() - j) % p.cols()) = p.col(j);
  return t;
}

// The definition, step by step in double precision.
double naive_correlation(const PlaneF& d, const PlaneF& t, const PlaneF& w, double radial_power) {
  double dt = 0, dd = 0, tt = 0;
  for (int i = 0; i < kGrid.n_q; ++i) {
    double weight = 0, d_mean = 0, t_mean = 0;
    for (int j = 0; j < kGrid.n_theta; ++j) {
      weight += w(i, j);
      d_mean += w(i, j) * d(i, j);
      t_mean += w(i, j) * t(i, j);
    }
    if (weight == 0) continue;
    const double r = std::pow(kGrid.q(i), radial_power);
    for (int j = 0; j < kGrid.n_theta; ++j) {
      const double a = d(i, j) - d_mean / weight, b = t(i, j) - t_mean / weight;
      dt += r * w(i, j) * a * b;
      dd += r * w(i, j) * a * a;
      tt += r * w(i, j) * b * b;
    }
  }
  return dt / std::sqrt(dd * tt);
}

PlaneF beam_stop() {
  PlaneF w = ones();
  w.block(0, 3, kGrid.n_q, 7) = 0;
  w.block(0, 10, 6, 2) = 0.4f;
  w.row(0) = 0;
  return w;
}

}  // namespace

TEST_CASE("all angles equal brute-force rotation, whole and masked") {
  std::vector<PlaneF> templates;
  for (int t = 0; t < 4; ++t) templates.push_back(random_pattern(100 + std::uint64_t(t), 11));
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  settings.radial_power = 0.7;
  for (const PlaneF& w : {ones(), beam_stop()}) {
    const Matcher matcher(kGrid, w, templates, settings);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const PlaneF pattern = random_pattern(seed, 20);
      const MatchScores best = matcher.match({pattern});
      for (std::size_t t = 0; t < templates.size(); ++t) {
        const auto s = matcher.correlation(pattern, t);
        double largest = -1;
        for (int k = 0; k < kGrid.n_theta; ++k) {
          const double expected = naive_correlation(pattern, turned(templates[t], k), w, 0.7);
          CHECK(std::abs(s[std::size_t(k)] - expected) < 1e-5);
          largest = std::max(largest, expected);
        }
        CHECK(std::abs(best.score(0, Eigen::Index(t)) - largest) < 1e-5);
        CHECK(s[std::size_t(best.angle(0, Eigen::Index(t)))] == approx(largest).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE(
    "a turned template is found at its angle with score 1, whatever its scale and background") {
  const PlaneF t = random_pattern(5, 11);
  PlaneF p = 3.0f * turned(t, 17);
  for (int i = 0; i < kGrid.n_q; ++i) p.row(i) += float(5 * i);
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  for (const PlaneF& w : {ones(), beam_stop()}) {
    const auto best = Matcher(kGrid, w, {random_pattern(6, 11), t}, settings).match({p});
    CHECK(best.score(0, 1) == approx(1).epsilon(1e-5));
    CHECK(best.angle(0, 1) == 17);
    CHECK(best.score(0, 0) < 0.8);
  }
}

TEST_CASE("what lies under the mask changes nothing") {
  const PlaneF w = beam_stop();
  const PlaneF clean = random_pattern(8, 11);
  const PlaneF dirty = (w == 0.0f).select(PlaneF::Constant(kGrid.n_q, kGrid.n_theta, 1e4f), clean);
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  const Matcher matcher(kGrid, w, {random_pattern(9, 11)}, settings);
  CHECK(matcher.correlation(clean, 0)[5] == approx(matcher.correlation(dirty, 0)[5]).epsilon(1e-5));
  // Zero-filling instead would move the score far more than the tolerance above.
  const PlaneF filled = (w == 0.0f).select(PlaneF::Zero(kGrid.n_q, kGrid.n_theta), clean);
  const Matcher unmasked(kGrid, ones(), {random_pattern(9, 11)}, settings);
  CHECK(std::abs(unmasked.correlation(filled, 0)[5] - matcher.correlation(clean, 0)[5]) > 0.01);
}

TEST_CASE("a mirrored motif is found only when mirrors are asked for") {
  const PlaneF t = random_pattern(21, 11);
  const PlaneF p = turned(mirrored(t), 4);
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  CHECK(Matcher(kGrid, ones(), {t}, settings).match({p}).score(0, 0) < 0.8);
  settings.mirror = true;
  const auto best = Matcher(kGrid, ones(), {t}, settings).match({p, turned(t, 9)});
  CHECK(best.score(0, 0) == approx(1).epsilon(1e-5));
  CHECK(best.mirrored(0, 0) == 1);
  CHECK(best.angle(0, 0) == 4);
  CHECK(best.mirrored(1, 0) == 0);
  CHECK(best.angle(1, 0) == 9);
}

TEST_CASE("a pattern without contrast scores 0, and scores never exceed 1") {
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  const Matcher matcher(kGrid, beam_stop(), {random_pattern(1, 11)}, settings);
  std::vector<PlaneF> patterns{PlaneF::Constant(kGrid.n_q, kGrid.n_theta, 3),
                               PlaneF::Zero(kGrid.n_q, kGrid.n_theta)};
  for (std::uint64_t s = 0; s < 40; ++s) patterns.push_back(random_pattern(s, 3));
  const auto best = matcher.match(patterns);
  CHECK(std::abs(best.score(0, 0)) < 1e-3);
  CHECK(best.score(1, 0) == 0);
  CHECK(best.score.abs().maxCoeff() <= 1 + 1e-5);
}

TEST_CASE("one thread and several give the same bytes") {
  std::vector<PlaneF> templates, patterns;
  for (std::uint64_t t = 0; t < 300; ++t) templates.push_back(random_pattern(1000 + t, 11));
  for (std::uint64_t p = 0; p < 70; ++p) patterns.push_back(random_pattern(p, 20));
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  const Matcher matcher(kGrid, ones(), templates, settings);
  const auto one = matcher.match(patterns, 1), three = matcher.match(patterns, 3);
  CHECK((one.score == three.score).all());
  CHECK((one.angle == three.angle).all());
}

TEST_CASE(
    "the matched filter separates better than plain correlation when the background is coloured") {
  // Backgrounds vary strongly at m = 2 only; the motif lives at m = 2 and, weakly, at m = 5.
  auto background = [&](std::uint64_t seed) {
    RandomSequence random(seed, 5);
    PlaneF p = PlaneF::Constant(kGrid.n_q, kGrid.n_theta, 10);
    const double a = random.normal(), b = random.normal();
    for (int i = 0; i < kGrid.n_q; ++i)
      for (int j = 0; j < kGrid.n_theta; ++j)
        p(i, j) += float(a * std::cos(2 * kGrid.theta(j)) + b * std::sin(2 * kGrid.theta(j)) +
                         0.3 * random.normal());
    return p;
  };
  PlaneF motif(kGrid.n_q, kGrid.n_theta);
  for (int j = 0; j < kGrid.n_theta; ++j)
    motif.col(j).setConstant(
        float(std::cos(2 * kGrid.theta(j)) + 0.3 * std::cos(5 * kGrid.theta(j))));
  std::vector<PlaneF> training, fresh, planted;
  for (std::uint64_t s = 0; s < 200; ++s) {
    training.push_back(background(s));
    fresh.push_back(background(1000 + s));
    planted.push_back(background(2000 + s) + 0.7f * turned(motif, int(s % 48)));
  }
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 11;
  auto area_under_roc = [&](const Matcher& m) {
    const auto none = m.match(fresh).score, some = m.match(planted).score;
    double wins = 0;
    for (Eigen::Index i = 0; i < none.rows(); ++i)
      for (Eigen::Index j = 0; j < some.rows(); ++j) wins += some(j, 0) > none(i, 0);
    return wins / double(none.rows() * some.rows());
  };
  const double plain = area_under_roc(Matcher(kGrid, ones(), {motif}, settings));
  const double filtered = area_under_roc(Matcher(kGrid, ones(), {motif}, settings, training));
  MESSAGE("area under the ROC: plain " << plain << ", matched filter " << filtered
                                       << " (standard error about 0.03)");
  CHECK(filtered > 0.9);
  CHECK(filtered > plain + 0.1);
}

TEST_CASE("a misuse is refused") {
  CorrelationSettings settings;
  settings.gamma = 1;
  settings.m_max = 24;
  CHECK_THROWS_AS(Matcher(kGrid, ones(), {ones()}, settings), Error);
  settings.m_max = 5;
  CHECK_THROWS_AS(Matcher(kGrid, ones(), {}, settings), Error);
  CHECK_THROWS_AS(Matcher(kGrid, ones(), {ones()}, settings).match({PlaneF::Zero(3, 3)}), Error);
  settings.gamma = 0;
  CHECK_THROWS_AS(Matcher(kGrid, ones(), {ones()}, settings), Error);
}
