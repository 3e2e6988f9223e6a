// Reading descriptors of a structure from features of its patterns, as models teach it: linear
// (ridge regression), with intervals from models that were left out whole.
//
// Training rows are patterns of known models. A reading is x -> b + W (x - mean) / scale; its
// penalty is the one that explains most of what was left out. Rows of one model are alike, so
// everything stated about errors comes from readings that never saw the descriptors of the row's
// model (of one model: its part, a slab); scale and axes of the features, and the choice among the
// few penalties, know all rows. Intervals are conformal: the quantiles of what those readings
// missed, in units of an error that depends on the values read and on how unlike the pattern is
// (Papadopoulos et al., Lect. Notes Artif. Intell. 2430 (2002) 345).
#pragma once
#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "base/run_control.hpp"

namespace vitrobeam {

// Rows are patterns.
struct TrainingSet {
  Eigen::MatrixXf features;        // [row, feature]
  Eigen::MatrixXd targets;         // [row, descriptor]
  std::vector<std::string> names;  // of the descriptors
  std::vector<int> model, part;    // [row] which model, and which slab or direction of it
  // [feature, any] sums of features that a whole scan is compared by; empty: the principal axes.
  Eigen::MatrixXf summaries = {};
  Eigen::MatrixXd confounders =
      {};  // [row, any] composition, density, ..: what else goes with them
};

struct EstimatorSettings {
  std::vector<double> penalties{0.3, 1, 3, 10, 30, 100};  // times the number of rows
  double refused = 0.01;  // share of patterns of the training's kind that may be called unfamiliar
};

// How well one descriptor is read, by readings that never saw the model (or the part).
struct DescriptorQuality {
  double explained = 0;        // 1 - mean squared error / variance
  double explained_error = 0;  // one sigma, from the left-out groups
  double partial = 0;          // the same of what the confounders leave of the descriptor
  double partial_error = 0;
  double correlation = 0;                   // of estimate and truth
  double coverage_68 = 0, coverage_90 = 0;  // share of truths inside, groups left out in turn
};

struct ErrorModel {                         // of one descriptor
  Eigen::VectorXd log_error;                // of 1, estimates / their spread.., ln(distance)
  double low_90, low_68, high_68, high_90;  // quantiles of (truth - estimate) / error
};

struct Estimates {  // [row, descriptor]
  Eigen::MatrixXd value, error, low_68, high_68, low_90, high_90;
  Eigen::VectorXd distance;    // [row] 1: as the training's patterns are, in the median
  std::vector<bool> familiar;  // [row]
};

// Plain data: what a file keeps.
struct Estimator {
  std::vector<std::string> names;
  Eigen::VectorXf mean, scale;             // [feature]
  Eigen::MatrixXf weights;                 // [feature, descriptor]
  Eigen::VectorXd offset, spread;          // [descriptor] mean and standard deviation of the truth
  std::vector<double> penalty;             // [descriptor] times the number of rows
  Eigen::MatrixXf axes;                    // [feature, axis] principal axes of the scaled features
  Eigen::VectorXf axis_scale;              // [axis] standard deviation along them
  double rest_scale = 1;                   // mean squared rest outside of the axes
  double farthest = 0;                     // distance beyond which a pattern is unfamiliar
  Eigen::MatrixXf summaries;               // [feature, summary] that a whole scan is compared by
  Eigen::VectorXf part_mean, part_scale;   // [summary] of the training's parts, and their scatter
  double part_rows = 0;                    // patterns of a part, on average
  double farthest_scan = 0;                // distance of a mean beyond which a scan is unfamiliar
  std::vector<ErrorModel> errors;          // [descriptor]
  std::vector<DescriptorQuality> quality;  // [descriptor]
  bool across_models = true;               // false: of one model, tested on its parts: weaker
};

// Error{physics}: fewer than two models and fewer than four parts, fewer than 200 rows, a
// descriptor that is the same everywhere or not finite (named). Results do not depend on
// run.threads. Throws Interrupted. `left_out`, if asked for, is what is read from every row without
// having seen its model (or its part).
Estimator train_estimator(const TrainingSet& training, const EstimatorSettings& settings,
                          const RunControl& run = {}, Estimates* left_out = nullptr);

// How unlike the training a whole scan is, by the mean of the features of its `rows` patterns: the
// largest deviation of a summary in units of the scatter of the training's parts; unfamiliar beyond
// `farthest_scan`. Another thickness or alloy shows here long before it shows in a single pattern.
double scan_distance(const Estimator& estimator, const Eigen::VectorXf& mean_features,
                     std::size_t rows);

// `features` [row, feature].
Estimates estimate(const Estimator& estimator, const Eigen::Ref<const Eigen::MatrixXf>& features);

}  // namespace vitrobeam
