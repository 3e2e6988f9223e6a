// p-values beyond the counted ones: a generalised Pareto distribution fitted to the upper tail of
// the motif-free scores (Pickands, Ann. Statist. 3 (1975) 119),
//   p(s) = share (1 + shape (s - threshold) / scale)^(-1 / shape).
// Hundreds of exceedances leave the shape so open that p far out could be anything, and the maximum
// over many templates tends to shape 0 from below; so the shape is fitted with a prior, normal
// around 0 with a deviation of 0.03. Scores of bounded or Gaussian tails then get p-values that are
// rather too large.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace vitrobeam {

struct TailFit {
  std::string refused;  // why there is none; empty: it holds
  double threshold = 0, share = 1, shape = 0, scale = 1;
  double goodness = 0;  // p-value of Anderson and Darling's distance, by fits to drawn tails
  struct Drawn {
    double threshold, share, shape, scale;
  };
  std::vector<Drawn> resampled;  // of packings drawn with replacement

  static TailFit none(const std::string& why) {
    TailFit fit;
    fit.refused = why;
    return fit;
  }
  bool holds() const { return refused.empty(); }
  // At or above the threshold.
  double p(double score) const;
  // Standard error of log p, from the resampled fits; p counts within this factor exp(error).
  double log_error(double score) const;
};

// Of the motif-free `scores`, each from the packing numbered `packing`. The tail is the upper
// tenth, or the upper twentieth where a tenth is no Pareto tail (goodness below 0.1). Refused:
// fewer than 30 scores in it, fewer than 4 packings, neither fits.
TailFit fit_tail(const std::vector<double>& scores, const std::vector<int>& packing,
                 std::uint64_t seed);

}  // namespace vitrobeam
