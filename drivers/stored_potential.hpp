// simulate --save-potential and --potential-file: a potential made once and used by other runs.
#pragma once
#include <string>

#include "drivers/simulate_settings.hpp"
#include "io/run_record.hpp"
#include "studies/scan_simulation.hpp"

namespace vitrobeam {

// Makes the file of --save-potential, unless a resumed run finds it made, and checks that of
// --potential-file. Where a run finds its potential; empty: it computes its own. Collective.
template <typename Real>
KnownPotential<Real> settle_potential(const SimulateSettings& s, const ScanSimulation& scan,
                                      const RunRecord& record);

}  // namespace vitrobeam
