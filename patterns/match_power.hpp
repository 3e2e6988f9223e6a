// What a library can find: motifs planted in packings, matched as patterns are.
#pragma once
#include <vector>

#include "patterns/match_significance.hpp"

namespace vitrobeam {

class DetectionPower {
 public:
  DetectionPower() = default;
  // Template scores [planted pattern, template]; `motif` of each counts from 0.
  DetectionPower(const ScoreCalibration& calibration, const PlaneF& scores, std::vector<int> motif);

  // Of the planted patterns of each motif (NaN without any), the share whose own motif's p-value is
  // at most `alpha`.
  std::vector<double> power(double alpha) const;
  // Of the planted patterns of each motif, the share called each motif, and none (the last), by the
  // best of all motifs at p <= alpha: [motif, called]. NaN rows without any.
  PlaneD confusion(double alpha) const;
  // Of the planted patterns of each motif, the share whose own motif's p-value is at most each
  // false alarm rate: [motif, rate]; and the area under that curve.
  PlaneD roc(const std::vector<double>& false_alarm) const;
  std::vector<RocArea> roc_area() const;
  const std::vector<int>& motif() const { return motif_; }

 private:
  PlaneD free_;  // motif scores of the calibration patterns, [pattern, motif]
  std::vector<int> motif_;
  std::vector<Significance> significance_;  // [planted pattern]
};

}  // namespace vitrobeam
