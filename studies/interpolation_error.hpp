// What an interpolated scattering matrix costs in accuracy, measured by the run itself: some of its
// points again by multislice.
#pragma once
#include "studies/scan_simulation.hpp"

namespace vitrobeam {

struct InterpolationError {
  std::size_t points = 0;
  // R = sum |I - I_exact| / sum I_exact per pattern, of the exact pattern what falls on the
  // coarser pixels; not a number without patterns.
  double patterns_mean = 0, patterns_worst = 0;
  double scattered_mean = 0;  // the same outside of the bright disc
  // Root mean square over the points by the mean, of the channel of a detector that is worst; not a
  // number without detectors (centres of mass are not counted).
  double detectors_worst = 0;
};

// Of up to four points spread over the run, atoms at rest, at the exit. `simulation` is the one
// that interpolates; its beams are propagated for this alone.
template <typename Real>
InterpolationError interpolation_error(const ScanSimulation& scan, const Atoms& at_rest,
                                       const Simulation<Real>& simulation, int threads);

}  // namespace vitrobeam
