// --types, --box and --frame: what a structure file does not say of itself.
#pragma once
#include <string>

#include "drivers/settings.hpp"
#include "io/structure_file.hpp"

namespace vitrobeam {

struct StructureInput {
  std::string types, box;
  int frame = -1;
};
void add_structure_input(Settings& settings, StructureInput& input);

// A finite piece without a box is welcome.
StructureReadOptions read_options(const StructureInput& input);

// The same for what needs a cell.
Atoms read_boxed(const std::string& path, const StructureInput& input);

}  // namespace vitrobeam
