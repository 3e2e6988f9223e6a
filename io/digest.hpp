// SHA-256 in hexadecimal: of files and texts, and of what names a run.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "io/run_record.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

std::string file_sha256(const std::string& path);  // Error{input} where it cannot be read
std::string text_sha256(std::string_view text);
// Of elements, positions and all labels of numbers, displacements and occupancies among them.
std::string atoms_sha256(const Atoms& atoms);

// Adds the input files with their digests and names the run by its parameters, inputs and program
// `version`: equal for a run and for what continues it. Error{input} where a file cannot be read.
void name_run(RunRecord& record, const std::vector<std::string>& inputs,
              const std::string& version);
// That name.
std::string run_digest(const RunRecord& record);
// Digests of the input files, as they were named.
std::vector<std::string> input_digests(const RunRecord& record);

// Whether the file `path` was made by this very run.
bool is_complete(const std::string& path, const RunRecord& record);
// Whether it was made from another first input file than this run is, as far as it says.
bool is_of_other_input(const std::string& path, const RunRecord& record);

}  // namespace vitrobeam
