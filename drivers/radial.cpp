// vitrobeam radial: patterns -> I(q), structure factor and reduced pair distribution, beside those
// of a model.
#include <cmath>
#include <iostream>
#include <optional>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/produce.hpp"
#include "drivers/structure_input.hpp"
#include "io/radial_file.hpp"
#include "io/structure_file.hpp"
#include "models/structure_factor.hpp"
#include "options/text_checks.hpp"
#include "studies/multiple_scattering.hpp"
#include "studies/radial_study.hpp"

namespace vitrobeam {
namespace {

struct RadialCommand {
  CommonSettings common;
  StructureInput structure;
  PatternInputSettings input;
  RingAxis axis{0.2, 2.0, 120};
  RadialStudy study;
  std::string composition, model, scattering_model;
  double density = 0;
  int piles = 8;
};

Settings describe(RadialCommand& c) {
  Settings o("radial", "patterns -> I(q), structure factor, reduced pair distribution G(r)",
             {"PATTERNS"});
  o.section("Specimen");
  o.add("composition", c.composition, "TEXT", "e.g. Cu64.5Zr35.5 (default: the model's)")
      .reads(a_composition());
  o.add("density", c.density, "", "atoms per cubic Angstrom, for g(r) (default: the model's)")
      .at_least(0);
  o.add("model", c.model, "ATOMS",
        "model whose Debye scattering and g(r) are computed beside, or alone without PATTERNS");
  o.add("potential", c.study.table,
        {{"kirkland", Parametrisation::kirkland}, {"lobato", Parametrisation::lobato}},
        "scattering-factor table");
  o.section("Rings");
  o.add("q-min", c.axis.q_min, "1/Angstrom", "inner edge, beyond the central disc").above(0);
  o.add("q-max", c.axis.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.axis.n, "rings").at_least(16).at_most(100000);
  o.section("Transform");
  o.add("r-max", c.study.radial.r_max, "Angstrom", "G(r) up to here").above(0).at_most(1000);
  o.add("lorch", c.study.radial.lorch, "damp the end of the data (Lorch)");
  o.add("r-poly", c.study.radial.r_poly, "Angstrom",
        "structure below this distance is background and fitted away; 0 = nothing is")
      .at_least(0)
      .at_most(2);
  o.add("fit-from", c.study.radial.fit_from, "1/Angstrom",
        "the scale is fitted from here on; 0 = in the upper third")
      .at_least(0);
  o.section("Multiple scattering");
  o.add("correct-multiple-scattering", c.scattering_model, "ATOMS",
        "periodic model of the same alloy: patterns are divided by its ratio of dynamical to "
        "kinematic mean pattern at their thickness; disc and faces are taken off too");
  o.add("piles", c.piles, "of that model, shifted and turned at random: more for smaller errors")
      .at_least(3)
      .at_most(1000);
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

// Reads --model and --correct-multiple-scattering; what is not stated of the specimen is theirs.
struct RadialModels {
  Atoms compared, scattering;
};

RadialModels read_models(RadialCommand& c, std::vector<std::string>& inputs) {
  RadialModels out;
  for (const auto& [file, atoms] :
       {std::pair{&c.model, &out.compared}, std::pair{&c.scattering_model, &out.scattering}}) {
    if (file->empty()) continue;
    *atoms = read_boxed(*file, c.structure);
    inputs.push_back(*file);
    if (c.density == 0) {
      c.density = number_density(*atoms);
      say_vacuum(*atoms, "the density and the g(r) of the model are");
    }
    if (c.composition.empty() && c.study.composition.elements.empty())
      c.study.composition = composition_of(*atoms);
  }
  if (!c.composition.empty()) c.study.composition = parse_composition(c.composition);
  if (c.study.composition.elements.empty())
    fail(Fault::usage, "radial: give --composition (or --model): the mean atom must be known");
  return out;
}

std::vector<double> list(const Eigen::ArrayXd& a) { return {a.begin(), a.end()}; }

void print_peaks(const std::string& name, const RadialResult& r) {
  std::cout << fmt::format(
      "{:<11} first maximum of S at {:.4f} 1/Angstrom, first peak of G at {:.3f} Angstrom, scale "
      "{:.4g}\n",
      name, highest_peak(list(r.q), list(r.curves.s), 0.3, 0.65).x,
      highest_peak(list(r.curves.r), list(r.curves.g), 1.8, 3.8).x, r.curves.scale);
}

void print_shell(const std::string& name, const RadialCurves& curves, double density) {
  const FirstShell shell = first_shell(curves, density);
  std::cout << fmt::format("{:<11} {:.2f} neighbours up to {:.2f} Angstrom\n", name,
                           shell.neighbours, shell.reach);
}

void print_correction(const CorrectedRadial& c, const ScatteringPlan& plan) {
  Eigen::Index lowest = 0, highest = 0;
  const double low = c.ratio.minCoeff(&lowest), high = c.ratio.maxCoeff(&highest);
  std::cout << fmt::format(
      "scattering  {:g} Angstrom, {}: dynamical over kinematic {:.4f} at {:.3f} to {:.4f} at "
      "{:.3f} 1/Angstrom, +- {:.4f} of the piles, +- {:.4f} of other structure\n",
      plan.thickness, counted(plan.piles, "pile"), low, c.result.q[lowest], high,
      c.result.q[highest], std::sqrt(c.ratio_error.square().mean()),
      std::sqrt(c.ratio_range.square().mean()));
}

// All that a run makes.
struct Radial {
  std::optional<ScatteringPlan> plan;
  std::optional<CorrectedRadial> corrected;
  std::optional<RadialResult> patterns;
  std::optional<ModelRadial> of_model;
};

ScatteringPlan resolve(const RadialCommand& c, const PatternInput* input, const Atoms& model) {
  if (!input)
    fail(Fault::usage, "radial: --correct-multiple-scattering corrects patterns; name them");
  ScatteringPlan plan = scattering_plan(input->scan(), c.axis, model, c.study, c.density);
  plan.piles = c.piles;
  plan.seed = c.common.seed;
  return plan;
}

void store(Hdf5Writer& file, const Radial& made, double density) {
  if (made.patterns) {
    write_radial(file, "/radial/", *made.patterns, density, "as in the input");
    file.attribute("/radial", "scale", made.patterns->curves.scale);
  }
  if (made.corrected) {
    write_scattering_correction(file, *made.corrected);
    const std::string group = "/radial/multiple_scattering";
    file.attribute(group, "thickness", made.plan->thickness);
    file.attribute(group, "piles", made.plan->piles);
    file.attribute(group, "strength", made.corrected->strength);
  }
  if (!made.of_model) return;
  write_radial(file, "/radial/model/", made.of_model->curves, density, "Angstrom^2 per atom");
  write_debye_pairs(file, "/radial/model/pair/", made.of_model->debye);
}

void print(const Radial& made, double density) {
  if (made.patterns) print_peaks("patterns", *made.patterns);
  if (made.corrected) {
    print_correction(*made.corrected, *made.plan);
    print_shell("shell", made.patterns->curves, density);
  }
  if (!made.of_model) return;
  const DebyeScattering& debye = made.of_model->debye;
  print_peaks("model", made.of_model->curves);
  if (made.corrected) print_shell("its shell", made.of_model->curves.curves, density);
  std::cout << fmt::format("atoms       first peak of the weighted g(r) at {:.3f} Angstrom\n",
                           highest_peak(debye.r, debye.weighted, 1.8, 3.8).x);
}

}  // namespace

int run_radial(const std::vector<std::string>& arguments) {
  RadialCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const auto& names = settings.positional();
  if (names.size() > 1 || (names.empty() && c.model.empty()))
    fail(Fault::usage,
         "radial: name the patterns, or a model with --model: vitrobeam radial PATTERNS -o OUT.h5");
  if (!(c.axis.q_min < c.axis.q_max))
    fail(Fault::usage, "--q-min {:g} and --q-max {:g}: no range between them", c.axis.q_min,
         c.axis.q_max);
  Production p{"radial", {}, {}, {}, {}, {}};
  const RadialModels models = read_models(c, p.inputs);
  std::unique_ptr<const PatternInput> input;
  if (!names.empty()) {
    input = open_input(names[0], c.input, c.common.seed);
    check_rings(input->scan(), c.axis.q_max);
    p.inputs.push_back(input->source().file());
  }
  Radial made;
  if (!c.scattering_model.empty()) made.plan = resolve(c, input.get(), models.scattering);
  p.predict = [&] {
    std::cout << fmt::format("patterns    {}\nrings       {}\n", input ? input->positions() : 0,
                             c.axis.n);
    if (made.plan)
      std::cout << fmt::format("piles       {}, {} positions in each, {} Angstrom thick\n",
                               made.plan->piles, made.plan->positions, made.plan->thickness);
  };
  p.compute = [&](const RunControl& run) {
    if (made.plan) {
      made.corrected =
          corrected_radial_of_patterns(input->scan(), *made.plan, models.scattering, c.study, run);
      made.patterns = made.corrected->result;
    } else if (input) {
      made.patterns = radial_of_patterns(input->scan(), c.axis, c.study, run);
    }
    if (!c.model.empty())
      made.of_model =
          radial_of_model(models.compared, made.patterns ? made.patterns->q : c.axis.q(), c.study);
  };
  p.store = [&](Hdf5Writer& file) { store(file, made, c.density); };
  p.summarise = [&] { print(made, c.density); };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
