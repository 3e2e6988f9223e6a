// vitrobeam fluctuation: patterns, or a model, -> the normalised variance V(q) in its published
// definitions.
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/counted.hpp"
#include "base/electron.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/produce.hpp"
#include "drivers/structure_input.hpp"
#include "io/fluctuation_file.hpp"
#include "io/structure_file.hpp"
#include "multislice/kinematic_variance.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

struct FluctuationCommand {
  CommonSettings common;
  StructureInput structure;
  PatternInputSettings input;
  FluctuationSettings f;
  std::string model, orientations = "40,20", compare;
  std::optional<double> resolution;
  bool tabulated = false;
};

// Steps of the two angles of --orientations.
Vector2d parse_steps(const std::string& text) {
  const Vector2d steps = parse_pair(text, "", "orientations");
  if (!(steps[0] >= 4 && steps[0] <= 1000 && steps[1] >= 1 && steps[1] <= 1000 &&
        steps == Vector2d(steps.array().floor())))
    fail(Fault::usage, "--orientations {}: expected 4 to 1000 and 1 to 1000 steps", text);
  return steps;
}

Settings describe(FluctuationCommand& c) {
  Settings o("fluctuation", "patterns -> V(q) by its several definitions, shot noise removed",
             {"PATTERNS..."});
  o.section("Rings");
  o.add("q-min", c.f.axis.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", c.f.axis.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.f.axis.n, "rings").at_least(1).at_most(100000);
  o.add("interpolate", c.f.interpolate,
        "points on the middle circle of every ring, as other programs take them, in place of its "
        "whole pixels");
  o.add("angles", c.f.angles, "of --interpolate, an even number").at_least(8).at_most(100000);
  o.section("Kinematic reference");
  o.add("model", c.model, "ATOMS",
        "periodic model whose kinematic V(q) is computed beside, or alone without PATTERNS");
  o.add("resolution", c.resolution, "1/Angstrom",
        "Q = 0.61 / R of its Airy probe (default: semi-angle / wavelength of the patterns)")
      .above(0);
  o.add("orientations", c.orientations, "PSI,THETA", "of the model: steps of two angles")
      .reads([](const auto& text, const auto&) { parse_steps(text); });
  o.add("tabulated", c.tabulated,
        "with arguments cut down to table entries as FEMSIM does: to compare with its output only");
  o.section("Comparison");
  o.add("compare", c.compare, "FILE",
        "text with columns q, V and its error (lines that are no numbers are skipped), stored "
        "beside");
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_pattern_input(o, c.input);
  o.needs({"angles"}, "interpolate");
  o.needs({"resolution", "orientations", "tabulated"}, "model");
  add_common(o, c.common);
  return o;
}

void print_series(const RingAxis& axis, const FluctuationSeries& s) {
  Eigen::Index at = 0;
  s.f.v_omega.maxCoeff(&at);
  std::cout << fmt::format("{:<11} {}", std::filesystem::path(s.name).filename().string(),
                           counted(s.f.patterns, "pattern"));
  if (std::isfinite(s.thickness)) std::cout << fmt::format(", {:g} Angstrom", s.thickness);
  if (std::isfinite(s.semiangle_mrad)) std::cout << fmt::format(", {:g} mrad", s.semiangle_mrad);
  std::cout << fmt::format(
      "\n            V_Omega {:.5f} +- {:.5f} at {:.4f} 1/Angstrom; there V_r {:.5f}, V_re {:.5f}, "
      "V_image {:.5f}\n",
      s.f.v_omega[at], s.f.v_omega_error[at], axis.q(int(at)), s.f.v_r[at], s.f.v_re[at],
      s.f.v_image[at]);
}

void print_model(const RingAxis& axis, const KinematicVariance& v, double resolution) {
  const auto largest = std::max_element(v.variance.begin(), v.variance.end());
  std::cout << fmt::format(
      "model       {} orientations and pixels, Q {:.4g} 1/Angstrom: V largest, {:.5f}, at {:.4f} "
      "1/Angstrom\n",
      v.samples, resolution, *largest, axis.q(int(largest - v.variance.begin())));
}

using Inputs = std::vector<std::unique_ptr<const PatternInput>>;

// Its resolution is stated, or that of the first patterns whose beam is known.
KinematicProbe probe_of(const FluctuationCommand& c, const Inputs& inputs) {
  const Vector2d steps = parse_steps(c.orientations);
  double resolution = c.resolution.value_or(0);
  for (const auto& input : inputs)
    if (resolution == 0) resolution = input->scan().disc_radius();
  if (resolution == 0 && !c.model.empty())
    fail(Fault::usage,
         "--model: the resolution of the probe is not known; give --resolution (1/Angstrom)");
  return {.resolution = resolution,
          .psi = int(steps[0]),
          .theta = int(steps[1]),
          .table = Parametrisation::kirkland,
          .tabulated = c.tabulated};
}

}  // namespace

int run_fluctuation(const std::vector<std::string>& arguments) {
  FluctuationCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const RingAxis& axis = c.f.axis;
  const auto& names = settings.positional();
  if (names.empty() && c.model.empty())
    fail(Fault::usage,
         "fluctuation: name patterns, or a model with --model: vitrobeam fluctuation PATTERNS... "
         "-o OUT.h5");
  if (!(axis.q_min < axis.q_max))
    fail(Fault::usage, "--q-min {:g} and --q-max {:g}: no range between them", axis.q_min,
         axis.q_max);
  Inputs inputs;
  Production p{"fluctuation", {}, {}, {}, {}, {}};
  std::size_t patterns = 0;
  for (const auto& name : names) {
    inputs.push_back(open_input(name, c.input, c.common.seed));
    const PatternScan scan = inputs.back()->scan();
    check_rings(scan, axis.q_max);
    p.inputs.push_back(scan.name);
    patterns += scan.positions() * inputs.back()->thicknesses();
  }
  const KinematicProbe probe = probe_of(c, inputs);
  if (!c.model.empty()) p.inputs.push_back(c.model);
  std::vector<FluctuationSeries> series;
  std::optional<KinematicVariance> model;
  PlaneD compared;
  p.predict = [&] {
    std::cout << fmt::format("patterns    {}\nrings       {}\n", patterns, axis.n);
  };
  p.compute = [&](const RunControl& run) {
    if (!c.compare.empty()) compared = read_compared_variance(c.compare);
    for (std::size_t k = 0; k < inputs.size(); ++k)
      for (std::size_t t = 0; t < inputs[k]->thicknesses(); ++t) {
        const PatternScan scan = inputs[k]->scan(t);
        series.push_back({names[k], scan.thickness.value_or(NAN), scan.semiangle_mrad.value_or(NAN),
                          analyse_fluctuation(scan, c.f, run)});
      }
    if (!c.model.empty())
      model = kinematic_variance(read_scatterers(c.model, c.structure, c.common.seed), probe,
                                 axis.q(0), axis.width(), axis.n, run.threads);
  };
  p.store = [&](Hdf5Writer& file) {
    write_fluctuation(file, axis, series);
    if (model) write_kinematic_variance(file, axis, *model, probe.resolution);
    if (compared.size() > 0) write_compared_variance(file, compared, c.compare);
  };
  p.summarise = [&] {
    for (const auto& s : series) print_series(axis, s);
    if (model) print_model(axis, *model, probe.resolution);
  };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
