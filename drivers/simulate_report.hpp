// What `simulate` prints of a run.
#pragma once
#include <string>
#include <vector>

#include "drivers/probes.hpp"
#include "multislice/scan.hpp"
#include "studies/interpolation_error.hpp"

namespace vitrobeam {

inline constexpr double kGiB = 1 << 30;

// Everything that is settled before the first wave is propagated.
struct SimulationPlan {
  ScanSimulation scan;
  Scan places;                // the axes of scan.positions
  std::vector<Probe> probes;  // one, or those of scan.settings.series
  std::string motion;         // lines that say what the configurations are
};

std::string of_probes(const SimulationPlan& plan);  // " of 9 probes"; empty for one

// --dry-run: what is computed, on what grid.
std::string plan_summary(const SimulationPlan& plan, const SimulateSettings& s,
                         const EngineRequest& request);
// The lines before the first wave.
template <typename Real>
std::string run_summary(const SimulationPlan& plan, const SimulateSettings& s,
                        const Simulation<Real>& simulation);

std::string error_summary(const InterpolationError& error, int factor);

}  // namespace vitrobeam
