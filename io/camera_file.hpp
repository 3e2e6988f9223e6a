// Noiseless patterns of a file as a camera records them, into a result file.
#pragma once
#include <cstdint>

#include "base/run_control.hpp"
#include "io/hdf5.hpp"
#include "io/pattern_source.hpp"
#include "io/result_file.hpp"
#include "patterns/camera.hpp"

namespace vitrobeam {

// Error{input} for patterns that hold counts already.
void check_noiseless(const PatternSource& source);

// Of the patterns to be written: those of a result file; patterns from elsewhere count their
// positions.
DiffractionAxes axes_of(const PatternSource& source);

struct RecordingSettings {
  Camera camera;
  std::uint64_t seed = 1;
  bool keep_noiseless = false;  // stores the source's patterns beside them
};

// /simulation/patterns of every position, thickness and probe, with what says how they were
// recorded, and the detector images of a result file. Returns [probe,] [thickness,] scan row, scan
// column: how many pixels clip. Throws Interrupted.
Stack<std::int32_t> write_recorded(Hdf5Writer& file, const PatternSource& source,
                                   const RecordingSettings& settings, const RunControl& run);

}  // namespace vitrobeam
