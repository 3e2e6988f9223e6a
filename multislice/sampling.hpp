// The grid for a model: fine enough for a wanted pixel, no finer than the scattering factors reach.
#pragma once
#include <optional>

#include "fourier/grid.hpp"
#include "models/atoms.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// Wide enough for angles to 104 mrad at 200 kV, Angstrom.
inline constexpr double kDefaultPixel = 0.08;

struct SampledCell {
  Grid grid;
  // Where the pixel is not given and the band would reach beyond it: the q, 1/Angstrom, at which
  // the factors end and that made the grid coarser.
  std::optional<double> limited_by = {};
};

// Good even sizes (good_size) for the model's orthogonal cell with pixels of at most `pixel`
// Angstrom; without it of kDefaultPixel, or fewer where the band would reach beyond what `factors`
// say. Multiples of `interpolation`. Error{usage}: more than 65536 samples along an edge.
SampledCell sample_cell(const Atoms& atoms, const FactorTable& factors, std::optional<double> pixel,
                        int interpolation = 1);

// Error{physics} where the band ends before the rings of a glass or the reflections of a crystal
// (from 0.35 to 0.6 1/Angstrom): nothing could be scattered there, and nothing would look lost.
void check_reach(const Grid& grid, double energy_kV);

}  // namespace vitrobeam
