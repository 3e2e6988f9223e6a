// The /correlation group of a result file, and frames and times that it is made of;
// docs/result-file.md lists the datasets.
#pragma once
#include "io/hdf5.hpp"
#include "patterns/correlation.hpp"

namespace vitrobeam {

// The maps of one detector, a result file a frame: [frame, row, column]. Error{input} where shapes
// differ.
Stack<float> read_detector_frames(const std::vector<std::string>& files,
                                  const std::string& detector);

// Seconds from frame to frame, from a text file with the time of each. Error{input} where they do
// not grow by equal steps (to a tenth of one), or are not as many as the frames.
double read_frame_time(const std::string& path, std::size_t frames);

void write_correlation(Hdf5Writer& file, const CorrelationResult& result);

}  // namespace vitrobeam
