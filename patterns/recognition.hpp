// From patterns to motifs: a library made ready for one kind of pattern (its polar grid, mask and
// dose) and its verdict, motif or none, on each.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "patterns/library.hpp"
#include "patterns/matching.hpp"
#include "patterns/detection_power.hpp"
#include "patterns/statistics.hpp"

namespace vitrobeam {

// How far patterns are matched where they and the library reach it, 1/Angstrom.
inline constexpr double kMatchedQ = 1.6;

// The pixels of a camera; without rows: those of the library's patterns.
struct PatternPixels {
  Eigen::Index rows = 0, cols = 0;
  Calibration calibration;
  Plane<unsigned char> hidden;  // may be empty
};

struct RecognitionSettings {
  PolarGrid grid{0.3, kMatchedQ, 64, 180};
  CorrelationSettings matching;
  bool matched_filter =
      true;  // templates become matched filters against the motif-free training patterns
  bool standardise =
      true;         // false: raw scores compete (the best of the library wins by correlation alone)
  double dose = 0;  // electrons per pattern: Poisson noise for the library's null and planted
                    // patterns; 0 = none
  double readout = 0;  // rms of a pixel's readout, electrons; only with a dose
  // Where those counts and readouts fall: the pixels of the patterns to be judged.
  PatternPixels camera;
  double prior_none = 0.5;  // probability of no motif before the pattern is seen (posterior)
  std::uint64_t seed = 1;
};

// The verdict on one pattern.
struct Finding {
  Significance significance;
  int template_index = -1;    // of the best motif
  double in_plane_angle = 0;  // radian by which that template is turned towards +y
  bool mirrored = false;
  double correlation = 0;  // its raw score
};

// A pattern that cannot be judged: it is never called a motif.
enum class PatternStatus : unsigned char {
  good = 0,
  not_finite = 1,
  empty = 2,
  featureless = 3,
  saturated = 4,
  smooth = 5,  // far less contrast than any motif-free pattern: none to rank it among
  hidden = 6   // no pixel of the matched range is visible
};

// The largest q of the whole circles that the library's patterns hold, 1/Angstrom.
double reach(const MotifLibrary& library);

// Finite wherever visible, some intensity, some contrast along theta within the grid. `hidden` may
// be empty.
PatternStatus judge(const Eigen::Ref<const PlaneF>& image, const Plane<unsigned char>& hidden,
                    const PlaneF& polar, const PlaneF& weights);

// Contrast of the speckle: root of the mean over the visible rings of the variance along theta over
// the square of the ring's mean. What a matched pattern must share with the library's motif-free
// ones for their ranks to be error rates; free of scale and of the radial profile. 0 for none.
double speckle_contrast(const PlaneF& polar, const PlaneF& weights);

// The middle 98 %, the median and the least of the contrasts of a library's motif-free patterns.
struct ContrastRange {
  double low = 0, median = 0, high = 0, least = 0;
  // Below what chance does to patterns of such packings: a fifth under the least.
  bool is_far_above(double contrast) const { return contrast < 0.8 * least; }
};
// Of those that rank scores, seen through `weights` and with the noise of settings.dose.
ContrastRange null_contrast(const MotifLibrary& library, const PlaneF& weights,
                            const RecognitionSettings& settings, int threads);

// Every pixel replaced by a Poisson count of mean intensity * dose plus normal readout noise of
// that rms (electrons), divided by dose; negative intensities count as 0.
void add_camera_noise(Eigen::Ref<PlaneF> image, double dose, std::uint64_t seed,
                      std::uint64_t stream, double readout = 0);

// Random streams of the noise on the library's own patterns; those of measured patterns are the
// callers' (from 0 up).
inline constexpr std::uint64_t kNullStream = std::uint64_t(1) << 40,
                               kPlantedStream = std::uint64_t(1) << 41;

// Patterns `which` of the library behind `transform` as polar ones, in its units. Unless there is
// no dose, or the stream is 0, they are recorded as the patterns to be judged were: on the pixels
// of settings.camera, with its hidden ones, counts and readout, so that a bin has the noise that it
// has there.
std::vector<PlaneF> noisy_polar(const Stack<float>& patterns, const std::vector<std::size_t>& which,
                                const PolarTransform& transform,
                                const RecognitionSettings& settings, std::uint64_t stream,
                                int threads);

// The library's motif-free patterns that train (every third packing; with fewer than three packings
// every third pattern) and those that only rank. Throws Error{input} if they are too few.
struct NullParts {
  std::vector<std::size_t> training, calibration;
  int calibration_packings = 0;
};
NullParts null_parts(const MotifLibrary& library);

class Recognition {
 public:
  // `weights` of the patterns to be judged. Two thirds of the library's packings calibrate
  // p-values, one third trains means and filters. Throws Error{input} if the library has too few
  // motif-free patterns or does not reach grid.q_max.
  Recognition(const MotifLibrary& library, const PlaneF& weights,
              const RecognitionSettings& settings, int threads);

  std::vector<Finding> operator()(const std::vector<PlaneF>& polar_patterns, int threads) const;

  const ScoreCalibration& calibration() const { return *calibration_; }
  std::size_t training_size() const { return training_size_; }
  int calibration_packings() const { return calibration_packings_; }
  const DetectionPower& planted() const { return planted_; }

 private:
  RecognitionSettings settings_;
  std::optional<Matcher> matcher_;
  std::optional<ScoreCalibration> calibration_;
  std::size_t training_size_ = 0;
  int calibration_packings_ = 0;
  DetectionPower planted_;
};

}  // namespace vitrobeam
