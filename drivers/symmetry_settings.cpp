#include "drivers/symmetry_settings.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "drivers/quantity.hpp"

namespace vitrobeam {

Settings describe(SymmetryCommand& c) {
  Settings o("symmetry",
             "patterns -> angular correlations, n-fold symmetry with significance\n\n"
             "   or: vitrobeam symmetry limit GLASS [options]: detectability against thickness",
             {"PATTERNS"});
  o.section("Rings");
  o.add("q-min", c.grid.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", c.grid.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.grid.n_q, "rings").at_least(2).at_most(4096);
  o.add("angles", c.grid.n_theta, "angular bins, an even number").at_least(8).at_most(4096);
  o.add("orders", c.angular.n_max, "orders n = 1 .. this one").at_least(1);
  o.add("ring", c.ring, "LOW,HIGH",
        "band of maps and significance, 1/Angstrom (default: 8 % around the brightest ring)");
  o.section("Significance");
  o.add("null", c.null, "FILE",
        "patterns without the symmetry in question, e.g. "
        "library.h5:/motif_library/null_patterns/data (default: structureless rings with the "
        "patterns' counting noise, if they have any)");
  o.add("null-dose", c.null_dose, "",
        "electrons per pattern, whose noise the null patterns get (default: that of the patterns)")
      .at_least(0);
  o.add("noise-patterns", c.noise_patterns, "structureless patterns drawn where there is no --null")
      .at_least(20)
      .at_most(1000000);
  o.add("false-alarm", c.false_alarm_percent, "%",
        "accepted share of wrong positions among those called symmetric (Benjamini-Hochberg)")
      .above(0)
      .at_most(100);
  o.section("Output");
  o.add("corrections", c.corrections, "NAMES",
        "of friedel, odd_floor, pair, or none: each is a dataset of its own beside power");
  o.add("correlation", c.angular.correlation, "also C(q, Delta), mean over the patterns");
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

bool wants(const SymmetryCommand& c, const std::string& name) {
  const auto names = split(c.corrections, ',');
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check(const SymmetryCommand& c) {
  check_polar_grid(c.grid);
  for (const auto& name : split(c.corrections, ','))
    if (name != "friedel" && name != "odd_floor" && name != "pair" && name != "none")
      fail(Fault::usage, "--corrections '{}': expected friedel, odd_floor, pair or none", name);
}

RingBand chosen_ring(const SymmetryCommand& c, const Eigen::ArrayXd& radial) {
  if (c.ring.empty()) return brightest_ring(c.grid, radial);
  const Vector2d band = parse_pair(c.ring, "1/Angstrom", "ring");
  if (!(band[0] < band[1]) || band[0] < c.grid.q_min || band[1] > c.grid.q_max)
    fail(Fault::physics, "--ring {}: not inside the rings from {:g} to {:g} (--q-min, --q-max)",
         c.ring, c.grid.q_min, c.grid.q_max);
  return {band[0], band[1]};
}

}  // namespace vitrobeam
