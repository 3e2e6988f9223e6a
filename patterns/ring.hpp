// The amorphous ring as a strain gauge: centre and strain of a ring against a reference profile,
// with errors. The model is I(q, theta) = a(theta) P(|(1 + e) (q - c)|) with the reference's radial
// profile P and a free amplitude for every azimuth, and the change that the profile knows for what
// is not strained with the ring (ring_profile.hpp).
#pragma once
#include <array>
#include <vector>

#include "patterns/ring_profile.hpp"

namespace vitrobeam {

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

// Fits one polar pattern. The estimate is linear in the intensities but for the amplitude that it
// is divided by, so that speckle, which has the profile as its mean, does not bias it: a fit that
// follows its own noise loses strain. It is linearised where the parameters surely are: at their
// estimates times max(0, 1 - 9 s^2), s their relative error, for the centre and for the strain. The
// errors come from the residuals' harmonics that no parameter describes (even ones for the strain,
// odd ones for the centre, as Friedel's law ties opposite azimuths together), as if the noise were
// as strong at the harmonics that the fit takes; ring_noise_shape() knows better.
RingFit fit_ring(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid,
                 const RingProfile& profile, const RingFreedom& freedom);

// The amplitude that an unmoved ring's strains are divided by: mean over the azimuths of the least
// squares amplitude against the profile, in which the ring's bright part counts most.
double ring_amplitude(const PlaneF& polar, const PlaneF& weights, const RingProfile& profile);

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
// `image` [row, column]; `grid` spans the ring. Not converged: the calibration is as far as it
// came.
RingCalibration calibrate_by_ring(const Eigen::Ref<const PlaneF>& image, const Calibration& start,
                                  const PolarGrid& grid, const Plane<unsigned char>& hidden,
                                  bool fit_ellipse);

}  // namespace vitrobeam
