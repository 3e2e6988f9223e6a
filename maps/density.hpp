// HAADF and density: the curve from what a layer would scatter once to what is measured, its
// inversion, and relative density with its errors. HAADF counts the atoms of a column, so it sees
// density times thickness and nothing tells the two apart but a second measurement.
#pragma once
#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// I = k_1 x + k_2 x^2 + ..., x = (atoms per area) * (mean annular cross section), the share of the
// beam that single scattering would send onto the detector. A thin layer has I = x.
struct DensityCurve {
  Eigen::VectorXd k = Eigen::VectorXd::Ones(1);
  Eigen::MatrixXd covariance = {};  // of k; empty: exact
  double x_most = 0;                // calibrated up to here; 0: no limit

  double intensity(double x) const;  // share of the beam
  double slope(double x) const;      // dI / dx
  // x of an intensity; not-a-number where the curve has bent back before, or more than 10 % beyond
  // x_most.
  double inverse(double intensity) const;
  // Standard error of ln I that comes from the curve's coefficients.
  double relative_error(double x) const;
};

// Least squares with equal relative errors. Error{physics}: fewer points than terms.
Eigen::VectorXd fit_density_curve(const Eigen::ArrayXd& x, const Eigen::ArrayXd& intensity,
                                  int terms);

// One detector of a calibration.
struct CalibratedDetector {
  std::string name;
  double inner_mrad = 0, outer_mrad = 0;
  DensityCurve curve;
  std::vector<double> cross_section;   // [glass] Angstrom^2, mean over its atoms
  std::vector<double> position_error;  // [thickness] scatter of the density of a single position
};

struct DensityCalibration {
  std::string name = "calibration";  // in messages: the file
  double energy_kV = 0, semiangle_mrad = 0, defocus = 0;
  std::vector<std::string> glass;         // compositions in atomic percent
  std::vector<double> glass_density;      // atoms/Angstrom^3 at change 0
  std::vector<double> change, thickness;  // relative; Angstrom
  std::vector<CalibratedDetector> detectors;
  Stack<double> density;                     // [glass, change, thickness] as made
  Stack<double> intensity, intensity_error;  // [glass, change, thickness, detector]
  Stack<double> contrast, contrast_error;    // the same, relative to change 0, pairwise
  Stack<double> sample_x, sample_intensity;  // [glass, change, thickness, sample, detector]

  // Scatter of one position at this thickness: interpolated, beyond the ends as 1 / sqrt(t).
  double position_error(std::size_t detector, double at) const;
};

struct DensityInput {
  PlaneD intensity;                   // fraction of the beam, or any unit with `x_reference`
  PlaneD variance;                    // of it by counting and thermal sampling; empty: none
  PlaneD thickness;                   // Angstrom; empty: the same everywhere
  PlaneD thickness_variance;          // empty: exact
  Plane<unsigned char> reference;     // non-zero: of density 1 by definition
  std::optional<double> x_reference;  // what the reference scatters, where the unit is unknown
  double position_error = 0;          // relative, of a single position
  double independent = 1;  // positions that every value is the mean of, as far as independent
};

struct DensityMap {
  PlaneD x;                     // scattered once
  PlaneD relative, error;       // density over that of the reference; one sigma of a position
  Plane<unsigned char> status;  // 0 good, 1 unknown, 2 beyond the curve
  double scale_error = 0;       // relative, common to all: of the reference
  double scale = 1;             // what intensities were multiplied by
};

// Error{physics}: no known reference position, or one beyond the curve.
DensityMap relative_density(const DensityInput& input, const DensityCurve& curve);

}  // namespace vitrobeam
