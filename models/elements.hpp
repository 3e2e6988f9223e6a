// The elements: symbols, masses and the metallic radii that packings are made with.
#pragma once
#include <string>
#include <string_view>

namespace vitrobeam {

inline constexpr int kElements = 103;

// Atomic number of a symbol ("Cu") or of a number ("29"); 0 if there is no such element.
int atomic_number(std::string_view symbol);
// Of 1 to kElements, as for the masses and radii below.
std::string_view symbol(int atomic_number);

// Atomic number of a symbol in a place that holds nothing but symbols, in any case and with a
// charge: "Cu", "CU", "Zr4+", "O2-"; D is hydrogen. 0 if it is none.
int element_of_symbol(std::string_view text);

// Atomic number of the element that a free name such as "Cu1", "O(2)", "FeM1" or "C1A" is made of;
// 0 if it is made of none. Everything but digits, charge and marks of the site must be the symbol;
// a mark is what follows the first digit or sign, or a capital that is no element (A, D, E, G, J,
// L, M, Q, R, T, X, Z). Two capitals that may as well be two elements, or an atom and its mark
// (CA, CO, NO3, PO4), name none.
int element_of_label(std::string_view label);

// Standard atomic weight in g/mol (IUPAC 2021, conventional values; most stable isotope where none
// is given).
double atomic_mass(int atomic_number);

// Metallic radius for coordination 12 (Goldschmidt; values as in Greenwood and Earnshaw 1997, and
// usual for the glass formers) in Angstrom; for elements that have none, the covalent radius
// (Cordero et al., Dalton Trans. 2008, 2832), and 1.69 beyond Cm where neither is known.
double metallic_radius(int atomic_number);

}  // namespace vitrobeam
