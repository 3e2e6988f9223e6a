#include "drivers/density_curve.hpp"
#include "drivers/log.hpp"

#include <cmath>

#include "base/error.hpp"
#include "io/density_file.hpp"
#include "models/packing.hpp"
#include "multislice/cross_section.hpp"

namespace vitrobeam {
namespace {

std::size_t find_detector(const DensityCalibration& cal, const CurveChoice& c,
                          const HaadfImage& image) {
  constexpr double kSameAngle = 0.01;  // mrad
  std::string known;
  for (std::size_t d = 0; d < cal.detectors.size(); ++d) {
    const auto& one = cal.detectors[d];
    known += fmt::format("{}{} {:g} to {:g} mrad", d ? ", " : "", one.name, one.inner_mrad,
                         one.outer_mrad);
    const bool same =
        !image.inner_mrad || (std::abs(*image.inner_mrad - one.inner_mrad) < kSameAngle &&
                              std::abs(*image.outer_mrad - one.outer_mrad) < kSameAngle);
    if (c.detector.empty() ? image.inner_mrad && same : one.name == c.detector) {
      if (!same)
        fail(Fault::physics,
             "--calibration-detector {}: {:g} to {:g} mrad, the image's detector {:g} to {:g}",
             one.name, one.inner_mrad, one.outer_mrad, *image.inner_mrad, *image.outer_mrad);
      return d;
    }
  }
  if (c.detector.empty() && !image.inner_mrad && cal.detectors.size() == 1) return 0;
  fail(
      Fault::physics,
      "--calibration {}: no detector of it fits the image{}; it has {}; calibrate with the image's "
      "angles, or name one with --calibration-detector",
      c.calibration,
      image.inner_mrad ? fmt::format(" ({:g} to {:g} mrad)", *image.inner_mrad, *image.outer_mrad)
                       : "",
      known);
}

void check_beam(const DensityCalibration& cal, const CurveChoice& c, const HaadfImage& image) {
  const auto differs = [](std::optional<double> a, double b, double share) {
    return a && std::abs(*a - b) > share * b;
  };
  if (differs(image.energy_kV, cal.energy_kV, 0.005) ||
      differs(image.semiangle_mrad, cal.semiangle_mrad, 0.05))
    fail(Fault::physics,
         "--calibration {}: {:g} kV and {:g} mrad, the image {:g} kV and {:g} mrad; calibrate with "
         "the beam of the image",
         c.calibration, cal.energy_kV, cal.semiangle_mrad, image.energy_kV.value_or(cal.energy_kV),
         image.semiangle_mrad.value_or(cal.semiangle_mrad));
}

double mean_cross_section(const std::string& text, double energy_kV, double inner, double outer) {
  const Composition composition = parse_composition(text);
  double sum = 0, shares = 0;
  for (std::size_t k = 0; k < composition.elements.size(); ++k) {
    sum += composition.shares[k] *
           annular_cross_section(FactorTable(), composition.elements[k], energy_kV, inner, outer);
    shares += composition.shares[k];
  }
  return sum / shares;
}

}  // namespace

CurveForImage curve_for_image(const CurveChoice& c, const HaadfImage& image) {
  CurveForImage out;
  if (c.calibration.empty()) {
    if (!c.composition.empty() && image.inner_mrad && image.energy_kV && image.is_fraction)
      out.cross_section =
          mean_cross_section(c.composition, *image.energy_kV, *image.inner_mrad, *image.outer_mrad);
    return out;
  }
  const DensityCalibration cal = read_calibration(c.calibration);
  check_beam(cal, c, image);
  const std::size_t d = find_detector(cal, c, image);
  const auto& detector = cal.detectors[d];
  out.curve = detector.curve;
  out.cross_section = c.composition.empty()
                          ? detector.cross_section.front()
                          : mean_cross_section(c.composition, cal.energy_kV, detector.inner_mrad,
                                               detector.outer_mrad);
  out.glass_density = cal.glass_density.front();
  if (image.thickness)
    out.position_error = cal.position_error(d, *image.thickness);
  else
    warn(
        "the thickness is not known: the scatter of single positions is taken at {:g} "
        "Angstrom; give --thickness",
        cal.thickness.front()),
        out.position_error = detector.position_error.front();
  out.origin = fmt::format("curve of {}, {:g} to {:g} mrad", c.calibration, detector.inner_mrad,
                           detector.outer_mrad);
  return out;
}

}  // namespace vitrobeam
