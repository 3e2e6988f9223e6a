// What a CIF states of its content: formula, formula units, density, volume; and whether the atoms
// read agree with it.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

struct StatedContent {
  std::map<int, double> formula;  // atoms of one formula unit by atomic number; empty: not given
  std::optional<double> units;    // formula units in the cell (Z)
  std::optional<double> density_g_cm3;
};

// "C4 H4 O2", "Ca0.5 Al1.5" by atomic number (D is hydrogen); empty where the text is no such list.
std::map<int, double> parse_formula(const std::string& text);

// Contradictions name both numbers. Remarks are what real files lack: hydrogen, some solvent.
struct ContentCheck {
  std::vector<std::string> contradictions, remarks;
};
ContentCheck check_content(const Atoms& atoms, const StatedContent& stated);

}  // namespace vitrobeam
