// What `simulate` prints and records of a run beside its results.
#pragma once
#include <string>
#include <vector>

#include "drivers/probes.hpp"
#include "drivers/scan.hpp"
#include "io/result_file.hpp"
#include "studies/interpolation_error.hpp"

namespace vitrobeam {

inline constexpr double kGiB = 1 << 30;

// Everything that is settled before the first wave is propagated.
struct SimulationPlan {
  ScanSimulation scan;
  Scan places;                  // the axes of scan.positions
  std::vector<Probe> probes;    // one, or those of scan.settings.series
  std::vector<double> wrapped;  // of each, the fraction beyond half the cell
  std::string motion;           // lines that say what the configurations are
};

using Audit = std::vector<ParameterRecord>;
void append(Audit& audit, const Audit& more);

std::string of_probes(const SimulationPlan& plan);  // " of 9 probes"; empty for one

// --dry-run: what is computed, on what grid.
std::string plan_summary(const SimulationPlan& plan, const SimulateSettings& s,
                         const EngineRequest& request);
// The lines before the first wave.
template <typename Real>
std::string run_summary(const SimulationPlan& plan, const SimulateSettings& s,
                        const Simulation<Real>& simulation);

Audit model_audit(const SimulationPlan& plan, const SimulateSettings& s, double max_angle_mrad,
                  double potential_s);
template <typename Real>
Audit engine_audit(const SimulationPlan& plan, const SimulateSettings& s,
                   const Simulation<Real>& simulation, const Atoms& at_rest,
                   const MemoryPlan& memory, bool has_stored_potential);

std::string error_summary(const InterpolationError& error, int factor);
Audit error_audit(const InterpolationError& error);

template <typename Real>
DiffractionAxes axes_of(const SimulationPlan& plan, const SimulateSettings& s,
                        const Simulation<Real>& simulation);

}  // namespace vitrobeam
