// What a file holds, as JSON.
#pragma once
#include <map>
#include <string>

#include "io/hdf5.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

// Datasets, parameters, audit, and what the audit says about the result.
std::string description_json(const Hdf5Reader& file);
// Atoms, composition, cell, density, labels.
std::string description_json(const std::string& path, const Atoms& atoms);

// Atoms of each element by its symbol, "unknown" for those that have none.
std::map<std::string, double> element_counts(const Atoms& atoms);

}  // namespace vitrobeam
