// What a library covers, and what it can tell apart, as sections of pictures: of library, match and
// plan; pictures/result_sections.cpp has the table.
#pragma once
#include "pictures/result_sections.hpp"

namespace vitrobeam {

ResultSection coverage_section(const Hdf5Reader& file);
ResultSection recognition_section(const Hdf5Reader& file);
ResultSection plan_section(const Hdf5Reader& file);

}  // namespace vitrobeam
