#include "drivers/haadf_image.hpp"

#include "base/error.hpp"
#include "drivers/pattern_settings.hpp"
#include "io/haadf_file.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

PatternSource open_image(const std::string& specification, const std::string& raw = "") {
  PatternSettings p;
  p.raw = raw;
  return open_patterns(specification, p, true);
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
                         : measured_image(open_image(specification, s.raw), specification);
  if (s.energy) image.energy_kV = s.energy;
  if (s.semiangle) image.semiangle_mrad = s.semiangle;
  if (s.thickness) image.thickness = s.thickness;
  if (s.step) image.set_step(*s.step);
  return scaled(std::move(image), s.scale);
}

PlaneD read_map(const std::string& specification, Eigen::Index rows, Eigen::Index columns,
                const std::string& option) {
  const PatternSource source = open_image(specification);
  if (source.scan_rows() * source.scan_columns() != 1 || Eigen::Index(source.rows()) != rows ||
      Eigen::Index(source.columns()) != columns)
    fail(Fault::input, "--{} {}: {} x {} values, the image has {} x {}", option, specification,
         source.columns(), source.rows(), columns, rows);
  return known_values(source);
}

}  // namespace vitrobeam
