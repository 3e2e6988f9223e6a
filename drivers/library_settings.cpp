#include "drivers/library_settings.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "models/elements.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "patterns/library_patterns.hpp"

namespace vitrobeam {
namespace {

// Band limit 2.2 1/Angstrom, beyond twice what is matched; Angstrom.
constexpr double kPixel = 0.15;
// Patterns reach a little beyond what 'match' uses where nothing else is asked for.
constexpr double kPatternQ = kMatchedQ + 0.05;

constexpr Limits kThickness{0.1, 2000}, kShare{0, 1}, kSemiangle{0.01, 200}, kDefocus{-1e6, 1e6};

std::vector<double> numbers(const std::string& text, const std::string& unit, Limits range,
                            const std::string& name) {
  return text.empty() ? std::vector<double>{} : parse_numbers(text, unit, range, name);
}

void resolve_lists(LibraryCommand& c) {
  LibraryPlan& p = c.plan;
  p.motifs = split(c.motifs, ',');
  if (std::set<std::string>(p.motifs.begin(), p.motifs.end()).size() != p.motifs.size())
    fail(Fault::usage, "--motifs {}: a motif is named twice", c.motifs);
  p.decorations.clear();
  for (const auto& d : split(c.elements, ';')) p.decorations.push_back(parse_elements(d));
  p.thicknesses = numbers(c.thicknesses, "Angstrom", kThickness, "thickness");
  if (p.thicknesses.empty()) fail(Fault::usage, "--thickness: give at least one");
  p.depths = numbers(c.depths, "", kShare, "depths");
  if (p.depths.empty()) fail(Fault::usage, "--depths: give at least one");
  p.energies_kV = numbers(c.energies, "kV", unit_range("kV"), "energies");
  p.semiangles_mrad = numbers(c.semiangles, "mrad", kSemiangle, "semiangles");
  p.defoci = numbers(c.defoci, "Angstrom", kDefocus, "defoci");
}

// Empty for 0 and for nothing.
std::string value_text(const ParameterRecord& p) {
  const std::string unit = p.unit.empty() ? "" : " " + p.unit;
  if (const auto* d = std::get_if<double>(&p.value))
    return *d == 0 ? "" : fmt::format("{:.10g}{}", *d, unit);
  if (const auto* s = std::get_if<std::string>(&p.value)) return s->empty() ? "" : *s + unit;
  return "";
}

// LibraryConditions::simulation: what shapes a pattern beyond its other fields, and the engine
// where that is an approximation.
std::string simulation_text(const Settings& settings) {
  std::string text;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  };
  for (const auto& p : settings.pattern_record()) add(p.name, value_text(p));
  for (const auto& p : settings.record())
    if (p.name == "engine")
      if (const std::string engine = value_text(p);
          engine != "auto" && engine != "multislice" && engine != "smatrix")
        add("engine", engine);
  return text;
}

// The library command whose INI text a plan is.
struct StoredPlan {
  LibraryCommand command;
  std::optional<Settings> settings;  // empty: of no command that simulates

  explicit StoredPlan(const std::string& text) {
    for (const char* name : {"library build", "library extend"})
      if (text.starts_with(fmt::format("# vitrobeam {} ", name))) {
        settings.emplace(describe(command, name));
        settings->parse_ini_text(text, "the library's plan");
      }
  }
  StoredPlan(const StoredPlan&) = delete;  // settings refer to the command
  StoredPlan& operator=(const StoredPlan&) = delete;
};

}  // namespace

LibraryPlan plan_of(const LibraryOrigin& origin) {
  StoredPlan stored(origin.plan);
  if (!stored.settings)
    fail(Fault::input,
         "entries of the library by {} do not say how they were simulated, as it was rearranged by "
         "an older version; refine with a library that was built anew",
         origin.program);
  resolve(stored.command);
  return stored.command.plan;
}

std::string simulation_of_plan(const std::string& plan) {
  const StoredPlan stored(plan);
  return stored.settings ? simulation_text(*stored.settings) : "";
}

std::string stored_plan(const std::string& path) {
  return Hdf5Reader(path).string_attribute("/parameters", "ini");
}

Settings describe(LibraryCommand& c, const std::string& command) {
  Settings o(command, "motif library: templates, motif-free packings, planted motifs",
             command == "library extend" ? std::vector<std::string>{"LIBRARY"}
                                         : std::vector<std::string>{});
  LibraryPlan& p = c.plan;
  o.section("Motifs");
  o.add("motifs", c.motifs, "NAME,NAME..", "what the library knows (vitrobeam model --list)");
  o.add("elements", c.elements, "Cu,Zr",
        "of the motifs: the centre, then the shell; several decorations apart by semicolons")
      .reads([](const auto& text, const auto& name) {
        for (const auto& part : split(text, ';')) elements()(part, name);
      });
  o.add("bond", p.bond, "Angstrom", "centre to first shell; 0 = sum of the metallic radii")
      .at_least(0);
  o.add("radius", p.radius, "Angstrom", "of crystal-like clusters; 0 = first shell only")
      .at_least(0);
  o.add("spacing-deg", p.spacing_deg, "deg",
        "between neighbouring directions of the beam; 0 = the rocking width 1/(t q) of each motif")
      .at_least(0)
      .at_most(90);
  o.add("depths", c.depths, "0.2,0.5,0.8",
        "of the motif in the slab, as shares of the room that it has")
      .reads(numbers_in("", kShare));
  o.add("offset-range", p.offset_range, "Angstrom",
        "the probe also stands this far off the motif's centre")
      .at_least(0)
      .at_most(50);
  o.add("offset-step", p.offset_step, "Angstrom", "net of those offsets").at_least(0.1);
  o.add("matrix", p.matrix, {{"none", Matrix::none}, {"packing", Matrix::packing}},
        "around the templates: free clusters, or embedded in random packings and averaged");
  o.add("realisations", p.realisations, "packings over which an embedded template is averaged")
      .at_least(1)
      .at_most(10000);
  o.section("Specimen");
  o.add("thickness", c.thicknesses, "Angstrom, ..", "of the slab, one or several")
      .reads(numbers_in("Angstrom", kThickness));
  o.add("box", p.box, "Angstrom", "cell edge across the beam; patterns have pixels of 1/box")
      .at_least(8)
      .at_most(500);
  o.add("composition", c.composition, "Cu64.5Zr35.5",
        "of the packings (default: equal shares of --elements)")
      .reads(a_composition());
  o.add("density", c.density, "atoms/Angstrom^3",
        "of the packings; 0 = spheres of the metallic radii fill 72.4 %, as in Cu64.5Zr35.5 glass")
      .at_least(0)
      .at_most(1);
  o.section("Error rate");
  o.add("null", p.null_patterns,
        "motif-free patterns; p-values reach down to 1 / (2/3 of this number)")
      .at_least(command == "library extend" ? 0 : 24)
      .at_most(10000000);
  o.add("packings", p.packings, "independent random packings that these come from")
      .at_least(3)
      .at_most(100000);
  o.add(
       "planted", p.planted_patterns,
       "patterns per motif, randomly turned at random depth in a packing, the probe on its centre; "
       "they measure how often it is found")
      .at_least(0)
      .at_most(1000000);
  o.add(
       "scan-step", p.scan_step, "Angstrom",
       "for 'match --neighbours': motif-free packings are scanned in a raster of this step (all of "
       "--box, whatever --null says), planted motifs with the positions within --offset-range; 0 "
       "= single positions")
      .at_least(0)
      .at_most(20);
  add_beam_options(o, c.beam);
  o.section("Several optics in one library (default: the beam above)");
  o.add("energies", c.energies, "kV, ..", "acceleration voltages").reads(numbers_in("kV"));
  o.add("semiangles", c.semiangles, "mrad, ..", "convergence semi-angles")
      .reads(numbers_in("mrad", kSemiangle));
  o.add("defoci", c.defoci, "Angstrom, ..", "defocus values, underfocus positive")
      .reads(numbers_in("Angstrom", kDefocus));
  o.section("Output");
  o.add("q-max", c.q_max, "1/Angstrom",
        fmt::format("patterns are cropped to this, 0 = {} or the band limit; without --grid or "
                    "--pixel the pixel is {} Angstrom",
                    kPatternQ, kPixel))
      .at_least(0)
      .at_most(20);
  o.add("shard", c.shard, "I/N", "only the I-th of N equal parts, for 'library merge'")
      .not_recorded()
      .reads([](const auto& text, const auto&) { units_of_shard(text, 1); });
  o.one_of({"energy", "energies"});
  o.one_of({"semiangle", "semiangles"});
  o.one_of({"probe-fwhm", "semiangles"});
  o.one_of({"defocus", "defoci"});
  add_common(o, c.beam.common);
  return o;
}

void resolve(LibraryCommand& c) {
  LibraryPlan& p = c.plan;
  resolve_lists(c);
  if (c.beam.mode == BeamMode::plane_wave)
    fail(Fault::usage, "--mode plane-wave: a library is made for a convergent probe");
  if (c.composition.empty())
    for (const auto& e : split(split(c.elements, ';').front(), ',')) c.composition += e;
  if (c.density == 0) c.density = glass_density(parse_composition(c.composition));
  Atoms cell;
  cell.cell = Cell::orthogonal(p.box, p.box, p.thicknesses.front());
  if (c.beam.grid.empty() && !c.beam.pixel) c.beam.pixel = kPixel;
  if (c.q_max > 0) c.beam.q_max = c.q_max;
  p.simulation = resolve(c.beam, cell);
  if (!p.simulation.series.empty())
    fail(Fault::usage,
         "--semiangle, --defocus, --cs and --aberrations: a library takes one of each; several "
         "semi-angles and defocus values are --semiangles and --defoci");
  if (c.q_max == 0) {
    c.q_max = std::min(kPatternQ, Grid{p.simulation.nx, p.simulation.ny, p.box, p.box}.q_max());
    c.beam.q_max = p.simulation.recording.q_max = c.q_max;
  }
  p.seed = c.beam.common.seed;
  p.threads = c.beam.common.threads;
  p.composition = c.composition;
  check_optics(p, c.beam.wrap_limit);
  p.density = c.density;
  p.density = packing_settings(p).density;  // of whole atoms
  LibraryCommand copy = c;
  p.sampling = simulation_text(describe(copy, "library build"));
  units_of_shard(c.shard, 1);
}

std::vector<std::size_t> units_of_shard(const std::string& shard, std::size_t count) {
  std::size_t index = 1, of = 1;
  if (!shard.empty()) {
    const auto parts = split(shard, '/');
    const double i = parts.size() == 2 ? parse_quantity(parts[0], "", "shard") : 0,
                 n = parts.size() == 2 ? parse_quantity(parts[1], "", "shard") : 0;
    if (!(i >= 1 && n >= i && n <= 1e6 && i == std::floor(i) && n == std::floor(n)))
      fail(Fault::usage, "--shard '{}': give I/N with 1 <= I <= N, as 2/8", shard);
    index = std::size_t(i);
    of = std::size_t(n);
  }
  std::vector<std::size_t> units;
  for (std::size_t u = index - 1; u < count; u += of) units.push_back(u);
  return units;
}

}  // namespace vitrobeam
