// S(q) and G(r) of patterns without multiple scattering, by piles of a model of the same alloy
// through which the same beam goes twice: by multislice and by single scattering
// (patterns/multiple_scattering.hpp).
#pragma once
#include "multislice/simulation.hpp"
#include "patterns/multiple_scattering.hpp"
#include "studies/radial_study.hpp"

namespace vitrobeam {

struct ScatteringPlan {
  SimulationSettings simulation;  // energy and semi-angle of the patterns; grid follows from rings
  double thickness = 0;           // Angstrom
  int piles = 8;
  int positions = 9;  // of the beam in each pile, raised to a square
  RingAxis axis;      // of the patterns
  std::uint64_t seed = 1;
};

// The plan for these patterns of this model, checked. Error{usage} where thickness, energy or
// semi-angle is not known; Error{physics} where the model is no periodic block or differs from
// the study's composition by more than 2 atomic per cent or from `density` (atoms/Angstrom^3, 0:
// any) by more than 5 per cent, or where rings lie inside the central disc.
ScatteringPlan scattering_plan(const PatternScan& scan, const RingAxis& axis, const Atoms& model,
                               const RadialStudy& study, double density);

// Throws Interrupted.
SimulatedRings simulate_rings(const ScatteringPlan& plan, const Atoms& model,
                              const RunControl& run);

// Errors as of both functions above and of radial_of_patterns().
CorrectedRadial corrected_radial_of_patterns(const PatternScan& scan, const ScatteringPlan& plan,
                                             const Atoms& model, const RadialStudy& study,
                                             const RunControl& run);

}  // namespace vitrobeam
