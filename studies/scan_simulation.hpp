// A whole simulation: one model or its configurations, one probe or a series of them, at every
// position of a scan. simulate_scan() is atoms and settings -> patterns in memory; a program that
// shares the points out among processes and keeps finished ones calls simulate_points().
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/run_control.hpp"
#include "models/configurations.hpp"
#include "multislice/memory_plan.hpp"
#include "multislice/simulation.hpp"
#include "multislice/thermal_average.hpp"

namespace vitrobeam {

// A scan point is a probe of the series at a position: all positions of one probe, then the next.
struct ScanSimulation {
  Configurations configurations;  // the model
  SimulationSettings settings;
  std::vector<Vector2d> positions;  // Angstrom
  // A point is done before the last configuration when the standard error of each of its detectors
  // (without any: of its pattern) is below this share of the mean, %.
  std::optional<double> settled_percent = {};
  double means_bytes = 1e9;  // that running means over configurations may take

  const Atoms& atoms() const { return configurations.atoms; }
  Grid grid() const;
  Grid recorded_grid() const;  // of the window that an interpolated matrix leaves, else the same
  int slices() const;
  std::size_t probes() const { return settings.series.empty() ? 1 : settings.series.size(); }
  std::size_t points() const { return probes() * positions.size(); }
  ScanPoint point(std::size_t index) const;  // `index` below points()
};

// The potential of configuration `number` (0: at rest) where it need not be computed; an empty
// function or nullptr: it is computed.
template <typename Real>
using KnownPotential = std::function<std::shared_ptr<const PotentialSource<Real>>(int number)>;

// The points that a call of simulate_points() computes, and what becomes of them. All but `next`
// may be empty.
template <typename Real>
struct PointWork {
  std::vector<std::size_t> points;      // that are missing, ascending
  NextRange next;                       // hands out indices into `points`
  std::size_t most_at_once = SIZE_MAX;  // of them that one process should take, of configurations
  // Every point once per depth, in the order of the depths, from one thread each, several points at
  // a time: without configurations, or their average.
  std::function<void(std::size_t point, const ProbeResult<Real>&)> at_rest;
  std::function<void(std::size_t point, const ThermalAverage<Real>&)> averaged;
  std::function<void(std::size_t steps)> advance;  // a step is a depth of a point and configuration
  // Averages that are not whole yet: as bytes from an earlier call, and to be kept for a later one.
  std::function<std::optional<std::vector<std::byte>>(std::size_t point)> saved_average;
  using StateOf = std::function<std::vector<std::byte>(std::size_t point)>;
  std::function<void(const std::vector<std::size_t>& points, const StateOf& state)> save_averages;
  std::function<bool()> is_saving_due;
};

// Steps of one point, as PointWork::advance counts them.
std::size_t steps_per_point(const ScanSimulation& scan, std::size_t depths);

// Computes `work.points` on run.threads threads. `at_rest` is the simulation of
// configurations(0), whose slices are made already. Returns early where run.stop says so. Results
// depend neither on threads nor on how points are handed out.
template <typename Real>
void simulate_points(const ScanSimulation& scan, const Simulation<Real>& at_rest,
                     const PointWork<Real>& work, const RunControl& run,
                     const KnownPotential<Real>& known = {});

// All of a scan, in memory. Standard errors are empty with less than two configurations, patterns
// where they are not recorded.
template <typename Real>
struct ScanResult {
  std::vector<double> q_x, q_y;     // of the patterns, 1/Angstrom, ascending
  std::vector<double> thickness;    // of the recorded depths, Angstrom
  Stack<Real> patterns;             // [point, depth, q_y, q_x], fraction of the incident beam
  Stack<Real> pattern_errors;       // one sigma
  Stack<double> detectors;          // [point, depth, channel]
  Stack<double> detector_errors;    // one sigma
  Stack<double> intensity_out;      // [point, depth]
  std::vector<int> configurations;  // averaged, by point
};
// Error{usage, physics} as Simulation; Interrupted.
template <typename Real>
ScanResult<Real> simulate_scan(const ScanSimulation& scan, const RunControl& run = {});

// What is asked of an engine; `stored`: the potential comes from a file or goes into one.
EngineRequest engine_request(const ScanSimulation& scan, std::size_t bytes_per_real, bool stored);

// How the run is cut to stay within `memory_GiB` in one process. Error{physics} where that cannot
// be.
MemoryPlan plan_memory(const ScanSimulation& scan, const EngineRequest& request, int threads,
                       double memory_GiB);

// Of every probe the fraction beyond half the cell, or the window (wrapped_fraction).
// Error{physics} for more than `limit_percent`.
std::vector<double> check_probes(const SimulationSettings& settings, const Grid& recorded,
                                 double limit_percent);

// What an absorptive potential takes from a beam at the first position: the difference that it
// makes to the intensity in the band, of atoms at rest.
template <typename Real>
double absorbed_fraction(const ScanSimulation& scan, const Atoms& at_rest, int threads);

}  // namespace vitrobeam
