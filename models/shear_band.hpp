// Shear bands: regions of a glass whose density alternates, with smooth borders.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "base/run_control.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

struct ShearBand {
  double centre = 0, width = 20;                // along x, Angstrom; the band contains y and z
  std::vector<double> changes = {0.06, -0.10};  // of the density, in turn along y
  double segment = 40;                          // length of one along y, Angstrom, about
  double border = 8;      // over which the density changes, Angstrom, at its sides and along it
  double contact = 0.85;  // atoms are pushed apart to this share of the metallic radii
  std::uint64_t seed = 1;
};

// Density over that of the glass, less 1, at a place: a(y) w(x). w is 1 within the band, 0 outside,
// and half a cosine `border` wide between, with its middle at `width` / 2; a goes from one
// segment's change to the next in the same way. `length` is that of the cell along y.
double band_profile(const ShearBand& band, double length, double x, double y);

struct BandSegment {
  double from = 0, to = 0;  // along y
  double change = 0;        // asked for in its middle
  // Of the number of atoms in it, side borders included, against the glass: by the profile, made.
  double asked = 0, made = 0;
};

// The band of a deformed glass, seen edge on: H. Roesner et al., Ultramicroscopy 142 (2014) 1,
// measured changes of +6 to -10 % alternating along it. The glass is mapped onto itself: its atom
// at S(r) goes to r, where S stretches all three directions by the cube root of the density; beyond
// the borders nothing moves. A few atoms go or come (to the roomiest places) until every segment
// has its number, and those that are too near are pushed apart. Label band (0, or the segment from
// 1). Error{usage}: changes or a border that are none. Error{physics}: a cell that is not
// orthogonal or does not hold the band. Of `run`: threads, stop.
std::pair<Atoms, std::vector<BandSegment>> with_shear_band(const Atoms& glass,
                                                           const ShearBand& band,
                                                           const RunControl& run = {});
ModelSize expected_size(const Atoms& glass, const ShearBand& band);  // its errors

}  // namespace vitrobeam
