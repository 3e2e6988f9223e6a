// vitrobeam camera: noiseless patterns -> what a camera records of them; one simulation serves any
// number of doses.
#include <iostream>

#include "base/error.hpp"
#include "drivers/camera_settings.hpp"
#include "drivers/command.hpp"
#include "drivers/exposure.hpp"
#include "drivers/pattern_settings.hpp"
#include "multislice/optics.hpp"

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
  if (settings.positional().size() != 1)
    fail(Fault::usage, "camera: name one file: vitrobeam camera PATTERNS -o OUT.h5");
  const PatternSource source =
      open_patterns(settings.positional().front(), c.patterns, false, true);
  if (c.patterns.probe >= 0 && source.probes() > 1)
    fail(Fault::usage, "camera: --probe {}: the camera takes all probes of a series; leave it out",
         c.patterns.probe);
  if (!source.energy_kV)
    fail(Fault::input, "{}: says nothing of the acceleration voltage; give --energy",
         source.file());
  const Camera camera = resolve_camera(c.camera, wavelength(*source.energy_kV));
  if (camera.is_ideal())
    fail(Fault::usage, "camera: nothing to do; give --dose, --camera-mtf or the like");
  check_noiseless(source);
  std::cout << fmt::format("patterns    {} x {} positions of {} x {} pixels\ncamera      {}\n",
                           source.scan_rows(), source.scan_columns(), source.columns(),
                           source.rows(), describe(camera));
  if (c.common.dry_run) return 0;
  RunRecord record = start_record(settings, c.common, {source.file()});
  check_output(c.common);
  return expose(source, camera, c.common, record, false) ? 0 : 130;
}

}  // namespace vitrobeam
