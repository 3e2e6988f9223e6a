// What a run costs with each engine: arithmetic, memory, and time from the speed of the machine.
#pragma once
#include <cstddef>
#include <functional>
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

// From a measurement of a few milliseconds (some tens for a large grid).
template <typename Real>
EngineSpeed measure_speed(const Grid& grid);

// One core of an AMD EPYC (Zen 4): what engines are chosen by where nothing was measured.
EngineSpeed typical_speed(const Grid& grid, std::size_t bytes_per_real);

// What is asked of an engine.
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
  int oversampling = 1;   // as PotentialSettings has it
  bool plasmons = false;  // patterns are blurred
  bool absorbs = false, finite = false, stored = false;
  int configurations = 0;  // 0: one, at rest

  std::vector<Probe> all_probes() const {
    return probes.empty() ? std::vector<Probe>{{beams, modes}} : probes;
  }
  std::size_t most_modes() const;  // of any probe
  double points() const;           // positions times probes
  double depths() const;           // recorded ones
};

// What these settings ask for; of the atoms nothing is filled in but their number and elements.
EngineRequest engine_request(const SimulationSettings& settings, const Grid& grid, int slices,
                             std::size_t positions, std::size_t bytes_per_real);

// Edge of the whole fine planes over the grid's; 1: there are none.
int plane_oversampling(const EngineRequest& request);

// Of all positions on one thread, without the potential; memory beside the transmission functions.
// An engine that cannot do it within Recording::memory_GiB takes kImpossible seconds.
inline constexpr double kImpossible = 1e99;
struct EngineCost {
  double operations = 0, bytes = 0, seconds = 0;
  double propagations = 1;  // of every beam of a scattering matrix, which may come in passes
};
EngineCost engine_cost(Engine engine, const EngineRequest& request, const EngineSpeed& speed,
                       int threads = 1);

// What an engine takes beside what every run takes, bytes.
struct EngineMemory {
  bool possible = true;
  double tables = 0, matrix = 0;  // once
  double per_thread = 0;
  double wave = 0;                // one on its way through the slices
  double waves = 1;               // that are to go through them
  double waves_together = 1;      // of these, that must go at the same time
  double unfinished_results = 0;  // of waves that go together, until the last depth is recorded
  double propagations = 1;        // how often the waves go through
};
EngineMemory engine_memory(Engine engine, const EngineRequest& request);

// Making the transmission functions of one configuration.
double potential_seconds(Engine engine, const EngineRequest& request, const EngineSpeed& speed);

// What a run takes beside, once, on one thread: start, check of the probes, parts of atoms, packing
// of the results, and what it computes to say how exact it is.
double run_seconds(Engine engine, const EngineRequest& request, const EngineSpeed& speed);

// What the results of a run take on a disk at most, bytes: samples beyond the band are zero and
// pack to nothing. `recorded`: the grid that patterns are recorded on.
double stored_bytes(const EngineRequest& request, const Grid& recorded);

// What `automatic` means: the fastest exact engine that can do it.
Engine cheapest_engine(const EngineRequest& request, const EngineSpeed& speed);

// The exact engine that can record what is asked and for which `seconds` says least.
Engine fastest_exact_engine(const EngineRequest& request,
                            const std::function<double(Engine)>& seconds);

// ---- what engines state their costs with

// Transforms and products of one wave in one slice, real operations.
double operations_per_slice(const Grid& grid);

// Bytes of what waves are stored in.
struct StorageSizes {
  double real, plane;  // of a number; samples of the grid
  double wave, transmission, half_plane;
  explicit StorageSizes(const EngineRequest& request);
};
// Of what one position gives at one depth.
double result_bytes(const EngineRequest& request);
// Of one thread, whatever the engine: lines, the result and its compression.
double bytes_per_thread(const EngineRequest& request);

// What sums over the beams of an aperture depend on.
struct ApertureSize {
  double beams, columns;
  double nx, ny;  // of the grid of positions that holds all harmonics of an intensity

  explicit ApertureSize(const std::vector<ApertureBeam>& list);
  double harmonics() const;  // n log2 n of that grid
};

}  // namespace vitrobeam
