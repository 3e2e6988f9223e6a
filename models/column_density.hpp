// Density and composition of the column that a beam sees, on a grid of beam positions.
#pragma once
#include <map>

#include "models/atoms.hpp"

namespace vitrobeam {

// How much an atom beside the beam counts: a Gaussian, or the Airy disk of an aperture without
// aberrations. Each is given by its transform, which ends or fades in reciprocal space, so that the
// sum over all periodic images is exact.
struct ColumnWeight {
  enum class Kind { gaussian, airy } kind = Kind::gaussian;
  double fwhm = 4;             // Angstrom, of the Gaussian
  double aperture_radius = 0;  // 1/Angstrom, semi-angle over wavelength, of the Airy disk

  // Weight of the spatial frequency g (1/Angstrom): 1 at 0.
  double transform(double g) const;
  double largest_frequency() const;  // beyond it the transform is 0 or under 1e-9
};

struct ColumnDensity {
  PlaneD density;               // [y, x] atoms/Angstrom^3, of the whole height of the cell
  PlaneD mass_density_g_cm3;    // [y, x]
  std::map<int, PlaneD> share;  // [y, x] share of each element among the atoms weighted
  std::vector<double> y, x;     // Angstrom, from 0, end excluded
};

// The column at (x, y) is the mean of the projected density with the beam's weight over the cell's
// height. The cell must be orthogonal (Error{physics}) and counts as periodic across the beam.
ColumnDensity column_density(const Atoms& atoms, const ColumnWeight& weight, int rows, int columns);

}  // namespace vitrobeam
