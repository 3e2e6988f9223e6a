// The calibration of HAADF against density, by simulation: one glass, or several, scaled over
// density and piled up to several thicknesses.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "maps/density.hpp"
#include "models/atoms.hpp"
#include "models/column_density.hpp"
#include "models/packing.hpp"
#include "multislice/simulation.hpp"

namespace vitrobeam {

struct DensityPlan {
  std::vector<double> change;     // relative; holds 0
  std::vector<double> thickness;  // Angstrom, ascending multiples of the first
  std::map<int, double> u_rms;    // thermal motion, a configuration for every pile; empty: at rest
  int positions = 16, piles = 2;  // positions in each pile
  int terms = 2;                  // of the curve
  double pixel = 0.08;            // Angstrom, at most
  SimulationSettings simulation;  // with its detectors; the grid follows from `pixel`
  std::uint64_t seed = 1;
};

// The column that a probe of these optics sees in a specimen, spreading with depth.
ColumnWeight column_of(const Optics& optics);

// The same sites with as few atoms as it takes exchanged, at random, for another composition: the
// density in atoms stays, whatever the sizes of the elements would make of it.
Atoms with_composition(const Atoms& glass, const Composition& composition, std::uint64_t seed);

// Error{usage} where thicknesses or detectors do not fit, Error{physics} where a grid of the study
// or its probe does not: before any of it is computed.
void check_study(const DensityPlan& plan, const std::vector<Atoms>& glasses);

// Every change of density meets the same piles, positions and displacements, scaled; so contrasts
// are far better known than intensities. The glasses are periodic. Errors are standard errors over
// the samples (positions of all piles). Throws Interrupted.
DensityCalibration calibrate_density(const DensityPlan& plan, const std::vector<Atoms>& glasses,
                                     const RunControl& run);
// Of a cell with these edges across the beam.
Grid grid_of_study(const Vector3d& edges, double pixel);
// Probe positions that are simulated, over all glasses, changes and piles.
std::size_t positions_of_study(const DensityPlan& plan, std::size_t glasses);

}  // namespace vitrobeam
