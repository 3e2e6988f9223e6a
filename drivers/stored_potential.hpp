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

// Error{input} if --potential-file is no potential of this run, whose numbers have so many bytes.
void check_stored_potential(const SimulateSettings& s, const ScanSimulation& scan,
                            const RunRecord& record, std::size_t bytes_of_number);

}  // namespace vitrobeam
