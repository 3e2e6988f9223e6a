// From atoms to diffraction patterns: one simulation holds the potential of one model on one grid
// and runs any number of probe positions through it. Exact engines give the same numbers to
// rounding.
#pragma once
#include <complex>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/claim.hpp"
#include "fourier/grid.hpp"
#include "models/atoms.hpp"
#include "multislice/camera_pixels.hpp"
#include "multislice/coherence.hpp"
#include "multislice/detectors.hpp"
#include "multislice/optics.hpp"
#include "multislice/shot.hpp"
#include "multislice/slab.hpp"
#include "potentials/slice_potential.hpp"

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
  std::vector<Detector> detectors;
  int every_slices = 0;   // also after every so many slices, not only behind the last
  double memory_GiB = 4;  // that a scattering matrix may take
};

// The pixels of its patterns.
CameraPixels pattern_pixels(const Grid& grid, const Recording& recording);

// Multislice and scattering matrix give the same numbers to rounding; the matrix costs the
// aperture's plane waves instead of the positions. The others are approximations, only ever chosen
// by name: single scattering with propagation (curved Ewald sphere) and without (flat Ewald
// sphere), and the phase object (multiple scattering, no propagation).
enum class Engine { automatic, multislice, scattering_matrix, kinematic, flat_born, phase_object };

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
  Held held;

  std::vector<Optics> probes() const { return series.empty() ? std::vector{optics} : series; }
};

// What one probe position gives at one depth. Intensities are fractions of the incident beam.
template <typename Real>
struct ProbeResult {
  int depth = 0;                  // index into Simulation::depths()
  Plane<Real> pattern;            // [q_y, q_x], q = 0 at (n/2, n/2); empty if not recorded
  std::vector<double> detectors;  // the channels of Recording::detectors, one after the other
  double intensity_out = 0;  // sum over the whole band: 1 minus what scattered beyond the limit
  Plane<std::complex<Real>>
      exit_wave;  // [y, x], sum |psi|^2 = 1 for the incident wave; empty if not recorded
  Plane<std::complex<Real>> amplitude;  // psi(q) of the pattern; empty if not recorded
};

// round(height / thickness), at least one. Error{usage} where that is too many.
int slice_count(double height, double thickness);

template <typename Real>
class Simulation {
 public:
  using Sink = std::function<void(std::size_t, const ProbeResult<Real>&)>;
  using Stop = std::function<bool()>;

  // The cell must be orthogonal and hold every atom (Error{physics} otherwise); the beam travels
  // along +z.
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
  double max_angle_mrad() const;   // the band limit
  std::size_t atoms_placed() const;
  AtomSum atom_sum() const;   // how they were summed: product or spreading
  std::size_t beams() const;  // plane waves in the aperture, of a series in any
  // More than one with a focal spread or a finite source.
  const IncidentModes& modes(std::size_t probe = 0) const;
  std::vector<double> q_x() const;  // axes of a recorded pattern, 1/Angstrom, ascending
  std::vector<double> q_y() const;

  // Runs the shots on `threads` threads. `sink(index, result)` is called from the
  // worker threads, several at a time, each index once per depth, in no order; results do not
  // depend on the number of threads. When `stop()` turns true no further position is begun. `claim`
  // says which of them are done here, where others do the rest.
  void run(
      const std::vector<Shot>& shots, int threads, const Sink& sink,
      const Stop& stop = [] { return false; }, Claim claim = {}) const;
  // The same of the first probe at every position (Angstrom).
  void run(
      const std::vector<Vector2d>& positions, int threads, const Sink& sink,
      const Stop& stop = [] { return false; }, Claim claim = {}) const;

 private:
  void run_waves(const std::vector<Shot>& shots, int threads, const Sink& sink, const Stop& stop,
                 const Claim& claim) const;
  void run_waves_in_windows(const std::vector<Shot>& shots, int threads, const Sink& sink,
                            const Stop& stop, const Claim& claim) const;
  void run_interpolated(const std::vector<Shot>& shots, int threads, const Sink& sink,
                        const Stop& stop, const Claim& claim) const;
  void run_scattering_matrix(const std::vector<Shot>& shots, int threads, const Sink& sink,
                             const Stop& stop, const Claim& claim) const;

  struct State;
  struct Waves;
  struct Carrier;
  std::unique_ptr<State> state_;
};

extern template class Simulation<float>;
extern template class Simulation<double>;

}  // namespace vitrobeam
