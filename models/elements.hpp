// The elements: symbols, masses and the metallic radii that packings are made with.
#pragma once
#include <string>
#include <string_view>

namespace vitrobeam {

inline constexpr int kElements = 103;

// Atomic number of a symbol ("Cu") or of a number ("29"); 0 if there is no such element.
int atomic_number(std::string_view symbol);
std::string_view symbol(int atomic_number);

// Standard atomic weight in g/mol (IUPAC 2021, conventional values; most stable isotope where none
// is given).
double atomic_mass(int atomic_number);

// Metallic radius for coordination 12 (Goldschmidt; values as in Greenwood and Earnshaw 1997, and
// usual for the glass formers) in Angstrom; for elements that have none, the covalent radius
// (Cordero et al., Dalton Trans. 2008, 2832), and 1.69 beyond Cm where neither is known.
double metallic_radius(int atomic_number);

}  // namespace vitrobeam
