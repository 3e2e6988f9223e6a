#pragma once
#include <vector>

#include "drivers/match_judges.hpp"
#include "io/match_file.hpp"
#include "studies/library_build.hpp"

namespace vitrobeam {

// The strongest --refine matches of r.examples simulated anew, into r.refined. Mirrored ones have
// no motif that could be simulated. `plans` by origin of the templates. `scan`: contrasts of all
// positions, where neighbours count together.
void refine_examples(const PatternInput& input, const std::vector<LibraryPlan>& plans,
                     const MotifLibrary& library, const Judges& judges,
                     const std::vector<Harmonics>& scan, const MatchCommand& c, MatchResult& r);

}  // namespace vitrobeam
