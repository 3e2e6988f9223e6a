// Diffraction patterns on polar coordinates I(q_i, theta_j): calibration of a camera image and its
// resampling by a sparse operator that is computed once and applied to any number of patterns.
#pragma once
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Bins of equal width in q = 1/d and in the angle from +x (columns) towards +y (rows).
struct PolarGrid {
  double q_min = 0.3, q_max = 1.0;  // 1/Angstrom, the outer edges of the first and the last bin
  int n_q = 64, n_theta = 180;

  double dq() const { return (q_max - q_min) / n_q; }
  double dtheta() const { return 2 * std::numbers::pi / n_theta; }
  double q(int i) const { return q_min + (i + 0.5) * dq(); }  // centre of bin i
  double theta(int j) const { return j * dtheta(); }          // centre of bin j, radian
};

// Throws Error{usage} unless 0 <= q_min < q_max, at least 2 radii and an even number of at least 8
// angles.
void check_polar_grid(const PolarGrid& grid);

// Where q lies on a camera image. Pixel (row, col) is centred on its index; the undiffracted beam
// of a stored pattern is at (rows/2, cols/2), integer division.
struct Calibration {
  double pixel_qx = 0, pixel_qy = 0;      // 1/Angstrom per column and per row
  double centre_row = 0, centre_col = 0;  // of q = 0, sub-pixel
  // A ring of radius q appears as an ellipse of semi-axes q sqrt(1 + ellipticity) and q / sqrt(1 +
  // ellipticity), the long one at ellipse_angle from +x.
  double ellipticity = 0, ellipse_angle = 0;
};

// Pixels in 1/Angstrom, q = 0 at (rows / 2, cols / 2) in whole pixels, as simulated patterns have
// it.
Calibration centred_calibration(Eigen::Index rows, Eigen::Index cols, double pixel_qx,
                                double pixel_qy);

// The largest q whose whole circle lies on the image, 1/Angstrom.
double largest_full_circle(Eigen::Index rows, Eigen::Index cols, const Calibration& calibration);

// What of an image of `from` falls on one pixel of `to`: flat indices of at most four pixels and
// their bilinear shares, none where the image does not reach.
struct PixelShare {
  int pixel;
  float share;
};
std::vector<PixelShare> seen_by_pixel(Eigen::Index rows, Eigen::Index cols, const Calibration& from,
                                      const Calibration& to, double row, double col);

// The image as another camera would record it (rows x cols pixels of `to`) after the specimen was
// mirrored (theta -> -theta) if asked, then turned by `angle` from +x towards +y; 0 where the image
// does not reach. Bilinear.
PlaneF turned_image(const Eigen::Ref<const PlaneF>& image, const Calibration& from,
                    Eigen::Index rows, Eigen::Index cols, const Calibration& to, double angle,
                    bool mirrored);

// Whether a bin is the mean over its area, or one bilinear sample at its centre (as many programs
// do, which leaves out pixels between the samples and counts others twice).
enum class PolarSampling { areas, points };

// Averages bilinear samples over each polar bin. A masked pixel takes no part: what remains is
// renormalised, and the share that remained is the weight of the bin (0 = nothing known there, 1 =
// all of it).
class PolarTransform {
 public:
  // `hidden`, if not empty, has the image's shape; non-zero marks a pixel that must not be used.
  PolarTransform(Eigen::Index rows, Eigen::Index cols, const Calibration& calibration,
                 const PolarGrid& grid, const Plane<unsigned char>& hidden = {},
                 PolarSampling sampling = PolarSampling::areas);

  const PolarGrid& grid() const { return grid_; }
  const Calibration& calibration() const { return calibration_; }
  const PlaneF& weights() const { return weights_; }  // [q, theta]
  PlaneF operator()(
      const Eigen::Ref<const PlaneF>& image) const;  // [q, theta], 0 where the weight is 0

  // What bin (i, j), counted as i * n_theta + j, is made of: flat indices of pixels, and their
  // shares, which sum to 1 (none where the weight is 0).
  std::span<const int> pixels(std::size_t bin) const {
    return {pixel_.data() + first_[bin], first_[bin + 1] - first_[bin]};
  }
  std::span<const float> shares(std::size_t bin) const {
    return {share_.data() + first_[bin], first_[bin + 1] - first_[bin]};
  }

 private:
  PolarGrid grid_;
  Calibration calibration_;
  Eigen::Index rows_, cols_;
  PlaneF weights_;
  std::vector<std::size_t> first_;  // [bin + 1] into the two below
  std::vector<int> pixel_;
  std::vector<float> share_;
};

// Mean of a polar pattern over the bins that are visible, by their weights; 0 where none is.
double visible_mean(const PlaneF& polar, const PlaneF& weights);

}  // namespace vitrobeam
