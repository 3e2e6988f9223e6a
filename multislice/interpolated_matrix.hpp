// The scattering matrix with every f-th beam of the aperture along each axis, the probe cut out of
// a window of 1/f of the cell around it: PRISM (Ophus, Adv. Struct. Chem. Imaging 3 (2017) 13). An
// approximation: fewer beams make a train of probes, one in every window, and what a probe
// scatters out of its window is lost. f = 1 is the exact matrix to rounding.
#pragma once
#include <functional>
#include <vector>

#include "multislice/engine.hpp"
#include "multislice/slab.hpp"

namespace vitrobeam {

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
// time for a block of points whose waves are kept meanwhile.
struct InterpolationPlan {
  std::size_t beams_at_once = 0;
  std::size_t points_at_once = 0;  // 0: all
  double bytes = 0;

  bool possible() const { return beams_at_once > 0; }
  InterpolationPlan(std::size_t beams, double bytes_per_beam, double bytes_per_point,
                    double memory_bytes);
};

template <typename Real>
class InterpolatedMatrix {
 public:
  using Stop = std::function<bool()>;

  // Error{physics} when the memory does not hold the wave of one beam and of one point.
  explicit InterpolatedMatrix(const InterpolationSetup<Real>& setup);
  // Hands over blocks of results as engines do (engine.hpp).
  void run(const std::vector<ScanPoint>& points, const EngineRun<Real>& run) const;

 private:
  using Wave = Plane<std::complex<Real>>;
  using Waves = std::vector<Wave>;  // [depth, beam] of the cell, or [depth, mode] of the window

  // The samples of the cell of a wave that a walk through the slices left at recorded depth d.
  Wave exit_wave(const Transmission<Real>& window, std::size_t d, Lanes<Real>* wave,
                 typename BandTransform<Real>::Workspace& workspace) const;
  Waves propagate_beams(std::size_t first, std::size_t last, int threads, const Stop& stop) const;
  Waves empty_windows(const ScanPoint& point) const;
  // Adds the beams first .. , which `exit` holds, to the window around a point.
  void add_beams(const Waves& exit, std::size_t first, const ScanPoint& point,
                 Waves& windows) const;
  // What the windows around point `i` give, at all depths.
  std::vector<ProbeResult<Real>> results(std::size_t i, const ScanPoint& point,
                                         const Waves& windows) const;

  InterpolationSetup<Real> setup_;
  InterpolationPlan plan_;
};

extern template class InterpolatedMatrix<float>;
extern template class InterpolatedMatrix<double>;

}  // namespace vitrobeam
