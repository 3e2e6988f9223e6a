// The /density/calibration group of a result file; docs/result-file.md lists the datasets.
#pragma once
#include "io/hdf5.hpp"
#include "maps/contrast.hpp"
#include "maps/density.hpp"

namespace vitrobeam {

void write_calibration(Hdf5Writer& file, const DensityCalibration& calibration);
// What an inversion needs; Error{input} where the file holds no calibration.
DensityCalibration read_calibration(const std::string& path);

// Contrast, histogram, autocorrelation and power spectrum, below `group` ("/density/contrast/").
void write_contrast(Hdf5Writer& file, const std::string& group, const Contrast& contrast);

}  // namespace vitrobeam
