// The amorphous ring as a strain gauge: centre and strain of a ring against a reference profile,
// with errors. A specimen strained by the symmetric real-space tensor e turns the ring |q| = q0
// into q' with |(1 + e) q'| = q0 (tension along x shrinks the ring along x), so the model is
// I(q, theta) = a(theta) P(|(1 + e) (q - c)|) with the reference's radial profile P and a free
// amplitude for every azimuth.
#pragma once
#include <array>
#include <vector>

#include "patterns/polar.hpp"

namespace vitrobeam {

// A smooth radial profile on the bins of a polar grid: natural cubic spline through its values.
class RingProfile {
 public:
  RingProfile(const PolarGrid& grid, std::vector<double> values);
  // Azimuthal mean of a polar pattern [q, theta]; bins of weight 0 take no part. Error{physics} if
  // a whole radius is hidden, or if there is nothing to see (no positive intensity).
  static RingProfile of(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid);

  // Value and derivative (per 1/Angstrom) at q; straight on outside of the bins.
  struct Value {
    double p, slope;
  };
  Value operator()(double q) const;
  double q_of_maximum() const;  // of the spline
  const std::vector<double>& values() const { return values_; }

 private:
  double first_, step_;
  std::vector<double> values_, curvature_;
};

// Which of the five parameters are fitted; the others stay 0.
struct RingFreedom {
  bool centre = true, dilatation = true, shear = true;
};

// Parameters in the order c_x, c_y (1/Angstrom), e_xx, e_yy, e_xy.
struct RingFit {
  std::array<double, 5> value{}, error{};  // error: one standard deviation; 0 where not fitted
  double amplitude = 0;                    // mean a(theta)
  double effective_patches = 0;  // azimuths of the grid that are independent of each other
  bool converged = false;
};

// Fits one polar pattern. The estimating equations are linear in the intensities (weights from the
// profile alone), so that speckle, which has the profile as its mean, does not bias the result. The
// errors come from the residuals' harmonics that no parameter describes (even ones for the strain,
// odd ones for the centre, as Friedel's law ties opposite azimuths together).
RingFit fit_ring(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                 const RingProfile& profile, const RingFreedom& freedom);

// Centre and ellipse of an image by its own ring: the calibration under which the ring is most
// nearly a circle about the centre (no dilatation: the scale stays). `moved` is the distance in
// pixels from the centre that it began with.
struct RingCalibration {
  Calibration calibration;
  double centre_error = 0;  // pixels
  double ellipticity_error = 0;
  double moved = 0;
  bool converged = false;
};
RingCalibration calibrate_by_ring(const Eigen::Ref<const PlaneF>& image, const Calibration& start,
                                  const PolarGrid& grid, const Plane<unsigned char>& hidden,
                                  bool fit_ellipse);

}  // namespace vitrobeam
