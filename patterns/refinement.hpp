// The parameters of a model that fit one pattern best, by Gauss and Newton's method in the metric
// C^-1 of the motif-free speckle, with their errors.
#pragma once
#include <Eigen/Core>
#include <functional>

#include "patterns/evidence.hpp"

namespace vitrobeam {

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

// `model`: the contrast that parameters would give; any error it throws is passed on.
Refined refine(const std::function<Harmonics(const Eigen::VectorXd&)>& model, const Harmonics& x,
               const Background& background, const RefinementSettings& settings);

}  // namespace vitrobeam
