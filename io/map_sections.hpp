// What the analyses of maps leave (density, density calibrate, atlas), as sections of pictures;
// io/result_sections.cpp has the table.
#pragma once
#include "io/result_sections.hpp"

namespace vitrobeam {

ResultSection density_section(const Hdf5Reader& file);
ResultSection calibration_section(const Hdf5Reader& file);
ResultSection atlas_section(const Hdf5Reader& file);

}  // namespace vitrobeam
