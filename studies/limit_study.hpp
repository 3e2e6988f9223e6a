// What symmetry analysis can and cannot see in a glass, by simulation: odd against even orders with
// thickness under four physics, and how often a planted motif is told apart from the glass without
// it.
#pragma once
#include <vector>

#include "base/array.hpp"
#include "base/run_control.hpp"
#include "studies/limit_plan.hpp"

namespace vitrobeam {

struct OddEven {
  Engine engine;
  std::vector<double> ratio, error;  // [thickness]; error of the mean by jackknife
  std::vector<double> even;          // [thickness] sum of the even orders
};

// [thickness, depth, tilt, dose], flattened.
struct Detection {
  LimitTarget target;
  Engine engine;
  std::vector<double> probability, low, high;     // with the 95 % interval (Wilson)
  std::vector<double> area, area_error;           // under the ROC
  std::vector<double> planted_power, null_power;  // means of C_n in the motif's ring
  std::vector<double> limit;  // [depth, tilt, dose] thickness beyond which fewer than half are
                              // found; not-a-number: at all thicknesses or at none
};

// At which thickness odd over even orders reach a ratio behind a parallel beam, by the law.
struct LimitLaw {
  std::vector<double> ratio, energy_kV;
  std::vector<double> of_beam;  // [ratio] Angstrom, at the energy of the plan
  PlaneD thickness;             // [energy, ratio] Angstrom
};

struct LimitStudy {
  std::vector<OddEven> odd_even;
  std::vector<double> law;  // [thickness] (1 - rho) / (1 + rho) at the ring's middle
  LimitLaw by_ratio;
  std::vector<Detection> detections;
  std::size_t atoms_removed = 0;  // at the seams of the stacked blocks
};

// Simulates all of it; `glass` is periodic. Errors as prepared(). Throws Interrupted.
LimitStudy study_limits(const LimitPlan& plan, const Atoms& glass, const RunControl& run);

}  // namespace vitrobeam
