// What a study of symmetry limits simulates (limit_study.hpp), checked and completed.
#pragma once
#include <string>
#include <vector>

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
  RingBand ring, motif_ring;    // of odd against even orders, and of planted motifs
  double pixel = 0.2;           // Angstrom, the largest
  SimulationSettings simulation;
  std::uint64_t seed = 1;
};

// The engine's name as that of a dataset: "multislice", "kinematic", "flat_born", "phase_object".
std::string engine_label(Engine engine);

// The plan with the grid and the reach that its rings need on a glass. Error{usage}: thicknesses
// that are no ascending multiples of the first, depths outside 0 .. 1, negative doses;
// Error{physics}: a motif higher than the thinnest specimen, rings beyond the band limit or inside
// the central disc.
LimitPlan prepared(LimitPlan plan, const Atoms& glass);

// Patterns that are simulated, of all engines, thicknesses, targets, depths and tilts.
std::size_t patterns_of_study(const LimitPlan& plan);

// A target's motif with its axis along the beam, turned about it by that angle, radian.
Atoms upright(const LimitPlan& plan, const LimitTarget& target, double turn);

// How much of the beam's way a planted motif takes, Angstrom, between the centres of its atoms; a
// tilt counts as if the motif's widest side turned into the beam.
double height_along_beam(const LimitPlan& plan, const LimitTarget& target);

}  // namespace vitrobeam
