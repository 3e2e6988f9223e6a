// The beam and the probe-forming lens.
#pragma once
#include <string>
#include <vector>

#include "base/array.hpp"
#include "base/electron.hpp"
#include "fourier/grid.hpp"

namespace vitrobeam {

// One term of the aberration function in Krivanek's notation:
// chi = 2 pi / lambda theta^(n+1) / (n+1) C_nm cos(m (phi - phi_nm)), phi from +x towards +y.
struct Aberration {
  int n, m;
  double size;       // C_nm, Angstrom
  double angle = 0;  // phi_nm, rad; of no effect for m = 0
};

enum class ApertureEdge { soft, hard };

struct Optics {
  double energy_kV = 200;
  bool plane_wave = false;
  double semiangle_mrad = 3.3;               // convergence semi-angle
  double defocus = 0;                        // Angstrom, underfocus positive, C10 = -defocus
  double cs_mm = 0;                          // C30
  std::vector<Aberration> aberrations = {};  // beside defocus and C30
  ApertureEdge edge = ApertureEdge::soft;
  double inner_mrad = 0;  // an annular aperture is closed up to here
  // An elliptical aperture: ratio of long to short axis, the area that of a round one; the long
  // axis at aperture_angle from +x towards +y, rad.
  double aperture_ratio = 1, aperture_angle = 0;
  Vector2d tilt_mrad = {0, 0};  // of the beam: it travels along (tan tilt_x, tan tilt_y, 1)
  // Of the specimen: its own z axis points along (tan x, tan y, 1), turned about a point half its
  // height below where the untilted beam enters. To first order this is a beam tilted the other way
  // in the specimen's frame; what is left out grows as the square, 4e-4 of a length at 20 mrad.
  Vector2d specimen_tilt_mrad = {0, 0};
  double focal_spread = 0;  // rms of the normal distribution of defocus, Angstrom
  double source_fwhm = 0;   // of the Gaussian source, demagnified onto the specimen, Angstrom

  double wavelength() const { return vitrobeam::wavelength(energy_kV); }
  Vector2d total_tilt() const {
    return 1e-3 * (tilt_mrad - specimen_tilt_mrad);
  }                           // of the beam in
                              // the specimen
  double source_rms() const;  // Angstrom, along one axis
  bool is_coherent() const { return focal_spread == 0 && source_fwhm == 0; }
  double aperture_q() const { return semiangle_mrad * 1e-3 / wavelength(); }  // 1/Angstrom
};

// Whether a beam of these optics is one that the equations here hold for. Error{usage}: a beam tilt
// above 50 mrad or a specimen tilt above 30, an annulus that is closed, an aperture or a source of
// a plane wave.
void check_optics(const Optics& optics);

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

// FWHM = 0.5145 lambda / alpha of a probe limited by diffraction alone (half maximum of the Airy
// pattern), and its inverse.
double diffraction_limited_fwhm(double energy_kV, double semiangle_mrad);
double semiangle_for_fwhm(double energy_kV, double fwhm);  // mrad

// "C12=20,phi12=0.3,C21=..": terms C10, C12, C21, C23, C30, .. C56 in Angstrom with their angles in
// rad. Throws Error{usage} naming the term.
std::vector<Aberration> parse_aberrations(const std::string& text);

// Fraction of the probe's intensity, averaged over focal spread and source, that lies farther than
// half a cell edge from its centre in a cell much larger than `grid`'s: what would wrap around. 0
// for a plane wave.
double wrapped_fraction(const Optics& optics, const Grid& grid);

}  // namespace vitrobeam
