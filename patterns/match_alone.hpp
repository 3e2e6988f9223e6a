// From single patterns to motifs: a library made ready for one kind of pattern (its polar grid,
// mask and dose), and what it finds, motif or none, in each.
#pragma once
#include <optional>
#include <vector>

#include "patterns/library_patterns.hpp"
#include "patterns/match_power.hpp"
#include "patterns/match_significance.hpp"

namespace vitrobeam {

// What is found in one pattern.
struct Finding {
  Significance significance;
  int template_index = -1;    // of the best motif
  double in_plane_angle = 0;  // radian by which that template is turned towards +y
  bool mirrored = false;
  double correlation = 0;  // its raw score
};

class Recognition {
 public:
  // `weights` of the patterns to be matched. Two thirds of the library's packings calibrate
  // p-values, one third trains means and filters. Throws Error{input} if the library has too few
  // motif-free patterns or does not reach grid.q_max.
  Recognition(const MotifLibrary& library, const PlaneF& weights,
              const RecognitionSettings& settings, int threads);

  std::vector<Finding> operator()(const std::vector<PlaneF>& polar_patterns, int threads) const;

  const ScoreCalibration& calibration() const { return *calibration_; }
  std::size_t training_size() const { return training_size_; }
  int calibration_packings() const { return calibration_packings_; }
  // The packing of every pattern of calibration().calibration_scores().
  const std::vector<int>& packing_of_calibration() const { return packing_; }
  const DetectionPower& planted() const { return planted_; }

 private:
  RecognitionSettings settings_;
  std::optional<Matcher> matcher_;
  std::optional<ScoreCalibration> calibration_;
  std::size_t training_size_ = 0;
  int calibration_packings_ = 0;
  std::vector<int> packing_;
  DetectionPower planted_;
};

}  // namespace vitrobeam
