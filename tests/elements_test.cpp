// Symbols, weights and radii of the elements.
#include "models/elements.hpp"

#include <doctest/doctest.h>

#include "tests/approx.hpp"

using namespace vitrobeam;

TEST_CASE("a symbol and its number name the same element") {
  for (int z = 1; z <= kElements; ++z) {
    CHECK(atomic_number(symbol(z)) == z);
    CHECK(atomic_number(std::to_string(z)) == z);
  }
  CHECK(symbol(29) == "Cu");
  CHECK(symbol(40) == "Zr");
  CHECK(symbol(103) == "Lr");
}

TEST_CASE("what is no element gives 0") {
  for (const char* text : {"", "Xx", "cu", "CU", "0", "104", "-1", "29.0", "Cu1"}) {
    CAPTURE(text);
    CHECK(atomic_number(text) == 0);
  }
}

TEST_CASE("weights and radii of the glass formers") {
  CHECK(atomic_mass(29) == approx(63.546));  // IUPAC 2021
  CHECK(atomic_mass(40) == approx(91.224));  // IUPAC 2021
  // Goldschmidt radii as used for packings of metallic glasses
  CHECK(metallic_radius(atomic_number("Cu")) == 1.28);
  CHECK(metallic_radius(atomic_number("Zr")) == 1.60);
  CHECK(metallic_radius(atomic_number("Ni")) == 1.25);
  CHECK(metallic_radius(atomic_number("Al")) == 1.43);
  CHECK(metallic_radius(atomic_number("Y")) == 1.80);
}

TEST_CASE("weights rise with the atomic number but for the four known pairs") {
  // Ar-K, Co-Ni, Te-I, Th-Pa, and the most stable isotopes of Np to Lr, which are no averages
  for (int z = 1; z < 92; ++z) {
    const bool known = z == 18 || z == 27 || z == 52 || z == 90;
    CAPTURE(z);
    CHECK((atomic_mass(z + 1) > atomic_mass(z)) == !known);
  }
}

TEST_CASE("every radius is that of an atom") {
  for (int z = 1; z <= kElements; ++z) {
    CHECK(metallic_radius(z) > 0.25);
    CHECK(metallic_radius(z) < 2.7);
  }
}
