// A box for a finite model: wide enough for its probe, with no more vacuum than that takes.
#pragma once
#include <optional>

#include "models/atoms.hpp"
#include "multislice/optics.hpp"

namespace vitrobeam {

// What was done to a model to give it its box.
struct PaddedBox {
  bool changed = false;
  Vector3d edges{0, 0, 0};  // Angstrom
  Vector3d moved{0, 0, 0};  // by which every atom was moved, Angstrom
};

// The smallest edge in which the probe leaves at most `wrapped` of itself beyond half the cell and
// the aperture has five beams across or more, Angstrom; 0 for a plane wave. Error{physics} where
// 500 Angstrom do not do.
double smallest_edge(const Optics& optics, double wrapped);

// Along x and y, where the model is not periodic and its cell is none or too small for the probe
// (or `padding` says how much vacuum is wanted on either side), the box is the model with vacuum
// beyond its outermost atoms, wide enough for the probe, the atoms in the middle. Along z only
// where there is no cell.
PaddedBox pad(Atoms& atoms, const std::vector<Optics>& probes, double wrapped,
              std::optional<double> padding);

}  // namespace vitrobeam
