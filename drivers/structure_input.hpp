// --types, --atom-style, --box and --frame: what a structure file does not say of itself. And what
// every command that takes atoms says of them.
#pragma once
#include <cstdint>
#include <string>

#include "io/structure_file.hpp"
#include "models/plausibility.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

struct StructureInput {
  std::string types, atom_style, box;
  int frame = -1;
};
void add_structure_input(Settings& settings, StructureInput& input);

// A finite piece without a box is welcome; what the file holds beside the atoms is a warning.
StructureReadOptions read_options(const StructureInput& input);

// Warns of what no model of atoms can be, and says it again as the result.
Plausibility say_oddities(const Atoms& atoms, const std::string& path);

// Of models in vacuum: over what a density was taken.
void say_vacuum(const Atoms& atoms, const std::string& what);

// The model of a file, with its oddities reported: a finite piece is welcome.
Atoms read_atoms(const std::string& path, const StructureInput& input);

// The same for what needs a cell.
Atoms read_boxed(const std::string& path, const StructureInput& input);

// The same for what scatters: atoms at one place are refused, and sites that are partly occupied
// are drawn once from the seed.
Atoms read_scatterers(const std::string& path, const StructureInput& input, std::uint64_t seed);

}  // namespace vitrobeam
