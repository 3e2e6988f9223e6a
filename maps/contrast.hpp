// The contrast of an image of a glass: how wide its values are spread, and over which length they
// go together.
#pragma once
#include <functional>

#include "maps/map_statistics.hpp"

namespace vitrobeam {

// Every error is a jackknife over sixteen blocks of the map.
struct Contrast {
  double mean = 0, mean_error = 0;
  double contrast = 0, contrast_error = 0;  // standard deviation over mean, noise taken off
  double skewness = 0, excess = 0;          // of the values; 0 for a Gaussian
  double gaussian = 0;  // its width over the mean, from the middle half of the values
  double length = 0, length_error = 0;  // Angstrom, 1/e of the autocorrelation
  // The same without the probe: Gaussian autocorrelations add their squares under convolution, so
  // length^2 - probe^2; not-a-number where the probe alone explains the length.
  double own_length = 0, own_length_error = 0;
  std::vector<double> edges, histogram;                     // values; share in every bin
  std::vector<double> lag, correlation, correlation_error;  // Angstrom
  std::vector<double> frequency, power;  // 1/Angstrom; Angstrom^2 of the relative map
};

// `step` between positions in Angstrom, `probe_length` the 1/e length of the autocorrelation of
// the probe's intensity (0: unknown), `noise` the variance that is not structure.
// Error{physics}: fewer than 64 known positions.
Contrast analyse_contrast(const PlaneD& map, double step, double probe_length, double noise);

// 1/e length of the autocorrelation of a probe given by the transform of its intensity up to
// `most` (1/Angstrom): the inverse Hankel transform of the square.
double probe_autocorrelation_length(const std::function<double(double)>& transform, double most);

// The map less the polynomial of x and y of this degree that fits it best, with its mean put back:
// a wedge is thickness, not density.
PlaneD detrended(const PlaneD& map, int degree);

}  // namespace vitrobeam
