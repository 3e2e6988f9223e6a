// From atoms to diffraction patterns: one simulation holds the potential of one model on one grid
// and runs any number of probe positions through it. Exact engines give the same numbers to
// rounding.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "models/atoms.hpp"
#include "multislice/engine.hpp"
#include "multislice/optics.hpp"
#include "multislice/plasmon.hpp"
#include "potentials/slice_potential.hpp"

namespace vitrobeam {

struct SimulationSettings {
  Optics optics;
  // Several probes from one run, which differ in semi-angle, aperture and its edge, aberrations,
  // focal spread and source; energy and tilts are those of `optics`. Empty: `optics` alone.
  std::vector<Optics> series = {};
  int nx = 512, ny = 512;
  double slice = 2.0;  // Angstrom
  PotentialSettings potential;
  Engine engine = Engine::automatic;
  // Of the scattering matrix: every n-th beam along each axis, the probe cut out of 1/n of the cell
  // (multislice/interpolated_matrix.hpp), an approximation. Patterns are sampled n times coarser.
  int interpolation = 1;
  Recording recording;
  // Patterns and detectors with plasmon losses (multislice/plasmon.hpp); none: elastic ones.
  std::optional<PlasmonSettings> plasmons = {};
  WorkingSet working_set;

  std::vector<Optics> probes() const { return series.empty() ? std::vector{optics} : series; }
};

// What can be refused before a model is seen: Error{usage} for optics (check_optics) and for what
// an engine or a beam cannot record.
void check_settings(const SimulationSettings& settings);

// What an engine has to record for Recording: with plasmons patterns over the whole grid, from
// which all else is made.
Recording engine_recording(const SimulationSettings& settings);

// "auto", "1", "8": on how fine a grid the potential is exponentiated; "none" of an engine that
// does not.
std::string oversampling_statement(const SimulationSettings& settings);

// round(height / thickness), at least one. Error{usage} where that is too many.
int slice_count(double height, double thickness);

template <typename Real>
class Simulation {
 public:
  using Sink = std::function<void(std::size_t, const ProbeResult<Real>&)>;
  using Stop = std::function<bool()>;

  // The cell must be orthogonal and hold every atom, the probes and detectors must fit the grid
  // (Error{physics} otherwise; Error{usage} as check_settings); the beam travels along +z.
  // `threads` share the work of making the potential. `displacements` (one per atom, Angstrom) is
  // thermal motion. `stored` is the potential, where it need not be computed.
  using Potential = std::shared_ptr<const PotentialSource<Real>>;
  Simulation(const Atoms& atoms, const SimulationSettings& settings, int threads = 1,
             const std::vector<Vector3d>& displacements = {}, Potential stored = nullptr);
  ~Simulation();

  const Grid& grid() const;
  int slices() const;
  std::vector<int> depths()
      const;  // number of slices above each recorded depth; the last is the exit
  double slice_thickness() const;  // Angstrom
  // Of material above each depth, where plasmons are lost; empty without plasmons.
  const std::vector<double>& plasmon_thickness() const;
  double max_angle_mrad() const;  // the band limit
  std::size_t atoms_placed() const;
  AtomSum atom_sum() const;  // how they were summed: product or spreading
  // As PotentialSource has it.
  std::optional<double> transmission_loss() const;
  std::size_t beams() const;  // plane waves in the aperture, of a series in any
  // More than one with a focal spread or a finite source.
  const IncidentModes& modes(std::size_t probe = 0) const;
  std::vector<double> q_x() const;  // axes of a recorded pattern, 1/Angstrom, ascending
  std::vector<double> q_y() const;

  // Runs the points on `threads` threads. `sink(index, result)` is called from the
  // worker threads, several at a time, each index once per depth, in no order; results do not
  // depend on the number of threads. When `stop()` turns true no further position is begun. `next`
  // says which of them are done here, where others do the rest.
  void run(
      const std::vector<ScanPoint>& points, int threads, const Sink& sink,
      const Stop& stop = [] { return false; }, NextRange next = {}) const;
  // The same of the first probe at every position (Angstrom).
  void run(
      const std::vector<Vector2d>& positions, int threads, const Sink& sink,
      const Stop& stop = [] { return false; }, NextRange next = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

extern template class Simulation<float>;
extern template class Simulation<double>;

}  // namespace vitrobeam
