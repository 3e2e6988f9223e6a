// Whether patterns and library belong together: energy, convergence, thickness, scale, range of q.
#pragma once
#include <string>

#include "drivers/match_settings.hpp"
#include "drivers/pattern_input.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

// The library that is to be matched with, as far as it goes: that of --condition, or of the one
// nearest to the patterns, beam before thickness. Motifs that it does not hold under that are left
// out.
MotifLibrary library_for(const std::string& path, const PatternSource& source,
                         const MatchCommand& c);

// A library made for another beam gives no answer (Error{physics} without --rescale); one for
// another thickness gives a worse one, with a warning.
void check_conditions(const PatternSource& source, const MatchCommand& c,
                      const MotifLibrary& library);

// The end of the matched range. Where nothing is asked for, only whole circles are used.
double matched_q_max(const PatternInput& input, const MotifLibrary& library, double asked,
                     bool rescale);

// Where the central disc is seen, its radius and the semi-angle say the size of a pixel.
// Error{physics} where that is another than the stated one, without --rescale.
void check_scale(const PatternInput& input, bool rescale);

}  // namespace vitrobeam
