// The unit styles of LAMMPS (docs.lammps.org/units.html): what lengths and masses are.
#pragma once
#include <string_view>

#include "io/text_reader.hpp"

namespace vitrobeam {

struct LammpsUnits {
  double length = 1;  // Angstrom
  double mass = 1;    // g/mol
};

// Of the style `name`; Error{input} at the reader's place for reduced units (lj), whose length is
// not known, and for names that are no style.
LammpsUnits lammps_units(const TextReader& reader, std::string_view name);

// The style that a line such as "# LAMMPS data file, units = metal" names; empty if it names none.
std::string stated_units(std::string_view line);

}  // namespace vitrobeam
