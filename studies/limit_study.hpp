// What symmetry analysis can and cannot see in a glass, by simulation: odd against even orders with
// thickness under four physics, and how often a planted motif is told from the glass without it.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "models/atoms.hpp"
#include "models/motifs.hpp"
#include "multislice/simulation.hpp"
#include "patterns/camera.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {

// A motif with one of its axes along the beam, and the order that is looked for.
struct LimitTarget {
  std::string motif, axis;
  int order = 10;
  std::string label() const;  // "icosahedron 5, n = 10"
};

struct LimitPlan {
  std::vector<LimitTarget> targets;
  std::vector<int> elements;  // of the motifs
  double bond = 0, radius = 0;
  int shells = 1;
  std::vector<double> thickness;  // Angstrom, ascending
  std::vector<double> depths;     // of the motif, share of the thickness
  std::vector<double> tilts_deg;  // of its axis off the beam
  std::vector<double> doses;      // electrons per pattern, 0 = no noise
  Camera camera = {};  // its DQE, transfer function and readout noise, where there is a dose
  std::vector<Engine> engines;  // of the detection
  int positions = 50;           // planted motifs per condition; patterns per engine of odd / even
  int null_positions = 200;     // of the glass without it, per thickness
  double significance = 0.05;   // of a single position
  RingBand ring, motif_ring;
  SimulationSettings simulation;
  std::uint64_t seed = 1;
  int threads = 1;
};

std::string engine_label(
    Engine engine);  // "multislice", "curved_born", "flat_born", "phase_grating"

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

struct LimitStudy {
  std::vector<OddEven> odd_even;
  std::vector<double> law;  // [thickness] (1 - rho) / (1 + rho) at the ring's middle
  std::vector<Detection> detections;
  std::size_t atoms_removed = 0;  // at the seams of the stacked blocks
};

// `progress` counts simulated patterns; incomplete once `stop()` turns true.
LimitStudy study_limits(const LimitPlan& plan, const Atoms& glass,
                        const std::function<void(std::size_t)>& progress,
                        const std::function<bool()>& stop);
std::size_t patterns_of_study(const LimitPlan& plan);

// How much of the beam's way a planted motif takes, Angstrom, between the centres of its atoms; a
// tilt counts as if the motif's widest side turned into the beam.
double height_along_beam(const LimitPlan& plan, const LimitTarget& target);

}  // namespace vitrobeam
