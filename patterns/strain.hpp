// Strain maps of a scan from the ellipse of the amorphous ring (ring.hpp), against a reference that
// is unstrained by definition.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/run_control.hpp"
#include "patterns/pattern_scan.hpp"
#include "patterns/ring.hpp"

namespace vitrobeam {

// Rows and columns of a scan from 0, both ends included; by default all of it.
struct ScanRectangle {
  std::size_t first_row = 0, first_column = 0, last_row = SIZE_MAX, last_column = SIZE_MAX;
  bool contains(std::size_t row, std::size_t column) const {
    return row >= first_row && row <= last_row && column >= first_column && column <= last_column;
  }
};

struct StrainSettings {
  double q_min = 0, q_max = 0;   // of the ring, 1/Angstrom; 0: 0.7 and 1.35 of its maximum
  int radii = 40, angles = 120;  // bins of the ring; an even number of angles
  int neighbourhood = 1;         // every fit takes the mean of N x N patterns; odd
  ScanRectangle reference;       // whose mean ring is unstrained
  bool fit_centre = true;        // else the centre is as the calibration states it
  // Mean squared scattering factor of the specimen, in any unit: rings are divided by it, as no
  // strain moves it. Empty: they are not, and strains come out some per cent too small.
  Envelope squared_factor;

  PolarGrid grid() const { return {q_min, q_max, radii, angles}; }
};

struct StrainResult {
  enum Status : unsigned char { fitted = 0, unusable = 1, unsettled = 2 };

  std::array<PlaneD, 3> strain, error;   // exx, eyy, exy [scan row, column]; not-a-number: none
  PlaneD amplitude, centre_x, centre_y;  // of the reference ring; 1/Angstrom
  Plane<unsigned char> status;           // Status: unusable pattern, or a fit that did not settle
  RingNoiseShape noise;                  // of the whole scan
  std::vector<double> q, profile;        // the reference ring by radius, 1/Angstrom
  double q_min = 0, q_max = 0, ring_q = 0;  // 1/Angstrom: what was fitted, the ring's maximum
};

// The settings with the range of the ring that a sample of the scan shows, where none is stated.
// Error{physics} where no ring stands out or whole circles end before it, Error{usage} on an empty
// range.
StrainSettings with_ring(const PatternScan& scan, StrainSettings settings);

// Fits every pattern. The beam's disc is taken from the scan; without energy or semi-angle a
// parallel beam is assumed. `reference`: another scan under the same conditions, whose mean ring is
// unstrained in place of settings.reference. Keeps all rings in memory (4 bytes a bin). Errors as
// with_ring(), and Error{physics} without a usable reference pattern.
StrainResult analyse_strain(const PatternScan& scan, const StrainSettings& settings,
                            const RunControl& run, const PatternScan* reference = nullptr);

}  // namespace vitrobeam
