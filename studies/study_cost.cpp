#include "studies/study_cost.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/transform.hpp"
#include "multislice/memory_plan.hpp"
#include "multislice/sampling.hpp"

namespace vitrobeam {
namespace {

int ceil_div(int a, int b) { return (a + b - 1) / b; }

// A slab of a glass, as the engines see it.
struct SlabOf {
  const SimulationSettings& settings;
  Grid grid;
  double atoms_per_height;  // 1/Angstrom
  int elements;
};

SlabOf slab_of(const SimulationSettings& s, const Grid& grid, const Atoms& glass) {
  return {s, grid, double(glass.size()) / glass.cell.lengths().z(),
          int(std::set<int>(glass.numbers.begin(), glass.numbers.end()).size())};
}

// Adds `times` simulations of so many positions.
void add(const SlabOf& slab, Engine engine, double thickness, int every, double times,
         std::size_t positions, const EngineSpeed& speed, int threads, StudyCost& cost) {
  SimulationSettings s = slab.settings;
  s.recording.every_slices = every;
  EngineRequest r =
      engine_request(s, slab.grid, slice_count(thickness, s.slice), positions, sizeof(float));
  r.atoms = slab.atoms_per_height * thickness;
  r.elements = slab.elements;
  const Engine taken = engine == Engine::automatic ? cheapest_engine(r, speed) : engine;
  cost.seconds +=
      times * (engine_cost(taken, r, speed, threads).seconds + potential_seconds(taken, r, speed)) /
      threads;
  cost.bytes = std::max(cost.bytes, plan_memory(taken, r, threads, 1e18).bytes);
}

}  // namespace

StudyCost cost_of_limits(const LimitPlan& p, const Atoms& glass, const EngineSpeed& speed,
                         int threads) {
  const Vector3d edges = glass.cell.lengths();
  const SlabOf slab =
      slab_of(p.simulation, {p.simulation.nx, p.simulation.ny, edges.x(), edges.y()}, glass);
  StudyCost cost;
  const double thickest = p.thickness.back();
  const int stacks = ceil_div(p.positions, 25),
            every = std::max(1, int(std::lround(p.thickness.front() / p.simulation.slice)));
  const auto places = std::size_t(ceil_div(p.positions, stacks));
  for (const Engine e : {Engine::automatic, Engine::kinematic, Engine::flat_born})
    add(slab, e, thickest, every, stacks, places, speed, threads, cost);
  for (const double t : p.thickness)
    add(slab, Engine::phase_object, t, 0, stacks, places, speed, threads, cost);
  const int piles = ceil_div(p.positions, 9);
  constexpr double kClearance = 7;  // Angstrom between the shells of two planted motifs
  for (const Engine detecting : p.engines) {
    const Engine e = detecting == Engine::multislice ? Engine::automatic : detecting;
    for (const double t : p.thickness) {
      add(slab, e, t, 0, piles, std::size_t(ceil_div(p.null_positions, piles)), speed, threads,
          cost);
      for (const auto& target : p.targets) {
        const double pitch = extent(upright(p, target, 0)).maxCoeff() + kClearance;
        const int at_once =
            std::max(1, int(edges.x() / pitch)) * std::max(1, int(edges.y() / pitch));
        add(slab, e, t, 0,
            double(p.depths.size() * p.tilts_deg.size()) * ceil_div(p.positions, at_once),
            std::size_t(std::min(at_once, p.positions)), speed, threads, cost);
      }
    }
  }
  const CameraPixels pixels = pattern_pixels(slab.grid, p.simulation.recording);
  cost.bytes += double(pixels.q_x().size() * pixels.q_y().size()) * sizeof(float) *
                std::max(p.null_positions + p.positions,
                         int(places) * int(std::ceil(thickest / p.thickness.front())));
  cost.stored = 2e4 + 8.0 * double(p.thickness.size()) *
                          (12 + 8.0 * double(p.engines.size() * p.targets.size() * p.depths.size() *
                                             p.tilts_deg.size() * p.doses.size()));
  return cost;
}

StudyCost cost_of_calibration(const DensityPlan& p, const std::vector<Atoms>& glasses,
                              const EngineSpeed& speed, int threads) {
  StudyCost cost;
  SimulationSettings s = p.simulation;
  s.recording.patterns = false;
  const double slices = std::max(1.0, std::round(p.thickness[0] / s.slice));
  s.slice = p.thickness[0] / slices;
  const auto side = std::size_t(std::ceil(std::sqrt(double(p.positions))));
  for (const Atoms& glass : glasses) {
    const Grid grid = grid_of_study(glass.cell.lengths(), p.pixel);
    s.nx = grid.nx;
    s.ny = grid.ny;
    add(slab_of(s, grid, glass), Engine::automatic, p.thickness.back(), int(slices),
        double(p.change.size()) * p.piles, side * side, speed, threads, cost);
  }
  const double samples = double(glasses.size() * p.change.size() * p.thickness.size()) *
                         double(side * side) * p.piles * double(s.recording.detectors.size());
  cost.stored = 2e4 + 16 * samples;
  return cost;
}

}  // namespace vitrobeam
