// The options of analyses of patterns beyond those of every command that reads them.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "drivers/pattern_settings.hpp"
#include "io/pattern_input.hpp"

namespace vitrobeam {

struct PatternInputSettings {
  PatternSettings patterns;
  std::string ellipse;
  std::optional<double> gain;
  double dose = 0, readout = 0;  // electrons; readout: rms of a pixel
  bool partial_rings = false;
};
// The section "Patterns" and a section "Counting noise".
void add_pattern_input(Settings& settings, PatternInputSettings& s);

// Noise added by --dose is drawn from `seed`. `allow_uncalibrated`: a file without a pixel size is
// no error.
std::unique_ptr<const PatternInput> open_input(const std::string& specification,
                                               const PatternInputSettings& settings,
                                               std::uint64_t seed, bool allow_uncalibrated = false);

}  // namespace vitrobeam
