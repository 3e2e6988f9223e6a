// What estimates leave (estimate, estimate calibrate, estimate plan), as sections of pictures;
// pictures/result_sections.cpp has the table.
#pragma once
#include "pictures/result_sections.hpp"

namespace vitrobeam {

ResultSection estimate_section(const Hdf5Reader& file);
ResultSection estimate_calibration_section(const Hdf5Reader& file);
ResultSection estimate_plan_section(const Hdf5Reader& file);

}  // namespace vitrobeam
