#include "studies/density_analysis.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/neighbourhood.hpp"
#include "base/statistics.hpp"
#include "models/voronoi.hpp"
#include "multislice/cross_section.hpp"
#include "multislice/optics.hpp"
#include "studies/density_study.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::size_t find_detector(const DensityCalibration& cal, const DensitySettings& s,
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
    if (s.calibration_detector.empty() ? image.inner_mrad && same
                                       : one.name == s.calibration_detector) {
      if (!same)
        fail(Fault::physics,
             "@calibration_detector {}: {:g} to {:g} mrad, the image's detector {:g} to {:g}",
             one.name, one.inner_mrad, one.outer_mrad, *image.inner_mrad, *image.outer_mrad);
      return d;
    }
  }
  if (s.calibration_detector.empty() && !image.inner_mrad && cal.detectors.size() == 1) return 0;
  fail(Fault::physics,
       "@calibration {}: no detector of it fits the image{}; it has {}; calibrate with the image's "
       "angles, or name one with @calibration_detector",
       cal.name,
       image.inner_mrad ? fmt::format(" ({:g} to {:g} mrad)", *image.inner_mrad, *image.outer_mrad)
                        : "",
       known);
}

void check_beam(const DensityCalibration& cal, const HaadfImage& image) {
  const auto differs = [](std::optional<double> a, double b, double share) {
    return a && std::abs(*a - b) > share * b;
  };
  if (differs(image.energy_kV, cal.energy_kV, 0.005) ||
      differs(image.semiangle_mrad, cal.semiangle_mrad, 0.05))
    fail(Fault::physics,
         "@calibration {}: {:g} kV and {:g} mrad, the image {:g} kV and {:g} mrad; calibrate with "
         "the beam of the image",
         cal.name, cal.energy_kV, cal.semiangle_mrad, image.energy_kV.value_or(cal.energy_kV),
         image.semiangle_mrad.value_or(cal.semiangle_mrad));
}

// Mean over the atoms of a composition, Angstrom^2.
double mean_cross_section(const Composition& composition, double energy_kV, double inner,
                          double outer) {
  double sum = 0, shares = 0;
  for (std::size_t k = 0; k < composition.elements.size(); ++k) {
    sum += composition.shares[k] *
           annular_cross_section(FactorTable(), composition.elements[k], energy_kV, inner, outer);
    shares += composition.shares[k];
  }
  return sum / shares;
}

Optics optics_of(const HaadfImage& image) {
  Optics optics;
  optics.energy_kV = *image.energy_kV;
  optics.semiangle_mrad = *image.semiangle_mrad;
  optics.defocus = image.defocus;
  return optics;
}

// The length over which single positions repeat each other: the probe, with its spread through the
// specimen.
double probe_size(const HaadfImage& image) {
  if (!image.energy_kV || !image.semiangle_mrad) return 0;
  const double spread = 1e-3 * *image.semiangle_mrad * image.thickness.value_or(0) / 2;
  return std::hypot(diffraction_limited_fwhm(*image.energy_kV, *image.semiangle_mrad), spread);
}

// How many of the n x n positions of a mean are independent: those that the probe tells apart.
double independent_positions(const HaadfImage& image, int edge) {
  const double n = double(edge) * edge, size = probe_size(image);
  if (edge == 1 || !(size > 0) || !image.step()) return n;
  return std::clamp(n * *image.step() * *image.step() / (M_PI / 4 * size * size), 1.0, n);
}

// Variance of the relative density by counting, mean over the positions.
double counting_noise(const DensityMap& map, const DensityInput& in, const DensityCurve& curve) {
  double noise = 0, n = 0;
  if (in.variance.size() > 0)
    for (Eigen::Index i = 0; i < map.x.size(); ++i)
      if (map.status.data()[i] == 0) {
        const double x = map.x.data()[i];
        noise += in.variance.data()[i] *
                 std::pow(map.relative.data()[i] * map.scale / (curve.slope(x) * x), 2);
        n += 1;
      }
  return n > 0 ? noise / n : 0;
}

Contrast contrast_of(const DensityResult& r, const DensityInput& in) {
  const HaadfImage& image = r.image;
  double probe = 0;
  if (image.energy_kV && image.semiangle_mrad) {
    Optics optics = optics_of(image);
    optics.defocus = 0;
    const ColumnWeight weight = column_of(optics);
    const double middle = image.thickness.value_or(0) / 2 + image.defocus;
    probe = probe_autocorrelation_length([&](double g) { return weight.transform(g, middle); },
                                         weight.largest_frequency());
  }
  return analyse_contrast(r.map.relative, *image.step(), probe,
                          counting_noise(r.map, in, r.curve.curve));
}

// The image as relative_density() takes it.
DensityInput input_of(const DensityResult& r, const DensitySettings& s) {
  const HaadfImage& image = r.image;
  DensityInput in;
  const NeighbourhoodMean mean = neighbourhood_mean(image.intensity, s.together);
  in.intensity = mean.mean;
  if (image.variance.size() > 0)
    in.variance = neighbourhood_mean(image.variance, s.together).mean / mean.count;
  in.thickness = s.thickness_map;
  in.reference = s.reference;
  in.position_error = r.curve.position_error;
  in.independent = r.independent;
  if (!image.is_fraction && s.calibration) {
    if (!image.thickness)
      fail(Fault::usage,
           "the image is no fraction of the beam: give @incident, or @thickness, with which the "
           "reference is taken for glass of the calibration's density");
    in.x_reference = r.curve.glass_density * *image.thickness * r.curve.cross_section;
  }
  return in;
}

// Pearson's coefficient and that of ranks, over the positions known in both.
JointMap joint_map(const PlaneD& density, const std::string& name, const std::string& unit,
                   const PlaneD& map, const ShiftTest& test) {
  const PlaneD ranks_density = ranks_of((map.isFinite()).select(density, kNone)),
               ranks_map = ranks_of((density.isFinite()).select(map, kNone));
  return {name, unit, map, correlate_maps(density, map, test),
          correlate_maps(ranks_density, ranks_map, test)};
}

// The column's density over its median where the reference is known.
PlaneD relative_columns(const PlaneD& column, const PlaneD& density,
                        const Plane<unsigned char>& reference) {
  std::vector<double> known;
  for (Eigen::Index i = 0; i < column.size(); ++i)
    if ((reference.size() == 0 || reference.data()[i]) && std::isfinite(density.data()[i]))
      known.push_back(column.data()[i]);
  const auto middle = known.begin() + std::ptrdiff_t(known.size() / 2);
  std::nth_element(known.begin(), middle, known.end());
  return column / *middle;
}

// Pull, coverage and slope of the measured against the true relative densities.
void compare_values(const DensityMap& map, const PlaneD& truth, ModelComparison& out) {
  out.pull =
      (map.relative - truth) / (map.error.square() + map.scale_error * map.scale_error).sqrt();
  out.coverage = double((out.pull.abs() <= 1).count()) / double(out.pull.isFinite().count());
  const PlaneD deviation = truth - 1;
  double tt = 0, tr = 0;
  for (Eigen::Index i = 0; i < deviation.size(); ++i)
    if (std::isfinite(map.relative.data()[i])) {
      tt += deviation.data()[i] * deviation.data()[i];
      tr += deviation.data()[i] * (map.relative.data()[i] - 1);
    }
  out.slope = tr / tt;
}

MotifDensity density_of_motif(const PlaneD& density, const PlaneD& is_motif,
                              const std::string& name, const ShiftTest& test) {
  MotifDensity d;
  d.name = name;
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
  d.test = correlate_maps(density, is_motif, test);
  if (n == 0 || n == all) return d;
  d.inside = inside / n;
  d.outside = outside / (all - n);
  d.difference = d.inside - d.outside;
  // the difference is the slope of the density over the indicator
  const double r = d.test.coefficient, share = n / all,
               spread = std::sqrt(std::max(0.0, squares / all - std::pow(sum / all, 2)));
  d.error = spread / std::sqrt(share * (1 - share)) *
            std::sqrt((1 - r * r) / std::max(d.test.effective - 2, 1.0));
  return d;
}

}  // namespace

CurveForImage curve_for_image(const HaadfImage& image, const DensitySettings& s,
                              const RunControl& run) {
  CurveForImage out;
  if (!s.calibration) {
    if (s.composition && image.inner_mrad && image.energy_kV && image.is_fraction)
      out.cross_section = mean_cross_section(*s.composition, *image.energy_kV, *image.inner_mrad,
                                             *image.outer_mrad);
    return out;
  }
  const DensityCalibration& cal = *s.calibration;
  check_beam(cal, image);
  const std::size_t d = find_detector(cal, s, image);
  const auto& detector = cal.detectors[d];
  out.is_calibrated = true;
  out.curve = detector.curve;
  out.cross_section = s.composition ? mean_cross_section(*s.composition, cal.energy_kV,
                                                         detector.inner_mrad, detector.outer_mrad)
                                    : detector.cross_section.front();
  out.glass_density = cal.glass_density.front();
  if (image.thickness) {
    out.position_error = cal.position_error(d, *image.thickness);
  } else {
    run.warn(
        "the thickness is not known: the scatter of single positions is taken at {:g} "
        "Angstrom; give @thickness",
        cal.thickness.front());
    out.position_error = detector.position_error.front();
  }
  out.origin = fmt::format("curve of {}, {:g} to {:g} mrad", cal.name, detector.inner_mrad,
                           detector.outer_mrad);
  return out;
}

DensityResult analyse_density(const HaadfImage& image, const DensitySettings& s,
                              const RunControl& run) {
  if (s.together < 1 || s.together % 2 == 0)
    fail(Fault::usage, "@together {}: an odd number, so that a position has a middle", s.together);
  DensityResult r;
  r.image = image;
  r.curve = curve_for_image(image, s, run);
  r.has_thickness_map = s.thickness_map.size() > 0;
  r.independent = independent_positions(image, s.together);
  const DensityInput in = input_of(r, s);
  r.map = relative_density(in, r.curve.curve);
  if (s.detrend > 0) r.map.relative = detrended(r.map.relative, s.detrend);
  if (r.curve.cross_section > 0 && (image.is_fraction || s.calibration)) {
    r.areal = r.map.x / r.curve.cross_section;
    if (image.thickness && !r.has_thickness_map) r.absolute = r.areal / *image.thickness;
  }
  constexpr Eigen::Index kFewest = 64;  // that analyse_contrast() takes
  if (image.step() && r.map.relative.isFinite().count() >= kFewest) r.contrast = contrast_of(r, in);
  return r;
}

ModelComparison compare_with_model(const DensityResult& r, const DensitySettings& s,
                                   const Atoms& atoms, const ShiftTest& test) {
  const HaadfImage& image = r.image;
  if (image.y.empty() || !image.energy_kV || !image.semiangle_mrad)
    fail(Fault::physics,
         "@model: the image must be a raster simulated from it, for its columns to be known");
  const ColumnWeight weight = column_of(optics_of(image));
  const auto smooth = [&](const PlaneD& map) { return neighbourhood_mean(map, s.together).mean; };
  ModelComparison out;
  out.column = smooth(column_density(atoms, weight, image.y, image.x).density);
  const Voronoi cells = voronoi(atoms);
  std::vector<double> volume = cells.volume, five = five_fold_share(cells);
  for (std::size_t i = 0; i < volume.size(); ++i)
    if (cells.at_surface[i]) volume[i] = five[i] = kNone;
  const auto add = [&](const std::string& name, const std::string& unit, const PlaneD& map) {
    out.joint.push_back(joint_map(r.map.relative, name, unit, map, test));
  };
  add("column_density", "1/Angstrom^3", out.column);
  add("voronoi_volume", "Angstrom^3", smooth(column_mean(atoms, volume, weight, image.y, image.x)));
  add("five_fold", "1", smooth(column_mean(atoms, five, weight, image.y, image.x)));
  compare_values(r.map, relative_columns(out.column, r.map.relative, s.reference), out);
  return out;
}

std::vector<MotifDensity> density_of_motifs(const PlaneD& density, const PlaneD& motif,
                                            const std::vector<std::string>& names,
                                            const ShiftTest& test) {
  std::vector<MotifDensity> out;
  std::vector<double> p;
  for (std::size_t m = 0; m < names.size(); ++m) {
    const PlaneD is_motif = (motif == double(m)).cast<double>();
    out.push_back(density_of_motif(density, is_motif, names[m], test));
    p.push_back(out.back().test.p_shift);
  }
  const auto rates = benjamini_hochberg(p);
  for (std::size_t m = 0; m < out.size(); ++m) out[m].false_discovery_rate = rates[m];
  return out;
}

}  // namespace vitrobeam
