// What is kept of an exit wave in Fourier space: detectors and cropped patterns.
#pragma once
#include <complex>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "fourier/grid.hpp"

namespace vitrobeam {

// What a sample gives to a channel of a detector: weight times its intensity.
struct DetectorShare {
  int channel;
  double weight;
};

// An annulus inner <= angle < outer, whole or divided into rings of equal width and equal sectors,
// each of which is a channel [ring, segment]; or its first moments.
struct Detector {
  std::string name;
  double inner_mrad = 0, outer_mrad = 0;  // moments up to infinity are those of the whole band
  int rings = 1, segments = 1;
  double rotation = 0;   // where segment 0 begins, radian from +x towards +y
  bool moments = false;  // channels: sums of theta_x I and theta_y I (mrad), and of I

  int channels() const { return moments ? 3 : rings * segments; }
  // Of a sample at these angles; none outside. A sample on the border of two segments is shared by
  // them, the undiffracted beam by all, so that a symmetric pattern gives symmetric signals.
  std::vector<DetectorShare> shares(double x_mrad, double y_mrad) const;
};

// All channels of all detectors, one detector after the other.
int channel_count(const std::vector<Detector>& detectors);

// Throws Error{physics} if the detector reaches beyond the band limit or holds no sample of the
// grid, Error{usage} if its angles are not 0 <= inner < outer.
void check_detector(const Detector& detector, const Grid& grid, double wavelength);

// The pixels of a recorded pattern: indices jx, jy = first .. first + n - 1. Without a crop the
// whole grid, -n/2 .. n/2-1; with q_max > 0 those with |q| <= q_max along each axis, an odd number.
// q = 0 is at index (n/2, n/2) either way.
struct PatternWindow {
  int first_x, nx, first_y, ny;
  PatternWindow(const Grid& grid, double q_max);
  bool contains(int jx, int jy) const {
    return jx >= first_x && jx < first_x + nx && jy >= first_y && jy < first_y + ny;
  }
};

// Shares of the sample (jx, jy) in the channels of all detectors; none outside the band.
std::vector<DetectorShare> shares_of_sample(const std::vector<Detector>& detectors,
                                            const Grid& grid, double wavelength, int jx, int jy);

// Sums |psi(q)|^2 over the channels of all detectors, column by column, in double precision.
template <typename Real>
class DetectorSums {
 public:
  DetectorSums(const std::vector<Detector>& detectors, const Grid& grid, double wavelength);
  std::size_t size() const { return count_; }
  // Adds column jx (ny values in FFT order) to `sums`, one per channel.
  void add_column(int jx, const std::complex<Real>* psi, std::vector<double>& sums) const;

 private:
  // Samples first .. last - 1 (jy in FFT order) with the weights weight + slope (j - first).
  struct Run {
    int channel, first, last;
    double weight, slope;
  };
  int band_x_;
  std::size_t count_;
  std::vector<std::vector<Run>> runs_;  // by jx + band_x
};

}  // namespace vitrobeam
