// The result file of `simulate`, assembled from its finished units in scan order.
#pragma once
#include "drivers/simulation_units.hpp"
#include "io/run_record.hpp"

namespace vitrobeam {

// Writes --output and adds what the positions say to the audit, which it also prints.
template <typename Real>
void write_simulation(const SimulateSettings& s, const SimulationPlan& plan,
                      const Simulation<Real>& simulation, const WorkUnits& units,
                      RunRecord& record);

}  // namespace vitrobeam
