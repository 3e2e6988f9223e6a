// The maps that stand in a result for detectors.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "multislice/detectors.hpp"

namespace vitrobeam {

// "haadf"; of segments "bf_0", "bf_1", ..; of moments "com_x", "com_y".
std::vector<std::string> map_names(const Detector& detector);

// Under /simulation/detectors, and with `errors` their standard errors under detectors_stderr. Of
// every channel of all detectors the values over the scan, of shape `maps`.
void write_detectors(Hdf5Writer& file, const std::vector<Detector>& detectors, const Shape& maps,
                     const std::vector<std::vector<double>>& values,
                     const std::vector<std::vector<double>>& errors);

}  // namespace vitrobeam
