// What a matching score is worth: its distribution over motif-free patterns, p-values,
// false-discovery rates.
//
// A raw correlation means nothing: low-order templates fit any packing, and the best of a large
// library is always good. So every template is standardised by its scores on motif-free patterns,
// every motif by the best of its templates there, and a pattern by its best motif. Motif-free
// patterns are used in two separate parts: `training` sets means and deviations (and the matched
// filters), `calibration` is only ever ranked against, which makes
//   p = (1 + #{calibration >= score}) / (1 + N)
// exact for a pattern that is exchangeable with them, and Benjamini-Hochberg valid on these
// p-values although they share the calibration part (Bates et al., Ann. Statist. 51 (2023) 149).
#pragma once
#include <Eigen/Core>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Extreme-value distribution exp(-exp(-(s - location) / scale)) of a maximum over many templates
// and angles.
struct Gumbel {
  double location = 0, scale = 1;
  double exceeded(double score) const;  // probability of a larger value
};
// By probability-weighted moments (Landwehr et al., Water Resour. Res. 15 (1979) 1055); at least 2
// different values.
Gumbel fit_gumbel(const std::vector<double>& values);

// Probability that a planted score exceeds a null score, ties half, and its standard error (Hanley
// and McNeil, Radiology 143 (1982) 29). Not-a-number where a list is empty.
struct RocArea {
  double area, error;
};
RocArea area_under_roc(const std::vector<double>& null, const std::vector<double>& planted);

// How significant the scores of one pattern are.
struct Significance {
  std::vector<double>
      motif_score;  // [motif] standard deviations above the motif-free mean of that motif's best
  std::vector<double> motif_p;      // [motif]
  std::vector<int> motif_template;  // [motif] the template that gave it
  int motif = -1;                   // the motif of the largest score
  double score = 0, p = 1;          // its score, and the p-value of a best-of-all-motifs as large
  double p_fit =
      1;  // the same from the Gumbel fit: an extrapolation, for ranking below 1 / (1 + N) only
};

class ScoreCalibration {
 public:
  // Best-over-angles scores [pattern, template] of motif-free patterns; motif_of_template counts
  // from 0. Throws Error{input} with fewer than 8 training or calibration patterns.
  ScoreCalibration(const PlaneF& training, const PlaneF& calibration,
                   std::vector<int> motif_of_template, int motifs, bool standardise = true);

  Significance assess(const Eigen::Ref<const Eigen::ArrayXf>& template_scores) const;
  // Standardised motif scores [pattern, motif].
  PlaneD motif_scores(const PlaneF& template_scores) const;

  std::size_t motifs() const { return std::size_t(motifs_); }
  const PlaneD& calibration_scores() const { return calibration_scores_; }  // [pattern, motif]
  std::size_t calibration_size() const { return best_.size(); }
  double smallest_p() const { return 1.0 / (1.0 + double(best_.size())); }
  const std::vector<double>& best_null() const { return best_; }  // ascending
  const Gumbel& fit() const { return fit_; }

 private:
  struct MotifBest {
    std::vector<double> score;
    std::vector<int> template_index;
  };
  MotifBest best_templates(const Eigen::Ref<const Eigen::ArrayXf>& template_scores) const;

  std::vector<int> motif_of_template_;
  int motifs_;
  Eigen::ArrayXf template_mean_, template_deviation_;  // [template]
  Eigen::ArrayXd motif_mean_, motif_deviation_;        // [motif]
  PlaneD calibration_scores_;
  std::vector<std::vector<double>> motif_null_;  // [motif], ascending
  std::vector<double> best_;                     // ascending
  Gumbel fit_;
};

}  // namespace vitrobeam
