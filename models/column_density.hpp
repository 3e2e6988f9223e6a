// Density and composition of the column that a beam sees, and means of what its atoms have, on a
// raster of beam positions.
#pragma once
#include <map>

#include "models/atoms.hpp"

namespace vitrobeam {

// How much an atom beside the beam counts: a Gaussian, or the intensity of a probe behind a round
// aperture without aberrations. Each is given by its transform, which ends or fades in reciprocal
// space, so that the sum over all periodic images is exact.
struct ColumnWeight {
  enum class Kind { gaussian, airy } kind = Kind::gaussian;
  double fwhm = 4;             // Angstrom, of the Gaussian
  double aperture_radius = 0;  // 1/Angstrom, semi-angle over wavelength, of the Airy disk
  // Of the Airy disk, if it is to spread with depth: the wavelength (Angstrom; 0: it does not) and
  // how deep below z = 0 its focus lies.
  double wavelength = 0, focus_depth = 0;

  // Weight of the spatial frequency g (1/Angstrom) at the depth z: 1 at g = 0. Off the focus by D
  // the intensity's transform is the overlap of two apertures shifted by g with the phase
  // 2 pi lambda D g u along the shift (Hopkins, Proc. R. Soc. A 231 (1955) 91).
  double transform(double g, double z = 0) const;
  double largest_frequency() const;  // beyond it the transform is 0 or under 1e-9
  bool spreads() const { return kind == Kind::airy && wavelength > 0; }
};

struct ColumnDensity {
  PlaneD density;               // [y, x] atoms/Angstrom^3, of the whole height of the cell
  PlaneD mass_density_g_cm3;    // [y, x]
  std::map<int, PlaneD> share;  // [y, x] share of each element among the atoms weighted
  std::vector<double> y, x;     // Angstrom
};

// The column at (x, y) is the mean of the projected density with the beam's weight over the cell's
// height. The cell must be orthogonal (Error{physics}) and counts as periodic across the beam.
ColumnDensity column_density(const Atoms& atoms, const ColumnWeight& weight,
                             const std::vector<double>& y, const std::vector<double>& x);
// On rows x columns positions over the whole cell, from 0, the end excluded.
ColumnDensity column_density(const Atoms& atoms, const ColumnWeight& weight, int rows, int columns);

// [y, x] mean over the atoms of the column of one value per atom; atoms whose value is not a number
// do not count.
PlaneD column_mean(const Atoms& atoms, const std::vector<double>& values,
                   const ColumnWeight& weight, const std::vector<double>& y,
                   const std::vector<double>& x);

}  // namespace vitrobeam
