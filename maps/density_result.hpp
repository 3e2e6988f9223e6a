// The whole answer of an image about density: the map, how it was read from the image, its
// contrast, and what it has to do with a model or with a map of motifs.
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "maps/contrast.hpp"
#include "maps/density.hpp"
#include "maps/haadf_image.hpp"

namespace vitrobeam {

// The curve that an image is read by.
struct CurveForImage {
  DensityCurve curve;
  double position_error = 0;  // of a single position, relative; 0 = not known
  double cross_section = 0;   // mean over the atoms, Angstrom^2; 0 = not known
  double glass_density = 0;   // atoms/Angstrom^3 of the calibration's first glass
  std::string origin = "in proportion";
  bool is_calibrated = false;
};

struct DensityResult {
  HaadfImage image;  // as it was given
  CurveForImage curve;
  DensityMap map;
  PlaneD areal;                    // atoms/Angstrom^2; empty: the cross section is not known
  PlaneD absolute;                 // atoms/Angstrom^3; empty: nor is the thickness
  bool has_thickness_map = false;  // without it the map is density times thickness
  double independent = 1;          // positions that every value is the mean of
  std::optional<Contrast> contrast;
};

// One map over the scan against the density, by Pearson's coefficient and by that of ranks.
struct JointMap {
  std::string name, unit;
  PlaneD map;
  MapCorrelation pearson, spearman;
};

// Against the density of the model that was simulated, in the probes' own columns.
struct ModelComparison {
  PlaneD column;                // atoms/Angstrom^3
  PlaneD pull;                  // (measured - column) / error, both over their own reference
  double coverage = 0;          // share of the positions within one error; 0.68 is expected
  double slope = 0;             // of measured over true deviations from 1
  std::vector<JointMap> joint;  // column density, Voronoi volume, share of five-fold faces
};

// Density where a motif was found against all other positions.
struct MotifDensity {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::string name;
  std::size_t positions = 0;                                                  // of the motif
  double inside = kNone, outside = kNone, difference = kNone, error = kNone;  // relative densities
  double false_discovery_rate = kNone;  // over the motifs, Benjamini and Hochberg
  MapCorrelation test;                  // of the density with the map that is 1 at the motif
};

// Two values with errors: one less the other, and how often chance makes as much of it.
struct Difference {
  double value = 0, error = 0, p_value = 1;  // two-sided, of a Gaussian
};

// A second image's contrast and correlation length, and the first one's less these.
struct ContrastComparison {
  Contrast other;
  Difference contrast, length;
};
ContrastComparison compare_contrasts(const Contrast& one, const Contrast& other);

}  // namespace vitrobeam
