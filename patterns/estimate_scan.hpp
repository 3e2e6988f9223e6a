// Maps of structural descriptors from the patterns of a scan, by a calibration that learned from
// simulated patterns of models (studies/estimate_calibration.hpp).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "patterns/estimator.hpp"
#include "patterns/pattern_features.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

// What the patterns that a calibration learned from were recorded with.
struct EstimateConditions {
  double energy_kV = 200, semiangle_mrad = 3.3, defocus = 0;  // Angstrom, underfocus positive
  double thickness_low = 0, thickness_high = 0;               // Angstrom
  double pixel_q = 0;                                         // 1/Angstrom
  double dose = 0;  // electrons per pattern; 0: without counting noise
  double step = 0;  // of the scan, Angstrom
};

// What was left out of the training, and how it was read: a sample of the training's patterns.
struct LeftOut {
  std::vector<int> model;                // of every pattern
  PlaneD truth, value, low_90, high_90;  // [pattern, descriptor]
};

// Readings of the features averaged over all positions within `together`; 0: of one pattern.
struct CalibratedReading {
  double together = 0;  // Angstrom
  Estimator estimator;
  LeftOut left_out;
};

// Plain data: what a calibration file keeps.
struct EstimateCalibration {
  std::string name = "calibration";  // in messages: the file
  EstimateConditions conditions;
  FeatureRecipe recipe;
  PlaneF weights;                         // [q, theta] visible shares of the polar bins
  std::vector<std::string> names, units;  // of the descriptors
  std::vector<std::string> texts;         // what each of them is
  std::vector<std::string> models;        // names of their files
  std::vector<int> patterns;              // from each of them
  std::vector<CalibratedReading> readings;
};

// Why a position has no estimate; 1 to 6 as PatternStatus, 7: the pattern, 8: the scan as a whole
// is unlike those that the calibration learned from.
inline constexpr unsigned char kUnfamiliar = 7, kUnfamiliarScan = 8;

// Whether the descriptor can be told at all: what is explained on models left out is above 0.02 and
// above two of its errors.
bool is_told(const DescriptorQuality& quality);

struct EstimateSettings {
  double together = 0;   // Angstrom, one that the calibration has
  bool rescale = false;  // conditions that differ are a warning
};

// Maps [y, x]; not-a-number where the status is not 0.
struct EstimatedMap {
  std::string name, unit, text;
  DescriptorQuality quality;
  PlaneD value, error, low_68, high_68, low_90, high_90;
};

struct EstimateResult {
  std::vector<EstimatedMap> maps;
  PlaneD familiarity;   // distance from the training's patterns, 1 in their median
  double farthest = 0;  // that still counts as familiar
  double scan_distance = 0, farthest_scan = 0;  // the same of the mean over all patterns
  Plane<unsigned char> status;                  // 0 good, else why there is no estimate
  double together = 0;                          // Angstrom
  bool across_models = true;  // what is said of errors comes from models left out whole
  std::vector<std::string> models;
  double electrons = 0;  // per pattern
};

// Averages over all positions (row, column) of a raster within `together` of each, of those that
// are `known`: for every position the indices of its neighbours, itself included.
std::vector<std::vector<std::size_t>> neighbourhoods(std::size_t rows, std::size_t columns,
                                                     double step, double together);

// `step`: of the scan, where it is known. Error{physics} where beam, scale, thickness, dose, range
// of q or step are not those of the calibration (both values, and what to do); Error{usage}: a
// `together` that the calibration has not. Throws Interrupted. Results do not depend on threads.
EstimateResult estimate_scan(const PatternScan& scan, const EstimateCalibration& calibration,
                             std::optional<double> step, const EstimateSettings& settings,
                             const RunControl& run);
// The checks alone.
void check_estimate(const PatternScan& scan, const EstimateCalibration& calibration,
                    std::optional<double> step, const EstimateSettings& settings,
                    const RunControl& run);

}  // namespace vitrobeam
