#include "drivers/pattern_settings.hpp"

#include "drivers/quantity.hpp"

namespace vitrobeam {

void add_pattern_options(Settings& o, PatternSettings& s) {
  o.section("Patterns (what is given here wins over the file)");
  o.add("energy", s.energy, "kV", "acceleration voltage").above(0);
  o.add("semiangle", s.semiangle, "mrad", "convergence semi-angle").above(0);
  o.add("thickness", s.thickness, "Angstrom", "thickness of the specimen").above(0);
  o.add("pixel-q", s.pixel_q, "1/Angstrom", "size of a pattern's pixel").above(0);
  o.add("centre", s.centre, "ROW,COL",
        "undiffracted beam, sub-pixel (default: index n/2, or what the file says)");
  o.add("mask", s.mask, "FILE",
        "image of the patterns' shape (.npy or file.h5:/path); non-zero pixels are hidden");
}

PatternSource open_patterns(const std::string& specification, const PatternSettings& s) {
  PatternOverrides overrides{s.energy, s.pixel_q, std::nullopt, s.mask};
  if (!s.centre.empty()) {
    const Vector2d rc = parse_pair(s.centre, "", "centre");
    overrides.centre = {rc[0], rc[1]};
  }
  PatternSource source(specification, overrides);
  if (s.semiangle) source.semiangle_mrad = s.semiangle;
  if (s.thickness) source.thickness = s.thickness;
  return source;
}

}  // namespace vitrobeam
