#include "patterns/refinement.hpp"

#include <Eigen/Dense>
#include <vector>

namespace vitrobeam {
namespace {

double product(const Harmonics& a, const Harmonics& b) {
  return double((a * b.conjugate()).real().sum());
}

}  // namespace

Refined refine(const std::function<Harmonics(const Eigen::VectorXd&)>& model, const Harmonics& x,
               const Background& background, const RefinementSettings& s) {
  const Eigen::Index n = s.start.size();
  const Eigen::VectorXd weight = s.prior.cwiseAbs2().cwiseInverse();
  // minus the log likelihood, and the log prior
  const auto cost = [&](const Eigen::VectorXd& p, const Harmonics& rest) {
    return product(background.whitened(rest), rest) + 0.5 * (p - s.start).cwiseAbs2().dot(weight);
  };
  Refined out;
  out.value = s.start;
  Harmonics at = model(out.value);
  const double first = cost(out.value, x - at);
  double now = first, damping = 1e-3;
  for (int iteration = 0; iteration < s.iterations && !out.converged; ++iteration) {
    std::vector<Harmonics> slope, filter;
    for (Eigen::Index k = 0; k < n; ++k) {
      Eigen::VectorXd p = out.value;
      p(k) += s.step(k);
      const Harmonics above = model(p);
      p(k) -= 2 * s.step(k);
      slope.push_back((above - model(p)) / float(2 * s.step(k)));
      filter.push_back(background.whitened(slope.back()));
    }
    Eigen::MatrixXd curvature = weight.asDiagonal();
    Eigen::VectorXd downhill = weight.cwiseProduct(s.start - out.value);
    const Harmonics rest = x - at;
    for (Eigen::Index i = 0; i < n; ++i) {
      downhill(i) += 2 * product(filter[std::size_t(i)], rest);
      for (Eigen::Index j = 0; j < n; ++j)
        curvature(i, j) += 2 * product(filter[std::size_t(i)], slope[std::size_t(j)]);
    }
    out.error = curvature.inverse().diagonal().cwiseMax(0).cwiseSqrt();
    for (int attempt = 0; attempt < 8; ++attempt) {
      Eigen::MatrixXd damped = curvature;
      damped.diagonal() *= 1 + damping;
      const Eigen::VectorXd move = damped.ldlt().solve(downhill);
      const Eigen::VectorXd p = out.value + move;
      const Harmonics there = model(p);
      const double then = cost(p, x - there);
      const bool is_small = (move.cwiseAbs().array() < 0.05 * out.error.array()).all();
      if (then <= now) {
        out.value = p;
        at = there;
        now = then;
        damping = std::max(damping / 10, 1e-6);
        out.converged = is_small;
        break;
      }
      if (is_small) {
        out.converged = true;
        break;
      }
      damping *= 10;
    }
  }
  out.gain = first - now;
  return out;
}

}  // namespace vitrobeam
