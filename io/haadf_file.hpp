// Images by an annular detector, in the result files of this program and in any other file.
#pragma once
#include <string>

#include "io/pattern_source.hpp"
#include "maps/haadf_image.hpp"

namespace vitrobeam {

// Whether a file holds the detector images of a simulation.
bool holds_detector_images(const std::string& path);

// The image by the detector of this name, or, if it is empty, by the only annulus that there is; of
// several thicknesses the last. Error{input}: no such detector; Error{usage}: which of several?
HaadfImage read_detector_image(const std::string& path, const std::string& detector);

// The one image of any other file, called `name` in messages. Error{input} for several.
HaadfImage measured_image(const PatternSource& source, const std::string& name);
// Its values; positions that are hidden are not known.
PlaneD known_values(const PatternSource& source);

}  // namespace vitrobeam
