// The best matches of a scan, simulated anew until their parameters fit.
#pragma once
#include <vector>

#include "patterns/match_scan.hpp"
#include "studies/library_build.hpp"

namespace vitrobeam {

// For match_scan(): the first `most` of its examples, refined by MotifModel. Mirrored ones are left
// out: there is no such motif. `plans` by origin of the templates; those of origins that no
// template has may be empty.
Refinement refinement_by_simulation(std::vector<LibraryPlan> plans, int most);

}  // namespace vitrobeam
