#include "patterns/experiment_plan.hpp"

#include <algorithm>
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Where a virtual detector may lie.
PolarGrid detector_grid(const MotifLibrary& library, const PlanSettings& s) {
  const LibraryConditions& l = library.condition();
  const double reach = largest_full_circle(Eigen::Index(library.patterns.shape[1]),
                                           Eigen::Index(library.patterns.shape[2]),
                                           library.calibration()),
               disc = 1.05 * l.semiangle_mrad * 1e-3 / wavelength(l.energy_kV);
  const PolarGrid grid{s.q_min > 0 ? s.q_min : disc, s.q_max > 0 ? s.q_max : reach, s.radii,
                       s.angles};
  if (grid.q_max > reach * (1 + 1e-6))
    fail(Fault::usage, "@q_max {} 1/Angstrom: the library's patterns end at {:.4g}", s.q_max,
         reach);
  check_polar_grid(grid);
  return grid;
}

}  // namespace

void check_plan_settings(const PlanSettings& s) {
  if (s.angles % 12 != 0)
    fail(Fault::usage, "@angles {}: give a multiple of 12, so that sectors divide it", s.angles);
}

double ExperimentPlan::least_information(std::size_t condition, std::size_t dose) const {
  const auto c = information.plane(condition * doses.size() + dose);
  double least = 1e300;
  for (Eigen::Index a = 0; a < c.rows(); ++a)
    for (Eigen::Index b = 0; b < a; ++b) least = std::min(least, c(a, b));
  return least;
}

double patterns_needed(double information, double error) {
  return std::ceil(-std::log(2 * error) / information);
}

ExperimentPlan plan_experiment(const MotifLibrary& library, const PlanSettings& s,
                               const RunControl& run) {
  check_plan_settings(s);
  ExperimentPlan plan;
  plan.conditions = library.conditions;
  plan.doses = s.doses;
  plan.names = library.motif_names;
  plan.names.emplace_back("none");
  plan.motif = s.motif;
  plan.other = s.other;
  const std::size_t n = plan.names.size(), conditions = library.conditions.size();
  plan.information = Stack<double>({conditions, s.doses.size(), n, n});
  double best = -1;
  for (std::size_t k = 0; k < conditions; ++k) {
    const MotifLibrary one = under_condition(library, k);
    const LibraryConditions& l = one.condition();
    plan.step.push_back(independent_step(wavelength(l.energy_kV), l.semiangle_mrad * 1e-3));
    for (std::size_t d = 0; d < s.doses.size(); ++d) {
      run.check_stop();
      plan.information.plane(k * s.doses.size() + d) = separation(one, {s.doses[d], s.readout});
    }
    if (const double least = plan.least_information(k, s.doses.size() - 1); least > best) {
      best = least;
      plan.best_condition = k;
    }
  }
  const MotifLibrary chosen = under_condition(library, plan.best_condition);
  plan.detector = best_virtual_detector(chosen, s.motif, s.other, {s.doses.back(), s.readout},
                                        detector_grid(chosen, s));
  plan.detector_view = chosen.templates[plan.detector.view].direction;
  return plan;
}

}  // namespace vitrobeam
