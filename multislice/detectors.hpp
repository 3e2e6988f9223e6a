// What is kept of an exit wave in Fourier space: annular detectors and cropped patterns.
#pragma once
#include <complex>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "potentials/grid.hpp"

namespace vitrobeam {

struct AnnularDetector {
  std::string name;
  double inner_mrad, outer_mrad;  // inner <= angle < outer

  bool contains(double angle_mrad) const {
    return angle_mrad >= inner_mrad && angle_mrad < outer_mrad;
  }
};

// Throws Error{physics} if the detector reaches beyond the band limit or holds no sample of the
// grid, Error{usage} if its angles are not 0 <= inner < outer.
void check_detector(const AnnularDetector& detector, const Grid& grid, double wavelength);

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

// Sums |psi(q)|^2 over annuli, column by column, in double precision.
template <typename Real>
class DetectorSums {
 public:
  DetectorSums(const std::vector<AnnularDetector>& detectors, const Grid& grid, double wavelength);
  std::size_t size() const { return count_; }
  // Adds column jx (ny values in FFT order) to `sums`, one per detector.
  void add_column(int jx, const std::complex<Real>* psi, std::vector<double>& sums) const;

 private:
  struct Run {
    int detector, first, last;  // jy in FFT order, last excluded
  };
  int band_x_;
  std::size_t count_;
  std::vector<std::vector<Run>> runs_;  // by jx + band_x
};

}  // namespace vitrobeam
