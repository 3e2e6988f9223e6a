// Damped Gauss-Newton steps to a minimum (Levenberg, Q. Appl. Math. 2 (1944) 164; Marquardt, J.
// Soc. Ind. Appl. Math. 11 (1963) 431): the curvature's diagonal is raised until a step does not
// climb.
#pragma once
#include <Eigen/Cholesky>
#include <algorithm>
#include <limits>
#include <utility>

namespace vitrobeam {

struct Damping {
  double start = 1e-3, least = 1e-6, most = 1e8;   // shares that are added to the diagonal
  double ease = 10, tighten = 10;                  // factors after a good and after a bad step
  int iterations = 12;                             // linearisations
  int attempts = std::numeric_limits<int>::max();  // steps of one linearisation
};

// The cost near a point p: cost(p + d) = cost(p) - c (downhill.d - d.curvature.d / 2), c > 0.
template <typename Parameters>
struct Quadratic {
  Eigen::Matrix<double, Parameters::RowsAtCompileTime, Parameters::RowsAtCompileTime> curvature;
  Parameters downhill;
};

template <typename Parameters, typename State>
struct Minimum {
  Parameters value;
  State state;             // the problem's at `value`
  bool converged = false;  // settled, or no step improves
};

// `problem` offers
//   State evaluate(p), a struct with a member `cost`,
//   Quadratic<Parameters> linearise(p, state),
//   Parameters limited(from, to): the step that may be taken,
//   bool settled(step, cost_before, cost_after), also asked of a step that is not taken.
template <typename Problem, typename Parameters>
auto minimise_damped(Problem& problem, Parameters start, const Damping& d) {
  Minimum<Parameters, decltype(problem.evaluate(start))> m{start, problem.evaluate(start), false};
  double damping = d.start;
  for (int iteration = 0; iteration < d.iterations && !m.converged; ++iteration) {
    const auto [curvature, downhill] = problem.linearise(m.value, m.state);
    bool is_better = false;
    for (int attempt = 0; attempt < d.attempts && damping < d.most && !is_better && !m.converged;
         ++attempt) {
      auto damped = curvature;
      damped.diagonal() *= 1 + damping;
      const Parameters to =
          problem.limited(m.value, Parameters(m.value + damped.ldlt().solve(downhill)));
      auto there = problem.evaluate(to);
      is_better = there.cost <= m.state.cost;
      m.converged = problem.settled(Parameters(to - m.value), m.state.cost, there.cost);
      if (is_better) {
        m.value = to;
        m.state = std::move(there);
        damping = std::max(damping / d.ease, d.least);
      } else {
        damping *= d.tighten;
      }
    }
    m.converged = m.converged || damping >= d.most;
  }
  return m;
}

}  // namespace vitrobeam
