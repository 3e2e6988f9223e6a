// Laws of the features of patterns and of the readings learned from them.
#include "patterns/estimator.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/pattern_features.hpp"

using namespace vitrobeam;

namespace {

// Rings of random speckle: `harmonics` [q, order] turned by `angle`, mirrored if asked.
PlaneF speckle(const FeatureRecipe& recipe, std::uint64_t seed, double angle, bool mirrored) {
  const PolarGrid& g = recipe.grid;
  PlaneF out(g.n_q, g.n_theta);
  for (int i = 0; i < g.n_q; ++i)
    for (int j = 0; j < g.n_theta; ++j) {
      const double theta = mirrored ? -g.theta(j) : g.theta(j);
      double value = 1 + 0.5 * std::cos(0.3 * i);
      for (int n = 1; n <= 6; ++n) {
        const auto r = normal4(seed, 1, std::uint64_t(i * 10 + n));
        value +=
            0.04 * (r[0] * std::cos(n * (theta - angle)) + r[1] * std::sin(n * (theta - angle)));
      }
      out(i, j) = float(value);
    }
  return out;
}

struct Planted {
  TrainingSet set;
  Eigen::VectorXd wanted;  // the reading that made the second descriptor
};

// Four models of three slabs; the first descriptor depends on two features and on noise, more
// where the third is large; the second is noise alone.
Planted planted(Eigen::Index rows, int models, std::uint64_t seed) {
  Planted out;
  TrainingSet& t = out.set;
  t.features.resize(rows, 12);
  t.targets.resize(rows, 2);
  t.confounders.resize(rows, 1);
  t.names = {"planted", "noise"};
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index k = 0; k < 12; ++k)
      t.features(i, k) = float(normal4(seed, std::uint64_t(k + 10), std::uint64_t(i))[0]);
    const auto r = normal4(seed, 3, std::uint64_t(i));
    t.confounders(i, 0) = t.features(i, 0);
    t.targets(i, 0) = 5 + 0.8 * t.features(i, 0) + 0.6 * t.features(i, 1) + r[0];
    t.targets(i, 1) = r[1];
    t.model.push_back(int(i * models / rows));
    t.part.push_back(int(i * models * 3 / rows) % 3);
  }
  return out;
}

}  // namespace

TEST_CASE("features do not change when a pattern is turned, mirrored or multiplied") {
  const FeatureRecipe recipe;
  const PatternFeatures features(recipe, PlaneF::Ones(recipe.grid.n_q, recipe.grid.n_theta));
  const Eigen::VectorXf x = features(speckle(recipe, 5, 0, false));
  CHECK(x.size() == 24 + 300 * 10);
  const double turn = 7 * recipe.grid.dtheta();  // whole bins: exact
  CHECK((features(speckle(recipe, 5, turn, false)) - x).norm() < 1e-5 * x.norm());
  CHECK((features(speckle(recipe, 5, 0.1234, false)) - x).norm() < 2e-5 * x.norm());
  CHECK((features(speckle(recipe, 5, 0, true)) - x).norm() < 1e-5 * x.norm());
  CHECK((features(PlaneF(1e-7f * speckle(recipe, 5, 0, false))) - x).norm() < 1e-5 * x.norm());
  CHECK((features(speckle(recipe, 6, 0, false)) - x).norm() > 1e-3 * x.norm());
  CHECK(features(PlaneF::Zero(24, 64)).isZero());
}

TEST_CASE("a planted relation is read, with its share, its partial share and intervals that hold") {
  const auto [set, wanted] = planted(4000, 4, 1);
  const Estimator e = train_estimator(set, {});
  CHECK(e.across_models);
  // variance 0.64 + 0.36 + 1: half of it is explained, 0.36 / 1.36 beyond the confounder
  CHECK(e.quality[0].explained == doctest::Approx(0.5).epsilon(0.08));
  CHECK(e.quality[0].partial == doctest::Approx(0.36 / 1.36).epsilon(0.15));
  CHECK(std::abs(e.quality[1].explained) < 0.02);
  CHECK(e.quality[0].correlation == doctest::Approx(std::sqrt(0.5)).epsilon(0.05));
  const auto fresh = planted(4000, 4, 2).set;
  const Estimates read = estimate(e, fresh.features);
  double in_68 = 0, in_90 = 0;
  for (Eigen::Index i = 0; i < 4000; ++i) {
    const double truth = fresh.targets(i, 0);
    in_68 += truth >= read.low_68(i, 0) && truth <= read.high_68(i, 0);
    in_90 += truth >= read.low_90(i, 0) && truth <= read.high_90(i, 0);
  }
  CHECK(in_68 / 4000 == doctest::Approx(0.68).epsilon(0.04));
  CHECK(in_90 / 4000 == doctest::Approx(0.90).epsilon(0.025));
  CHECK(read.error.col(0).mean() == doctest::Approx(1).epsilon(0.06));
}

TEST_CASE("patterns unlike the training are unfamiliar, others are not") {
  const auto set = planted(4000, 4, 1).set;
  const Estimator e = train_estimator(set, {});
  auto fresh = planted(4000, 4, 3).set;
  const Estimates same = estimate(e, fresh.features);
  const auto refused = [](const Estimates& r) {
    return double(std::count(r.familiar.begin(), r.familiar.end(), false)) /
           double(r.familiar.size());
  };
  CHECK(refused(same) < 0.02);
  const Eigen::MatrixXf far = 6 * fresh.features;
  CHECK(refused(estimate(e, far)) > 0.98);
}

TEST_CASE("threads do not change a byte") {
  const auto set = planted(1000, 2, 4).set;
  RunControl two;
  two.threads = 2;
  const Estimator a = train_estimator(set, {}), b = train_estimator(set, {}, two);
  CHECK(a.weights == b.weights);
  CHECK(a.axes == b.axes);
  CHECK(a.errors[0].log_error == b.errors[0].log_error);
}

TEST_CASE("of one model, whole parts are left out; too little is refused with what is missing") {
  auto set = planted(1200, 1, 5).set;
  for (std::size_t i = 0; i < set.part.size(); ++i) set.part[i] = int(i / 200);
  CHECK_FALSE(train_estimator(set, {}).across_models);
  for (int& p : set.part) p = std::min(p, 1);
  CHECK_THROWS_WITH_AS(train_estimator(set, {}), doctest::Contains("give 2 slabs more"), Error);
  CHECK_THROWS_WITH_AS(train_estimator(planted(150, 2, 6).set, {}),
                       doctest::Contains("give 50 more"), Error);
  auto constant = planted(1000, 2, 7).set;
  constant.targets.col(1).setConstant(0.25);
  CHECK_THROWS_WITH_AS(train_estimator(constant, {}),
                       doctest::Contains("descriptor noise is 0.25 at every pattern"), Error);
}
