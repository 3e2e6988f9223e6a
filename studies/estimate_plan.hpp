// Which beam, dose and thickness tell a descriptor best: calibrations under many conditions, of
// which only the share explained is kept.
#pragma once
#include <vector>

#include "studies/estimate_calibration.hpp"

namespace vitrobeam {

// Every value of each list with every one of the others.
struct EstimateGrid {
  std::vector<double> energies_kV, semiangles_mrad, thicknesses, doses;
};

struct PlannedEstimate {
  double energy_kV = 0, semiangle_mrad = 0, thickness = 0, dose = 0;
  std::vector<DescriptorQuality> quality;  // by descriptor
};

struct EstimatePlanResult {
  std::vector<std::string> names;
  bool across_models = true;
  std::vector<PlannedEstimate> conditions;  // energy outermost, dose innermost
};

// The other settings are those of `plan`; rings begin beyond the disc of each beam. Error{physics}
// as CalibrationBuilder, and where more than `wrap_limit` per cent of a probe lies beyond half the
// box: before anything is simulated. Throws Interrupted.
EstimatePlanResult plan_estimates(const EstimatePlan& plan, const EstimateGrid& grid,
                                  const std::vector<TeachingModel>& models, double wrap_limit,
                                  const RunControl& run);

}  // namespace vitrobeam
