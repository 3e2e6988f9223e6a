// The speed of this machine, from a measurement of a few milliseconds that is kept in the user's cache
// folder ($XDG_CACHE_HOME/vitrobeam, else ~/.cache/vitrobeam).
#pragma once
#include "multislice/engine_cost.hpp"

namespace vitrobeam {

// Known from an earlier run of this version, or measured now. A folder that cannot be written costs
// a measurement every time.
template <typename Real>
EngineSpeed machine_speed(const Grid& grid);

extern template EngineSpeed machine_speed<float>(const Grid&);
extern template EngineSpeed machine_speed<double>(const Grid&);

}  // namespace vitrobeam
