// A time series of a relaxing glass whose relaxation times are known: what correlation microscopy
// is to find.
#pragma once
#include <cstdint>
#include <vector>

#include "base/run_control.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

struct Relaxation {
  int frames = 200;
  double interval = 1;      // between frames, in units of time that are the user's
  double tau = 20;          // median relaxation time, same units
  double spread = 0;        // standard deviation of ln(tau) from place to place
  double correlation = 15;  // length over which tau varies across the beam, Angstrom
  double surface = 0;       // depth of a fast layer below either free surface, Angstrom; 0: none
  double speed_up = 10;     // of it
  double jump = 0.8;        // rms displacement per axis of a rearrangement, Angstrom
  double closest = 0.75;    // frames are relaxed by contacts at this share of the radii; 0: not
  std::uint64_t seed = 1;
};

// tau at every atom, and the label tau of every frame: the median, times a log-normal random field
// of x and y, divided by speed_up near a surface.
std::vector<double> relaxation_times(const Atoms& atoms, const Relaxation& settings);

// Frame k at the time k interval (info time). Every atom stays displaced from its place by a normal
// vector, drawn anew at the moments of a Poisson process of rate 1/tau of its own: before contacts,
// the displacements correlate as exp(-t / tau).
// Error{usage}: frames or times that are none. Error{physics}: a cell that is not orthogonal. Of
// `run`: threads, stop.
std::vector<Atoms> relaxing_series(const Atoms& atoms, const Relaxation& settings,
                                   const RunControl& run = {});
// Of each frame; the same errors.
ModelSize expected_size(const Atoms& atoms, const Relaxation& settings);

}  // namespace vitrobeam
