// vitrobeam plan: library -> the beam, dose, thickness, step and virtual detector that separate its
// motifs best.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/library_plan.hpp"
#include "drivers/log.hpp"
#include "drivers/quantity.hpp"
#include "io/hdf5.hpp"
#include "io/provenance.hpp"
#include "io/result_file.hpp"
#include "multislice/optics.hpp"
#include "patterns/separation.hpp"

namespace vitrobeam {
namespace {

struct PlanCommand {
  CommonSettings common;
  std::string doses = "1e3,1e4,1e5", separate;
  double readout = 0, error_percent = 1, q_min = 0, q_max = 0;
  int radii = 16, angles = 72;
};

Settings describe(PlanCommand& c) {
  Settings o("plan", "which beam, dose, thickness, step and detector separate a library's motifs",
             {"LIBRARY"});
  o.section("Question");
  o.add("doses", c.doses, "1e3,1e4", "electrons per pattern that come into question");
  o.add("readout", c.readout, "", "standard deviation of a pixel's readout, electrons").at_least(0);
  o.add("error", c.error_percent, "%", "accepted probability of confusion, for the patterns needed")
      .above(0)
      .at_most(50);
  o.add("separate", c.separate, "A,B",
        "motifs (or none) that the virtual detector tells apart (default: the first from none)");
  o.section("Virtual detector");
  o.add("q-min", c.q_min, "1/Angstrom", "inner limit (0: just outside the central disc)")
      .at_least(0);
  o.add("q-max", c.q_max, "1/Angstrom", "outer limit (0: what the library holds)").at_least(0);
  o.add("radii", c.radii, "rings to choose from").at_least(2).at_most(64);
  o.add("angles", c.angles, "directions to choose from, a multiple of 12")
      .at_least(12)
      .at_most(360);
  add_common(o, c.common);
  return o;
}

std::vector<double> doses(const PlanCommand& c) {
  std::vector<double> list;
  for (const auto& part : split(c.doses, ',')) {
    list.push_back(parse_quantity(part, "", "doses"));
    if (!(list.back() > 0))
      fail(Fault::usage, "--doses {}: {} electrons; give positive numbers", c.doses, list.back());
  }
  return list;
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

struct Plan {
  std::vector<double> doses;
  std::vector<std::string> names;  // the motifs, then none
  Stack<double> information;       // [condition, dose, a, b]
  std::vector<double> step;        // by condition
  std::size_t best_condition = 0;
  double worst_pair = -1;  // of the best condition at the largest dose
};

double least_pair(const PlaneD& c) {
  double least = 1e300;
  for (Eigen::Index a = 0; a < c.rows(); ++a)
    for (Eigen::Index b = 0; b < a; ++b) least = std::min(least, c(a, b));
  return least;
}

Plan make_plan(const MotifLibrary& library, const PlanCommand& c) {
  Plan plan;
  plan.doses = doses(c);
  plan.names = library.motif_names;
  plan.names.push_back("none");
  const std::size_t n = plan.names.size();
  plan.information = Stack<double>({library.conditions.size(), plan.doses.size(), n, n});
  for (std::size_t k = 0; k < library.conditions.size(); ++k) {
    const MotifLibrary one = under_condition(library, k);
    const LibraryConditions& l = one.condition();
    plan.step.push_back(independent_step(wavelength(l.energy_kV), l.semiangle_mrad * 1e-3));
    std::cout << "condition   " << condition_text(l) << '\n';
    for (std::size_t d = 0; d < plan.doses.size(); ++d) {
      const PlaneD s = separation(one, {plan.doses[d], c.readout});
      plan.information.plane(k * plan.doses.size() + d) = s;
      std::cout << fmt::format("{:<11.3g}", plan.doses[d]);
      for (Eigen::Index a = 0; a < s.rows(); ++a)
        for (Eigen::Index b = a + 1; b < s.cols(); ++b)
          std::cout << fmt::format(" {}|{} {:.3g}", plan.names[std::size_t(a)],
                                   plan.names[std::size_t(b)], s(a, b));
      const double least = least_pair(s);
      std::cout << fmt::format("; {:.0f} patterns for {} %\n",
                               std::ceil(-std::log(2 * c.error_percent / 100) / least),
                               c.error_percent);
      if (d + 1 == plan.doses.size() && least > plan.worst_pair) {
        plan.worst_pair = least;
        plan.best_condition = k;
      }
    }
  }
  return plan;
}

void write_plan(const PlanCommand& c, const Plan& plan, const MotifLibrary& library,
                const VirtualDetector& detector, const std::pair<int, int>& pair,
                const RunRecord& record) {
  Hdf5Writer file(c.common.output);
  file.write("/plan/information", plan.information);
  file.attribute("/plan/information", "units", "per pattern");
  file.attribute("/plan/information", "description",
                 "Chernoff information between motifs a and b (the last is none)");
  file.write("/plan/dose", plan.doses);
  file.attribute("/plan/dose", "units", "electrons per pattern");
  file.write_strings("/plan/names", plan.names);
  file.write("/plan/independent_step", plan.step);
  file.attribute("/plan/independent_step", "units", "A");
  const auto axis = [&](const char* name, const char* units, auto&& value) {
    std::vector<double> values;
    for (const auto& l : library.conditions) values.push_back(value(l));
    file.write(std::string("/plan/") + name, values);
    file.attribute(std::string("/plan/") + name, "units", units);
  };
  using L = const LibraryConditions&;
  axis("energy_kV", "kV", [](L l) { return l.energy_kV; });
  axis("semiangle_mrad", "mrad", [](L l) { return l.semiangle_mrad; });
  axis("defocus", "A", [](L l) { return l.defocus; });
  axis("thickness", "A", [](L l) { return l.thickness; });
  const auto name = [&](int i) {
    return i < 0 ? std::string("none") : library.motif_names[std::size_t(i)];
  };
  file.group("/plan/detector");
  file.attribute("/plan/detector", "separates",
                 std::vector<std::string>{name(pair.first), name(pair.second)});
  file.attribute("/plan/detector", "q_inner", detector.q_inner);
  file.attribute("/plan/detector", "q_outer", detector.q_outer);
  file.attribute("/plan/detector", "sectors", std::int64_t(detector.sectors));
  file.attribute("/plan/detector", "angle_rad", detector.angle);
  file.attribute("/plan/detector", "half_width_rad", detector.half_width);
  file.attribute("/plan/detector", "standard_deviations", detector.distance);
  file.attribute("/plan", "best_condition", std::int64_t(plan.best_condition));
  write_interchange(file, {}, record, "plan");
  write_record(file, record);
  file.commit();
  std::cout << fmt::format("wrote       {}\n", c.common.output);
}

}  // namespace

int run_plan(const std::vector<std::string>& arguments) {
  PlanCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "plan: name one library: vitrobeam plan LIBRARY");
  if (c.angles % 12 != 0)
    fail(Fault::usage, "--angles {}: give a multiple of 12, so that sectors divide it", c.angles);
  const MotifLibrary library =
      LibraryFile(settings.positional().front(), simulation_of_plan).read();
  const auto pair = to_separate(c, library);
  if (library.mean.size() == 0)
    warn(
        "the library holds no means and covariances (version {}): 'library migrate' or a "
        "new build",
        library.version);
  if (!c.common.output.empty()) check_output(c.common);
  if (c.common.dry_run) {
    std::cout << fmt::format("conditions  {}\ntemplates   {}\n", library.conditions.size(),
                             library.templates.size());
    return 0;
  }
  const RunRecord record = start_record(settings, c.common, settings.positional());
  const Plan plan = make_plan(library, c);
  const MotifLibrary best = under_condition(library, plan.best_condition);
  const LibraryConditions& l = best.condition();
  std::cout << "best        " << condition_text(l) << '\n'
            << fmt::format("step        {:.2f} Angstrom: closer positions repeat each other\n",
                           plan.step[plan.best_condition]);
  const double reach =
                   largest_full_circle(Eigen::Index(best.patterns.shape[1]),
                                       Eigen::Index(best.patterns.shape[2]), best.calibration()),
               disc = 1.05 * l.semiangle_mrad * 1e-3 / wavelength(l.energy_kV);
  const PolarGrid grid{c.q_min > 0 ? c.q_min : disc, c.q_max > 0 ? c.q_max : reach, c.radii,
                       c.angles};
  if (grid.q_max > reach * (1 + 1e-6))
    fail(Fault::usage, "--q-max {} 1/Angstrom: the library's patterns end at {:.4g}", c.q_max,
         reach);
  check_polar_grid(grid);
  const VirtualDetector detector =
      best_virtual_detector(best, pair.first, pair.second, {plan.doses.back(), c.readout}, grid);
  const auto name = [&](int i) {
    return i < 0 ? std::string("none") : library.motif_names[std::size_t(i)];
  };
  const Vector3d view = best.templates[detector.view].direction;
  const std::string shape =
      detector.half_width * detector.sectors * 2 > 6.28
          ? "the whole ring"
          : fmt::format("{} sector{} of {:.0f} degrees from {:.0f}", detector.sectors,
                        detector.sectors > 1 ? "s" : "", 360 / M_PI * detector.half_width,
                        180 / M_PI * (detector.angle - detector.half_width));
  std::cout << fmt::format(
      "detector    {} from {}: {:.3f} to {:.3f} 1/Angstrom, {}; {:.2f} standard deviations seen "
      "along "
      "{:.3f},{:.3f},{:.3f}\n",
      name(pair.first), name(pair.second), detector.q_inner, detector.q_outer, shape,
      detector.distance, view.x(), view.y(), view.z());
  if (!c.common.output.empty()) write_plan(c, plan, library, detector, pair, record);
  return 0;
}

}  // namespace vitrobeam
