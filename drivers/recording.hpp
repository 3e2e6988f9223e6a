// Noiseless patterns of a file through the camera into --output: the end of `camera`, and of
// `simulate` with a camera.
#pragma once
#include "drivers/produce.hpp"
#include "io/camera_file.hpp"

namespace vitrobeam {

// The record gains what the source's says. `source` must outlive it.
Production recording(const PatternSource& source, const RecordingSettings& settings,
                     const CommonSettings& common);

}  // namespace vitrobeam
