// The parameters of a model that fit one pattern, or those of neighbouring positions together,
// best, by Gauss and Newton's method in the metric C^-1 of the motif-free speckle, with their
// errors. Speckle of neighbouring positions is correlated: for the fit its covariance is taken for
// C times one correlation between positions, whatever the harmonic and the radius. The errors do
// without: they come from what motif-free patches do to the fitted parameters (White, Econometrica
// 50 (1982) 1), A^-1 (G + W) A^-1 with the curvature A of the fit, the precision W of the prior and
// the covariance G of the speckle's slope, as found in those patches.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <vector>

#include "patterns/match_likelihood.hpp"

namespace vitrobeam {

using Contrasts = std::vector<Harmonics>;  // of the positions that are fitted together

// What motif-free patterns at the positions of a patch do together.
struct Speckle {
  Eigen::MatrixXd correlation;                         // between the positions
  std::vector<std::vector<const Harmonics*>> patches;  // empty: errors by the curvature alone
  double intensity_deviation = 0;  // from patch to patch, of the log of the mean intensity

  Speckle only(const std::vector<Eigen::Index>& members) const;  // of some positions
};
// At those members (steps in rows and columns) of a patch, from motif-free rasters that close upon
// themselves. The correlation is in the metric of the background, its diagonal raised by a
// fiftieth, and 1 for a single member.
Speckle speckle(const std::vector<ContrastScan>& motif_free,
                const std::vector<std::array<int, 2>>& members, const Background& background);

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
// passed on.
Refined refine(const std::function<Contrasts(const Eigen::VectorXd&)>& model, const Contrasts& x,
               const Background& background, const Speckle& speckle,
               const RefinementSettings& settings);

}  // namespace vitrobeam
