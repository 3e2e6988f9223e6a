// --detector: what a user writes, and the maps that stand in the result for it.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "multislice/detectors.hpp"

namespace vitrobeam {

// "NAME=IN:OUT", an annulus in mrad; "NAME=IN:OUT/4+15deg", four segments, the first from 15
// degrees; "NAME=IN:OUT:STEP", rings of STEP mrad; "NAME=com" or "NAME=com:OUT", centre of mass.
// Error{usage}.
Detector parse_detector(const std::string& text);

// All of them, no map named twice.
std::vector<Detector> parse_detectors(const std::vector<std::string>& texts);

// The maps of the detectors under /simulation/detectors, and with `errors` their standard errors
// under detectors_stderr. Of every channel the values over the scan, of shape `maps`.
void write_detectors(Hdf5Writer& file, const std::vector<Detector>& detectors, const Shape& maps,
                     const std::vector<std::vector<double>>& values,
                     const std::vector<std::vector<double>>& errors);

}  // namespace vitrobeam
