#include "patterns/pattern_features.hpp"

#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {

using Eigen::Index;

std::vector<int> feature_orders(int highest) {
  std::vector<int> out;
  for (int n = 1; n <= highest; ++n)
    if (n <= 5 || n % 2 == 0) out.push_back(n);
  return out;
}

void check_recipe(const FeatureRecipe& recipe) {
  check_polar_grid(recipe.grid);
  if (recipe.highest_order < 2 || 2 * recipe.highest_order >= recipe.grid.n_theta)
    fail(Fault::usage, "@highest_order {}: from 2 to below half of the {} angles",
         recipe.highest_order, recipe.grid.n_theta);
}

PatternFeatures::PatternFeatures(const FeatureRecipe& recipe, const PlaneF& weights)
    : recipe_(recipe), weights_(weights), orders_(feature_orders(recipe.highest_order)) {
  check_recipe(recipe);
  const Index rings = recipe.grid.n_q, angles = recipe.grid.n_theta;
  cosines_.resize(angles, Index(orders_.size()));
  sines_.resize(angles, Index(orders_.size()));
  for (Index k = 0; k < cosines_.cols(); ++k)
    for (Index j = 0; j < angles; ++j) {
      const double phase = orders_[std::size_t(k)] * recipe.grid.theta(int(j));
      cosines_(j, k) = float(std::cos(phase) / double(angles));
      sines_(j, k) = float(std::sin(phase) / double(angles));
    }
  count_ = rings + rings * (rings + 1) / 2 * Index(orders_.size() + 1);
}

Eigen::MatrixXf PatternFeatures::summaries() const {
  const Index rings = recipe_.grid.n_q, pairs = rings * (rings + 1) / 2;
  Eigen::MatrixXf out = Eigen::MatrixXf::Zero(count_, 2 * rings + 1);
  Index pair = 0;
  for (Index i = 0; i < rings; pair += rings - i, ++i) {
    out(i, i) = 1;
    for (Index k = 1; k <= Index(orders_.size()); ++k) {
      out(rings + k * pairs + pair, rings + i) = 1;
      out(rings + k * pairs + pair, 2 * rings) = 1;
    }
  }
  return out;
}

Eigen::VectorXf PatternFeatures::operator()(const Eigen::Ref<const PlaneF>& polar) const {
  const Index rings = polar.rows();
  Eigen::MatrixXf root(rings, polar.cols());
  for (Index i = 0; i < rings; ++i) {
    const auto weight = weights_.row(i);
    const float visible = weight.sum();
    const float mean = visible > 0 ? (weight * polar.row(i)).sum() / visible : 0;
    root.row(i) = (weight * polar.row(i) + (1 - weight) * mean).max(0.0f).matrix();
  }
  const float mean = root.mean();
  Eigen::VectorXf out = Eigen::VectorXf::Zero(count_);
  if (!(mean > 0)) return out;
  root = (root.array() / mean).sqrt();
  const Eigen::VectorXf level = root.rowwise().mean();
  const Eigen::MatrixXf re = root * cosines_, im = root * sines_;
  out.head(rings) = level;
  Index at = rings;
  for (Index i = 0; i < rings; ++i)
    for (Index j = i; j < rings; ++j) {
      out(at) = level(i) * level(j);
      const Index step = rings * (rings + 1) / 2;
      for (Index k = 0; k < re.cols(); ++k)
        out(at + (k + 1) * step) = re(i, k) * re(j, k) + im(i, k) * im(j, k);
      ++at;
    }
  return out;
}

}  // namespace vitrobeam
