// The units of work of `simulate`: probes at positions, all positions of one probe after the other.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "drivers/configurations.hpp"
#include "drivers/probes.hpp"
#include "drivers/scan.hpp"
#include "runtime/work_units.hpp"

namespace vitrobeam {

// Everything that is settled before the first wave is propagated.
struct SimulationPlan {
  Atoms atoms;
  SimulationSettings simulation;
  Scan scan;
  std::optional<Configurations> configurations;
  std::vector<Probe> probes;    // one, or those of simulation.series
  std::vector<double> wrapped;  // of each, the fraction beyond half the cell
  double means_bytes = 0;       // that running means over configurations may take
  std::string potential_file;   // whose slices are used; empty: they are computed

  Grid grid() const;
  Grid recorded_grid() const;  // of the window that --interpolation leaves, else the same
  int slices() const;
  std::size_t shots() const { return probes.size() * scan.positions.size(); }
  Shot shot(std::size_t unit) const {
    const std::size_t n = scan.positions.size();
    return {scan.positions[unit % n], unit / n};
  }
};

// What a finished position gives at one depth: detectors, their standard errors (0 without
// configurations), and compressed planes, empty if not recorded.
struct PositionRecord {
  double intensity_out = 0, configurations = 1;
  std::vector<double> detectors, errors;
  std::vector<std::byte> pattern, exit_wave, pattern_error, elastic, diffuse;

  std::array<std::vector<std::byte>*, 5> planes() {
    return {&pattern, &exit_wave, &pattern_error, &elastic, &diffuse};
  }
};

// The bytes of a unit: its records of all depths.
std::vector<PositionRecord> position_records(const std::vector<std::byte>& unit, std::size_t depths,
                                             std::size_t detectors);

// Computes what is missing of `units`, one for each shot of the plan. False: interrupted.
template <typename Real>
bool compute_positions(const SimulateSettings& s, const SimulationPlan& plan,
                       const Simulation<Real>& simulation, WorkUnits& units);

}  // namespace vitrobeam
