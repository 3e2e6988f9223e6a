// What readers of patterns in HDF5 containers share.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "io/hdf5.hpp"
#include "io/pattern_formats.hpp"

namespace vitrobeam {

// Of an array whose last two axes are the image: frames of the flattened axes before them.
FrameReader reader_of_array(const std::shared_ptr<Hdf5Reader>& file, const std::string& dataset,
                            const Shape& stored);

// The largest value of an integer type, else nothing.
std::optional<double> largest_value_of(StoredType type);

// Where a file of another program keeps its patterns, and how they lie there.
struct FoundPatterns {
  std::string dataset;
  bool frames_last = false;  // [row, column, frame], as Velox stores them
  std::vector<std::string> notes;
};
// Empty if there are none in a known place. Error{input} where several are equally good.
FoundPatterns find_patterns(const Hdf5Reader& file);

// Calibrated axes, energy and steps as HyperSpy, EMD (py4DSTEM), NeXus and Velox state them beside
// the dataset.
void take_axes(const Hdf5Reader& file, PatternFrames& frames);

}  // namespace vitrobeam
