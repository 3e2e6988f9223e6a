// simulate --save-potential and --potential-file: a potential made once and used by other runs.
#pragma once
#include <memory>
#include <string>

#include "drivers/simulation_units.hpp"
#include "io/potential_file.hpp"

namespace vitrobeam {

// Makes the file of --save-potential, unless a resumed run finds it made, and checks that of
// --potential-file. The name of the file whose potential the run uses; empty: it computes its own.
// Collective.
template <typename Real>
std::string settle_potential(const SimulateSettings& s, const SimulationPlan& plan,
                             const RunRecord& record);

// That of configuration `number` (0: at rest) out of plan.potential_file; nullptr: none.
template <typename Real>
std::shared_ptr<const PotentialSource<Real>> stored_potential(const SimulationPlan& plan,
                                                              int number);

}  // namespace vitrobeam
