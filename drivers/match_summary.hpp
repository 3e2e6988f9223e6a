// What `match` says of its result: lines for the terminal, and a table.
#pragma once
#include <string>

#include "drivers/match_settings.hpp"
#include "io/match_file.hpp"
#include "io/pattern_source.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

// Sizes, before anything is matched.
std::string shape_summary(const PatternSource& source, const MotifLibrary& library);

// Prints what was found, at which rates; warns of patterns that could not be judged.
void summarise(const MatchResult& r, const MatchCommand& c);
void print_refined(const MatchResult& r);

// One line per position, for spreadsheets and scripts. Throws Error{machine}.
void write_csv(const std::string& path, const MatchResult& r);

}  // namespace vitrobeam
