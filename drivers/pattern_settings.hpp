// The options of every command that reads patterns: what the user states wins over the file.
#pragma once
#include <optional>
#include <string>

#include "io/pattern_source.hpp"
#include "options/settings.hpp"

namespace vitrobeam {

struct PatternSettings {
  std::optional<double> energy, semiangle, thickness, pixel_q;
  std::string centre, mask, raw, scan_shape;
  int probe = -1;
  bool follow_links = false;
};

// A section "Patterns" with --energy --semiangle --thickness --pixel-q --centre --mask
// --scan-shape --probe --raw.
void add_pattern_options(Settings& settings, PatternSettings& s);

// The patterns of a file or of `file.h5:/path`, with what the user states in place of what it says.
// `allow_uncalibrated`: a file without a pixel size is no error. `every_probe`: nor are several
// probes of which none is chosen.
PatternSource open_patterns(const std::string& specification, const PatternSettings& s,
                            bool allow_uncalibrated = false, bool every_probe = false);

}  // namespace vitrobeam
