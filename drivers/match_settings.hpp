// What `match` is asked for.
#pragma once
#include <string>

#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "patterns/match_scan.hpp"

namespace vitrobeam {

struct MatchCommand {
  CommonSettings common;
  PatternInputSettings patterns;
  MatchSettings match;
  double false_alarm_percent = 5;
  std::optional<double> step;
  int refine = 0;
  std::string csv;
};

Settings describe(MatchCommand& c);

}  // namespace vitrobeam
