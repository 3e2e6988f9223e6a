// vitrobeam strain: the ellipse of the amorphous ring at every position -> strain tensor maps with
// errors.
#include <iostream>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/produce.hpp"
#include "io/result_file.hpp"
#include "io/strain_file.hpp"
#include "models/packing.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "patterns/strain.hpp"
#include "potentials/debye.hpp"

namespace vitrobeam {
namespace {

struct StrainCommand {
  CommonSettings common;
  PatternInputSettings input;
  StrainSettings strain;
  std::string reference = "all", reference_file, composition;
  bool fixed_centre = false;
};

Settings describe(StrainCommand& c) {
  Settings o("strain", "ellipse of the amorphous ring -> strain tensor maps with errors",
             {"PATTERNS"});
  o.section("Ring");
  o.add("q-min", c.strain.q_min, "1/Angstrom",
        "where the ring begins (default: 0.7 of its maximum)")
      .at_least(0);
  o.add("q-max", c.strain.q_max, "1/Angstrom", "where it ends (default: 1.35 of its maximum)")
      .at_least(0);
  o.add("radii", c.strain.radii, "radial bins of the ring").at_least(8).at_most(1024);
  o.add("angles", c.strain.angles, "angular bins, an even number").at_least(32).at_most(1024);
  o.add("fixed-centre", c.fixed_centre,
        "the centre is as stated in every pattern (default: fitted with the strain, so that descan "
        "does no harm)");
  o.add("composition", c.composition, "TEXT",
        "e.g. Cu64.5Zr35.5: rings are divided by the mean squared scattering factor, which no "
        "strain moves; without it strains come out some per cent too small")
      .reads(a_composition());
  o.section("Reference and averaging");
  o.add("reference", c.reference, "all|R1,C1,R2,C2",
        "positions whose mean ring is unstrained by definition: the whole scan, or a rectangle of "
        "rows and columns counted from 0, ends included")
      .reads(a_rectangle());
  o.add("reference-file", c.reference_file, "PATTERNS",
        "take the reference from another file, recorded under the same conditions");
  o.add("together", c.strain.neighbourhood,
        "fit the sum of N x N neighbouring patterns, an odd number: the error falls with their "
        "number, the resolution too")
      .at_least(1)
      .at_most(99);
  add_pattern_input(o, c.input);
  o.one_of({"reference", "reference-file"});
  add_common(o, c.common);
  return o;
}

ScanRectangle parse_reference(const std::string& text, const PatternScan& scan) {
  if (text == "all") return {};
  const auto r = parse_rectangle(text, scan.scan_rows, scan.scan_columns);
  if (!r)
    fail(
        Fault::usage,
        "--reference {}: expected all, or R1,C1,R2,C2 inside of the scan of {} rows and {} columns",
        text, scan.scan_rows, scan.scan_columns);
  const auto& [row, column, last_row, last_column] = *r;
  return {row, column, last_row, last_column};
}

// <f^2> of the composition; none without it.
Envelope squared_factor(const std::string& composition) {
  if (composition.empty()) return {};
  const Composition c = parse_composition(composition);
  return vitrobeam::squared_factor(c.elements, c.shares);
}

void summarise(const StrainResult& r) {
  std::cout << fmt::format(
      "ring        maximum at {:.4f} 1/Angstrom, fitted from {:.4f} to {:.4f}\n", r.ring_q, r.q_min,
      r.q_max);
  for (std::size_t k = 0; k < 3; ++k)
    std::cout << fmt::format("{}         median {:+.3f} %, error of one position {:.3f} %\n",
                             kStrainNames[k], 100 * finite_median(r.strain[k]),
                             100 * finite_median(r.error[k]));
  const auto bad = (r.status != StrainResult::fitted).count();
  if (bad > 0) warn("{} of {} positions have no strain: /strain/status", bad, r.status.size());
}

void predict(const PatternScan& scan, const StrainSettings& s) {
  const PolarGrid wide = reaching_out(scan, s.grid());
  std::cout << fmt::format(
      "patterns    {}\nring        {:.4f} to {:.4f} 1/Angstrom\nmemory      {:.3g} GiB\n",
      scan.positions(), s.q_min, s.q_max,
      double(scan.positions()) * wide.n_q * wide.n_theta * 4 / (1 << 30));
}

}  // namespace

int run_strain(const std::vector<std::string>& arguments) {
  StrainCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const std::string& name = single_input(settings, "the patterns");
  if (c.strain.neighbourhood % 2 == 0)
    fail(Fault::usage, "--together {}: an odd number, so that a position has a middle",
         c.strain.neighbourhood);
  if (!c.reference_file.empty() && settings.was_given("reference"))
    fail(Fault::usage, "--reference and --reference-file: give one of them");
  const auto input = open_input(name, c.input, c.common.seed);
  const PatternSource& source = input->source();
  const PatternScan scan = input->scan();
  c.strain.reference = parse_reference(c.reference, scan);
  c.strain.fit_centre = !c.fixed_centre;
  c.strain.squared_factor = squared_factor(c.composition);
  const StrainSettings ring = with_ring(scan, c.strain);
  if (scan.disc_radius() == 0)
    inform("the semi-angle or the energy is not known: the ring is taken for a parallel beam's");
  Production p{"strain", {source.file()}, {}, {}, {}, {}};
  if (!c.reference_file.empty()) p.inputs.push_back(c.reference_file);
  p.bytes = strain_bytes(scan.positions());
  StrainResult result;
  p.predict = [&] { predict(scan, ring); };
  p.compute = [&](const RunControl& run) {
    if (c.reference_file.empty()) {
      result = analyse_strain(scan, ring, run);
      return;
    }
    // another seed for the noise of --dose; the published figures of the strain rest on it
    const auto other = open_input(c.reference_file, c.input, c.common.seed + 1);
    const PatternScan unstrained = other->scan();
    result = analyse_strain(scan, ring, run, &unstrained);
  };
  p.store = [&](Hdf5Writer& file) {
    write_strain(file, result);
    if (source.is_result() || source.dataset() == "/measurement/patterns")
      write_axes(file, read_axes(Hdf5Reader(source.file())));
  };
  p.summarise = [&] { summarise(result); };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
