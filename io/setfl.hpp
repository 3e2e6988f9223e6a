// Embedded-atom potentials in LAMMPS' setfl formats, eam/alloy and eam/fs.
#pragma once
#include <string>

#include "models/interaction.hpp"

namespace vitrobeam {

// Which of the two it is, the count of the numbers tells. Error{input} with file and what is wrong.
EmbeddedAtom read_setfl(const std::string& path);

}  // namespace vitrobeam
