// What every engine takes and gives. An engine carries probes through the slices of a model: it is
// made from plain data (EngineSetup), whose potential comes as plain planes, and hands over what is
// recorded in blocks of scan points. How it stores waves is its own matter. The engines that exist
// stand in one table, engine_table.cpp.
#pragma once
#include <complex>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ranges.hpp"
#include "fourier/grid.hpp"
#include "multislice/camera_pixels.hpp"
#include "multislice/coherence.hpp"
#include "multislice/detectors.hpp"
#include "multislice/scan.hpp"
#include "potentials/potential_source.hpp"

namespace vitrobeam {

// What is kept of every exit wave.
struct Recording {
  bool patterns = true;
  double q_max = 0;       // crop patterns to |q_x|, |q_y| <= q_max, 1/Angstrom; 0 = the whole grid
  int bin = 1;            // samples of the grid along the edge of a pattern's pixel
  double pixel_q = 0;     // edge of a pixel in 1/Angstrom instead (a camera's); 0 = by `bin`
  int camera_pixels = 0;  // along an edge of the pattern; 0 = as many as it takes
  bool exit_waves = false;
  bool amplitudes = false;  // of the patterns' window: their mean over configurations is elastic
  std::vector<Detector> detectors = {};
  int every_slices = 0;   // also after every so many slices, not only behind the last
  double memory_GiB = 4;  // that a scattering matrix may take

  bool needs_waves() const { return exit_waves || amplitudes; }
};

// The pixels of its patterns.
CameraPixels pattern_pixels(const Grid& grid, const Recording& recording);

// The window of an interpolated scattering matrix as a cell of its own, on which beams, patterns
// and detectors are sampled: 1 / `factor` of the cell along each axis. Error{usage} unless its
// sides are whole even numbers of samples.
Grid interpolation_window(const Grid& cell, int factor);

// What is kept in memory at a time. Results do not depend on it, bit for bit.
struct WorkingSet {
  int slices = 0;         // transmission functions; 0: all, and they stay
  std::size_t waves = 2;  // that go through each window of slices together
};

// Everything that an engine needs to know.
template <typename Real>
struct EngineSetup {
  Grid grid;                                               // samples of the cell
  std::shared_ptr<const PotentialSource<Real>> potential;  // its slices, in the order of the beam
  double slice_thickness = 0;                              // Angstrom
  double wavelength = 0;                                   // Angstrom
  double interaction_constant = 0;                         // rad/(V Angstrom)
  Vector2d tilt = {0, 0};                                  // of the beam in the specimen, rad
  Vector2d entrance = {0, 0};  // from where a scan point is to where its beam enters, Angstrom
  Grid recorded;          // that beams and patterns are sampled on: the cell's, or its window's
  int interpolation = 1;  // edge of the cell over that of the window
  ProbeSeries series;     // incident waves, as beams on `recorded`
  PatternWindow window;   // samples of `recorded` that patterns hold
  Recording recording;
  std::vector<int> depths;  // slices above each recorded depth, ascending; the last is the exit
  WorkingSet working_set;
  int threads = 1;  // that share the making of the slices
};

// What one scan point gives at one depth. Intensities are fractions of the incident beam.
template <typename Real>
struct ProbeResult {
  int depth = 0;                       // index into the recorded depths
  Plane<Real> pattern = {};            // [q_y, q_x], q = 0 at (n/2, n/2); empty if not recorded
  std::vector<double> detectors = {};  // the channels of Recording::detectors, one after the other
  double intensity_out = 0;  // sum over the whole band: 1 minus what scattered beyond the limit
  // [y, x], sum |psi|^2 = 1 for the incident wave; empty if not recorded
  Plane<std::complex<Real>> exit_wave = {};
  Plane<std::complex<Real>> amplitude = {};  // psi(q) of the pattern; empty if not recorded
  std::size_t point = 0;                     // index of the scan point
};

// Sees every scan point once per depth, in blocks of any size and order, from several threads.
template <typename Real>
using BlockSink = std::function<void(std::span<const ProbeResult<Real>>)>;

// How a run is shared out and where its results go. When `stop()` turns true no further point is
// begun; `next` says which of the points are done here.
template <typename Real>
struct EngineRun {
  int threads = 1;
  BlockSink<Real> sink;
  std::function<bool()> stop;
  NextRange next;
};

// An engine with its slices made, for any number of runs. Results depend neither on threads nor on
// how points are shared out.
template <typename Real>
class PreparedEngine {
 public:
  virtual ~PreparedEngine() = default;
  virtual void run(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const = 0;
};

// A line of the table of engines: its number, or `automatic`, the cheapest exact one. An engine
// that no code asks for by name needs no name here.
enum class Engine : int {
  automatic = -1,
  multislice,
  scattering_matrix,
  kinematic,
  flat_born,
  phase_object
};

struct EngineRequest;  // engine_cost.hpp
struct EngineSpeed;
struct EngineCost;
struct EngineMemory;

struct EngineEntry {
  std::string name;
  std::vector<std::string> other_names;  // accepted where a name is read
  bool is_exact;                         // the numbers of multislice to rounding
  bool keeps_waves;                      // exit waves and amplitudes
  bool scatters_once;                    // does not conserve intensity
  bool has_one_slice;                    // the model is one slice, whatever its height
  std::string device;
  std::string description;
  EngineCost (*cost)(const EngineRequest&, const EngineSpeed&);
  EngineMemory (*memory)(const EngineRequest&);
  std::unique_ptr<PreparedEngine<float>> (*prepare_single)(const EngineSetup<float>&);
  std::unique_ptr<PreparedEngine<double>> (*prepare_double)(const EngineSetup<double>&);

  template <typename Real>
  std::unique_ptr<PreparedEngine<Real>> prepare(const EngineSetup<Real>& setup) const {
    if constexpr (sizeof(Real) == sizeof(float))
      return prepare_single(setup);
    else
      return prepare_double(setup);
  }
};

const std::vector<EngineEntry>& engine_table();
const EngineEntry& entry_of(Engine engine);  // not of `automatic`
// "auto", or that of the table.
std::string engine_name(Engine engine);
// By any of its names; none: there is no such engine.
std::optional<Engine> find_engine(const std::string& name);
// The same; Error{usage} lists those that there are.
Engine engine_named(const std::string& name);
// "multislice", "kinematic (approximation)": as a result says it; and back, an empty one is none.
std::string engine_statement(Engine engine);
const EngineEntry* stated_engine(const std::string& statement);

}  // namespace vitrobeam
