#include "drivers/estimate_settings.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "drivers/structure_input.hpp"
#include "models/elements.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

// Band limit 1.9 1/Angstrom, beyond what patterns are read to; Angstrom.
constexpr double kPixel = 0.175;
constexpr Limits kThickness{1, 2000};

// The most frequent element of all models together.
int most_frequent(const std::vector<TeachingModel>& models) {
  std::map<int, std::size_t> count;
  for (const auto& m : models)
    for (const int z : m.atoms.numbers) ++count[z];
  return std::max_element(count.begin(), count.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

// Whole circles of patterns to 1.2 1/Angstrom end a pixel before.
TeachingSettings::TeachingSettings() { plan.recipe.grid = {0.24, 1.16, 23, 64}; }

void add_teaching_options(Settings& o, TeachingSettings& c) {
  EstimatePlan& p = c.plan;
  o.section("What is learned");
  o.add("descriptors", c.descriptors, "NAME,...",
        "mean over the column of each; names as --list shows them (default: icosahedra, five_fold, "
        "share of the most frequent element, density, a range's thickness, as far as they differ)");
  o.section("Slabs");
  o.add("slabs", p.slabs, "cut from each model in random directions at random places")
      .at_least(1)
      .at_most(1000000);
  o.add("slab-width", p.box, "Angstrom",
        "edge of a slab across the beam; simulated patterns have pixels of 1/width")
      .at_least(10)
      .at_most(500);
  o.add("step", p.step, "Angstrom",
        "of the scan over each slab; with --together that of the measured scan")
      .at_least(0.1)
      .at_most(100);
  add_structure_input(o, c.beam.model);
  o.section("Patterns");
  o.add("q-min", p.recipe.grid.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", p.recipe.grid.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", p.recipe.grid.n_q, "rings").at_least(2).at_most(256);
  o.add("angles", p.recipe.grid.n_theta, "angular bins, an even number").at_least(8).at_most(1024);
  o.add("highest-order", p.recipe.highest_order,
        "of the angular correlations: 1 to 5, then even ones up to this")
      .at_least(2)
      .at_most(64);
  o.add("pixel-q", c.pixel_q, "1/Angstrom",
        "pixel of the measured patterns; 0 = those of the simulation")
      .at_least(0)
      .at_most(1);
  add_noise_options(o, c.camera);
  add_beam_options(o, c.beam);
}

std::vector<TeachingModel> read_models(const TeachingSettings& c,
                                       const std::vector<std::string>& files) {
  std::vector<TeachingModel> models;
  for (const auto& file : files)
    models.push_back({file, read_scatterers(file, c.beam.model, c.beam.common.seed)});
  return models;
}

EstimatePlan make_plan(TeachingSettings& c, const std::vector<TeachingModel>& models) {
  EstimatePlan& p = c.plan;
  if (c.beam.mode == BeamMode::plane_wave)
    fail(Fault::usage, "--mode plane-wave: estimates are made for a convergent probe");
  p.leave_out_constant = c.descriptors.empty();
  const auto thickness = parse_numbers(c.thickness, "Angstrom", kThickness, "thickness");
  if (thickness.size() > 2 || thickness.front() > thickness.back())
    fail(Fault::usage, "--thickness {}: give one, or LOW,HIGH", c.thickness);
  p.thickness_low = thickness.front();
  p.thickness_high = thickness.back();
  p.descriptors = parse_descriptors(
      !c.descriptors.empty()
          ? c.descriptors
          : fmt::format("icosahedra,five_fold,share:{},density{}", symbol(most_frequent(models)),
                        p.thickness_low < p.thickness_high ? ",thickness" : ""));
  p.together = parse_numbers(c.together, "Angstrom", {0, 100}, "together");
  if (std::find(p.together.begin(), p.together.end(), 0.0) == p.together.end())
    p.together.insert(p.together.begin(), 0.0);
  check_recipe(p.recipe);
  Atoms cell;
  cell.cell = Cell::orthogonal(p.box, p.box, p.thickness_high);
  if (c.beam.grid.empty() && !c.beam.pixel) c.beam.pixel = kPixel;
  const double pixel = std::max(c.pixel_q, 1 / p.box);
  c.beam.q_max = p.recipe.grid.q_max + 2 * pixel;  // whole circles to q_max
  p.simulation = resolve(c.beam, cell);
  p.simulation.recording.pixel_q = c.pixel_q;
  if (!p.simulation.series.empty())
    fail(Fault::usage, "--semiangle, --defocus, --cs and --aberrations: a calibration takes one");
  // always the same engine, so that the bytes do not depend on the machine
  if (p.simulation.engine == Engine::automatic) p.simulation.engine = Engine::scattering_matrix;
  p.camera = resolve_camera(c.camera, p.simulation.optics.wavelength());
  p.seed = c.beam.common.seed;
  const Grid grid{p.simulation.nx, p.simulation.ny, p.box, p.box};
  if (const double out = 100 * wrapped_fraction(p.simulation.optics, grid); out > c.beam.wrap_limit)
    fail(Fault::physics,
         "{:.1f} % of the probe lies beyond half of --slab-width {:g} (--wrap-limit {} %): take a "
         "larger one",
         out, p.box, c.beam.wrap_limit);
  return p;
}

}  // namespace vitrobeam
