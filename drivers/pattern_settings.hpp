// The options of every command that reads patterns: what the user states wins over the file.
#pragma once
#include <optional>
#include <string>

#include "drivers/settings.hpp"
#include "io/pattern_source.hpp"

namespace vitrobeam {

struct PatternSettings {
  std::optional<double> energy, semiangle, thickness, pixel_q;
  std::string centre, mask;
};

// A section "Patterns" with --energy --semiangle --thickness --pixel-q --centre --mask.
void add_pattern_options(Settings& settings, PatternSettings& s);

// The patterns of a file or of `file.h5:/path`, with what the user states in place of what it says.
PatternSource open_patterns(const std::string& specification, const PatternSettings& s);

}  // namespace vitrobeam
