// The parameters of a model that fit one pattern, or those of neighbouring positions together,
// best, by Gauss and Newton's method in the metric C^-1 of the motif-free speckle, with their
// errors. Speckle of neighbouring positions is correlated: its covariance is taken for C times one
// correlation between positions, whatever the harmonic and the radius.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <vector>

#include "patterns/likelihood.hpp"

namespace vitrobeam {

using Contrasts = std::vector<Harmonics>;  // of the positions that are fitted together

// Correlation of the speckle between those members (steps in rows and columns) of a patch, from
// motif-free rasters that close upon themselves, in the metric of the background; its diagonal is
// raised by a fiftieth.
Eigen::MatrixXd speckle_correlation(const std::vector<ContrastScan>& motif_free,
                                    const std::vector<std::array<int, 2>>& members,
                                    const Background& background);

struct RefinementSettings {
  Eigen::VectorXd start;
  Eigen::VectorXd step;   // of the difference quotients
  Eigen::VectorXd prior;  // standard deviation about the start, which what the pattern leaves open
                          // falls back to
  int iterations = 12;
};

struct Refined {
  Eigen::VectorXd value, error;  // error: one sigma from speckle, counts and prior
  double gain = 0;               // log likelihood above that of the start, prior included
  bool converged = false;        // the last step was below a twentieth of the errors
};

// `model`: the contrasts that parameters would give at the positions of `x`; any error it throws is
// passed on. `correlation`: of the speckle between the positions, 1 for a single one.
Refined refine(const std::function<Contrasts(const Eigen::VectorXd&)>& model, const Contrasts& x,
               const Background& background, const Eigen::MatrixXd& correlation,
               const RefinementSettings& settings);

}  // namespace vitrobeam
