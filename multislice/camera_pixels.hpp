// The pixels of a recorded pattern: samples of the grid as they are, cropped, binned, or resampled
// onto the pixels of a camera by area, so that no intensity is lost or made.
#pragma once
#include <utility>
#include <vector>

#include "base/array.hpp"
#include "multislice/detectors.hpp"

namespace vitrobeam {

struct PixelSampling {
  double q_max = 0;  // crop to |q_x|, |q_y| <= q_max, 1/Angstrom; 0 = the whole grid
  int bin = 1;       // samples of the grid along the edge of a pixel
  double pitch = 0;  // edge of a pixel in 1/Angstrom instead; 0 = by `bin`
  int pixels = 0;    // along an edge of the camera; 0 = as many as it takes

  bool is_grid() const { return bin == 1 && pitch == 0; }
};

// q = 0 is in the middle of the pixel at index (n/2, n/2). A sample of the grid is an area of 1/lx
// by 1/ly around its q; a pixel takes of it the share that it covers. So an even bin shares the
// samples on its borders with its neighbours, and an odd one takes whole samples.
class CameraPixels {
 public:
  // Throws Error{physics} for a crop beyond the band limit or a pitch below the grid's sampling.
  CameraPixels(const Grid& grid, const PixelSampling& sampling);

  const PatternWindow& window() const { return window_; }  // samples of the grid that it takes
  const std::vector<double>& q_x() const { return x_.q; }  // 1/Angstrom, ascending
  const std::vector<double>& q_y() const { return y_.q; }

  // A pattern over window() onto the pixels.
  template <typename Real>
  Plane<Real> operator()(const Plane<Real>& pattern) const;
  bool is_grid() const { return is_grid_; }  // the pixels are the window's samples themselves

 private:
  struct Axis {
    std::vector<double> q;
    std::vector<std::vector<std::pair<int, double>>> shares;  // per pixel: sample of the window
  };
  static Axis axis(int first, int n, double edge, double pitch, int pixels);

  bool is_grid_;
  PatternWindow window_;
  Axis x_, y_;
};

}  // namespace vitrobeam
