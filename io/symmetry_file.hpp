// The /symmetry group of a result file: angular power of every pattern with its corrections, each
// under its own name, and what an ensemble without the symmetry makes of it. docs/result-file.md
// lists the datasets.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "io/hdf5.hpp"

namespace vitrobeam {

struct SymmetryResult {
  std::vector<double> q, n;
  Stack<float> power, power_error, power_friedel, power_odd_floor;  // [y, x, n, q]
  Stack<float> friedel_pair;                                        // [y, x, q]
  Stack<std::uint8_t> status;                                       // [y, x]

  double ring_low = 0, ring_high = 0;
  Stack<float> map, p_value, false_discovery_rate;  // [y, x, n]; the last two may be empty
  Stack<float> histogram_edges;                     // [n, bin + 1]
  Stack<std::int32_t> histogram;                    // [n, bin]

  PlaneD mean_power, mean_power_error;  // [n, q] over the patterns
  std::vector<double> radial_mean, mean_friedel_pair, mean_friedel_pair_error,
      friedel_thickness;  // [q]; the last is empty without an energy
  PlaneD correlation;     // [q, delta]; may be empty
  std::vector<double> delta;

  std::string null_origin;  // empty: none
  PlaneD null_map;          // [pattern, n]
  double gain = 0, centre_shift_x = 0, centre_shift_y = 0;
};

void write_symmetry(Hdf5Writer& file, const SymmetryResult& result);

// A dataset with its units and what it is.
template <typename Array>
void write_described(Hdf5Writer& file, const std::string& path, const Array& values,
                     const std::string& units, const std::string& description) {
  file.write(path, values);
  file.attribute(path, "units", units);
  file.attribute(path, "description", description);
}

}  // namespace vitrobeam
