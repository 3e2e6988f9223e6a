// Whether patterns and library belong together: energy, convergence, thickness, scale, range of q.
#pragma once
#include "base/run_control.hpp"
#include "patterns/library.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

// The library under one of its conditions: number `condition` (from 0), or with -1 the one that is
// nearest to what is known of the patterns, beam before thickness. Motifs without a template under
// it are left out; so are warnings for what remains open left to `run`. Error{usage} for a
// condition that the library does not have, Error{input} where no motif is left.
MotifLibrary library_for(const PatternScan& scan, const MotifLibrary& library, int condition,
                         const RunControl& run);

// A library of one condition that was made for another beam gives no answer: Error{physics}, with
// `rescale` a warning. One for another thickness gives a worse one: a warning. Error{physics} where
// q_min (1/Angstrom) lies inside of the beam's disc.
void check_conditions(const PatternScan& scan, const MotifLibrary& library, double q_min,
                      bool rescale, const RunControl& run);

// The end of the matched range, 1/Angstrom. `asked`: 0 = as far as whole circles of patterns and
// library reach, at most kMatchedQ. Error{physics}, without `rescale`, where whole circles of the
// patterns end long before those of the library.
double matched_q_max(const PatternScan& scan, const MotifLibrary& library, double asked,
                     bool rescale, const RunControl& run);

// Where the beam's disc is seen in the mean of a sample of the scan, its radius and the semi-angle
// say the size of a pixel. Error{physics} where that is another than the stated one by a quarter,
// with `rescale` a warning.
void check_scale(const PatternScan& scan, bool rescale, const RunControl& run);

}  // namespace vitrobeam
