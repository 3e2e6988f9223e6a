// Statistics that all analyses share: medians, shares with their intervals, ranks, false-discovery
// rates.
#pragma once
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Median of the finite values of a map; not-a-number where there are none.
double finite_median(const PlaneD& map);

// The share k / n of n independent cases with its 95 % interval (Wilson, J. Am. Stat. Assoc. 22
// (1927) 209); not-a-number between 0 and 1 for n = 0.
struct Share {
  double value, low, high;
};
Share wilson_interval(double k, double n);

// (1 + #{null >= score}) / (1 + N); `sorted_null` ascends.
double rank_p_value(const std::vector<double>& sorted_null, double score);

// The smallest false-discovery rate at which each hypothesis is rejected (Benjamini and Hochberg,
// J. R. Stat. Soc. B 57 (1995) 289), in the order given. Not-a-number entries are no hypotheses and
// stay so.
std::vector<double> benjamini_hochberg(const std::vector<double>& p_values);

}  // namespace vitrobeam
