// What the evidence for the views of a library makes probable: every motif and none, and within a
// motif the axis along which it is seen and its depth.
//
// The likelihood ratio of a view takes speckle for Gaussian and a motif for something added to its
// surroundings; both are wrong enough that its exponential is overconfident. So
//   p(motif m | x) ~ prior_m exp(b_m) sum over views v of m of w_v exp(beta l_v),   p(none | x) ~
//   prior_none,
// with w_v the share of the sphere (and of decorations and depths) that a view stands for, and the
// tempering beta and offsets b_m that make patterns of known content, planted and motif-free, most
// probable (Platt 1999; Guo et al., Proc. ICML 70 (2017) 1321). Which view of the motif it is,
//   p(v | m, x) = (1 - e) w_v exp(gamma l_v) / sum over u of m of w_u exp(gamma l_u) + e w_v,
// has a tempering gamma and a share e of cases in which the pattern does not tell them apart, by
// motif: those that make the views nearest to the planted ones most probable. What a library holds
// is a grid: planted motifs stand beside it, so that gamma also says what the grid costs.
#pragma once
#include <vector>

#include "patterns/match_likelihood.hpp"

namespace vitrobeam {

// The fewest directions of a motif that hold `level` of its probability, the most probable first.
struct CredibleAxes {
  std::vector<Vector3d> directions;
  double probability = 0;  // that they hold, of the motif's
  double share = 0;        // of all the solid angle that its views cover
};
// `view_probability` [view]; directions of views that differ in decoration or depth count once.
CredibleAxes credible_axes(const std::vector<MotifView>& views,
                           const std::vector<double>& view_probability, int motif, double level);

// The depth of a motif lies between these with probability `level`, and below or above with equal
// ones. Every view stands for the depths nearer to its own than to the next one of the same
// direction. Not-a-number for views of one depth.
struct CredibleDepth {
  double low, high;
};
CredibleDepth credible_depth(const std::vector<MotifView>& views,
                             const std::vector<double>& view_probability, int motif, double level);

struct Posterior {
  std::vector<double> motif;  // [motif + 1], the last is none; sums to 1
  std::vector<double> view;   // [view]; sums to 1 - none
  // Of the most probable motif: the fewest directions that together hold 90 % of its probability,
  // their share of all the solid angle that its views cover; mean and standard deviation of depth,
  // with what the spacing of the views leaves open (not-a-number for views of one depth).
  int motif_index = -1;
  int directions_90 = 0;
  double solid_angle_90 = 1, depth = 0, depth_deviation = 0;
};

class ViewPosterior {
 public:
  // Rows of log evidence [pattern, view] of motif-free patterns and of planted ones, whose motifs
  // are known, and the views nearest to them (-1: not known; where a motif has fewer than 16 known
  // ones, gamma = beta and e = 0). A motif never planted has the mean offset of the others. Throws
  // Error{usage} for a prior outside 0..1, Error{input} without planted patterns.
  ViewPosterior(const std::vector<MotifView>& views, int motifs, const PlaneF& motif_free,
                const PlaneF& planted, const std::vector<int>& planted_motif,
                const std::vector<int>& planted_view, double prior_none);

  Posterior operator()(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence) const;
  double tempering() const { return beta_; }
  const std::vector<double>& view_tempering() const { return view_beta_; }  // gamma [motif]
  const std::vector<double>& lapse() const { return lapse_; }               // e [motif]

 private:
  void fit_views(const PlaneF& planted, const std::vector<int>& planted_view, int motif);
  // p(v | m, x) of every view.
  std::vector<double> view_shares(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence) const;
  // log sum of w_v exp(beta l_v) over the views of every motif.
  Eigen::ArrayXd motif_evidence(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence,
                                double beta) const;

  std::vector<MotifView> views_;
  std::vector<double> log_weight_, depth_width_;  // [view]
  int motifs_ = 0;
  double beta_ = 1, prior_none_ = 0.5;
  std::vector<double> view_beta_, lapse_;  // [motif]
  Eigen::ArrayXd offset_;                  // [motif]
};

}  // namespace vitrobeam
