#include "drivers/pattern_input.hpp"

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "drivers/log.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

// "E,DEG": the ellipticity, and the direction of the long axis in degrees.
Vector2d parse_ellipticity(const std::string& text) {
  const auto parts = split(text, ',');
  if (parts.size() != 2)
    fail(Fault::usage, "--ellipse '{}': is no file, and not E,DEG as 0.02,30", text);
  const Vector2d e{parse_quantity(parts[0], "", "ellipse"),
                   parse_quantity(parts[1], "deg", "ellipse")};
  if (!(e[0] > -0.5 && e[0] < 1))
    fail(Fault::usage, "--ellipse {}: the first number is the ellipticity, between -0.5 and 1",
         text);
  return e;
}

void an_ellipse_or_file(const std::string& text, const std::string&) {
  if (!std::filesystem::is_regular_file(text)) parse_ellipticity(text);
}

}  // namespace

void add_pattern_input(Settings& o, PatternInputSettings& p) {
  add_pattern_options(o, p.patterns);
  o.add("ellipse", p.ellipse, "E,DEG|FILE",
        "rings are ellipses with semi-axes q sqrt(1+E) and q/sqrt(1+E), the long one at this angle "
        "from +x towards +y; or a file of patterns that convert --find-ellipse has made, to take "
        "it from")
      .reads(an_ellipse_or_file);
  o.add("partial-rings", p.partial_rings,
        "also use rings that the image cuts, by their visible part");
  o.section("Counting noise");
  o.add("dose", p.dose, "electrons",
        "electrons per pattern: adds Poisson noise to noiseless patterns; 0 = none");
  o.add("gain", p.gain, "",
        "units of intensity per electron of recorded patterns, 0 = they have no noise (default: "
        "what --dose says, 1 for counts, else 0)")
      .at_least(0)
      .at_most(1e9);
}

std::unique_ptr<const PatternInput> open_input(const std::string& specification,
                                               const PatternInputSettings& s, std::uint64_t seed,
                                               bool allow_uncalibrated) {
  PatternSource source = open_patterns(specification, s.patterns, allow_uncalibrated);
  StatedPatterns stated{{}, s.gain, s.dose, s.readout, s.partial_rings};
  if (std::filesystem::is_regular_file(s.ellipse)) {
    stated.ellipse = read_ellipse(s.ellipse);
  } else if (!s.ellipse.empty()) {
    const Vector2d e = parse_ellipticity(s.ellipse);
    stated.ellipse = {e[0], e[1] * M_PI / 180};
  }
  return std::make_unique<const PatternInput>(
      std::move(source), stated, seed,
      [](const Message& text) { inform("{}", text.with_fields(option_name)); });
}

}  // namespace vitrobeam
