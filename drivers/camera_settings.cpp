#include "drivers/camera_settings.hpp"

#include <cmath>
#include <filesystem>
#include <tuple>

#include "base/error.hpp"
#include "io/text_reader.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

Mtf parse_mtf(const std::string& text) {
  Mtf mtf;
  if (!std::filesystem::is_regular_file(text)) {
    mtf.at_nyquist = parse_quantity(text, "", "camera-mtf");
    if (!(mtf.at_nyquist > 0 && mtf.at_nyquist <= 1))
      fail(Fault::usage,
           "--camera-mtf {}: expected its value at Nyquist, above 0 and up to 1, or a file of "
           "lines FREQUENCY VALUE",
           text);
    return mtf;
  }
  mtf.table = read_number_pairs(text, "a frequency in cycles per pixel and a value");
  return mtf;
}

// "RADIUS[,ANGLE,WIDTH]": mrad, degrees, mrad.
BeamStop parse_beam_stop(const std::string& text, double mrad) {
  const auto parts = split(text, ',');
  if (parts.size() != 1 && parts.size() != 3)
    fail(Fault::usage,
         "--beam-stop '{}': expected RADIUS in mrad, or RADIUS,ANGLE,WIDTH with the arm's "
         "direction in degrees and its width in mrad",
         text);
  BeamStop stop;
  stop.radius = parse_quantity(parts[0], "mrad", "beam-stop") * mrad;
  if (parts.size() == 3) {
    stop.arm_angle = parse_quantity(parts[1], "deg", "beam-stop") * M_PI / 180;
    stop.arm_width = parse_quantity(parts[2], "mrad", "beam-stop") * mrad;
  }
  if (!(stop.radius > 0 && stop.arm_width >= 0))
    fail(Fault::usage, "--beam-stop '{}': radius and width must be above 0", text);
  return stop;
}

}  // namespace

void add_noise_options(Settings& o, CameraSettings& s) {
  o.add("dqe", s.camera.dqe, "",
        "detective quantum efficiency: N electrons give a signal of variance N/dqe")
      .above(0)
      .at_most(1);
  o.add("camera-mtf", s.mtf, "VALUE|FILE",
        "transfer function: Gaussian with this value at Nyquist, or lines of frequency (cycles per "
        "pixel) and value; spreads signal and noise alike")
      .reads([](const auto& text, const auto&) { parse_mtf(text); });
  o.add("readout-noise", s.camera.readout_noise, "counts", "rms of normal noise per pixel")
      .at_least(0)
      .at_most(1e12);
}

void add_camera_options(Settings& o, CameraSettings& s) {
  o.section("Camera (without --dose patterns stay fractions of the beam, free of noise)");
  o.add("dose", s.camera.dose, "electrons",
        "per probe position, with Poisson noise; 0 = fractions of the beam");
  add_noise_options(o, s);
  o.add("gain", s.camera.gain, "", "counts per electron").above(0).at_most(1e9);
  o.add("saturation", s.camera.saturation, "counts", "at which a pixel clips; 0 = never");
  o.add("beam-stop", s.beam_stop, "RADIUS[,ANGLE,WIDTH]",
        "shadow on the camera, mrad; its arm points to ANGLE (degrees from +x towards +y) and is "
        "WIDTH mrad wide")
      .reads([](const auto& text, const auto&) { parse_beam_stop(text, 1); });
  o.add("ellipticity", s.ellipticity, "RATIO[,ANGLE]",
        "circles become ellipses of this ratio of long to short axis, the long one at ANGLE "
        "degrees from +x towards +y; areas are kept")
      .reads([](const auto& text, const auto& name) { parse_ellipse(text, 2, name); });
  o.add("descan", s.descan, "X,Y",
        "shift of the pattern in mrad per Angstrom of scan, x by x and y by y, from the middle")
      .reads(a_pair("mrad"));
  o.add("drift", s.drift, "X,Y",
        "shift of the pattern in mrad from the first position to the last in scan order")
      .reads(a_pair("mrad"));
}

Camera resolve_camera(const CameraSettings& s, double wavelength) {
  Camera c = s.camera;
  const double mrad = 1e-3 / wavelength;  // in 1/Angstrom
  if (!s.mtf.empty()) c.mtf = parse_mtf(s.mtf);
  if (!s.beam_stop.empty()) c.beam_stop = parse_beam_stop(s.beam_stop, mrad);
  if (!s.ellipticity.empty())
    std::tie(c.ellipticity, c.ellipse_angle) = parse_ellipse(s.ellipticity, 2, "ellipticity");
  if (!s.descan.empty()) c.descan = parse_pair(s.descan, "mrad", "descan") * mrad;
  if (!s.drift.empty()) c.drift = parse_pair(s.drift, "mrad", "drift") * mrad;
  check_camera(c);
  return c;
}

}  // namespace vitrobeam
