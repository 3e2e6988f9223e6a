// What a library can tell apart, as sections of pictures: of match and of plan;
// io/result_sections.cpp has the table.
#pragma once
#include "io/result_sections.hpp"

namespace vitrobeam {

ResultSection recognition_section(const Hdf5Reader& file);
ResultSection plan_section(const Hdf5Reader& file);

}  // namespace vitrobeam
