// Angular power of n-fold symmetry at every position of a scan, with the corrections that are asked
// for and its significance against patterns without the symmetry.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "patterns/angular.hpp"
#include "patterns/pattern_scan.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {

struct SymmetrySettings {
  PolarGrid grid{0.3, 0.8, 64, 180};
  AngularSettings angular;
  std::optional<RingBand> band;  // of maps and significance; none: around the brightest ring
  bool friedel = true, odd_floor = true, pair = true;  // corrections, each a result of its own
  int noise_patterns = 400;                            // drawn where there are no null patterns
  std::optional<double> null_dose;     // electrons per null pattern; none: as the patterns have
  double false_discovery_rate = 0.05;  // among positions that are called symmetric
  std::uint64_t seed = 1;
};

// Every order by itself, in the band, over the patterns: [n].
struct SymmetryOrders {
  Eigen::ArrayXd mean, error;          // one standard error from the scatter
  Eigen::ArrayXd friedel;              // with that correction; empty without it
  Eigen::ArrayXd odd_floor;            // with that one; not-a-number where it gives none
  std::vector<long> known, symmetric;  // positions; the latter empty without a null
  double odd_over_even = 0;  // sums of the orders; not-a-number where even ones are within 3 errors
};

struct SymmetryResult {
  std::vector<double> q, n;
  Stack<float> power, power_error, power_friedel, power_odd_floor;  // [y, x, n, q]
  Stack<float> friedel_pair;                                        // [y, x, q]
  Stack<std::uint8_t> status;                                       // [y, x] PatternStatus
  std::size_t usable = 0;                                           // patterns of status 0

  double ring_low = 0, ring_high = 0;
  Stack<float> map, p_value, false_discovery_rate;  // [y, x, n]; the last two may be empty
  Stack<float> histogram_edges;                     // [n, bin + 1]
  Stack<std::int32_t> histogram;                    // [n, bin]
  SymmetryOrders orders;

  PlaneD mean_power, mean_power_error;  // [n, q] over the patterns
  std::vector<double> radial_mean, mean_friedel_pair, mean_friedel_pair_error,
      friedel_thickness;  // [q]; the last is empty without an energy
  double band_friedel_pair = 0, band_friedel_thickness = 0;  // means over the band's rings
  PlaneD correlation;                                        // [q, delta]; may be empty
  std::vector<double> delta;

  std::string null_origin;                                  // empty: none
  PlaneD null_map;                                          // [pattern, n]
  double gain = 0, centre_shift_x = 0, centre_shift_y = 0;  // 1/Angstrom
};

// `null`: patterns without the symmetry in question, at least 20, recorded as those of the scan
// would have been; one without a pixel size is taken for the same camera. Without it, structureless
// rings with the counting noise of the patterns, if they have any. Error{physics}: band outside the
// rings, no visible ring, rings off centre, null of another beam or too small; Error{input}: no
// usable pattern, too few null patterns. Throws Interrupted.
SymmetryResult analyse_symmetry(const PatternScan& scan, const SymmetrySettings& settings,
                                const RunControl& run, const PatternScan* null = nullptr);

}  // namespace vitrobeam
