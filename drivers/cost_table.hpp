// What --dry-run says of the engines.
#pragma once
#include <string>

#include "multislice/memory_plan.hpp"
#include "studies/study_cost.hpp"

namespace vitrobeam {

// One line per engine: operations, memory, disk and seconds of `configurations` runs, the one that
// would be taken marked. Memory is that of the whole process within `memory_bytes`; `disk_bytes` is
// what the results take at most.
std::string cost_table(const EngineRequest& request, const EngineSpeed& speed, Engine wanted,
                       int threads, double memory_bytes, int configurations, double disk_bytes);

// Memory, disk and time of a study, a line each.
std::string cost_text(const StudyCost& cost);

}  // namespace vitrobeam
