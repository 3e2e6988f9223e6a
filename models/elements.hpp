// The elements: symbols, masses and the metallic radii that packings are made with.
#pragma once
#include <string>
#include <string_view>

namespace vitrobeam {

inline constexpr int kElements = 103;

// Atomic number of a symbol ("Cu") or of a number ("29"); 0 if there is no such element.
int atomic_number(std::string_view symbol);
std::string_view symbol(int atomic_number);

// Standard atomic weight in g/mol (IUPAC 2021, conventional values; most stable isotope where none is given).
double atomic_mass(int atomic_number);

// Goldschmidt metallic radius (coordination 12) in Angstrom where known, else half the sum of nearest-neighbour distance.
double metallic_radius(int atomic_number);

}  // namespace vitrobeam
