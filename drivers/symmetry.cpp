// vitrobeam symmetry: patterns -> angular power of n-fold symmetry with significance. The words
// `symmetry limit` lead to drivers/symmetry_limit.cpp.
#include <cmath>
#include <iostream>
#include <optional>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/produce.hpp"
#include "io/result_file.hpp"
#include "io/symmetry_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "patterns/symmetry_analysis.hpp"

namespace vitrobeam {
namespace {

struct SymmetryCommand {
  CommonSettings common;
  PatternInputSettings input;
  SymmetrySettings symmetry;
  std::string ring, null, corrections = "friedel,odd_floor,pair";
  double false_alarm_percent = 5;
};

Settings describe(SymmetryCommand& c) {
  Settings o("symmetry",
             "patterns -> angular correlations, n-fold symmetry with significance\n\n"
             "   or: vitrobeam symmetry limit GLASS [options]: detectability against thickness",
             {"PATTERNS"});
  o.section("Rings");
  o.add("q-min", c.symmetry.grid.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", c.symmetry.grid.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.symmetry.grid.n_q, "rings").at_least(2).at_most(4096);
  o.add("angles", c.symmetry.grid.n_theta, "angular bins, an even number")
      .at_least(8)
      .at_most(4096);
  o.add("orders", c.symmetry.angular.n_max, "orders n = 1 .. this one").at_least(1);
  o.add("ring", c.ring, "LOW,HIGH",
        "band of maps and significance, 1/Angstrom (default: 8 % around the brightest ring)")
      .reads(a_band("1/Angstrom"));
  o.section("Significance");
  o.add("null", c.null, "FILE",
        "patterns without the symmetry in question, e.g. "
        "library.h5:/motif_library/null_patterns/data (default: structureless rings with the "
        "patterns' counting noise, if they have any)");
  o.add("null-dose", c.symmetry.null_dose, "electrons",
        "electrons per pattern, whose noise the null patterns get (default: that of the patterns)");
  o.add("noise-patterns", c.symmetry.noise_patterns,
        "structureless patterns drawn where there is no --null")
      .at_least(20)
      .at_most(1000000);
  o.add("false-alarm", c.false_alarm_percent, "%",
        "accepted share of wrong positions among those called symmetric (Benjamini-Hochberg)")
      .above(0)
      .at_most(100);
  o.section("Output");
  o.add("corrections", c.corrections, "NAMES",
        "of friedel, odd_floor, pair, or none: each is a dataset of its own beside power")
      .reads(names_of({"friedel", "odd_floor", "pair", "none"}));
  o.add("correlation", c.symmetry.angular.correlation, "also C(q, Delta), mean over the patterns");
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

void parse_corrections(const std::string& text, SymmetrySettings& s) {
  s.friedel = s.odd_floor = s.pair = false;
  for (const auto& name : split(text, ','))
    if (name == "friedel")
      s.friedel = true;
    else if (name == "odd_floor")
      s.odd_floor = true;
    else if (name == "pair")
      s.pair = true;
    else if (name != "none")
      fail(Fault::usage, "--corrections '{}': expected friedel, odd_floor, pair or none", name);
}

// One line for every order: as measured, and each correction that was asked for in a column of its
// own, over the same rings with the same weights.
void print_orders(const SymmetryResult& r) {
  const SymmetryOrders& o = r.orders;
  const bool is_friedel = o.friedel.size() > 0, is_floor = o.odd_floor.size() > 0,
             is_ranked = !o.symmetric.empty();
  std::cout << "n    C_n in the band, +- error" << (is_friedel ? "     friedel" : "")
            << (is_floor ? "   odd_floor" : "")
            << (is_ranked ? "   null mean  symmetric positions\n" : "\n");
  for (std::size_t n = 0; n < r.n.size(); ++n) {
    const auto at = Eigen::Index(n);
    std::cout << fmt::format("{:<4} {:10.6f} +- {:.6f}", n + 1, o.mean[at], o.error[at]);
    if (is_friedel) std::cout << fmt::format("  {:10.6f}", o.friedel[at]);
    if (is_floor)
      std::cout << (std::isfinite(o.odd_floor[at]) ? fmt::format("  {:10.6f}", o.odd_floor[at])
                                                   : fmt::format("  {:>10}", "-"));
    if (is_ranked)
      std::cout << fmt::format("  {:10.6f}  {} of {}", r.null_map.col(at).mean(), o.symmetric[n],
                               o.known[n]);
    std::cout << '\n';
  }
  std::cout << (std::isfinite(o.odd_over_even)
                    ? fmt::format("odd / even  {:.4f}\n", o.odd_over_even)
                    : "odd / even  no even orders beyond three standard errors\n");
}

void print_pairs(const SymmetryResult& r) {
  if (!std::isfinite(r.band_friedel_pair)) {
    std::cout << "pairs       no structure in the band that could be correlated\n";
    return;
  }
  std::cout << fmt::format("pairs       correlation of I(q) and I(-q) in the band {:.4f}",
                           r.band_friedel_pair);
  if (std::isfinite(r.band_friedel_thickness))
    std::cout << fmt::format(", as behind {:.1f} Angstrom of a parallel beam",
                             r.band_friedel_thickness);
  std::cout << '\n';
}

void summarise(const SymmetrySettings& s, const PatternScan& scan, const SymmetryResult& r) {
  const PolarGrid& grid = s.grid;
  std::cout << fmt::format(
      "patterns    {} of {} x {} pixels{}\nrings       {} from {:g} to {:g} 1/Angstrom, band "
      "{:.4g} to {:.4g}\n",
      scan.positions(), scan.rows, scan.columns,
      r.usable < scan.positions() ? fmt::format(", {} of them usable", r.usable) : "", grid.n_q,
      grid.q_min, grid.q_max, r.ring_low, r.ring_high);
  if (!r.null_origin.empty())
    std::cout << fmt::format("null        {} {}; smallest p-value {:.2g}\n", r.null_map.rows(),
                             r.null_origin, 1.0 / double(1 + r.null_map.rows()));
  print_orders(r);
  if (s.pair) print_pairs(r);
}

void predict(const SymmetrySettings& s, const PatternScan& scan) {
  const double bytes =
      double(scan.positions()) * s.angular.n_max * s.grid.n_q * 4 * (2 + s.friedel + s.odd_floor);
  std::cout << fmt::format(
      "patterns    {} of {} x {} pixels\nmemory      {:.2f} GB, disk the same\n", scan.positions(),
      scan.rows, scan.columns, bytes / 1e9);
}

}  // namespace

int run_symmetry(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "limit")
    return run_symmetry_limit({arguments.begin() + 1, arguments.end()});
  SymmetryCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const std::string& name = single_input(settings, "the patterns");
  SymmetrySettings s = c.symmetry;
  check_polar_grid(s.grid);
  parse_corrections(c.corrections, s);
  if (!c.ring.empty()) {
    const Vector2d band = parse_pair(c.ring, "1/Angstrom", "ring");
    s.band = RingBand{band[0], band[1]};
  }
  if (!s.null_dose && c.input.dose > 0) s.null_dose = c.input.dose;
  s.seed = c.common.seed;
  s.false_discovery_rate = c.false_alarm_percent / 100;
  const auto input = open_input(name, c.input, c.common.seed);
  const PatternScan scan = input->scan();
  check_rings(scan, s.grid.q_max);
  SymmetryResult result;
  Production p{"symmetry", {scan.name}, {}, {}, {}, {}};
  if (!c.null.empty()) p.inputs.push_back(c.null.substr(0, c.null.rfind(":/")));
  p.predict = [&] { predict(s, scan); };
  p.compute = [&](const RunControl& run) {
    if (input->thicknesses() > 1)
      inform("{} thicknesses in the file: the last one is analysed", input->thicknesses());
    if (c.null.empty()) {
      result = analyse_symmetry(scan, s, run);
      return;
    }
    const auto null_input = open_input(c.null, {}, c.common.seed, true);
    PatternScan null = null_input->scan();
    null.name = c.null;
    result = analyse_symmetry(scan, s, run, &null);
  };
  p.store = [&](Hdf5Writer& file) {
    write_symmetry(file, result);
    if (!input->source().is_result()) return;
    DiffractionAxes axes = read_axes(Hdf5Reader(scan.name));
    axes.thickness.clear();
    write_axes(file, axes);
  };
  p.summarise = [&] { summarise(s, scan, result); };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
