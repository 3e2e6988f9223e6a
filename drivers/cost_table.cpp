#include "drivers/cost_table.hpp"

#include <fmt/format.h>

namespace vitrobeam {

std::string cost_table(const EngineRequest& r, const EngineSpeed& speed, Engine wanted, int threads,
                       double memory_bytes, int configurations, double disk_bytes) {
  constexpr double kGiB = 1 << 30;
  const Engine taken =
      wanted == Engine::automatic ? cheapest_engine(r, speed, memory_bytes) : wanted;
  std::string text = "engine        operations       memory         disk       time\n";
  for (std::size_t i = 0; i < engine_table().size(); ++i) {
    const auto engine = Engine(i);
    const EngineEntry& e = engine_table()[i];
    const bool cannot = r.recording.needs_waves() && !e.keeps_waves;
    const EngineCost cost = engine_cost(engine, r, speed, threads);
    const MemoryPlan plan = plan_memory(engine, r, threads, memory_bytes);
    if (cannot || cost.seconds >= kImpossible || !plan.possible) {
      text += fmt::format("{:<12} {}\n", e.name,
                          cannot ? "keeps no waves" : "does not fit into --memory");
      continue;
    }
    const double seconds =
        run_seconds(engine, r, speed) +
        configurations *
            (cost.seconds + plan.potential_passes * potential_seconds(engine, r, speed)) / threads;
    text += fmt::format("{:<12} {:>9.3g} G {:>8.3g} GiB {:>8.3g} GiB {:>8.3g} s{}\n", e.name,
                        configurations * cost.operations / 1e9, plan.bytes / kGiB,
                        disk_bytes / kGiB, seconds, engine == taken ? "  <- this one" : "");
    if (plan.working_set.slices > 0)
      text += fmt::format("             {} of {} slices at a time, all of them {:g} times\n",
                          plan.working_set.slices, r.slices, plan.potential_passes);
  }
  return text + "disk         at most; twice that until the run is whole\n";
}

std::string cost_text(const StudyCost& c) {
  constexpr double kMB = 1e6;
  return fmt::format(
      "memory      about {:.3g} MB\ndisk        {:.2g} MB\ntime        about {:.3g} s\n",
      c.bytes / kMB, c.stored / kMB, c.seconds);
}

}  // namespace vitrobeam
