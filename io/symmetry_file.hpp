// The /symmetry group of a result file: angular power of every pattern with its corrections, each
// under its own name, and what an ensemble without the symmetry makes of it. docs/result-file.md
// lists the datasets.
#pragma once
#include <string>

#include "io/hdf5.hpp"
#include "patterns/symmetry_analysis.hpp"

namespace vitrobeam {

void write_symmetry(Hdf5Writer& file, const SymmetryResult& result);

// A dataset with its units and what it is.
template <typename Array>
void write_described(Hdf5Writer& file, const std::string& path, const Array& values,
                     const std::string& units, const std::string& description) {
  file.write(path, values);
  file.attribute(path, "units", units);
  file.attribute(path, "description", description);
}

}  // namespace vitrobeam
