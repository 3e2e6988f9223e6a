#include "studies/estimate_plan.hpp"

#include <algorithm>
#include <cstddef>

#include "base/error.hpp"
#include "base/first_failure.hpp"

namespace vitrobeam {
namespace {

EstimatePlan condition(const EstimatePlan& base, const PlannedEstimate& at) {
  EstimatePlan p = base;
  p.simulation.optics.energy_kV = at.energy_kV;
  p.simulation.optics.semiangle_mrad = at.semiangle_mrad;
  p.thickness_low = p.thickness_high = at.thickness;
  p.camera.dose = at.dose;
  p.together = {0};
  constexpr double kClear = 1.02;  // of the disc's radius
  p.recipe.grid.q_min = std::max(p.recipe.grid.q_min, kClear * p.simulation.optics.aperture_q());
  check_recipe(p.recipe);
  return p;
}

std::vector<PlannedEstimate> all_conditions(const EstimateGrid& grid) {
  std::vector<PlannedEstimate> out;
  for (const double energy : grid.energies_kV)
    for (const double semiangle : grid.semiangles_mrad)
      for (const double thickness : grid.thicknesses)
        for (const double dose : grid.doses)
          out.push_back({energy, semiangle, thickness, dose, {}});
  return out;
}

}  // namespace

EstimatePlanResult plan_estimates(const EstimatePlan& plan, const EstimateGrid& grid,
                                  const std::vector<TeachingModel>& models, double wrap_limit,
                                  const RunControl& run) {
  EstimatePlanResult out;
  out.conditions = all_conditions(grid);
  std::size_t patterns = 0;
  for (const auto& at : out.conditions) {
    const EstimatePlan p = condition(plan, at);
    const Grid cell{p.simulation.nx, p.simulation.ny, p.box, p.box};
    if (const double wrapped = 100 * wrapped_fraction(p.simulation.optics, cell);
        wrapped > wrap_limit)
      fail(Fault::physics,
           "{:.1f} % of the probe of {:g} mrad at {:g} kV lies beyond half of @slab_width {:g} "
           "(@wrap_limit {} %): take a larger one",
           wrapped, at.semiangle_mrad, at.energy_kV, p.box, wrap_limit);
    const int along = positions_along(p);
    patterns += std::size_t(along) * std::size_t(along) * std::size_t(p.slabs) * models.size();
  }
  Stage stage(run, "patterns", patterns);
  RunControl quiet = run;  // progress of a part would hide that of the whole
  quiet.progress = {};
  for (auto& at : out.conditions) {
    const CalibrationBuilder builder(condition(plan, at), models);
    std::vector<std::vector<std::byte>> units(builder.units());
    std::vector<std::size_t> done;
    FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (std::size_t u = 0; u < units.size(); ++u)
      failure.guard([&] {
        run.check_stop();
        units[u] = builder.make(u);
        stage.advance(builder.patterns());
      });
    failure.rethrow();
    for (std::size_t u = 0; u < units.size(); ++u) done.push_back(u);
    const EstimateCalibration c = builder.train(
        done, [&](std::size_t u) { return units[u]; }, quiet);
    out.names = c.names;
    out.across_models = c.readings.front().estimator.across_models;
    at.quality = c.readings.front().estimator.quality;
  }
  return out;
}

}  // namespace vitrobeam
