// The symmetry that a crystallographic file states: operations, Hall and Hermann-Mauguin symbols,
// the number of the group. What is not understood is refused, never taken for P 1.
#pragma once
#include <gemmi/symmetry.hpp>
#include <gemmi/unitcell.hpp>
#include <string>
#include <vector>

namespace vitrobeam {

struct StatedSymmetry {
  std::vector<gemmi::Op> listed;
  std::string hall, name;  // symbols; empty: not given
  int number = 0;          // of the group; 0: not given
  std::string setting;     // "1", "2", "h", "r": of the coordinate system; empty: not given
};

// One way to understand what is stated.
struct SymmetryChoice {
  std::vector<gemmi::Op> operations;  // centring included, the identity first
  std::string name;                   // for messages: "F d -3 m:2", "the operations listed"
};

// All ways: several only where the symbol leaves the origin or the setting open. Statements that
// contradict each other or the cell, and symbols that are not known, are Error{input} that names
// `place` (file and data block). `notes` of the result: what a reader should hear.
struct SymmetryChoices {
  std::vector<SymmetryChoice> choices;
  std::vector<std::string> notes;
};
SymmetryChoices understood(const StatedSymmetry& stated, const gemmi::UnitCell& cell,
                           const std::string& place);

}  // namespace vitrobeam
