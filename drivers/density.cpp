// vitrobeam density: HAADF image -> relative density with errors, its contrast, and what it has to
// do with the model or with a motif map. `density calibrate` leads to
// drivers/density_calibrate.cpp.
#include <cmath>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "base/statistics.hpp"
#include "drivers/haadf_image.hpp"
#include "drivers/log.hpp"
#include "drivers/produce.hpp"
#include "drivers/structure_input.hpp"
#include "io/density_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "studies/density_analysis.hpp"

namespace vitrobeam {
namespace {

struct DensityCommand {
  CommonSettings common;
  StructureInput structure;
  ImageSettings image;
  DensitySettings density;
  std::string calibration, composition, thickness_map, reference = "all", model, motifs, against;
  int shifts = 1999;
};

Settings describe(DensityCommand& c) {
  Settings o("density",
             "HAADF image -> relative density with errors, contrast, joint statistics\n\n"
             "   or: vitrobeam density calibrate GLASS [options]: intensity against density",
             {"IMAGE"});
  o.section("Density");
  o.add("calibration", c.calibration, "FILE",
        "of density calibrate, for the same beam and angles (default: I in proportion to density "
        "times thickness, errors of counting alone)");
  o.add("calibration-detector", c.density.calibration_detector, "NAME",
        "its detector (default: that of the image's angles)");
  o.add("composition", c.composition, "TEXT",
        "of the specimen, e.g. Cu64.5Zr35.5, for absolute densities (default: the calibration's "
        "first glass)")
      .reads(a_composition());
  o.add("thickness-map", c.thickness_map, "FILE:/PATH",
        "thickness at every position in Angstrom, measured by other means: without it density "
        "times thickness is all that an image shows");
  o.add("reference", c.reference, "all|R1,C1,R2,C2",
        "positions whose median density is 1: the whole image, or a rectangle of rows and columns "
        "counted from 0, ends included")
      .reads(a_rectangle());
  o.add("together", c.density.together,
        "average N x N neighbouring positions first, an odd number: smaller error, less resolution")
      .at_least(1)
      .at_most(99);
  o.add("detrend", c.density.detrend,
        "take a polynomial of this degree off the relative density (a wedge); 0 = none")
      .at_least(0)
      .at_most(4);
  o.section("What goes with it");
  o.add("model", c.model, "ATOMS",
        "the model that was simulated: density of the probes' own columns, their Voronoi volume "
        "and five-fold bonds beside");
  o.add("motifs", c.motifs, "MATCH",
        "result of match on the same positions: density of its motifs");
  o.add("against", c.against, "IMAGE",
        "a second image whose contrast and correlation length are compared (relaxed, unrelaxed)");
  o.add("shifts", c.shifts,
        "moves of one map against the other that rank a correlation (p-values end at 1 / (1 + "
        "their number))")
      .at_least(19)
      .at_most(1000000);
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_image_options(o, c.image);
  add_common(o, c.common);
  return o;
}

Plane<unsigned char> parse_reference(const std::string& text, const HaadfImage& image) {
  const Eigen::Index rows = image.intensity.rows(), cols = image.intensity.cols();
  if (text == "all") return {};
  const auto r = parse_rectangle(text, std::size_t(rows), std::size_t(cols));
  if (!r)
    fail(Fault::usage,
         "--reference {}: expected all, or R1,C1,R2,C2 inside of the image of {} rows and {} "
         "columns",
         text, rows, cols);
  Plane<unsigned char> mask = Plane<unsigned char>::Zero(rows, cols);
  const auto [row, column, last_row, last_column] = *r;
  mask.block(Eigen::Index(row), Eigen::Index(column), Eigen::Index(last_row - row + 1),
             Eigen::Index(last_column - column + 1))
      .setConstant(1);
  return mask;
}

// The parts of the settings that are files or follow from the image.
DensitySettings settings_for(const DensityCommand& c, const HaadfImage& image,
                             const std::string& reference) {
  DensitySettings s = c.density;
  if (!c.calibration.empty()) s.calibration = read_calibration(c.calibration);
  if (!c.composition.empty()) s.composition = parse_composition(c.composition);
  if (!c.thickness_map.empty()) {
    s.thickness_map =
        read_map(c.thickness_map, image.intensity.rows(), image.intensity.cols(), "thickness-map");
    if (!image.thickness && !(s.thickness_map > 0).any())
      fail(Fault::input, "--thickness-map {}: holds no positive thickness", c.thickness_map);
  }
  s.reference = parse_reference(reference, image);
  return s;
}

// What is printed and stored.
struct DensityAnswer {
  DensityResult density;
  std::optional<ModelComparison> model;
  std::vector<MotifDensity> motifs;
  std::optional<ContrastComparison> against;
};

DensityAnswer analyse(const DensityCommand& c, const HaadfImage& image, const RunControl& run) {
  const DensitySettings s = settings_for(c, image, c.reference);
  const ShiftTest test{std::size_t(c.shifts), c.common.seed};
  DensityAnswer a{analyse_density(image, s, run), {}, {}, {}};
  const PlaneD& density = a.density.map.relative;
  if (!c.against.empty() && !a.density.contrast)
    fail(Fault::physics,
         "--against: the image's --step is not known, or it has fewer than 64 positions");
  if (!c.model.empty()) {
    if (!image.is_result || image.y.empty())
      fail(Fault::physics,
           "--model {}: the image must be a raster simulated from it, for its columns to be known",
           c.model);
    a.model = compare_with_model(a.density, s, read_boxed(c.model, c.structure), test);
  }
  if (!c.motifs.empty()) {
    const MotifMap motifs = read_motif_map(c.motifs, density.rows(), density.cols());
    a.motifs = density_of_motifs(density, motifs.index, motifs.names, test);
  }
  if (!c.against.empty()) {
    const HaadfImage second = read_image(c.against, c.image);
    const DensityResult other = analyse_density(second, settings_for(c, second, "all"), run);
    if (!other.contrast)
      fail(Fault::physics, "--against {}: its step is not known, or it has fewer than 64 positions",
           c.against);
    a.against = compare_contrasts(*a.density.contrast, *other.contrast);
  }
  return a;
}

void store(Hdf5Writer& file, const DensityAnswer& a) {
  write_density(file, a.density);
  if (a.model) write_comparison(file, *a.model);
  write_motif_densities(file, a.motifs);
  if (a.against) write_contrast_comparison(file, *a.against);
}

void print_contrast(const std::string& name, const Contrast& k) {
  std::cout << fmt::format(
      "{:<11} {:.3f} +- {:.3f} % of the mean, 1/e length {:.2f} +- {:.2f} Angstrom", name,
      100 * k.contrast, 100 * k.contrast_error, k.length, k.length_error);
  if (std::isfinite(k.own_length))
    std::cout << fmt::format(", without the probe {:.2f} +- {:.2f}\n", k.own_length,
                             k.own_length_error);
  else
    std::cout << ", which the probe alone explains\n";
}

void print(const DensityResult& r) {
  const auto& d = r.map;
  std::cout << fmt::format("image       {} x {} positions, detector {}\ncurve       {}\n",
                           d.relative.cols(), d.relative.rows(), r.image.name, r.curve.origin);
  const PlaneD known = d.relative.isFinite().select(d.relative, 1);
  std::cout << fmt::format(
      "density     {:.4f} to {:.4f} of the reference, error of one position {:.2f} %, of the "
      "reference {:.2f} %\n",
      known.minCoeff(), known.maxCoeff(), 100 * finite_median(d.error), 100 * d.scale_error);
  if (r.contrast) print_contrast("contrast", *r.contrast);
  const auto beyond = (d.status == 2).count(), unknown = (d.status == 1).count();
  if (beyond + unknown > 0)
    warn("{} not known, {} beyond the curve: /density/status",
         counted(unknown, "position is", "positions are"), beyond);
  if (!r.curve.is_calibrated)
    inform("without --calibration the errors are those of counting alone");
  if (!r.has_thickness_map)
    inform(
        "an image shows density times thickness: where the thickness changes, so does this "
        "map (--thickness-map)");
}

void print_joint(const JointMap& j) {
  std::cout << fmt::format(
      "{:<14} r {:+.3f} ({:+.3f} to {:+.3f}), p {:.2g} by shifts, {:.2g} by {:.0f} effective "
      "pairs; rank {:+.3f}\n",
      j.name, j.pearson.coefficient, j.pearson.low, j.pearson.high, j.pearson.p_shift,
      j.pearson.p_effective, j.pearson.effective, j.spearman.coefficient);
}

void print_motif(const MotifDensity& m) {
  if (!std::isfinite(m.difference)) {
    std::cout << fmt::format("{:<14} at {}: nothing to compare\n", m.name,
                             counted(m.positions, "position"));
    return;
  }
  std::cout << fmt::format(
      "{:<14} {}, {:+.2f} +- {:.2f} % against the others, p {:.2g} by shifts, {:.2g} by "
      "effective pairs\n",
      m.name, counted(m.positions, "position"), 100 * m.difference, 100 * m.error, m.test.p_shift,
      m.test.p_effective);
}

void print(const ContrastComparison& c) {
  print_contrast("against", c.other);
  const auto line = [](const char* name, const Difference& d, double scale, const char* unit) {
    std::cout << fmt::format("difference  {} {:+.3f} +- {:.3f} {}, p {:.2g}\n", name,
                             scale * d.value, scale * d.error, unit, d.p_value);
  };
  line("contrast", c.contrast, 100, "%");
  line("length", c.length, 1, "Angstrom");
}

void summarise(const DensityAnswer& a) {
  print(a.density);
  if (a.against) print(*a.against);
  if (a.model)
    std::cout << fmt::format(
        "model       density of the own columns within one error at {:.0f} % of the positions "
        "(68 expected); slope {:.3f}\n",
        100 * a.model->coverage, a.model->slope);
  if (a.model)
    for (const auto& j : a.model->joint) print_joint(j);
  for (const auto& m : a.motifs) print_motif(m);
}

}  // namespace

int run_density(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "calibrate")
    return run_density_calibrate({arguments.begin() + 1, arguments.end()});
  DensityCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const HaadfImage image = read_image(single_input(settings, "one image"), c.image);
  std::vector<std::string> inputs{image.file};
  for (const auto& file : {c.calibration, c.model, c.motifs})
    if (!file.empty()) inputs.push_back(file);
  const auto predict = [&] {
    const DensityResult r =
        analyse_density(image, settings_for(c, image, c.reference), run_control(c.common));
    std::cout << fmt::format("image       {} x {} positions\ncurve       {}\n",
                             r.map.relative.cols(), r.map.relative.rows(), r.curve.origin);
  };
  DensityAnswer answer;
  return produce(
      settings, c.common,
      {"density", inputs, predict, [&](const RunControl& run) { answer = analyse(c, image, run); },
       [&](Hdf5Writer& file) { store(file, answer); }, [&] { summarise(answer); }});
}

}  // namespace vitrobeam
