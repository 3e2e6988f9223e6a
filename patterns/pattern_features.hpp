// What the linear reading of a pattern is made of: numbers that do not change when the pattern is
// turned or mirrored.
//
// With I(q_i, theta_j) on rings, divided by the mean over all rings, and its square root (counts
// then have nearly one variance), F_n(q) are the Fourier coefficients along theta. The features are
// F_0(q), the products F_0(q) F_0(q'), and Re F_n(q) conj F_n(q') for the orders n of the recipe
// and all pairs q <= q': the angular cross-correlations of two rings. Counting noise adds a known
// bias to the products of equal q; readings are trained at the dose of the measurement, which
// learns it.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

// Orders 1 to 5, then even ones up to `highest`: odd ones fade with the energy (Friedel's law).
std::vector<int> feature_orders(int highest);

struct FeatureRecipe {
  PolarGrid grid{0.24, 1.2, 24, 64};
  int highest_order = 12;
};
// Throws Error{usage}: fewer than 2 rings, or angles that do not resolve the highest order.
void check_recipe(const FeatureRecipe& recipe);

class PatternFeatures {
 public:
  // `weights` [q, theta] of the polar bins, as PolarTransform gives them: a hidden bin takes the
  // mean of the visible ones of its ring, a ring without any visible bin is 0.
  PatternFeatures(const FeatureRecipe& recipe, const PlaneF& weights);

  const FeatureRecipe& recipe() const { return recipe_; }
  Eigen::Index count() const { return count_; }

  // Sums of features [feature, 2 n_q + 1] that a whole scan is compared by: F_0(q) of every ring,
  // its contrast (the sum of |F_n(q)|^2), and the contrast of all rings, relative to F_0^2.
  Eigen::MatrixXf summaries() const;

  // Of a polar pattern [q, theta] in any unit of intensity; negative values count as none. All 0
  // where the pattern is empty. Any thread.
  Eigen::VectorXf operator()(const Eigen::Ref<const PlaneF>& polar) const;

 private:
  FeatureRecipe recipe_;
  PlaneF weights_;
  std::vector<int> orders_;
  Eigen::MatrixXf cosines_, sines_;  // [theta, order]
  Eigen::Index count_;
};

}  // namespace vitrobeam
