// What the angular power of a ring is without the symmetry in question, and what lies beyond it.
#pragma once
#include "drivers/symmetry_scan.hpp"

namespace vitrobeam {

// Band means of the orders (null pattern x order) of rings without structure, with the counting
// noise of the patterns: tells symmetry from noise.
PlaneD noise_null(const SymmetryCommand& c, const PatternInput& input, SymmetryScan& scan,
                  const RingBand& band);

// The same of the patterns of --null as the camera of the patterns would have recorded them, with
// their noise. Error{physics} for another beam or too small a reach, Error{input} for too few.
PlaneD pattern_null(const SymmetryCommand& c, const PatternInput& input, SymmetryScan& scan,
                    const RingBand& band);

// p-values of r.map by rank in r.null_map, and false-discovery rates (Benjamini-Hochberg), order by
// order.
void judge_significance(SymmetryResult& r);

}  // namespace vitrobeam
