// vitrobeam library: builds and describes motif libraries.
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <numbers>
#include <set>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "drivers/command.hpp"
#include "drivers/library_build.hpp"
#include "drivers/progress.hpp"
#include "drivers/quantity.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/trial.hpp"
#include "io/library_file.hpp"
#include "models/elements.hpp"
#include "models/packing.hpp"

namespace vitrobeam {
namespace {

// Volume share of spheres of the metallic radii in Cu64.5Zr35.5 glass (0.0616 atoms/Angstrom^3).
constexpr double kGlassFilling = 0.724;
// Band limit 2.2 1/Angstrom, beyond twice what is matched; Angstrom.
constexpr double kPixel = 0.15;
// A packing is at least this many mean sphere diameters thick, so that it does not meet its own
// image.
constexpr double kThinnestPacking = 6;

struct BuildCommand {
  SimulateSettings beam;  // optics and sampling
  LibraryPlan plan;
  std::string motifs = "icosahedron,fcc,hcp,bcc", elements = "Cu,Zr", composition;
  double density = 0, q_max = 1.0;
  int packings = 12;
};

Settings describe(BuildCommand& c) {
  Settings o("library build", "motif library: templates, motif-free packings, planted motifs");
  LibraryPlan& p = c.plan;
  o.section("Motifs");
  o.add("motifs", c.motifs, "NAME,NAME..", "what the library knows (vitrobeam model --list)");
  o.add("elements", c.elements, "Cu,Zr", "of the motifs: the centre, then the shell");
  o.add("bond", p.bond, "Angstrom", "centre to first shell; 0 = sum of the metallic radii")
      .at_least(0);
  o.add("radius", p.radius, "Angstrom", "of crystal-like clusters; 0 = first shell only")
      .at_least(0);
  o.add("spacing-deg", p.spacing_deg, "deg", "between neighbouring directions of the beam")
      .at_least(1)
      .at_most(90);
  o.add("matrix", p.matrix, {{"none", Matrix::none}, {"packing", Matrix::packing}},
        "around the templates: free clusters, or embedded at mid-depth in random packings and "
        "averaged");
  o.add("realisations", p.realisations, "packings over which an embedded template is averaged")
      .at_least(1)
      .at_most(10000);
  o.section("Specimen");
  o.add("thickness", p.thickness, "Angstrom", "of the slab").above(0).at_most(2000);
  o.add("box", p.box, "Angstrom", "cell edge across the beam; patterns have pixels of 1/box")
      .at_least(8)
      .at_most(500);
  o.add("composition", c.composition, "Cu64.5Zr35.5",
        "of the packings (default: equal shares of --elements)");
  o.add("density", c.density, "atoms/Angstrom^3",
        "of the packings; 0 = spheres of the metallic radii fill 72.4 %, as in Cu64.5Zr35.5 glass")
      .at_least(0)
      .at_most(1);
  o.section("Error rate");
  o.add("null", p.null_patterns,
        "motif-free patterns; p-values reach down to 1 / (2/3 of this number)")
      .at_least(24)
      .at_most(10000000);
  o.add("packings", c.packings, "independent random packings that these come from")
      .at_least(3)
      .at_most(100000);
  o.add("planted", p.planted_patterns,
        "patterns per motif, randomly turned inside a packing, the probe on its centre; they "
        "measure how often it is found")
      .at_least(0)
      .at_most(1000000);
  add_beam_options(o, c.beam);
  o.section("Output");
  o.add("q-max", c.q_max, "1/Angstrom",
        "patterns are cropped to this; without --grid or --pixel the pixel is 0.15 Angstrom")
      .above(0)
      .at_most(20);
  add_common(o, c.beam.common);
  return o;
}

// Fills in what follows from the options.
Composition resolve(BuildCommand& c) {
  LibraryPlan& p = c.plan;
  p.motifs = split(c.motifs, ',');
  if (std::set<std::string>(p.motifs.begin(), p.motifs.end()).size() != p.motifs.size())
    fail(Fault::usage, "--motifs {}: a motif is named twice", c.motifs);
  p.elements = parse_elements(c.elements);
  if (c.beam.mode == BeamMode::plane_wave)
    fail(Fault::usage, "--mode plane-wave: a library is made for a convergent probe");
  if (c.composition.empty())
    for (const auto& e : split(c.elements, ',')) c.composition += e;
  const Composition composition = parse_composition(c.composition);
  if (c.density == 0) {
    double volume = 0, sum = 0;
    for (std::size_t i = 0; i < composition.elements.size(); ++i) {
      volume += composition.shares[i] * 4 / 3.0 * std::numbers::pi *
                std::pow(metallic_radius(composition.elements[i]), 3);
      sum += composition.shares[i];
    }
    c.density = kGlassFilling * sum / volume;
  }
  Atoms cell;
  cell.cell = Cell::orthogonal(p.box, p.box, p.thickness);
  c.beam.q_max = c.q_max;
  if (c.beam.grid.empty() && !c.beam.pixel) c.beam.pixel = kPixel;
  p.simulation = resolve(c.beam, cell);
  p.seed = c.beam.common.seed;
  p.threads = c.beam.common.threads;
  const Grid grid{p.simulation.nx, p.simulation.ny, p.box, p.box};
  check_grid(grid);
  if (c.q_max > grid.q_max())
    fail(Fault::physics,
         "--q-max {} 1/Angstrom lies beyond the band limit of {:.4g}; use a finer --pixel", c.q_max,
         grid.q_max());
  const double wrapped = 100 * wrapped_fraction(p.simulation.optics, grid);
  if (wrapped > c.beam.wrap_limit)
    fail(Fault::physics,
         "{:.1f} % of the probe lies beyond half the box of {} Angstrom (--wrap-limit {} %); use a "
         "larger --box",
         wrapped, p.box, c.beam.wrap_limit);
  return composition;
}

PackingSettings packing_settings(const BuildCommand& c, const Composition& composition) {
  double radius = 0, sum = 0;
  for (std::size_t i = 0; i < composition.elements.size(); ++i) {
    radius += composition.shares[i] * metallic_radius(composition.elements[i]);
    sum += composition.shares[i];
  }
  PackingSettings s;
  s.composition = composition;
  s.box = {c.plan.box, c.plan.box, std::max(c.plan.thickness, kThinnestPacking * 2 * radius / sum)};
  s.atoms = std::size_t(std::llround(c.density * s.box.prod()));
  s.density = double(s.atoms) / s.box.prod();
  return s;
}

std::vector<Atoms> make_packings(const BuildCommand& c, const Composition& composition) {
  std::vector<Atoms> packings(std::size_t(c.packings));
  Progress progress("packings", packings.size(), c.beam.common.progress);
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(c.plan.threads)
  for (std::size_t i = 0; i < packings.size(); ++i) {
    if (failure.halted() || interrupted()) continue;
    failure.guard([&] {
      PackingSettings s = packing_settings(c, composition);
      s.seed = c.plan.seed + i * 1000003;
      packings[i] = random_packing(s).atoms;
      progress.advance();
    });
  }
  failure.rethrow();
  return packings;
}

void print_coverage(const MotifLibrary& library) {
  const LibraryConditions& l = library.conditions;
  std::cout << fmt::format("beam        {} kV, {} mrad, defocus {} Angstrom\n", l.energy_kV,
                           l.semiangle_mrad, l.defocus)
            << fmt::format(
                   "specimen    {}, {:.4f} atoms/Angstrom^3, {} Angstrom thick; templates in {}\n",
                   l.elements, l.density, l.thickness,
                   l.matrix == "none" ? std::string("vacuum")
                                      : fmt::format("packings (mean of {})", l.realisations))
            << fmt::format("patterns    {} x {} pixels of {:.5f} x {:.5f} 1/Angstrom\n",
                           library.patterns.shape[1], library.patterns.shape[2], library.pixel_qy,
                           library.pixel_qx);
  for (std::size_t m = 0; m < library.motif_names.size(); ++m) {
    const auto views = std::count_if(library.templates.begin(), library.templates.end(),
                                     [&](auto& t) { return t.motif == int(m); });
    const auto planted =
        std::count(library.planted_motif.begin(), library.planted_motif.end(), int(m));
    std::cout << fmt::format("{:<11} {} directions, {} planted\n", library.motif_names[m], views,
                             planted);
  }
  const std::set<int> packings(library.null_packing.begin(), library.null_packing.end());
  std::cout << fmt::format("motif-free  {} patterns from {} packings\n",
                           library.null_packing.size(), packings.size());
}

int build(const std::vector<std::string>& arguments) {
  BuildCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.beam.common, arguments)) return 0;
  const Composition composition = resolve(c);
  const std::size_t patterns = patterns_to_simulate(c.plan);
  const PackingSettings packing = packing_settings(c, composition);
  if (c.beam.common.dry_run) {
    const Grid grid{c.plan.simulation.nx, c.plan.simulation.ny, c.plan.box, c.plan.box};
    const int slices = slice_count(c.plan.thickness, c.plan.simulation.slice);
    const std::size_t beams = aperture_beams(c.plan.simulation.optics, grid).size();
    const auto each = std::size_t(c.plan.null_patterns / std::max(1, c.packings));
    const auto wave_slices = [&](Engine e) {
      return engine_cost(e, grid, slices, beams, c.plan.simulation.recording, each, 1,
                         sizeof(float))
          .wave_slices;
    };
    // a pattern of its own potential takes about four waves; packing takes 1 to 2 ms a sphere
    const double waves =
        4.0 * slices * double(patterns - std::size_t(c.plan.null_patterns)) +
        c.packings * (5.0 * slices + std::min(wave_slices(Engine::multislice),
                                              wave_slices(Engine::scattering_matrix)));
    const double seconds = (waves * seconds_per_slice<float>(grid) +
                            1.5e-3 * double(c.packings) * double(packing.atoms)) /
                           c.plan.threads;
    const double pixels = std::pow(2 * std::floor(c.q_max * c.plan.box) + 1, 2);
    std::cout << fmt::format(
        "patterns    {}, {:.1f} MB\npackings    {} of {} atoms\ngrid        {} x {}, {} "
        "slices\ntime        about {:.0f} s\n",
        patterns, double(patterns) * pixels * 4e-6, c.packings, packing.atoms, c.plan.simulation.nx,
        c.plan.simulation.ny, slices, seconds);
    return 0;
  }
  RunRecord record = start_record(settings, c.beam.common, {});
  if (c.beam.common.resume && is_complete(c.beam.common.output, record)) {
    std::cout << c.beam.common.output << " is whole already; nothing to resume\n";
    return 0;
  }
  check_output(c.beam.common);
  const auto packings = make_packings(c, composition);
  MotifLibrary library;
  if (!interrupted()) {
    Progress progress("patterns", patterns, c.beam.common.progress);
    library = build_library(
        c.plan, packings, [&](std::size_t n) { progress.advance(n); }, interrupted);
  }
  if (interrupted()) {
    std::cerr << "vitrobeam: interrupted; nothing was written, start again\n";
    return 130;
  }
  const Optics& optics = c.plan.simulation.optics;
  library.conditions = {optics.energy_kV,
                        optics.semiangle_mrad,
                        optics.defocus,
                        c.plan.thickness,
                        c.plan.bond,
                        packing.density,
                        c.composition,
                        c.plan.matrix == Matrix::none ? "none" : "packing",
                        c.plan.matrix == Matrix::none ? 1 : c.plan.realisations};
  record.audit.push_back({"null_packings", "", std::int64_t(c.packings)});
  record.audit.push_back({"density", "atoms/Angstrom^3", packing.density});
  record.audit.push_back({"composition", "", c.composition});
  write_library(c.beam.common.output, library, record);
  print_coverage(library);
  std::cout << fmt::format("wrote       {}\n", c.beam.common.output);
  return 0;
}

int info(const std::vector<std::string>& arguments) {
  CommonSettings common;
  Settings settings("library info", "what a motif library covers", {"LIBRARY"});
  add_common(settings, common);
  if (!begin(settings, common, arguments)) return 0;
  if (settings.positional().size() != 1) fail(Fault::usage, "library info: name one library file");
  print_coverage(read_library(settings.positional().front()));
  return 0;
}

}  // namespace

int run_library(const std::vector<std::string>& arguments) {
  const std::string action = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> rest(arguments.begin() + !arguments.empty(), arguments.end());
  if (action == "build") return build(rest);
  if (action == "info") return info(rest);
  const bool wants_help = action == "--help" || action == "-h";
  (wants_help ? std::cout : std::cerr) << "usage: vitrobeam library build -o LIBRARY [options]\n"
                                          "       vitrobeam library info LIBRARY\n"
                                          "       vitrobeam library build --help\n";
  if (wants_help) return 0;
  fail(Fault::usage, "library: '{}' is no action; build or info", action);
}

}  // namespace vitrobeam
