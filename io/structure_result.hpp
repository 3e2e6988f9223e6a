// The /structure group of a result file and the same as text tables: the analysis of one model.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "models/structure_result.hpp"

namespace vitrobeam {

void write_structure_result(Hdf5Writer& file, const StructureResult& result);

// Every file that write_structure_tables() may make.
std::vector<std::string> structure_table_files(const std::string& prefix);

// PREFIX_atoms.csv, PREFIX_voronoi.csv, PREFIX_gr.csv, PREFIX_sq.csv, PREFIX_neighbours.csv,
// whatever the result has; returns the names. Throws Error{machine}.
std::vector<std::string> write_structure_tables(const StructureResult& result,
                                                const std::string& prefix);

}  // namespace vitrobeam
