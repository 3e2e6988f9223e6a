// Damped Gauss-Newton: a straight line in one step, a curved valley to its floor, limits, and no
// way down.
#include "base/least_squares.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

using Pair = Eigen::Vector2d;

struct State {
  Pair residual;
  double cost;
};

// r = (10 (y - x^2), 1 - x): Rosenbrock's valley, a straight problem for `bend` 0.
struct Valley {
  double bend = 1, most_x = 1e9;
  int evaluations = 0;

  State evaluate(const Pair& p) {
    ++evaluations;
    const Pair r(10 * (p.y() - bend * p.x() * p.x()), 1 - p.x());
    return {r, r.squaredNorm()};
  }
  Quadratic<Pair> linearise(const Pair& p, const State& at) const {
    Eigen::Matrix2d jacobian;
    jacobian << -20 * bend * p.x(), 10, -1, 0;
    return {jacobian.transpose() * jacobian, -(jacobian.transpose() * at.residual)};
  }
  Pair limited(const Pair&, Pair to) const {
    to.x() = std::min(to.x(), most_x);
    return to;
  }
  static bool settled(const Pair& step, double, double) { return step.norm() < 1e-10; }
};

}  // namespace

TEST_CASE("a linear problem is solved by its first undamped step") {
  Valley line{.bend = 0};
  const auto m = minimise_damped(line, Pair(-3, 7), {.start = 0, .least = 0, .iterations = 1});
  CHECK(m.value.x() == approx(1).epsilon(1e-12));
  CHECK(std::abs(m.value.y()) < 1e-12);
  CHECK(line.evaluations == 2);
}

TEST_CASE("a curved valley is followed to its floor, and the cost never rises") {
  Valley valley;
  const auto m = minimise_damped(valley, Pair(-1.2, 1), {.iterations = 100});
  CHECK(m.converged);
  CHECK((m.value - Pair(1, 1)).norm() < 1e-8);
  double before = valley.evaluate({-1.2, 1}).cost;
  for (int n = 1; n < 30; ++n) {
    const double cost = minimise_damped(valley, Pair(-1.2, 1), {.iterations = n}).state.cost;
    CHECK(cost <= before);
    before = cost;
  }
}

TEST_CASE("a step goes no farther than the problem allows") {
  Valley valley{.most_x = 0.5};
  const auto m = minimise_damped(valley, Pair(-1.2, 1), {.iterations = 200});
  CHECK(m.value.x() <= 0.5);
  CHECK(m.value.y() == approx(m.value.x() * m.value.x()).epsilon(0.02));
}

TEST_CASE("where no step improves the search ends") {
  struct Wall : Valley {
    State evaluate(const Pair& p) {
      ++evaluations;
      return {p, p == Pair(2, 3) ? 1.0 : 2.0};
    }
    static bool settled(const Pair&, double, double) { return false; }
  } wall;
  const auto m = minimise_damped(wall, Pair(2, 3), {.iterations = 1000});
  CHECK(m.value == Pair(2, 3));
  CHECK(m.converged);
  CHECK(wall.evaluations < 20);
}
