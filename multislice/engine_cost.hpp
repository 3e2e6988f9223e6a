// What a run costs with each engine: arithmetic, memory, and time from the speed of the machine.
#pragma once
#include <cstddef>
#include <vector>

#include "multislice/simulation.hpp"

namespace vitrobeam {

// Seconds of one thread. Of waves on one grid and in one precision, and of the sums over an
// aperture's beams.
struct EngineSpeed {
  double slice = 0;      // one wave through one slice
  double record = 0;     // one exit wave into a pattern
  double potential = 0;  // a transmission function from its Fourier coefficients
  double product = 0;    // one complex product added, in a sum over beams
  double harmonic = 0;   // per sample of a grid of positions and octave of its size (n log2 n)
};

// From a trial of a few milliseconds (some tens for a large grid).
template <typename Real>
EngineSpeed measure_speed(const Grid& grid);

// One core of an AMD EPYC (Zen 4): what engines are chosen by where nothing was measured.
EngineSpeed typical_speed(const Grid& grid, std::size_t bytes_per_real);

struct EngineRequest {
  Grid grid;
  int slices = 1;
  std::vector<ApertureBeam> beams;
  Recording recording;
  std::size_t positions = 1;
  std::size_t modes = 1;  // incident waves that add incoherently
  double atoms = 0;       // of one configuration
  std::size_t bytes_per_real = sizeof(float);
  // Of a series, whose probes all stand at every position; empty: one of all `beams` in `modes`.
  struct Probe {
    std::vector<ApertureBeam> beams;
    std::size_t modes;
  };
  std::vector<Probe> probes = {};
  int interpolation = 1;  // of the scattering matrix; `beams` are those of its window
  // what a potential takes (memory_plan.hpp)
  int elements = 1;
  AtomSum sum = AtomSum::automatic;
  bool absorbs = false, finite = false, stored = false;
  int configurations = 0;  // 0: one, at rest
};

// What these settings ask for; atoms are left at 0.
EngineRequest engine_request(const SimulationSettings& settings, const Grid& grid, int slices,
                             std::size_t positions, std::size_t bytes_per_real);

// Of all positions on one thread, without the potential; memory beside the transmission functions.
struct EngineCost {
  double operations = 0, bytes = 0, seconds = 0;
  double propagations = 1;  // of every beam of a scattering matrix, which may come in passes
};
EngineCost engine_cost(Engine engine, const EngineRequest& request, const EngineSpeed& speed,
                       int threads = 1);

// Making the transmission functions of one configuration (infinite projection).
double potential_seconds(Engine engine, const EngineRequest& request, const EngineSpeed& speed);

// What `automatic` means: the faster exact engine.
Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed);

}  // namespace vitrobeam
