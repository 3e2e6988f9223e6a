// What no model of atoms can be: atoms at one place, densities that nothing has, a box that does
// not hold its atoms; and how much of the cell is vacuum.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/neighbours.hpp"

namespace vitrobeam {

// Nothing that stands on a table is denser than osmium (22.6 g/cm^3).
inline constexpr double kDensest = 23;  // g/cm^3

struct Plausibility {
  // Pairs nearer than kOnePlace (models/occupancy.hpp), images included, but for those of a site
  // whose partial occupancies sum to at most 1.
  std::size_t coincident = 0;
  std::size_t close = 0;  // pairs nearer than kClosePair of their radii, the coincident among them
  ClosestPair closest;    // of all pairs but those of one partly occupied site
  // Atoms out of the cell by more than 1 Angstrom where it is periodic, else by 0.01.
  std::size_t outside = 0;
  double farthest = 0;                  // of them, Angstrom
  std::optional<double> density_g_cm3;  // none without a cell
};
Plausibility plausibility(const Atoms& atoms);

// Error{physics} naming `file` where atoms are at one place: what scatters there would count twice.
void refuse_coincident(const Plausibility& p, const std::string& file);

// Each a sentence, none where nothing is odd.
std::vector<std::string> oddities(const Plausibility& p);

// Empty layers of a cell: across each pair of faces the widest layer without an atom, where it is
// wider than 6 Angstrom, less 1.25 Angstrom for the atoms at either side.
struct Vacuum {
  Vector3d gap = Vector3d::Zero();  // Angstrom along the normal of each pair of faces; 0: none
  double filled = 1;                // share of the cell's volume that is left without the gaps
  bool exists() const { return filled < 1; }
};
Vacuum vacuum_of(const Atoms& atoms);

// "a gap of 20 Angstrom along c; in the remaining 67 % of the cell 0.0778 atoms/Angstrom^3,
// 7.51 g/cm^3"; empty without vacuum.
std::string vacuum_text(const Atoms& atoms);

}  // namespace vitrobeam
