// Motifs in a scan: every pattern, or neighbouring ones together, against the templates of a
// library, at a stated rate of false alarms.
//
// Alone, patterns are matched by correlation with all templates at all angles (match_alone.hpp);
// neighbours count together by their likelihoods (match_neighbours.hpp). Either way a score is
// ranked among motif-free patterns of the library that were treated the same
// (match_significance.hpp), and motifs are called at a false-discovery rate over the scan
// (Benjamini and Hochberg 1995).
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "patterns/match_result.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

struct MatchSettings {
  // Its grid.q_max, camera and dose are filled in by match_scan().
  RecognitionSettings recognition;
  double q_max = 0;  // end of the matched range, 1/Angstrom; 0: kMatchedQ, or where patterns or
                     // library end
  double false_alarm = 0.05;        // accepted share of wrong motifs among all found
  double neighbours = 0;            // positions within this count together, Angstrom; 0: each alone
  double step = 0;                  // between positions, Angstrom; only for neighbours
  int condition = -1;               // of the library, from 0; -1: the nearest to the patterns
  bool rescale = false;             // patterns of another beam or scale are matched at equal q
  bool fitted_tail = false;         // p-values beyond the counted ones decide (match_tail.hpp)
  bool as_stated = false;           // centre and ellipse are only remarked where they are off
  double saturation = 0;            // a visible pixel of this value marks a pattern; 0: none does
  std::optional<double> null_dose;  // electrons per pattern of the library's noise; none: those of
                                    // the patterns
  int components = 1;               // motifs that are sought in one pattern
  int examples = 6;                 // best matches that are kept with their images
};

// A scan and what it is matched with, in agreement with each other.
struct PreparedMatch {
  MotifLibrary library;  // of one condition
  MatchSettings settings;
};
// Chooses the library's condition and the matched range, and measures the scan's centre, ellipse
// and scale against the library's (match_alignment.hpp): recognition.camera has what is matched
// with. Warns through `run`, and throws
// Error{usage}, Error{input} or Error{physics}, where they do not belong together
// (match_conditions.hpp).
PreparedMatch prepare_match(const PatternScan& scan, const MotifLibrary& library,
                            const MatchSettings& settings, const RunControl& run);

// Views of the library whose probabilities are kept at every position, at most; the more, the
// larger the result.
std::size_t most_kept_views(const MotifLibrary& library);

// What a refinement by simulation starts from. Contrasts by position, where neighbours count
// together; else empty.
struct MatchedScan {
  const PatternScan& scan;
  const PreparedMatch& match;
  const ScanRecognition& recognition;
  const PolarTransform& transform;  // of the patterns, on the grid of the likelihood
  const std::vector<Harmonics>& contrast;
  const MatchResult& result;
};
using Refinement = std::function<std::vector<RefinedMatch>(const MatchedScan&, const RunControl&)>;

// The motif map of a scan with all that it rests on; maps are [scan_y, scan_x, ..]. Not-finite,
// empty and otherwise useless patterns are marked and never called a motif. `refine`, if given,
// refines the best matches. Error{usage} where neighbours are nearer than the next position,
// Error{input} where the library has too little for what is asked. Throws Interrupted. The result
// does not depend on the number of threads.
MatchResult match_scan(const PatternScan& scan, PreparedMatch prepared, const RunControl& run,
                       const Refinement& refine = {});
MatchResult match_scan(const PatternScan& scan, const MotifLibrary& library,
                       const MatchSettings& settings, const RunControl& run);

// How long match_scan() takes, without a refinement: measured on a corner of the scan.
double match_seconds(const PatternScan& scan, PreparedMatch prepared, const RunControl& run);

// Electrons per pattern of a library that would give the counts that the patterns have in the
// matched range: free of what a beam stop hides or the camera does not reach. What is stated wins;
// 0 where patterns have no counting noise.
double matched_electrons(const PatternScan& scan, const MotifLibrary& library,
                         const PolarGrid& grid, int threads);

}  // namespace vitrobeam
