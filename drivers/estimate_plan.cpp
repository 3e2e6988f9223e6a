// vitrobeam estimate plan: which beam, dose and thickness tell a descriptor best.
#include <algorithm>
#include <iostream>
#include <vector>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/estimate_settings.hpp"
#include "drivers/produce.hpp"
#include "io/estimate_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "studies/estimate_plan.hpp"

namespace vitrobeam {
namespace {

constexpr Limits kEnergy{10, 3000}, kSemiangle{0.01, 200}, kThickness{1, 2000}, kDose{0, 1e15};

struct PlanCommand {
  TeachingSettings teaching;
  std::string energies = "200", semiangles = "3.3", thicknesses = "10", doses = "1e5";
};

Settings describe(PlanCommand& c) {
  Settings o("estimate plan",
             "models of glasses -> which beam, dose and thickness tell of the structure best",
             {"MODEL..."});
  add_teaching_options(o, c.teaching);
  o.section("Conditions: every value with every other (--energy and --semiangle are not used)");
  o.add("energies", c.energies, "kV, ..", "acceleration voltages").reads(numbers_in("kV", kEnergy));
  o.add("semiangles", c.semiangles, "mrad, ..", "convergence semi-angles")
      .reads(numbers_in("mrad", kSemiangle));
  o.add("thicknesses", c.thicknesses, "T,...", "of the specimen, Angstrom")
      .reads(numbers_in("Angstrom", kThickness));
  o.add("doses", c.doses, "D,...", "electrons per pattern; 0 = no counting noise")
      .reads(numbers_in("electrons", kDose));
  add_common(o, c.teaching.beam.common);
  return o;
}

EstimateGrid grid_of(const PlanCommand& c) {
  return {parse_numbers(c.energies, "kV", kEnergy, "energies"),
          parse_numbers(c.semiangles, "mrad", kSemiangle, "semiangles"),
          parse_numbers(c.thicknesses, "Angstrom", kThickness, "thicknesses"),
          parse_numbers(c.doses, "electrons", kDose, "doses")};
}

void print(const EstimatePlanResult& r) {
  std::cout << fmt::format("errors      from {} left out\n\nkV     mrad   Angstrom electrons",
                           r.across_models ? "models" : "slabs of the one model");
  for (const auto& name : r.names) std::cout << fmt::format("  {:<14}", name);
  std::cout << '\n';
  for (const auto& at : r.conditions) {
    std::cout << fmt::format("{:<6g} {:<6g} {:<8g} {:<9g}", at.energy_kV, at.semiangle_mrad,
                             at.thickness, at.dose);
    for (const auto& q : at.quality)
      std::cout << fmt::format("  {:<14}",
                               fmt::format("{:.2f} +- {:.2f}", q.explained, q.explained_error));
    std::cout << '\n';
  }
  for (std::size_t k = 0; k < r.names.size(); ++k) {
    const auto best = std::max_element(r.conditions.begin(), r.conditions.end(),
                                       [k](const auto& a, const auto& b) {
                                         return a.quality[k].explained < b.quality[k].explained;
                                       });
    std::cout << fmt::format("best        {}: {:g} kV, {:g} mrad, {:g} Angstrom, {:g} electrons\n",
                             r.names[k], best->energy_kV, best->semiangle_mrad, best->thickness,
                             best->dose);
  }
}

}  // namespace

int run_estimate_plan(const std::vector<std::string>& arguments) {
  PlanCommand c;
  TeachingSettings& t = c.teaching;
  Settings settings = describe(c);
  if (!begin(settings, t.beam.common, arguments)) return 0;
  if (!t.descriptors.empty()) parse_descriptors(t.descriptors);
  const auto& files = settings.positional();
  if (files.empty())
    fail(Fault::usage,
         "estimate plan: name periodic models of the glass: vitrobeam estimate plan MODEL... -o "
         "OUT.h5");
  const EstimateGrid grid = grid_of(c);
  t.beam.optics.energy_kV = grid.energies_kV.front();
  t.beam.semiangles_mrad = {grid.semiangles_mrad.front()};
  t.thickness = fmt::format("{:g}", grid.thicknesses.front());
  // a camera that counts, so that the other options of noise mean something
  t.camera.camera.dose = *std::max_element(grid.doses.begin(), grid.doses.end());
  const auto models = read_models(t, files);
  const EstimatePlan plan = make_plan(t, models);
  EstimatePlanResult result;
  return produce(
      settings, t.beam.common,
      {"estimate plan", files,
       [&] {
         const std::size_t n = grid.energies_kV.size() * grid.semiangles_mrad.size() *
                               grid.thicknesses.size() * grid.doses.size();
         std::cout << fmt::format("conditions  {}\nslabs       {}\n", n,
                                  n * std::size_t(plan.slabs) * models.size());
       },
       [&](const RunControl& run) {
         result = plan_estimates(plan, grid, models, t.beam.wrap_limit, run);
       },
       [&](Hdf5Writer& file) { write_estimate_plan(file, grid, result); }, [&] { print(result); }});
}

}  // namespace vitrobeam
