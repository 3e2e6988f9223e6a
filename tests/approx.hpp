// Relative comparison: doctest's own Approx adds 1 to the scale, which passes any small number.
#pragma once
#include <doctest/doctest.h>

#include <limits>

namespace vitrobeam {

// Relative tolerance 1.2e-5 unless .epsilon() says otherwise; 0 equals nothing but 0.
inline doctest::Approx approx(double value) {
  return doctest::Approx(value).scale(std::numeric_limits<double>::min());
}

}  // namespace vitrobeam
