#include "patterns/match_refinement.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <vector>

#include "base/least_squares.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

double product(const Harmonics& a, const Harmonics& b) {
  return double((a * b.conjugate()).real().sum());
}

double product(const Contrasts& a, const Contrasts& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += product(a[d], b[d]);
  return sum;
}

// (a - b) scaled.
Contrasts difference(Contrasts a, const Contrasts& b, float scale = 1) {
  for (std::size_t d = 0; d < a.size(); ++d) a[d] = scale * (a[d] - b[d]);
  return a;
}

// Covariance of 2 Re <filter, x> over motif-free x.
Eigen::MatrixXd slope_covariance(const std::vector<Contrasts>& filter,
                                 const std::vector<std::vector<const Harmonics*>>& patches) {
  const auto n = Eigen::Index(filter.size());
  Eigen::MatrixXd slopes = Eigen::MatrixXd::Zero(n, Eigen::Index(patches.size()));
  for (Eigen::Index k = 0; k < n; ++k)
    for (std::size_t p = 0; p < patches.size(); ++p)
      for (std::size_t d = 0; d < patches[p].size(); ++d)
        slopes(k, Eigen::Index(p)) += 2 * product(filter[std::size_t(k)][d], *patches[p][d]);
  return slopes * slopes.transpose() / double(patches.size());
}

// Minus the log likelihood and the log prior of parameters. Every linearisation sets `error`, by
// which a step counts as small.
struct Problem {
  const std::function<Contrasts(const Eigen::VectorXd&)>& model;
  const Contrasts& x;
  const Background& background;
  const Speckle& speckle;
  const RefinementSettings& s;
  Eigen::MatrixXd between;  // positions: the inverse of their correlation
  Eigen::VectorXd weight;   // of the prior
  Eigen::VectorXd error;

  struct State {
    Contrasts contrasts;
    double cost;
  };

  Contrasts whitened(const Contrasts& h) const {
    Contrasts white, out;
    for (const auto& one : h) white.push_back(background.whitened(one));
    for (Eigen::Index i = 0; i < between.rows(); ++i) {
      out.push_back(Harmonics::Zero(h[0].rows(), h[0].cols()));
      for (Eigen::Index j = 0; j < between.cols(); ++j)
        out.back() += float(between(i, j)) * white[std::size_t(j)];
    }
    return out;
  }
  State evaluate(const Eigen::VectorXd& p) const {
    Contrasts at = model(p);
    const Contrasts rest = difference(x, at);
    return {std::move(at),
            product(whitened(rest), rest) + 0.5 * (p - s.start).cwiseAbs2().dot(weight)};
  }
  Quadratic<Eigen::VectorXd> linearise(const Eigen::VectorXd& at, const State& state) {
    const Eigen::Index n = at.size();
    std::vector<Contrasts> slope, filter;
    for (Eigen::Index k = 0; k < n; ++k) {
      Eigen::VectorXd p = at;
      p(k) += s.step(k);
      const Contrasts above = model(p);
      p(k) -= 2 * s.step(k);
      slope.push_back(difference(above, model(p), float(0.5 / s.step(k))));
      filter.push_back(whitened(slope.back()));
    }
    Eigen::MatrixXd curvature = weight.asDiagonal();
    Eigen::VectorXd downhill = weight.cwiseProduct(s.start - at);
    const Contrasts rest = difference(x, state.contrasts);
    for (Eigen::Index i = 0; i < n; ++i) {
      downhill(i) += 2 * product(filter[std::size_t(i)], rest);
      for (Eigen::Index j = 0; j < n; ++j)
        curvature(i, j) += 2 * product(filter[std::size_t(i)], slope[std::size_t(j)]);
    }
    const Eigen::MatrixXd inverse = inverse_of(curvature);
    const Eigen::MatrixXd covariance = speckle.patches.empty()
                                           ? inverse
                                           : inverse *
                                                 (slope_covariance(filter, speckle.patches) +
                                                  Eigen::MatrixXd(weight.asDiagonal())) *
                                                 inverse;
    error = covariance.diagonal().cwiseMax(0).cwiseSqrt();
    return {curvature, downhill};
  }
  static const Eigen::VectorXd& limited(const Eigen::VectorXd&, const Eigen::VectorXd& to) {
    return to;
  }
  bool settled(const Eigen::VectorXd& step, double, double) const {
    return (step.cwiseAbs().array() < 0.05 * error.array()).all();
  }
};

}  // namespace

Speckle Speckle::only(const std::vector<Eigen::Index>& members) const {
  Speckle s{correlation(members, members), {}, intensity_deviation};
  for (const auto& patch : patches) {
    s.patches.emplace_back();
    for (const Eigen::Index k : members) s.patches.back().push_back(patch[std::size_t(k)]);
  }
  return s;
}

Speckle speckle(const std::vector<ContrastScan>& motif_free,
                const std::vector<std::array<int, 2>>& members, const Background& background) {
  const Eigen::Index n = Eigen::Index(members.size());
  Speckle s{Eigen::MatrixXd::Zero(n, n), {}, 0};
  std::vector<double> log_intensities;  // relative to the mean of the motif-free
  for (const ContrastScan& scan : motif_free) {
    Contrasts white;
    for (const Harmonics* h : scan.contrast) white.push_back(background.whitened(*h));
    const auto rows = std::ptrdiff_t(scan.rows), columns = std::ptrdiff_t(scan.columns);
    for (std::ptrdiff_t row = 0; row < rows; ++row)
      for (std::ptrdiff_t column = row % 2; column < columns; column += 2) {
        std::vector<std::size_t> at;
        for (const auto& step : members)
          at.push_back(std::size_t((row + step[0] + rows) % rows * columns +
                                   (column + step[1] + columns) % columns));
        s.patches.emplace_back();
        double intensity = 0;
        for (std::size_t i = 0; i < at.size(); ++i) {
          s.patches.back().push_back(scan.contrast[at[i]]);
          if (!scan.relative_intensity.empty())
            intensity += scan.relative_intensity[at[i]] / double(n);
          for (std::size_t j = 0; j <= i; ++j)
            s.correlation(Eigen::Index(i), Eigen::Index(j)) +=
                product(white[at[i]], *scan.contrast[at[j]]);
        }
        if (intensity > 0) log_intensities.push_back(std::log(intensity));
      }
  }
  s.correlation = Eigen::MatrixXd(s.correlation.selfadjointView<Eigen::Lower>()) *
                  (double(n) / s.correlation.trace());
  if (n > 1) s.correlation.diagonal() *= 1.02;
  const auto log_intensity = Eigen::Map<const Eigen::ArrayXd>(log_intensities.data(),
                                                              Eigen::Index(log_intensities.size()));
  if (!log_intensities.empty())
    s.intensity_deviation = std::sqrt((log_intensity - log_intensity.mean()).square().mean());
  return s;
}

Refined refine(const std::function<Contrasts(const Eigen::VectorXd&)>& model, const Contrasts& x,
               const Background& background, const Speckle& speckle, const RefinementSettings& s) {
  Problem problem{model,
                  x,
                  background,
                  speckle,
                  s,
                  inverse_of(speckle.correlation),
                  s.prior.cwiseAbs2().cwiseInverse(),
                  {}};
  const double first = problem.evaluate(s.start).cost;
  const auto found = minimise_damped(problem, s.start, {.iterations = s.iterations, .attempts = 8});
  return {found.value, problem.error, first - found.state.cost, found.converged};
}

}  // namespace vitrobeam
