// What the evidence for the views of a library makes probable: every motif and none, and within a
// motif the axis along which it is seen and its depth.
//
// The likelihood ratio of a view takes speckle for Gaussian and a motif for something added to its
// surroundings; both are wrong enough that its exponential is overconfident. So
//   p(motif m | x) ~ prior_m exp(b_m) sum over views v of m of w_v exp(beta l_v),   p(none | x) ~
//   prior_none,
// with w_v the share of the sphere (and of decorations and depths) that a view stands for, and the
// tempering beta and offsets b_m that make patterns of known content, planted and motif-free, most
// probable (Platt 1999; Guo et al., Proc. ICML 70 (2017) 1321).
#pragma once
#include <vector>

#include "patterns/likelihood.hpp"

namespace vitrobeam {

struct Posterior {
  std::vector<double> motif;  // [motif + 1], the last is none; sums to 1
  std::vector<double> view;   // [view]; sums to 1 - none
  // Of the most probable motif: the fewest directions that together hold 90 % of its probability,
  // their share of all the solid angle that its views cover; mean and standard deviation of depth.
  int motif_index = -1;
  int directions_90 = 0;
  double solid_angle_90 = 1, depth = 0, depth_deviation = 0;
};

class ViewPosterior {
 public:
  // Rows of log evidence [pattern, view] of motif-free patterns and of planted ones, whose motifs
  // are known. A motif never planted has the mean offset of the others. Throws Error{usage} for a
  // prior outside 0..1, Error{input} without planted patterns.
  ViewPosterior(const std::vector<MotifView>& views, int motifs, const PlaneF& motif_free,
                const PlaneF& planted, const std::vector<int>& planted_motif, double prior_none);

  Posterior operator()(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence) const;
  double tempering() const { return beta_; }

 private:
  // log sum of w_v exp(beta l_v) over the views of every motif.
  Eigen::ArrayXd motif_evidence(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence,
                                double beta) const;

  std::vector<MotifView> views_;
  std::vector<double> log_weight_;  // [view]
  int motifs_ = 0;
  double beta_ = 1, prior_none_ = 0.5;
  Eigen::ArrayXd offset_;  // [motif]
};

}  // namespace vitrobeam
