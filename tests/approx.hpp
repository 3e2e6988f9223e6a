// Relative comparison: doctest's own Approx adds 1 to the scale, which passes any small number.
#pragma once
#include <doctest/doctest.h>

namespace vitrobeam {

inline doctest::Approx approx(double value) { return doctest::Approx(value).scale(0); }

}  // namespace vitrobeam
