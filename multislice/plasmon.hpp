// Plasmon losses of a beam in a thin solid: how many there are (Poisson), the angles by which they
// turn it (a Lorentzian up to a cut-off), and what they make of an elastic pattern. A loss is
// delocalised, so a pattern with n losses is the elastic one folded n times with the angles of one
// loss, but for the elastic scattering behind the loss, which sees a tilted beam.
// Sources: R. F. Egerton, Electron Energy-Loss Spectroscopy in the Electron Microscope, 3rd edition
// (2011), sections 3.3 and 3.4; A. Beyer et al., Sci. Rep. 10, 17890 (2020), equation 3.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "models/atoms.hpp"
#include "multislice/detectors.hpp"

namespace vitrobeam {

struct PlasmonSettings {
  double mean_free_path = 0;  // between two losses of any angle, Angstrom
  double energy_eV = 0;       // of one loss
  double cutoff_mrad = 0;     // largest angle of one loss; 0: free_electron_cutoff()
  // Width in eV of a slit centred on the zero loss: the beam keeps n losses with
  // n energy_eV <= width / 2.
  std::optional<double> filter_eV = {};
  double limit_percent = 1;  // largest folding_error_percent()
};

// theta_E = E_p / (p v), rad, of the beam before the loss: half width at half maximum of the
// angles (Egerton, equation 3.28). -> E_p / (2 E_0) for slow electrons.
double characteristic_angle(double energy_eV, double energy_kV);
// theta_c = q_c / k_0, rad, where plasmons decay into single electrons, q_c = omega_p / v_F of the
// free-electron gas with this plasmon energy (Egerton, section 3.3.1).
double free_electron_cutoff(double energy_eV, double energy_kV);
// Of all inelastic scattering, Angstrom, from the density in g/cm^3: K. Iakoubovskii et al.,
// Microsc. Res. Tech. 71, 626 (2008), equation 9 for all angles.
double inelastic_mean_free_path(double density_g_cm3, double energy_kV);

// The angles of one loss: dP/dOmega = 1 / (pi ln(1 + theta_c^2 / theta_E^2)) / (theta^2 +
// theta_E^2) up to theta_c, rad.
struct LossAngles {
  double characteristic, cutoff;

  double density(double angle) const;  // dP/dOmega, 1/sr
  double mean() const;
  double mean_square() const;
  // One loss from the direction of a sample into the area of another, `x` and `y` samples away,
  // integrated over that area (`pixel_x` by `pixel_y`, rad).
  double share(int x, int y, double pixel_x, double pixel_y) const;
};
LossAngles loss_angles(const PlasmonSettings& settings, double energy_kV);

// Poisson shares of 0, 1, .., most losses in t / lambda mean free paths.
std::vector<double> loss_shares(double mean_free_paths, int most);
// Most losses that the filter keeps; none without a filter.
std::optional<int> losses_kept(const PlasmonSettings& settings);
// Of the whole beam, what the filter keeps; 1 without a filter.
double kept_share(const PlasmonSettings& settings, double thickness);

// What folding leaves out, elastic scattering of a tilted beam behind a loss: estimate of the rms
// difference of patterns outside the bright disc from one in which every loss acts at its depth, %
// of their rms. 0.036 t^2 / lambda (Angstrom) at 200 kV, in proportion to the wavelength elsewhere:
// an upper envelope of what was measured on a Cu-Zr glass of 40 to 330 Angstrom with cut-offs of
// 2.5 to 10 mrad (validation/analytic/plasmons.py). 0 where a filter keeps no loss.
double folding_error_percent(const PlasmonSettings& settings, double thickness, double energy_kV);

// Thickness of material above each of `depths` (Angstrom below the entrance face), from 1.25
// Angstrom above the first atom to as much below the last one (half the distance of neighbours in
// a metal), within the cell. Error{physics} for atoms in one plane.
std::vector<double> material_thickness(const Atoms& atoms, const std::vector<double>& depths);
double whole_thickness(const Atoms& atoms);

// Error{usage} for values that mean nothing, Error{physics} for angles that do not fit the grid or
// a `thickness` of material in which losses are too many or folding too far off.
void check_plasmons(const PlasmonSettings& settings);
void check_plasmons(const PlasmonSettings& settings, const Grid& grid, double energy_kV,
                    double thickness);

// What plasmons make of a pattern over the whole of a grid: sum over n of P_n (pattern * L^n), as
// one product with exp(-t/lambda (1 - L)) in Fourier space, or the sum over what a filter keeps. L
// is integrated over the area of each sample, as theta_E is smaller than most of them. Nothing is
// lost at the borders: what goes beyond one comes in at the other.
class PlasmonBlur {
 public:
  // `thickness` of material above each recorded depth. Errors as check_plasmons.
  PlasmonBlur(const PlasmonSettings& settings, const Grid& grid, double energy_kV,
              std::vector<double> thickness);

  // [q_y, q_x], q = 0 at (n/2, n/2)
  template <typename Real>
  Plane<Real> operator()(const Plane<Real>& pattern, int depth) const;
  double kept(int depth) const;  // share of the beam

 private:
  PlasmonSettings settings_;
  std::vector<double> thickness_;
  PlaneD one_loss_;  // L in Fourier space
};

// Detectors over a pattern of the whole grid, as DetectorSums over a wave.
class PatternDetectors {
 public:
  PatternDetectors(const std::vector<Detector>& detectors, const Grid& grid, double wavelength);
  template <typename Real>
  std::vector<double> operator()(const Plane<Real>& pattern) const;

 private:
  struct Part {
    Eigen::Index row, column;
    DetectorShare share;
  };
  std::size_t count_;
  std::vector<Part> parts_;
};

}  // namespace vitrobeam
