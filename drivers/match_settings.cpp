#include "drivers/match_settings.hpp"

#include <fmt/format.h>

#include "patterns/library_patterns.hpp"

namespace vitrobeam {

Settings describe(MatchCommand& c) {
  Settings o("match", "patterns + library -> motif map with a stated false-alarm rate",
             {"PATTERNS", "LIBRARY"});
  o.section("Decision");
  o.add("false-alarm", c.false_alarm_percent, "%",
        "accepted share of wrong motifs among all found (false-discovery rate, Benjamini-Hochberg "
        "over the scan)")
      .above(0)
      .at_most(100);
  o.add("tail", c.match.fitted_tail, {{"counted", false}, {"fitted", true}},
        "p-values that decide: ranks among the motif-free patterns, which end at 1 / (1 + their "
        "number), or beyond their upper tenth those of a Pareto tail fitted to it, for few motifs "
        "in a large scan");
  o.add("prior-none", c.match.recognition.prior_none, "",
        "probability of no motif before a pattern is seen, for the posterior")
      .above(0)
      .at_most(0.999999);
  o.add("neighbours", c.match.neighbours, "Angstrom",
        "the evidence of all positions within this counts together for the motif in their middle; "
        "the library must be built with --scan-step and --offset-range; 0 = every pattern alone")
      .at_least(0)
      .at_most(100);
  o.add("step", c.step, "Angstrom", "of the scan, for --neighbours (default: what the file says)")
      .above(0);
  add_pattern_input(o, c.patterns);
  o.add("null-dose", c.match.null_dose, "electrons",
        "electrons per pattern whose noise the library's patterns get (default: what the patterns "
        "have: --dose, what the file says, or what explains their counts in the matched range)");
  o.add(
       "readout", c.patterns.readout, "electrons",
       "rms of a pixel's readout noise, which the library's patterns get as well; with --dose also "
       "the patterns")
      .at_least(0)
      .at_most(1e6);
  o.add("saturation", c.match.saturation, "",
        "a pattern with a visible pixel of this value or more, outside of --q-min, is marked and "
        "not matched; 0 = none")
      .at_least(0);
  o.add("rescale", c.match.rescale,
        "match patterns of another energy, convergence, scale or range of q with this library all "
        "the same, at equal q");
  o.add("as-stated", c.match.as_stated,
        "match about the stated centre and ellipse although the rings have others; a warning says "
        "so");
  o.add("condition", c.match.condition,
        "of the library's conditions of beam and specimen, counted from 0; -1 = the one nearest to "
        "what the patterns say")
      .at_least(-1);
  o.section("Matching");
  auto& r = c.match.recognition;
  o.add("q-min", r.grid.q_min, "1/Angstrom", "start of the matched range").at_least(0);
  o.add("q-max", c.match.q_max, "1/Angstrom",
        fmt::format("end of the matched range; 0 = {}, or where the patterns or the library end",
                    kMatchedQ))
      .at_least(0);
  o.add("radii", r.grid.n_q, "radial bins").at_least(2).at_most(4096);
  o.add("angles", r.grid.n_theta, "angular bins, an even number").at_least(8).at_most(4096);
  o.add("harmonics", r.matching.m_max, "angular harmonics of the templates that are used")
      .at_least(1);
  o.add("gamma", r.matching.gamma, "", "intensities are raised to this power first")
      .above(0)
      .at_most(4);
  o.add("radial-power", r.matching.radial_power, "",
        "a bin counts as q to this power; 1 is its area")
      .at_least(-8)
      .at_most(8);
  o.add("filter", c.match.recognition.matched_filter, {{"matched", true}, {"none", false}},
        "templates weighted against what random packings do by themselves, or as they are");
  o.add("mirror", r.matching.mirror, "also try every template mirrored");
  o.add("components", c.match.components,
        "motifs that may overlap in one pattern: a sparse non-negative sum of templates is fitted, "
        "each tested by what it adds; 1 = only the best motif")
      .at_least(1)
      .at_most(6);
  o.add("refine", c.refine,
        "of the strongest matches (--examples) so many are simulated anew until tilt, in-plane "
        "angle, offset, thickness and size fit best")
      .at_least(0)
      .at_most(100);
  o.section("Output");
  o.add("csv", c.csv, "FILE", "also one line per position: motif, p-value, rates, score, direction")
      .not_recorded();
  o.add("examples", c.match.examples, "best matches stored beside their library patterns")
      .at_least(0)
      .at_most(100);
  o.needs({"step"}, "neighbours");
  o.one_of({"dose", "gain"});
  add_common(o, c.common);
  return o;
}

}  // namespace vitrobeam
