// What matching found in a scan: the motif map, what it rests on, and examples to look at.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "patterns/library_patterns.hpp"
#include "patterns/match_alone.hpp"
#include "patterns/match_likelihood.hpp"
#include "patterns/match_mixture.hpp"
#include "patterns/match_neighbours.hpp"
#include "patterns/match_tail.hpp"
#include "patterns/pattern_status.hpp"

namespace vitrobeam {

// A pattern beside the template that fits it.
struct MatchExample {
  std::size_t scan_row = 0, scan_column = 0;
  int motif = 0;
  bool accepted = false;  // false: the best there is, but not significant
  double p_value = 1, score = 0;
  PlaneF measured, library;
  PlaneF difference;  // measured less rings less amplitude times library; empty: not known
  double amplitude = 0, unexplained = 1;
};

// Parameters of a match refined by simulation, each with one sigma.
struct RefinedMatch {
  std::size_t scan_row = 0, scan_column = 0;
  int motif = 0;
  bool converged = false;
  double gain = 0;  // log likelihood above that of the library's template
  // radian, radian, radian, Angstrom, Angstrom, Angstrom, ratio to the library's
  struct Value {
    double value = 0, error = 0;
  } tilt_x, tilt_y, in_plane_angle, offset_x, offset_y, thickness, size;
};

struct MatchResult {
  std::vector<std::string> motif_names;
  LibraryConditions condition;                                   // of the library
  Stack<std::int32_t> motif, template_index;                     // [y, x]
  Stack<std::uint8_t> status, mirrored;                          // [y, x]; status: PatternStatus
  Stack<float> score, p_value, false_discovery_rate, posterior;  // [y, x, motif]
  Stack<float> posterior_none, best_score, best_p_value, best_p_value_fit,
      best_false_discovery_rate, correlation,
      in_plane_angle;                                         // [y, x]; the angle in radian
  Stack<float> direction;                                     // [y, x, 3]
  Stack<float> axis_share, depth, depth_error, log_evidence;  // [y, x]; depths in Angstrom
  Stack<float> contrast;                                      // [y, x]
  Stack<std::int32_t> axis_directions;                        // [y, x]
  std::vector<MotifView> views;
  Stack<float> view_posterior;  // [y, x, view]; empty where views are too many to keep
  // [y, x, component]; empty unless several motifs were looked for in one pattern
  Stack<std::int32_t> component_template, component_motif;
  Stack<float> component_amplitude, component_error, component_angle, component_p, component_gain;
  double neighbours = 0;  // radius within which positions count together, Angstrom
  double tempering = 0;   // of the likelihood in the posterior
  // [motif] the same among the views of the motif, and the share of cases in which a pattern says
  // nothing about them; empty without a posterior.
  std::vector<double> view_tempering, lapse;
  double false_alarm = 0.05, smallest_p = 1, dose = 0;  // dose: electrons per pattern
  TailFit tail = TailFit::none("not asked for");        // of null_best
  bool fitted = false;                                  // it decides the motif map
  std::size_t training_patterns = 0;
  int calibration_packings = 0;
  std::vector<double> null_best, power, power_error;
  ContrastRange null_contrast;
  PlaneD confusion;                         // [planted motif, called motif or none]
  std::vector<double> roc_false_alarm;      // [rate]
  PlaneD roc;                               // [motif, rate]
  std::vector<double> roc_area, roc_error;  // [motif]
  std::vector<MatchExample> examples;
  Calibration examples_calibration;
  std::vector<RefinedMatch> refined;

  MatchResult() = default;
  // Nothing matched yet: motif -1, floating-point maps not-a-number.
  MatchResult(std::size_t scan_rows, std::size_t scan_columns, std::vector<std::string> names);
  void expect_components(std::size_t most);

  // What was found at position `at`, counted row by row.
  void set(std::size_t at, const Finding& finding, const MotifLibrary& library);
  void set(std::size_t at, const PositionEvidence& evidence);
  void set(std::size_t at, const std::vector<MixtureComponent>& found, const MotifLibrary& library);
  // False-discovery rates over the scan; the motif is -1 where that of the best exceeds
  // `false_alarm`. After all positions are set.
  void decide();
  // Makes best_p_value_fit that of the tail where it holds, beyond its threshold; below, the
  // counted one.
  void use(const TailFit& fit);
  // Matched positions times the largest p-value at which a motif is called: so many would be called
  // in a scan without motifs, at that p. 0 where none is called.
  double expected_false_positives() const;
  // Of the best motif: those that decide.
  const std::vector<float>& deciding_p() const {
    return fitted && tail.holds() ? best_p_value_fit.values : best_p_value.values;
  }
  // How often planted motifs are found by the same ranks.
  void set_power(const DetectionPower& planted);

  // Matched positions where p-value and posterior contradict each other: a motif 90 % probable
  // whose p-value is above 0.1, or one that is called where none is 90 % probable.
  std::size_t contradictions() const;

  double scan_contrast() const;  // median of `contrast` over the matched positions
  // Does that lie among the motif-free patterns? Else their error rates say nothing of this scan.
  bool is_like_null() const;
};

}  // namespace vitrobeam
