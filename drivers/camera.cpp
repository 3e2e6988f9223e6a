// vitrobeam camera: noiseless patterns -> what a camera records of them; one simulation serves any
// number of doses.
#include <iostream>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "drivers/camera_settings.hpp"
#include "drivers/pattern_settings.hpp"
#include "drivers/recording.hpp"

namespace vitrobeam {
namespace {

struct CameraCommand {
  CommonSettings common;
  CameraSettings camera;
  PatternSettings patterns;
};

Settings describe(CameraCommand& c) {
  Settings o("camera", "noiseless patterns -> what a camera records: dose, MTF, noise, distortion",
             {"PATTERNS"});
  add_pattern_options(o, c.patterns);
  add_camera_options(o, c.camera);
  add_common(o, c.common);
  return o;
}

}  // namespace

int run_camera(const std::vector<std::string>& arguments) {
  CameraCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const PatternSource source =
      open_patterns(single_input(settings, "one file"), c.patterns, false, true);
  if (c.patterns.probe >= 0 && source.probes() > 1)
    fail(Fault::usage, "camera: --probe {}: the camera takes all probes of a series; leave it out",
         c.patterns.probe);
  if (!source.energy_kV)
    fail(Fault::input, "{}: says nothing of the acceleration voltage; give --energy",
         source.file());
  const Camera camera = resolve_camera(c.camera, wavelength(*source.energy_kV));
  if (camera.is_ideal())
    fail(Fault::usage, "camera: nothing to do; give --dose, --camera-mtf or the like");
  check_beam_stop(camera, Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                  source.calibration());
  check_noiseless(source);
  std::cout << fmt::format("patterns    {} x {} positions of {} x {} pixels\ncamera      {}\n",
                           source.scan_rows(), source.scan_columns(), source.columns(),
                           source.rows(), camera_text(camera));
  return produce(settings, c.common, recording(source, {camera, c.common.seed}, c.common));
}

}  // namespace vitrobeam
