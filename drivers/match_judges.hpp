#pragma once
#include <memory>
#include <optional>

#include "drivers/match_settings.hpp"
#include "drivers/pattern_input.hpp"
#include "patterns/mixture.hpp"
#include "patterns/scan_recognition.hpp"

namespace vitrobeam {

// What a scan is judged by. Alone, patterns are matched (all templates, all angles) and their
// likelihoods only make the posterior; neighbours are judged by their likelihoods together.
struct Judges {
  std::optional<Recognition> alone;
  std::unique_ptr<ScanRecognition> scan;  // stays where it is: the mixture refers to it
  std::optional<PolarTransform> matched, likelihood;
  std::optional<MixtureSearch> mixture;
  ContrastRange null_contrast;

  // Every pixel of the matched range is hidden: there is nothing to judge, and no judge.
  bool is_blind() const { return !(matched->weights() > 0).any(); }
  bool is_joint() const { return scan && scan->is_joint(); }
  const ScoreCalibration& calibration() const {
    return alone ? alone->calibration() : scan->calibration();
  }
  const PlantedVerdicts& planted() const { return alone ? alone->planted() : scan->planted(); }
  std::size_t training_size() const {
    return alone ? alone->training_size() : scan->training_size();
  }
  int calibration_packings() const {
    return alone ? alone->calibration_packings() : scan->calibration_packings();
  }
};

// Electrons per pattern of a library that would give the counts that the patterns have in the
// matched range: free of what a beam stop hides or the camera does not reach. What is stated wins;
// 0 where patterns have no counting noise.
double matched_electrons(const PatternInput& input, const MotifLibrary& library,
                         const MatchCommand& c);

// The judges that --neighbours, --components and --refine ask for. Error{usage} where positions
// cannot count together, Error{input} where the library has too little.
Judges make_judges(const PatternInput& input, const MotifLibrary& library, const MatchCommand& c);

}  // namespace vitrobeam
