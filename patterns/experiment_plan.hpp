// Which beam, dose, thickness, step and virtual detector separate the motifs of a library best.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/run_control.hpp"
#include "patterns/library_separation.hpp"

namespace vitrobeam {

struct PlanSettings {
  std::vector<double> doses = {1e3, 1e4, 1e5};  // electrons per pattern, ascending or not
  double readout = 0;                           // standard deviation of a pixel, electrons
  // Motifs that the virtual detector tells apart; -1: none, the motif-free packings.
  int motif = 0, other = -1;
  // Of the detector: its limits, 1/Angstrom (0: just outside the beam's disc, and what the library
  // holds), and the rings and directions that it is chosen from.
  double q_min = 0, q_max = 0;
  int radii = 16, angles = 72;
};
// Error{usage} unless the angles are a multiple of 12, so that sectors divide them.
void check_plan_settings(const PlanSettings& settings);

struct ExperimentPlan {
  std::vector<LibraryConditions> conditions;
  std::vector<double> doses;
  std::vector<std::string> names;  // the motifs, then none
  // [condition, dose, a, b]: Chernoff information per pattern between a and b
  // (library_separation.hpp)
  Stack<double> information;
  // By condition: the distance of positions beyond which they do not repeat each other, Angstrom.
  std::vector<double> step;
  // The condition whose least separated pair is separated most, at the last dose.
  std::size_t best_condition = 0;
  int motif = 0, other = -1;                   // that the detector tells apart
  VirtualDetector detector;                    // under the best condition, at the last dose
  Vector3d detector_view = Vector3d::UnitZ();  // the direction of the motif that it is made for

  std::string name(int m) const { return m < 0 ? names.back() : names[std::size_t(m)]; }
  // Of the least separated pair under a condition at a dose.
  double least_information(std::size_t condition, std::size_t dose) const;
};

// Error{input} for a library with fewer than 8 motif-free patterns under a condition, Error{usage}
// for a detector beyond what its patterns hold. Throws Interrupted.
ExperimentPlan plan_experiment(const MotifLibrary& library, const PlanSettings& settings,
                               const RunControl& run);

// Independent patterns that take the probability of confusing two things with that much
// information below `error` (0 .. 0.5): the Chernoff bound exp(-n C) / 2.
double patterns_needed(double information, double error);

}  // namespace vitrobeam
