// Noiseless patterns of a file through the camera, into a result file.
#pragma once
#include "drivers/camera_settings.hpp"
#include "drivers/settings.hpp"
#include "io/pattern_source.hpp"
#include "io/run_record.hpp"

namespace vitrobeam {

// Error{input} for patterns that hold counts already.
void check_noiseless(const PatternSource& source);

// Writes common.output: the patterns of every position and thickness as `camera` records them, and
// all else that the source holds; `keep_noiseless` stores the source's patterns beside them. The
// record gains what the source's says. False: interrupted.
bool expose(const PatternSource& source, const Camera& camera, const CommonSettings& common,
            RunRecord record, bool keep_noiseless);

}  // namespace vitrobeam
