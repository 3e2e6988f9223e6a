// The amorphous ring as a strain gauge: centre and strain of a ring against a reference profile,
// with errors. A specimen strained by the symmetric real-space tensor e turns the ring |q| = q0
// into q' with |(1 + e) q'| = q0 (tension along x shrinks the ring along x), so the model is
// I(q, theta) = a(theta) P(|(1 + e) (q - c)|) with the reference's radial profile P and a free
// amplitude for every azimuth. Only the ring of a parallel beam is strained so: in a convergent
// beam it is convolved with the aperture's disc, which is not. With the disc's variance s^2 along
// an axis the derivative for e is, to second cumulants,
//   D * (e q . grad P0) = e q . grad P + s^2 e : grad grad P,   P = D * P0,
// the second term of which is in the model as well.
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

  // The beam's convergence: variance along one axis of the disc that the ring is convolved with,
  // (semi-angle / wavelength)^2 / 4 for a full aperture; 0 for a parallel beam.
  void set_disc_variance(double s2) { disc_variance_ = s2; }
  double disc_variance() const { return disc_variance_; }

  // Value and derivatives (per 1/Angstrom) at q; straight on outside of the bins.
  struct Value {
    double p, slope, curvature;
  };
  Value operator()(double q) const;
  double q_of_maximum() const;  // of the spline
  const std::vector<double>& values() const { return values_; }

 private:
  double first_, step_, disc_variance_ = 0;
  std::vector<double> values_, curvature_;
};

// Which of the five parameters are fitted; the others stay 0.
struct RingFreedom {
  bool centre = true, dilatation = true, shear = true;
};

// How strong the noise is at the harmonics 0, 1, 2 of the azimuth, which the fit takes for itself,
// over the free ones from which its strength is taken (4, 6, 8 for 0 and 2, 3, 5, 7 for 1).
struct RingNoiseShape {
  std::array<double, 3> harmonic = {1, 1, 1};
};

// Parameters in the order c_x, c_y (1/Angstrom), e_xx, e_yy, e_xy.
struct RingFit {
  std::array<double, 5> value{}, error{};  // error: one standard deviation; 0 where not fitted
  double amplitude = 0;                    // mean a(theta)
  double effective_patches = 0;  // azimuths of the grid that are independent of each other
  bool converged = false;
  static constexpr int kHarmonics = 13;
  std::array<double, kHarmonics> residual_power{};        // of the residual, by harmonic 0 .. 12
  std::array<std::array<double, 5>, 3> variance_parts{};  // of error^2, by harmonic 0, 1, 2
};

// Fits one polar pattern. The estimating equations are linear in the intensities (weights from the
// profile alone), so that speckle, which has the profile as its mean, does not bias the result. The
// errors come from the residuals' harmonics that no parameter describes (even ones for the strain,
// odd ones for the centre, as Friedel's law ties opposite azimuths together), as if the noise were
// as strong at the harmonics that the fit takes; ring_noise_shape() knows better.
RingFit fit_ring(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                 const RingProfile& profile, const RingFreedom& freedom);

// From many fits, as of a scan: speckles of finite width have less power at high harmonics, as
// exp(-b m^(3/2)), with b fitted to the even harmonics 4 to 12 of all together. Flat from fewer
// than 30.
RingNoiseShape ring_noise_shape(const std::vector<RingFit>& fits);
// The fit with the errors that follow from it.
RingFit with_noise_shape(RingFit fit, const RingNoiseShape& shape);

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
