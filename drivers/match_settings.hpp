// What `match` is asked for.
#pragma once
#include <optional>
#include <string>

#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "patterns/recognition.hpp"

namespace vitrobeam {

enum class Filter { matched, none };

struct MatchCommand {
  CommonSettings common;
  double false_alarm_percent = 5, prior_none = 0.5, neighbours = 0;
  std::optional<double> step;
  PatternInputSettings patterns;
  std::optional<double> null_dose;
  Filter filter = Filter::matched;
  int examples = 6, components = 1, refine = 0, condition = -1;
  bool rescale = false;
  double saturation = 0;
  std::string csv;
  double q_max = 0;
  RecognitionSettings recognition;
};

Settings describe(MatchCommand& c);

}  // namespace vitrobeam
