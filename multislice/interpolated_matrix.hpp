// The scattering matrix with every f-th beam of the aperture along each axis, the probe cut out of
// a window of 1/f of the cell around it: PRISM (Ophus, Adv. Struct. Chem. Imaging 3 (2017) 13). An
// approximation: fewer beams make a train of probes, one in every window, and what a probe
// scatters out of its window is lost. f = 1 is the exact matrix to rounding.
#pragma once
#include <functional>
#include <vector>

#include "base/claim.hpp"
#include "multislice/camera_pixels.hpp"
#include "multislice/coherence.hpp"
#include "multislice/detectors.hpp"
#include "multislice/shot.hpp"
#include "multislice/slab.hpp"

namespace vitrobeam {

// The window as a cell of its own, on which beams, patterns and detectors are sampled. Error{usage}
// unless its sides are whole even numbers of samples.
Grid interpolation_window(const Grid& cell, int factor);

// The references must outlive it.
template <typename Real>
struct InterpolationSetup {
  const BandTransform<Real>& transform;  // of the whole cell
  const Slab<Real>& slab;
  const Propagator<Real>& propagator;
  Grid window;
  int factor;
  const ProbeSeries& series;     // on the window
  std::vector<int> depths;       // slices above each, ascending, the last is the exit
  const PatternWindow* pattern;  // on the window; nullptr: no patterns
  const DetectorSums<Real>& detectors;
  double memory_bytes;
};

// How the exit waves of all beams are used within `memory_bytes`: all at once, or some beams at a
// time for a block of shots whose waves are kept meanwhile.
struct InterpolationPlan {
  std::size_t beams_at_once = 0;
  std::size_t shots_at_once = 0;  // 0: all
  double bytes = 0;

  bool possible() const { return beams_at_once > 0; }
  InterpolationPlan(std::size_t beams, double bytes_per_beam, double bytes_per_shot,
                    double memory_bytes);
};

template <typename Real>
class InterpolatedMatrix {
 public:
  using Sink = std::function<void(std::size_t shot, std::size_t depth, Plane<Real> pattern,
                                  double intensity, std::vector<double> channels)>;
  using Stop = std::function<bool()>;

  // Error{physics} when the memory does not hold the wave of one beam and of one shot.
  explicit InterpolatedMatrix(const InterpolationSetup<Real>& setup);
  // As Simulation::run().
  void run(const std::vector<Shot>& shots, int threads, const Sink& sink, const Stop& stop,
           const Claim& claim) const;

 private:
  using Wave = Plane<std::complex<Real>>;
  using Waves = std::vector<Wave>;  // [depth, beam] of the cell, or [depth, mode] of the window

  Waves propagate_beams(std::size_t first, std::size_t last, int threads, const Stop& stop) const;
  Waves empty_windows(const Shot& shot) const;
  // Adds the beams first .. , which `exit` holds, to the window around a shot.
  void add_beams(const Waves& exit, std::size_t first, const Shot& shot, Waves& windows) const;
  void emit(std::size_t i, const Shot& shot, const Waves& windows, const Sink& sink) const;

  InterpolationSetup<Real> setup_;
  InterpolationPlan plan_;
};

extern template class InterpolatedMatrix<float>;
extern template class InterpolatedMatrix<double>;

}  // namespace vitrobeam
