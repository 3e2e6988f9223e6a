#include "drivers/detector_option.hpp"

#include <cmath>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "io/detector_maps.hpp"
#include "options/quantity.hpp"

namespace vitrobeam {
namespace {

[[noreturn]] void fail_syntax(const std::string& text) {
  fail(Fault::usage,
       "--detector '{}': expected NAME=INNER:OUTER in mrad, for example haadf=60:90; with segments "
       "NAME=INNER:OUTER/4+15deg, with rings NAME=INNER:OUTER:WIDTH, for the centre of mass "
       "NAME=com or NAME=com:OUTER",
       text);
}

void parse_segments(const std::string& text, const std::string& what, Detector& d) {
  const auto plus = text.find('+');
  const double n = parse_quantity(text.substr(0, plus), "", "detector");
  if (!(n >= 2 && n <= 360 && n == std::floor(n)))
    fail(Fault::usage, "--detector '{}': expected 2 to 360 segments", what);
  d.segments = int(n);
  if (plus != std::string::npos)
    d.rotation = parse_quantity(text.substr(plus + 1), "deg", "detector") * M_PI / 180;
}

}  // namespace

Detector parse_detector(const std::string& text) {
  const auto parts = split(text, '=');
  if (parts.size() != 2 || parts[0].empty()) fail_syntax(text);
  if (parts[0].find_first_of("/. ") != std::string::npos)
    fail(Fault::usage, "--detector '{}': a name has no '/', '.' or blanks", text);
  Detector d{parts[0]};
  const auto slash = parts[1].find('/');
  const auto angles = split(parts[1].substr(0, slash), ':');
  if (angles[0] == "com") {
    if (angles.size() > 2 || slash != std::string::npos) fail_syntax(text);
    d.moments = true;
    d.outer_mrad = angles.size() == 2 ? parse_quantity(angles[1], "mrad", "detector")
                                      : std::numeric_limits<double>::infinity();
    return d;
  }
  if (angles.size() != 2 && angles.size() != 3) fail_syntax(text);
  d.inner_mrad = parse_quantity(angles[0], "mrad", "detector");
  d.outer_mrad = parse_quantity(angles[1], "mrad", "detector");
  if (angles.size() == 3) {
    const double width = parse_quantity(angles[2], "mrad", "detector"),
                 n = (d.outer_mrad - d.inner_mrad) / width;
    if (!(width > 0 && n > 0.5 && n < 1e5 && std::abs(n - std::round(n)) < 1e-6 * n))
      fail(Fault::usage,
           "--detector '{}': rings of {} mrad do not divide {} to {} mrad into whole rings", text,
           width, d.inner_mrad, d.outer_mrad);
    d.rings = int(std::round(n));
  }
  if (slash != std::string::npos) parse_segments(parts[1].substr(slash + 1), text, d);
  return d;
}

std::vector<Detector> parse_detectors(const std::vector<std::string>& texts) {
  std::vector<Detector> detectors;
  std::set<std::string> names;
  for (const auto& text : texts) {
    detectors.push_back(parse_detector(text));
    for (const auto& name : map_names(detectors.back()))
      if (!names.insert(name).second)
        fail(Fault::usage, "--detector {}: two detectors of this name", name);
  }
  return detectors;
}

}  // namespace vitrobeam
