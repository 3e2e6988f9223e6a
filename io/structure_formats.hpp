// The readers behind read_structure: one function and one file per format, one line in the table of
// structure_file.cpp.
#pragma once
#include "io/structure_file.hpp"
#include "io/text_reader.hpp"

namespace vitrobeam {

// Each reader starts at the first line, and `looks_like_...` judges from the first lines.
bool looks_like_xyz(TextReader reader);
Atoms read_xyz(TextReader& reader, const StructureReadOptions& options);

bool looks_like_lammps_data(TextReader reader);
Atoms read_lammps_data(TextReader& reader, const StructureReadOptions& options);

bool looks_like_lammps_dump(TextReader reader);
Atoms read_lammps_dump(TextReader& reader, const StructureReadOptions& options);

// Which of `count` frames is asked for; throws Error{usage} if there is no such frame.
std::size_t chosen_frame(const TextReader& reader, const StructureReadOptions& options,
                         std::size_t count);

// Element of type `type` from options.types; throws with `reader`'s place if the list is too short.
int element_of_type(const TextReader& reader, const StructureReadOptions& options,
                    std::int64_t type);

// The element whose standard atomic weight lies within 0.1 g/mol of `mass`, 0 if there is none.
int element_of_mass(double mass);

// The same atoms with ids ascending; throws Error{input} if an id occurs twice.
Atoms sorted_by_id(const Atoms& atoms, const std::vector<std::int64_t>& ids,
                   const std::string& name);

}  // namespace vitrobeam
