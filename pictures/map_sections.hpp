// What the analyses of maps leave (density, density calibrate, atlas), as sections of pictures;
// pictures/result_sections.cpp has the table.
#pragma once
#include "pictures/result_sections.hpp"

namespace vitrobeam {

ResultSection density_section(const Hdf5Reader& file);
ResultSection calibration_section(const Hdf5Reader& file);
ResultSection atlas_section(const Hdf5Reader& file);

}  // namespace vitrobeam
