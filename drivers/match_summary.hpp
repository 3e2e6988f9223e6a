// What `match` says of its result: lines for the terminal.
#pragma once
#include <string>

#include "patterns/library.hpp"
#include "patterns/match_result.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

// Sizes, before anything is matched.
std::string shape_summary(const PatternScan& scan, const MotifLibrary& library);

// Prints what was found, at which rates; warns of patterns that could not be matched.
void summarise(const MatchResult& r, double false_alarm_percent);
void print_refined(const MatchResult& r);

}  // namespace vitrobeam
