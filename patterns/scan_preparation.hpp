// A measured scan made ready for analysis: one look at all its patterns, what must not be used of
// them, their centre, scale and ellipse, the rotation of the scan, and each pattern with that
// applied. The steps themselves are in preparation.hpp, ring.hpp and scan_rotation.hpp.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "patterns/pattern_scan.hpp"
#include "patterns/preparation.hpp"
#include "patterns/scan_rotation.hpp"

namespace vitrobeam {

enum class Centring { none, disc, ring };
enum class PixelScale { stated, ring, disc };
enum class RadialBackground { keep, median, mean };

struct PreparationSettings {
  bool beam_stop = false;                         // look for its shadow
  double hot_pixels = 0;                          // robust standard deviations; 0: not looked for
  Centring find_centre = Centring::none;          // in the mean pattern
  std::optional<std::pair<double, double>> ring;  // radii in pixels between which the ring lies
  bool find_ellipse = false;                      // of the ring, with the centre
  PixelScale scale_from = PixelScale::stated;
  std::optional<double> ring_q;  // 1/Angstrom, of the ring's maximum
  bool find_rotation = false;    // of the scan against the patterns
  bool each = false;             // the centre of every pattern as well
  bool align = false;            // move every pattern onto the common centre
  RadialBackground background = RadialBackground::keep;  // radial, subtracted from every pattern
};
// Error{usage} where one of them needs another that is not there.
void check_preparation(const PreparationSettings& settings);

// One look at all patterns of a scan.
struct ScanOverview {
  PlaneF mean;  // [row, column] of the finite values; not-a-number where there is none
  std::size_t not_finite = 0, negative = 0;  // values
  PlaneD mass_x, mass_y;  // [scan row, scan column] centre of mass in pixels, if asked for
};
// Throws Interrupted; values that are not finite are counted, never an error.
ScanOverview look_over(const PatternScan& scan, bool centres_of_mass, const RunControl& run);

struct ScanPreparation {
  ScanOverview overview;
  Calibration calibration;         // as found, 1/Angstrom
  Calibration pixels;              // the same in units of a pixel's width
  PixelMask stated, stop, faulty;  // each may be empty
  std::optional<double> disc_radius, ring_radius, centre_error;  // pixels
  std::optional<double> ellipticity_error;
  std::optional<ScanRotation> rotation;
  PlaneD centre_row,
      centre_col;  // [scan row, scan column] of every pattern, pixels; NaN: not found
  std::vector<std::pair<int, int>> moves;  // rows, columns by position, where patterns are aligned
  RadialBackground background = RadialBackground::keep;
  std::vector<std::string> steps;  // what was done, in words

  PixelMask hidden() const { return either(stated, either(stop, faulty)); }
  // The same of all patterns as prepared_pattern() moves them.
  PixelMask hidden_after() const;
};

// Everything that the settings ask for. Error{usage} where a setting lacks another one,
// Error{physics} where what is to be found is not there, Error{input} where the size of a pixel is
// unknown.
ScanPreparation prepare_scan(const PatternScan& scan, const PreparationSettings& settings,
                             const RunControl& run);

// A pattern moved onto the common centre and without its background, as far as the preparation has
// these steps.
struct PreparedPattern {
  PlaneF image;
  std::vector<double> background;  // by circles of a pixel's width; empty: none was subtracted
};
// `position` counts from 0, row by row of the scan.
PreparedPattern prepared_pattern(const PlaneF& recorded, const ScanPreparation& preparation,
                                 std::size_t position);
// Its inverse. `background` may be empty.
PlaneF recorded_pattern(const PlaneF& prepared, const Calibration& pixels,
                        const std::vector<double>& background, std::pair<int, int> move);

}  // namespace vitrobeam
