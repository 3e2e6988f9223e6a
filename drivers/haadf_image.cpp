#include "drivers/haadf_image.hpp"

#include <limits>

#include "base/error.hpp"
#include "drivers/pattern_settings.hpp"
#include "drivers/text_checks.hpp"
#include "io/haadf_file.hpp"

namespace vitrobeam {
namespace {

// The one image of a file; positions that are hidden are not known.
PlaneD known_values(const PatternSource& source) {
  PlaneD values = source.read(0, 0, 1).plane(0).cast<double>();
  if (source.hidden().size() > 0)
    values = (source.hidden() != 0).select(std::numeric_limits<double>::quiet_NaN(), values);
  return values;
}

HaadfImage read_measured(const std::string& specification, const ImageSettings& s) {
  PatternSettings p;
  p.raw = s.raw;
  const PatternSource source = open_patterns(specification, p, true);
  HaadfImage out;
  out.file = source.file();
  if (source.scan_rows() * source.scan_columns() != 1)
    fail(Fault::input,
         "{}: {} frames of {} x {} pixels; one image is expected (density reads an image, not "
         "patterns)",
         specification, source.scan_rows() * source.scan_columns(), source.columns(),
         source.rows());
  out.intensity = known_values(source);
  return out;
}

}  // namespace

void add_image_options(Settings& o, ImageSettings& s) {
  o.section("Image (what is given here wins over the file)");
  o.add("detector", s.detector, "NAME", "of a result file with several annular detectors");
  o.add("incident", s.scale.incident, "",
        "what the image would read where the whole beam falls on the detector: it becomes a "
        "fraction of the beam (default: as it is; results of simulate are fractions)")
      .above(0);
  o.add("dark", s.scale.dark, "", "what it reads without a beam, subtracted first");
  o.add("dose", s.scale.dose, "electrons",
        "electrons per position, for the counting noise of a fraction");
  o.add("gain", s.scale.gain, "",
        "units of the image per electron on the detector, for counting noise")
      .above(0)
      .at_most(1e9);
  o.add("energy", s.energy, "kV", "acceleration voltage");
  o.add("semiangle", s.semiangle, "mrad", "convergence semi-angle").above(0).at_most(200);
  o.add("thickness", s.thickness, "Angstrom", "of the specimen").above(0);
  o.add("step", s.step, "Angstrom", "between positions").above(0);
  o.add("raw", s.raw, "TYPE:COLSxROWS[+OFFSET]", "samples of a file without a header")
      .reads(raw_samples());
}

HaadfImage read_image(const std::string& specification, const ImageSettings& s) {
  HaadfImage image = holds_detector_images(specification)
                         ? read_detector_image(specification, s.detector)
                         : read_measured(specification, s);
  if (s.energy) image.energy_kV = s.energy;
  if (s.semiangle) image.semiangle_mrad = s.semiangle;
  if (s.thickness) image.thickness = s.thickness;
  if (s.step) {
    image.y.clear();
    image.x.clear();
    for (Eigen::Index i = 0; i < image.intensity.rows(); ++i)
      image.y.push_back(double(i) * *s.step);
    for (Eigen::Index i = 0; i < image.intensity.cols(); ++i)
      image.x.push_back(double(i) * *s.step);
  }
  return scaled(std::move(image), s.scale);
}

PlaneD read_map(const std::string& specification, Eigen::Index rows, Eigen::Index columns,
                const std::string& option) {
  const PatternSource source = open_patterns(specification, {}, true);
  if (source.scan_rows() * source.scan_columns() != 1 || Eigen::Index(source.rows()) != rows ||
      Eigen::Index(source.columns()) != columns)
    fail(Fault::input, "--{} {}: {} x {} values, the image has {} x {}", option, specification,
         source.columns(), source.rows(), columns, rows);
  return known_values(source);
}

}  // namespace vitrobeam
