// The patterns of a library as the camera of a scan would have recorded them: polar, with its mask,
// counts and readout; and which of the motif-free ones train and which only rank.
#pragma once
#include <cstdint>
#include <vector>

#include "patterns/library.hpp"
#include "patterns/match_correlation.hpp"

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
  // Where those counts and readouts fall: the pixels of the patterns to be matched.
  PatternPixels camera;
  double prior_none = 0.5;  // probability of no motif before the pattern is seen (posterior)
  std::uint64_t seed = 1;
};

// The largest q of the whole circles that the library's patterns hold, 1/Angstrom.
double reach(const MotifLibrary& library);

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
// no dose, or the stream is 0, they are recorded as the patterns to be matched were: on the pixels
// of settings.camera, with its hidden ones, counts and readout, so that a bin has the noise that it
// has there.
std::vector<PlaneF> noisy_polar(const Stack<float>& patterns, const std::vector<std::size_t>& which,
                                const PolarTransform& transform,
                                const RecognitionSettings& settings, std::uint64_t stream,
                                int threads);

// Electrons per pattern beyond which a model is less certain than the counts: simulation and polar
// resampling, composition and density, the shape of a motif. Filters and covariances are made of
// patterns with at least the noise of so many, else they would follow differences that no motif
// explains, and more closely the fewer the counts are that hide them.
inline constexpr double kModelDose = 1e6;
// The same patterns with the noise that filters and covariances are made with.
RecognitionSettings with_model_noise(RecognitionSettings settings);

// The library's motif-free patterns that train (every third packing; with fewer than three packings
// every third pattern) and those that only rank. Throws Error{input} if they are too few.
struct NullParts {
  std::vector<std::size_t> training, calibration;
  int calibration_packings = 0;
};
NullParts null_parts(const MotifLibrary& library);

}  // namespace vitrobeam
