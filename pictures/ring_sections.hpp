// What the analyses of rings leave (symmetry, symmetry limit, fluctuation, radial), as sections of
// pictures; pictures/result_sections.cpp has the table.
#pragma once
#include "pictures/result_sections.hpp"

namespace vitrobeam {

ResultSection symmetry_section(const Hdf5Reader& file);
ResultSection symmetry_limit_section(const Hdf5Reader& file);
ResultSection fluctuation_section(const Hdf5Reader& file);
ResultSection pair_section(const Hdf5Reader& file);

}  // namespace vitrobeam
