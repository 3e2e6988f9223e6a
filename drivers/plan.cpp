// vitrobeam plan: library -> the beam, dose, thickness, step and virtual detector that separate its
// motifs best.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <tuple>

#include "base/error.hpp"
#include "drivers/library_settings.hpp"
#include "drivers/log.hpp"
#include "drivers/produce.hpp"
#include "io/plan_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

constexpr Limits kDoses{1e-3, 1e15};

struct PlanCommand {
  CommonSettings common;
  PlanSettings plan;
  std::string doses = "1e3,1e4,1e5", separate;
  double error_percent = 1;
};

Settings describe(PlanCommand& c) {
  Settings o("plan", "which beam, dose, thickness, step and detector separate a library's motifs",
             {"LIBRARY"});
  o.section("Question");
  o.add("doses", c.doses, "1e3,1e4", "electrons per pattern that come into question")
      .reads(numbers_in("electrons", kDoses));
  o.add("readout", c.plan.readout, "electrons",
        "standard deviation of a pixel's readout, electrons")
      .at_least(0)
      .at_most(1e6);
  o.add("error", c.error_percent, "%", "accepted probability of confusion, for the patterns needed")
      .above(0)
      .at_most(50);
  o.add("separate", c.separate, "A,B",
        "motifs (or none) that the virtual detector tells apart (default: the first from none)");
  o.section("Virtual detector");
  o.add("q-min", c.plan.q_min, "1/Angstrom", "inner limit (0: just outside the central disc)")
      .at_least(0);
  o.add("q-max", c.plan.q_max, "1/Angstrom", "outer limit (0: what the library holds)").at_least(0);
  o.add("radii", c.plan.radii, "rings to choose from").at_least(2).at_most(64);
  o.add("angles", c.plan.angles, "directions to choose from, a multiple of 12")
      .at_least(12)
      .at_most(360);
  add_common(o, c.common);
  return o;
}

// Of --separate; -1 is none.
std::pair<int, int> to_separate(const PlanCommand& c, const MotifLibrary& l) {
  const auto index = [&](const std::string& name) {
    if (name == "none") return -1;
    const auto at = std::find(l.motif_names.begin(), l.motif_names.end(), name);
    if (at == l.motif_names.end())
      fail(Fault::usage, "--separate {}: the library has no motif '{}'; it has {} and none",
           c.separate, name, fmt::format("{}", fmt::join(l.motif_names, ", ")));
    return int(at - l.motif_names.begin());
  };
  if (c.separate.empty()) return {0, -1};
  const auto names = split(c.separate, ',');
  if (names.size() != 2 || names[0] == names[1] || names[0] == "none")
    fail(Fault::usage, "--separate '{}': name a motif and another one, or none, as icosahedron,fcc",
         c.separate);
  return {index(names[0]), index(names[1])};
}

std::string condition_text(const LibraryConditions& l) {
  return fmt::format("{} kV, {} mrad, defocus {} Angstrom, {} Angstrom thick", l.energy_kV,
                     l.semiangle_mrad, l.defocus, l.thickness);
}

void print(const ExperimentPlan& plan, double error_percent) {
  for (std::size_t k = 0; k < plan.conditions.size(); ++k) {
    std::cout << "condition   " << condition_text(plan.conditions[k]) << '\n';
    for (std::size_t d = 0; d < plan.doses.size(); ++d) {
      const auto s = plan.information.plane(k * plan.doses.size() + d);
      std::cout << fmt::format("{:<11.3g}", plan.doses[d]);
      for (Eigen::Index a = 0; a < s.rows(); ++a)
        for (Eigen::Index b = a + 1; b < s.cols(); ++b)
          std::cout << fmt::format(" {}|{} {:.3g}", plan.names[std::size_t(a)],
                                   plan.names[std::size_t(b)], s(a, b));
      std::cout << fmt::format("; {:.0f} patterns for {} %\n",
                               patterns_needed(plan.least_information(k, d), error_percent / 100),
                               error_percent);
    }
  }
  std::cout << "best        " << condition_text(plan.conditions[plan.best_condition]) << '\n'
            << fmt::format("step        {:.2f} Angstrom: closer positions repeat each other\n",
                           plan.step[plan.best_condition]);
  const VirtualDetector& detector = plan.detector;
  const std::string shape =
      detector.half_width * detector.sectors * 2 > 6.28
          ? "the whole ring"
          : fmt::format("{} sector{} of {:.0f} degrees from {:.0f}", detector.sectors,
                        detector.sectors > 1 ? "s" : "", 360 / M_PI * detector.half_width,
                        180 / M_PI * (detector.angle - detector.half_width));
  std::cout << fmt::format(
      "detector    {} from {}: {:.3f} to {:.3f} 1/Angstrom, {}; {:.2f} standard deviations seen "
      "along {:.3f},{:.3f},{:.3f}\n",
      plan.name(plan.motif), plan.name(plan.other), detector.q_inner, detector.q_outer, shape,
      detector.distance, plan.detector_view.x(), plan.detector_view.y(), plan.detector_view.z());
}

}  // namespace

int run_plan(const std::vector<std::string>& arguments) {
  PlanCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "plan: name one library: vitrobeam plan LIBRARY");
  check_plan_settings(c.plan);
  const MotifLibrary library =
      LibraryFile(settings.positional().front(), simulation_of_plan).read();
  std::tie(c.plan.motif, c.plan.other) = to_separate(c, library);
  c.plan.doses = parse_numbers(c.doses, "electrons", kDoses, "doses");
  if (library.mean.size() == 0)
    warn(
        "the library holds no means and covariances (version {}): 'library migrate' or a new build",
        library.version);
  ExperimentPlan plan;
  return produce(
      settings, c.common,
      {.title = "plan",
       .inputs = settings.positional(),
       .predict =
           [&] {
             std::cout << fmt::format("conditions  {}\ntemplates   {}\n", library.conditions.size(),
                                      library.templates.size());
           },
       .compute = [&](const RunControl& run) { plan = plan_experiment(library, c.plan, run); },
       .store = [&](Hdf5Writer& file) { write_plan(file, plan); },
       .summarise = [&] { print(plan, c.error_percent); },
       .only_prints_without_output = true});
}

}  // namespace vitrobeam
