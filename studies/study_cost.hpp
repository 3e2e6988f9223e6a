// What the simulations of a study take, before they begin, by what the engines say of their costs.
#pragma once
#include "multislice/engine_cost.hpp"
#include "studies/density_study.hpp"
#include "studies/limit_plan.hpp"

namespace vitrobeam {

struct StudyCost {
  double seconds = 0;  // in so many threads
  double bytes = 0;    // of memory, the most at a time
  double stored = 0;   // bytes of the result file
};

// `speed`: of a grid as fine as the study's.
StudyCost cost_of_limits(const LimitPlan& plan, const Atoms& glass, const EngineSpeed& speed,
                         int threads);
StudyCost cost_of_calibration(const DensityPlan& plan, const std::vector<Atoms>& glasses,
                              const EngineSpeed& speed, int threads);

}  // namespace vitrobeam
