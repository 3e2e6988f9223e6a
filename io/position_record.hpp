// What a finished scan point is kept as until the result file is assembled: bytes, planes
// compressed as the file has them.
#pragma once
#include <array>
#include <cstddef>
#include <vector>

#include "multislice/thermal_average.hpp"

namespace vitrobeam {

// At one depth: detectors, their standard errors (0 without configurations), and compressed planes,
// empty if not recorded.
struct PositionRecord {
  double intensity_out = 0, configurations = 1;
  std::vector<double> detectors, errors;
  std::vector<std::byte> pattern, exit_wave, pattern_error, elastic, diffuse;

  std::array<std::vector<std::byte>*, 5> planes() {
    return {&pattern, &exit_wave, &pattern_error, &elastic, &diffuse};
  }
};

// The bytes of a point are its records of all depths, one after the other.
template <typename Real>
void append(std::vector<std::byte>& unit, const ProbeResult<Real>& result);
template <typename Real>
void append(std::vector<std::byte>& unit, const ThermalAverage<Real>& average);

// Error{machine}: the bytes are cut off.
std::vector<PositionRecord> position_records(const std::vector<std::byte>& unit, std::size_t depths,
                                             std::size_t detectors);

}  // namespace vitrobeam
