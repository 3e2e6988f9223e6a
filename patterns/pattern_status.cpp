#include "patterns/pattern_status.hpp"

#include <cmath>

namespace vitrobeam {

using Eigen::Index;

PatternStatus pattern_status(const Eigen::Ref<const PlaneF>& image,
                             const Plane<unsigned char>& hidden, const PlaneF& polar,
                             const PlaneF& weights) {
  double sum = 0;
  for (Index r = 0; r < image.rows(); ++r)
    for (Index c = 0; c < image.cols(); ++c) {
      if (hidden.size() > 0 && hidden(r, c)) continue;
      if (!std::isfinite(image(r, c))) return PatternStatus::not_finite;
      sum += image(r, c);
    }
  if (!(sum > 0)) return PatternStatus::empty;
  double contrast = 0, square = 0;
  for (Index i = 0; i < polar.rows(); ++i) {
    const double known = weights.row(i).sum();
    if (known <= 0) continue;
    const double mean = (weights.row(i) * polar.row(i)).sum() / known;
    contrast +=
        (weights.row(i).cast<double>() * (polar.row(i).cast<double>() - mean).square()).sum();
    square += (weights.row(i).cast<double>() * polar.row(i).cast<double>().square()).sum();
  }
  return contrast > 1e-10 * square ? PatternStatus::good : PatternStatus::featureless;
}

double speckle_contrast(const PlaneF& polar, const PlaneF& weights) {
  double sum = 0;
  int rings = 0;
  for (Index i = 0; i < polar.rows(); ++i) {
    const Eigen::ArrayXd w = weights.row(i).cast<double>(), x = polar.row(i).cast<double>();
    const double known = w.sum();
    if (known <= 0) continue;
    const double mean = (w * x).sum() / known;
    if (!(mean > 0)) continue;
    sum += (w * (x - mean).square()).sum() / known / (mean * mean);
    ++rings;
  }
  return rings > 0 ? std::sqrt(sum / rings) : 0;
}

}  // namespace vitrobeam
