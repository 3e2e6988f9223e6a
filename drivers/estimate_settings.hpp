// The options of calibrations of estimates, which `estimate calibrate` and `estimate plan` share.
#pragma once
#include <string>
#include <vector>

#include "drivers/camera_settings.hpp"
#include "drivers/simulate_settings.hpp"
#include "studies/estimate_calibration.hpp"

namespace vitrobeam {

struct TeachingSettings {
  SimulateSettings beam;
  CameraSettings camera;
  std::string descriptors, thickness = "10", together = "0";
  double pixel_q = 0;
  EstimatePlan plan;

  TeachingSettings();
};

// What is learned, slabs, rings, camera and beam; everything but --together, --thickness and
// --dose, and what all commands take.
void add_teaching_options(Settings& settings, TeachingSettings& s);

// Error{usage, input}.
std::vector<TeachingModel> read_models(const TeachingSettings& s,
                                       const std::vector<std::string>& files);
// The plan of a calibration for these models.
EstimatePlan make_plan(TeachingSettings& s, const std::vector<TeachingModel>& models);

}  // namespace vitrobeam
