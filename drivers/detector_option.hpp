// --detector: what a user writes.
#pragma once
#include <string>
#include <vector>

#include "multislice/detectors.hpp"

namespace vitrobeam {

// "NAME=IN:OUT", an annulus in mrad; "NAME=IN:OUT/4+15deg", four segments, the first from 15
// degrees; "NAME=IN:OUT:STEP", rings of STEP mrad; "NAME=com" or "NAME=com:OUT", centre of mass.
// Error{usage}.
Detector parse_detector(const std::string& text);

// All of them, no map named twice.
std::vector<Detector> parse_detectors(const std::vector<std::string>& texts);

}  // namespace vitrobeam
