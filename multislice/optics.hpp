// The beam and the probe-forming lens.
#pragma once
#include "base/array.hpp"
#include "potentials/grid.hpp"

namespace vitrobeam {

double wavelength(double energy_kV);            // Angstrom, relativistic
double interaction_constant(double energy_kV);  // sigma in rad / (V Angstrom)

enum class ApertureEdge { soft, hard };

struct Optics {
  double energy_kV = 200;
  bool plane_wave = false;
  double semiangle_mrad = 3.3;  // convergence semi-angle
  double defocus = 0;           // Angstrom, underfocus positive, C10 = -defocus
  double cs_mm = 0;             // C30
  ApertureEdge edge = ApertureEdge::soft;

  double wavelength() const { return vitrobeam::wavelength(energy_kV); }
  double aperture_q() const { return semiangle_mrad * 1e-3 / wavelength(); }  // 1/Angstrom
};

// One beam of the incident wave: Fourier index (FFT order, may be negative) and amplitude A(q)
// exp(-i chi(q)).
struct ApertureBeam {
  int jx, jy;
  std::complex<double> amplitude;
};

// The beams of a probe at the origin, normalised to a total intensity of 1; a plane wave is the
// single beam (0, 0). Throws Error{physics} if the aperture reaches beyond the band limit or holds
// no beam but the central one.
std::vector<ApertureBeam> aperture_beams(const Optics& optics, const Grid& grid);

// Fraction of the probe's intensity that lies farther than half a cell edge from its centre in a
// cell much larger than `grid`'s: what would wrap around. 0 for a plane wave.
double wrapped_fraction(const Optics& optics, const Grid& grid);

}  // namespace vitrobeam
