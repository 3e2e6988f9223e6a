// What memory a run takes, and how it is cut to stay within a given one: how many slices, waves and
// thermal means are kept at a time.
#pragma once
#include "multislice/engine_cost.hpp"

namespace vitrobeam {

struct MemoryPlan {
  WorkingSet working_set;
  double bytes = 0;             // the most that the process takes
  double means_bytes = 0;       // for running means over configurations
  double potential_passes = 1;  // how often every slice is computed, of one configuration
  bool possible = true;         // false: `bytes` is the least that would do
};

// What a scattering matrix may take of `memory_bytes`: half of what the program, the model and the
// potential leave. Depends on neither threads nor positions at a time, because the last digits of a
// detector depend on how a matrix is cut.
double matrix_memory(const EngineRequest& request, double memory_bytes);

// For a run in `threads` threads of one process that must not take more than `memory_bytes`.
// Everything stays where it fits; else slices come in windows and as many waves as fit go through
// each together.
MemoryPlan plan_memory(Engine engine, const EngineRequest& request, int threads,
                       double memory_bytes);

// The faster exact engine of those that `memory_bytes` hold.
Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed, double memory_bytes);

}  // namespace vitrobeam
