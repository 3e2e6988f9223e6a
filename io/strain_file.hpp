// The /strain group of a result file; docs/result-file.md lists the datasets.
#pragma once
#include "io/hdf5.hpp"
#include "patterns/strain.hpp"

namespace vitrobeam {

inline constexpr std::array<const char*, 3> kStrainNames = {"exx", "eyy", "exy"};

void write_strain(Hdf5Writer& file, const StrainResult& result);

// What the maps of so many positions take on the disk.
double strain_bytes(std::size_t positions);

}  // namespace vitrobeam
