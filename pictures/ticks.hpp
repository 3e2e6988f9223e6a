// Round numbers along an axis, and how they are written.
#pragma once
#include <string>
#include <vector>

namespace vitrobeam {

// The length 1, 2, 5 or 10 x 10^n nearest to `rough`.
double round_step(double rough);

// About `about` round values from `low` to `high`, at least `least` apart.
std::vector<double> ticks(double low, double high, int about, double least = 0);

// "3", "2.5\u00b710^{-7}", "10^{5}"
std::string exponent_text(double value);

// A number on an axis whose ticks are `step` apart.
std::string tick_text(double value, double step);

}  // namespace vitrobeam
