// What stands beside the results of a simulation: its axes, and the entries of /audit.
#pragma once
#include <string>
#include <vector>

#include "io/result_file.hpp"
#include "multislice/scan.hpp"
#include "studies/interpolation_error.hpp"

namespace vitrobeam {

using Audit = std::vector<ParameterRecord>;

// Of a run, what its plan and its simulation do not say.
struct SimulatedRun {
  std::vector<std::string> aberrations;  // of every probe, as text
  std::vector<double> wrapped;           // of every probe, the fraction beyond half the cell
  std::string box = {};                  // what was done to the model to give it one
  MemoryPlan memory = {};
  bool has_stored_potential = false;
  double potential_s = 0;  // that the slices took
};

template <typename Real>
DiffractionAxes simulation_axes(const ScanSimulation& scan, const Scan& places,
                                const Simulation<Real>& simulation, const SimulatedRun& run);

// `at_rest` as configurations(0) has them.
template <typename Real>
Audit simulation_audit(const ScanSimulation& scan, const Simulation<Real>& simulation,
                       const Atoms& at_rest, const SimulatedRun& run, int threads);
Audit interpolation_audit(const InterpolationError& error);

// "smatrix, interpolation 2 (approximation)"
std::string engine_statement(const SimulationSettings& settings);

}  // namespace vitrobeam
