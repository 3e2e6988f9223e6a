// vitrobeam density: HAADF image -> relative density with errors, its contrast, and what it has to
// do with the model or with a motif map. `density calibrate` leads to
// drivers/density_calibrate.cpp.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/density_curve.hpp"
#include "drivers/haadf_image.hpp"
#include "drivers/log.hpp"
#include "drivers/quantity.hpp"
#include "drivers/structure_input.hpp"
#include "io/density_file.hpp"
#include "io/result_file.hpp"
#include "io/structure_file.hpp"
#include "io/symmetry_file.hpp"
#include "models/voronoi.hpp"
#include "base/statistics.hpp"
#include "studies/density_study.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct DensityCommand {
  CommonSettings common;
  StructureInput structure;
  ImageSettings image;
  std::string calibration, calibration_detector, composition, thickness_map, reference = "all",
                                                                             model, motifs, against;
  int together = 1, detrend = 0, shifts = 1999;
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
  o.add("calibration-detector", c.calibration_detector, "NAME",
        "its detector (default: that of the image's angles)");
  o.add("composition", c.composition, "TEXT",
        "of the specimen, e.g. Cu64.5Zr35.5, for absolute densities (default: the calibration's "
        "first glass)");
  o.add("thickness-map", c.thickness_map, "FILE:/PATH",
        "thickness at every position in Angstrom, measured by other means: without it density "
        "times thickness is all that an image shows");
  o.add("reference", c.reference, "all|R1,C1,R2,C2",
        "positions whose median density is 1: the whole image, or a rectangle of rows and columns "
        "counted from 0, ends included");
  o.add("together", c.together,
        "average N x N neighbouring positions first, an odd number: smaller error, less resolution")
      .at_least(1)
      .at_most(99);
  o.add("detrend", c.detrend,
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

// ---- density of an image

Plane<unsigned char> parse_reference(const std::string& text, const HaadfImage& image) {
  const Eigen::Index rows = image.intensity.rows(), cols = image.intensity.cols();
  if (text == "all") return {};
  std::array<Eigen::Index, 4> v{};
  const auto parts = split(text, ',');
  bool good = parts.size() == 4;
  for (std::size_t k = 0; good && k < 4; ++k) {
    const auto& part = parts[k];
    const auto result = std::from_chars(part.data(), part.data() + part.size(), v[k]);
    good = result.ec == std::errc() && result.ptr == part.data() + part.size() && v[k] >= 0;
  }
  if (!good || v[2] < v[0] || v[3] < v[1] || v[2] >= rows || v[3] >= cols)
    fail(Fault::usage,
         "--reference {}: expected all, or R1,C1,R2,C2 inside of the image of {} rows and {} "
         "columns",
         text, rows, cols);
  Plane<unsigned char> mask = Plane<unsigned char>::Zero(rows, cols);
  mask.block(v[0], v[1], v[2] - v[0] + 1, v[3] - v[1] + 1).setConstant(1);
  return mask;
}

// The length over which single positions repeat each other: the probe, with its spread through the
// specimen.
double probe_size(const HaadfImage& image) {
  if (!image.energy_kV || !image.semiangle_mrad) return 0;
  const double spread = 1e-3 * *image.semiangle_mrad * image.thickness.value_or(0) / 2;
  return std::hypot(diffraction_limited_fwhm(*image.energy_kV, *image.semiangle_mrad), spread);
}

struct Analysis {
  HaadfImage image;
  CurveForImage curve;
  DensityMap density;
  std::optional<Contrast> contrast;
  double independent = 1;
};

Contrast contrast_of(const DensityMap& map, const HaadfImage& image, const DensityInput& in,
                     const DensityCurve& curve) {
  double noise = 0, n = 0;  // of counting, in units of relative density
  if (in.variance.size() > 0)
    for (Eigen::Index i = 0; i < map.x.size(); ++i)
      if (map.status.data()[i] == 0) {
        const double x = map.x.data()[i];
        noise += in.variance.data()[i] *
                 std::pow(map.relative.data()[i] * map.scale / (curve.slope(x) * x), 2);
        n += 1;
      }
  double probe = 0;
  if (image.energy_kV && image.semiangle_mrad) {
    Optics optics;
    optics.energy_kV = *image.energy_kV;
    optics.semiangle_mrad = *image.semiangle_mrad;
    const ColumnWeight weight = column_of(optics);
    const double middle = image.thickness.value_or(0) / 2 + image.defocus;
    probe = probe_autocorrelation_length([&](double g) { return weight.transform(g, middle); },
                                         weight.largest_frequency());
  }
  return analyse_contrast(map.relative, *image.step(), probe, n > 0 ? noise / n : 0);
}

Analysis analyse(const DensityCommand& c, const std::string& specification,
                 const std::string& reference) {
  Analysis a{read_image(specification, c.image), {}, {}, {}, 1};
  HaadfImage& image = a.image;
  a.curve = curve_for_image({c.calibration, c.calibration_detector, c.composition}, image);
  DensityInput in;
  PlaneD counts;
  in.intensity = neighbourhood_mean(image.intensity, c.together, &counts);
  if (image.variance.size() > 0)
    in.variance = neighbourhood_mean(image.variance, c.together) / counts;
  if (!c.thickness_map.empty()) {
    in.thickness =
        read_map(c.thickness_map, in.intensity.rows(), in.intensity.cols(), "thickness-map");
    if (!image.thickness && !(in.thickness > 0).any())
      fail(Fault::input, "--thickness-map {}: holds no positive thickness", c.thickness_map);
  }
  in.reference = parse_reference(reference, image);
  in.position_error = a.curve.position_error;
  if (c.together > 1) {
    const double n = double(c.together) * c.together, size = probe_size(image);
    a.independent =
        size > 0 && image.step()
            ? std::clamp(n * *image.step() * *image.step() / (M_PI / 4 * size * size), 1.0, n)
            : n;
    in.independent = a.independent;
  }
  if (!image.is_fraction && !c.calibration.empty()) {
    if (!image.thickness)
      fail(Fault::usage,
           "the image is no fraction of the beam: give --incident, or --thickness, with which the "
           "reference is taken for glass of the calibration's density");
    in.x_reference = a.curve.glass_density * *image.thickness * a.curve.cross_section;
  }
  a.density = relative_density(in, a.curve.curve);
  if (c.detrend > 0) a.density.relative = detrended(a.density.relative, c.detrend);
  if (image.step() && a.density.relative.isFinite().count() >= 64)
    a.contrast = contrast_of(a.density, image, in, a.curve.curve);
  return a;
}

// ---- joint statistics

struct Joint {
  std::string name, unit;
  PlaneD map;
  MapCorrelation pearson, spearman;
};

void add_joint(std::vector<Joint>& all, const DensityCommand& c, const PlaneD& density,
               const std::string& name, const std::string& unit, const PlaneD& map) {
  const ShiftTest test{std::size_t(c.shifts), c.common.seed};
  const PlaneD ranks_density = ranks_of((map.isFinite()).select(density, kNone)),
               ranks_map = ranks_of((density.isFinite()).select(map, kNone));
  all.push_back({name, unit, map, correlate_maps(density, map, test),
                 correlate_maps(ranks_density, ranks_map, test)});
}

struct ModelComparison {
  PlaneD column, pull;
  double coverage = kNone, slope = kNone;
};

ModelComparison compare_model(const DensityCommand& c, const Analysis& a,
                              std::vector<Joint>& joints) {
  const HaadfImage& image = a.image;
  if (!image.is_result || image.y.empty())
    fail(Fault::physics,
         "--model {}: the image must be a raster simulated from it, for its columns to be known",
         c.model);
  const Atoms atoms = read_boxed(c.model, c.structure);
  Optics optics;
  optics.energy_kV = *image.energy_kV;
  optics.semiangle_mrad = *image.semiangle_mrad;
  optics.defocus = image.defocus;
  const ColumnWeight weight = column_of(optics);
  ModelComparison out;
  const auto smooth = [&](const PlaneD& map) { return neighbourhood_mean(map, c.together); };
  out.column = smooth(column_density(atoms, weight, image.y, image.x).density);
  const Voronoi cells = voronoi(atoms);
  std::vector<double> volume = cells.volume, five = five_fold_share(cells);
  for (std::size_t i = 0; i < volume.size(); ++i)
    if (cells.at_surface[i]) volume[i] = five[i] = kNone;
  add_joint(joints, c, a.density.relative, "column_density", "1/Angstrom^3", out.column);
  add_joint(joints, c, a.density.relative, "voronoi_volume", "Angstrom^3",
            smooth(column_mean(atoms, volume, weight, image.y, image.x)));
  add_joint(joints, c, a.density.relative, "five_fold", "1",
            smooth(column_mean(atoms, five, weight, image.y, image.x)));
  // against the truth, both relative to their medians over the reference
  std::vector<double> truth;
  const auto reference = parse_reference(c.reference, image);
  for (Eigen::Index i = 0; i < out.column.size(); ++i)
    if ((reference.size() == 0 || reference.data()[i]) &&
        std::isfinite(a.density.relative.data()[i]))
      truth.push_back(out.column.data()[i]);
  std::nth_element(truth.begin(), truth.begin() + std::ptrdiff_t(truth.size() / 2), truth.end());
  const double one = truth[truth.size() / 2];
  out.pull = (a.density.relative - out.column / one) /
             (a.density.error.square() + a.density.scale_error * a.density.scale_error).sqrt();
  const double n = double(out.pull.isFinite().count());
  out.coverage = double((out.pull.abs() <= 1).count()) / n;
  const PlaneD dt = out.column / one - 1;
  double tt = 0, tr = 0;
  for (Eigen::Index i = 0; i < dt.size(); ++i)
    if (std::isfinite(a.density.relative.data()[i])) {
      tt += dt.data()[i] * dt.data()[i];
      tr += dt.data()[i] * (a.density.relative.data()[i] - 1);
    }
  out.slope = tr / tt;
  return out;
}

struct MotifDensity {
  std::string name;
  std::size_t positions = 0;
  double inside = kNone, outside = kNone, difference = kNone, error = kNone, fdr = kNone;
  MapCorrelation test;
};

std::vector<MotifDensity> motif_densities(const DensityCommand& c, const PlaneD& density) {
  const Hdf5Reader file(c.motifs);
  if (!file.is_dataset("/match/motif"))
    fail(Fault::input, "--motifs {}: no result of match", c.motifs);
  const Stack<double> motif = file.read<double>("/match/motif");
  if (motif.shape[0] != std::size_t(density.rows()) ||
      motif.shape[1] != std::size_t(density.cols()))
    fail(Fault::input, "--motifs {}: a map of {} x {} positions, the image has {} x {}", c.motifs,
         motif.shape[1], motif.shape[0], density.cols(), density.rows());
  const auto names = file.read_strings("/match/motif_names");
  std::vector<MotifDensity> out;
  std::vector<double> p;
  for (std::size_t m = 0; m < names.size(); ++m) {
    const PlaneD is_motif = (motif.plane(0) == double(m)).cast<double>();
    MotifDensity d{names[m], 0, kNone, kNone, kNone, kNone, kNone, {}};
    double inside = 0, outside = 0, n = 0, all = 0, squares = 0, sum = 0;
    for (Eigen::Index i = 0; i < density.size(); ++i)
      if (const double v = density.data()[i]; std::isfinite(v)) {
        const bool in = is_motif.data()[i] != 0;
        (in ? inside : outside) += v;
        n += in;
        all += 1;
        sum += v;
        squares += v * v;
      }
    d.positions = std::size_t(n);
    d.test = correlate_maps(density, is_motif, {std::size_t(c.shifts), c.common.seed});
    if (n > 0 && n < all) {
      d.inside = inside / n;
      d.outside = outside / (all - n);
      d.difference = d.inside - d.outside;
      // the difference is the slope of the density over the indicator
      const double r = d.test.coefficient, share = n / all,
                   spread = std::sqrt(std::max(0.0, squares / all - std::pow(sum / all, 2)));
      d.error = spread / std::sqrt(share * (1 - share)) *
                std::sqrt((1 - r * r) / std::max(d.test.effective - 2, 1.0));
    }
    p.push_back(d.test.p_shift);
    out.push_back(std::move(d));
  }
  const auto fdr = benjamini_hochberg(p);
  for (std::size_t m = 0; m < out.size(); ++m) out[m].fdr = fdr[m];
  return out;
}

// ---- the result

void write_joints(Hdf5Writer& file, const std::vector<Joint>& joints) {
  if (joints.empty()) return;
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> table;
  for (const auto& j : joints) {
    names.push_back(j.name);
    write_map(file, "/density/model/" + j.name, j.map, j.unit);
    table["pearson"].push_back(j.pearson.coefficient);
    table["pearson_low"].push_back(j.pearson.low);
    table["pearson_high"].push_back(j.pearson.high);
    table["p_shift"].push_back(j.pearson.p_shift);
    table["p_effective"].push_back(j.pearson.p_effective);
    table["effective"].push_back(j.pearson.effective);
    table["spearman"].push_back(j.spearman.coefficient);
    table["spearman_p_shift"].push_back(j.spearman.p_shift);
  }
  file.write_strings("/density/joint/name", names);
  for (const auto& [name, values] : table) file.write("/density/joint/" + name, values);
}

void write_motifs(Hdf5Writer& file, const std::vector<MotifDensity>& motifs) {
  if (motifs.empty()) return;
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> table;
  for (const auto& m : motifs) {
    names.push_back(m.name);
    table["positions"].push_back(double(m.positions));
    table["inside"].push_back(m.inside);
    table["outside"].push_back(m.outside);
    table["difference"].push_back(m.difference);
    table["difference_error"].push_back(m.error);
    table["p_shift"].push_back(m.test.p_shift);
    table["p_effective"].push_back(m.test.p_effective);
    table["false_discovery_rate"].push_back(m.fdr);
  }
  file.write_strings("/density/motifs/name", names);
  for (const auto& [name, values] : table) file.write("/density/motifs/" + name, values);
}

void write_density(Hdf5Writer& file, const DensityCommand& c, const Analysis& a) {
  const auto& d = a.density;
  write_map(file, "/density/relative", d.relative, "of the reference");
  write_map(file, "/density/relative_error", d.error, "of the reference");
  write_map(file, "/density/intensity", a.image.intensity * d.scale,
            a.image.is_fraction ? "fraction of incident beam" : "as in the input");
  file.write("/density/status", d.status);
  file.attribute("/density/status", "description",
                 "0 good, 1 unknown, 2 beyond the calibrated curve");
  const bool is_absolute =
      a.curve.cross_section > 0 && (a.image.is_fraction || !c.calibration.empty());
  if (is_absolute) {
    const PlaneD areal = d.x / a.curve.cross_section;
    write_map(file, "/density/areal", areal, "1/Angstrom^2");
    if (a.image.thickness && c.thickness_map.empty())
      write_map(file, "/density/absolute", areal / *a.image.thickness, "1/Angstrom^3");
  }
  file.attribute("/density", "curve", a.curve.origin);
  file.attribute("/density", "scale_error", d.scale_error);
  file.attribute("/density", "position_error", a.curve.position_error);
  file.attribute("/density", "independent_positions", a.independent);
  file.attribute("/density", "measures",
                 c.thickness_map.empty() ? "density times thickness" : "density");
  if (a.contrast) write_contrast(file, "/density/contrast/", *a.contrast);
  if (!a.image.y.empty()) {
    write_described(file, "/density/scan_y", a.image.y, "Angstrom", "positions");
    write_described(file, "/density/scan_x", a.image.x, "Angstrom", "positions");
  }
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

void print(const DensityCommand& c, const Analysis& a) {
  const auto& d = a.density;
  std::cout << fmt::format("image       {} x {} positions, detector {}\ncurve       {}\n",
                           d.relative.cols(), d.relative.rows(), a.image.name, a.curve.origin);
  const PlaneD known = d.relative.isFinite().select(d.relative, 1);
  std::cout << fmt::format(
      "density     {:.4f} to {:.4f} of the reference, error of one position {:.2f} %, of the "
      "reference {:.2f} %\n",
      known.minCoeff(), known.maxCoeff(), 100 * finite_median(d.error), 100 * d.scale_error);
  if (a.contrast) print_contrast("contrast", *a.contrast);
  const auto beyond = (d.status == 2).count(), unknown = (d.status == 1).count();
  if (beyond + unknown > 0)
    warn("{} positions are not known, {} beyond the curve: /density/status", unknown, beyond);
  if (c.calibration.empty()) inform("without --calibration the errors are those of counting alone");
  if (c.thickness_map.empty())
    inform(
        "an image shows density times thickness: where the thickness changes, so does this "
        "map (--thickness-map)");
}

void print_joint(const Joint& j) {
  std::cout << fmt::format(
      "{:<14} r {:+.3f} ({:+.3f} to {:+.3f}), p {:.2g} by shifts, {:.2g} by {:.0f} effective "
      "pairs; "
      "rank {:+.3f}\n",
      j.name, j.pearson.coefficient, j.pearson.low, j.pearson.high, j.pearson.p_shift,
      j.pearson.p_effective, j.pearson.effective, j.spearman.coefficient);
}

void print_motif(const MotifDensity& m) {
  if (!std::isfinite(m.difference)) {
    std::cout << fmt::format("{:<14} at {} positions: nothing to compare\n", m.name, m.positions);
    return;
  }
  std::cout << fmt::format(
      "{:<14} {} positions, {:+.2f} +- {:.2f} % against the others, p {:.2g} by shifts, {:.2g} by "
      "effective pairs\n",
      m.name, m.positions, 100 * m.difference, 100 * m.error, m.test.p_shift, m.test.p_effective);
}

void compare_contrasts(Hdf5Writer& file, const DensityCommand& c, const Contrast& one) {
  const Analysis other = analyse(c, c.against, "all");
  if (!other.contrast)
    fail(Fault::physics, "--against {}: its step is not known, or it has fewer than 64 positions",
         c.against);
  write_contrast(file, "/density/against/", *other.contrast);
  print_contrast("against", *other.contrast);
  const auto& two = *other.contrast;
  const auto difference = [&](const char* name, double a, double ea, double b, double eb,
                              const char* unit, double scale) {
    const double error = std::hypot(ea, eb),
                 p = std::erfc(std::abs(a - b) / error / std::sqrt(2.0));
    file.attribute("/density/against", std::string(name) + "_difference", a - b);
    file.attribute("/density/against", std::string(name) + "_difference_error", error);
    file.attribute("/density/against", std::string(name) + "_p_value", p);
    std::cout << fmt::format("difference  {} {:+.3f} +- {:.3f} {}, p {:.2g}\n", name,
                             scale * (a - b), scale * error, unit, p);
  };
  difference("contrast", one.contrast, one.contrast_error, two.contrast, two.contrast_error, "%",
             100);
  difference("length", one.length, one.length_error, two.length, two.length_error, "Angstrom", 1);
}

}  // namespace

int run_density(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "calibrate")
    return run_density_calibrate({arguments.begin() + 1, arguments.end()});
  DensityCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "density: name one image: vitrobeam density IMAGE -o OUT.h5");
  if (c.together % 2 == 0)
    fail(Fault::usage, "--together {}: an odd number, so that a position has a middle", c.together);
  const std::string path = settings.positional()[0];
  const Analysis a = analyse(c, path, c.reference);
  if (c.common.dry_run) {
    std::cout << fmt::format("image       {} x {} positions\ncurve       {}\n",
                             a.density.relative.cols(), a.density.relative.rows(), a.curve.origin);
    return 0;
  }
  std::vector<std::string> inputs{a.image.file};
  for (const auto& file : {c.calibration, c.model, c.motifs})
    if (!file.empty()) inputs.push_back(file);
  const RunRecord record = start_record(settings, c.common, inputs);
  if (!start_output(c.common, record)) return 0;
  if (!c.against.empty() && !a.contrast)
    fail(Fault::physics,
         "--against: the image's --step is not known, or it has fewer than 64 "
         "positions");
  std::vector<Joint> joints;
  std::optional<ModelComparison> comparison;
  if (!c.model.empty()) comparison = compare_model(c, a, joints);
  std::vector<MotifDensity> motifs;
  if (!c.motifs.empty()) motifs = motif_densities(c, a.density.relative);

  print(c, a);
  Hdf5Writer file(c.common.output);
  write_density(file, c, a);
  write_joints(file, joints);
  write_motifs(file, motifs);
  if (comparison) {
    write_map(file, "/density/model/pull", comparison->pull, "standard errors");
    file.attribute("/density/model", "coverage", comparison->coverage);
    file.attribute("/density/model", "slope", comparison->slope);
  }
  if (!c.against.empty()) compare_contrasts(file, c, *a.contrast);
  write_interchange(file, {}, record, "density");
  write_record(file, record);
  file.commit();
  if (comparison)
    std::cout << fmt::format(
        "model       density of the own columns within one error at {:.0f} % of the positions "
        "(68 expected); slope {:.3f}\n",
        100 * comparison->coverage, comparison->slope);
  for (const auto& j : joints) print_joint(j);
  for (const auto& m : motifs) print_motif(m);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
