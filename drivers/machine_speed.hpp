#pragma once
#include "multislice/engine_cost.hpp"

namespace vitrobeam {

// Of this machine: known from an earlier run of this version (runtime/user_cache.hpp), or measured
// now.
template <typename Real>
EngineSpeed machine_speed(const Grid& grid);

}  // namespace vitrobeam
