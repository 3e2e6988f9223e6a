// Polar resampling. Every bin is sampled at sub-points no farther apart than half a pixel, so that
// a bin wider than a pixel averages over its area and a narrower one interpolates.
#include "patterns/polar.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Row and column of (q, theta) on the image.
Vector2d image_position(const Calibration& c, double q, double theta) {
  const double stretch = std::sqrt(1 + c.ellipticity);
  const double along = q * std::cos(theta - c.ellipse_angle) * stretch;
  const double across = q * std::sin(theta - c.ellipse_angle) / stretch;
  const double qx = along * std::cos(c.ellipse_angle) - across * std::sin(c.ellipse_angle);
  const double qy = along * std::sin(c.ellipse_angle) + across * std::cos(c.ellipse_angle);
  return {c.centre_row + qy / c.pixel_qy, c.centre_col + qx / c.pixel_qx};
}

// Adds the bilinear shares of one point; nothing if it lies off the image.
void add_point(std::vector<PixelShare>& shares, const Vector2d& position, Eigen::Index rows,
               Eigen::Index cols, double share) {
  const double row = std::floor(position[0]), col = std::floor(position[1]);
  const double down = position[0] - row, right = position[1] - col;
  for (int dr = 0; dr < 2; ++dr)
    for (int dc = 0; dc < 2; ++dc) {
      const auto r = Eigen::Index(row) + dr, c = Eigen::Index(col) + dc;
      const double s = share * (dr ? down : 1 - down) * (dc ? right : 1 - right);
      if (s > 0 && r >= 0 && r < rows && c >= 0 && c < cols)
        shares.push_back({int(r * cols + c), float(s)});
    }
}

void merge_equal_pixels(std::vector<PixelShare>& shares) {
  std::sort(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.pixel < b.pixel; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (kept > 0 && shares[kept - 1].pixel == shares[i].pixel)
      shares[kept - 1].share += shares[i].share;
    else
      shares[kept++] = shares[i];
  }
  shares.resize(kept);
}

}  // namespace

void check_polar_grid(const PolarGrid& g) {
  if (!(g.q_min >= 0 && g.q_max > g.q_min && std::isfinite(g.q_max)))
    fail(Fault::usage, "the radial range {} to {} 1/Angstrom is empty; give 0 <= minimum < maximum",
         g.q_min, g.q_max);
  if (g.n_q < 2 || g.n_theta < 8 || g.n_theta % 2 != 0)
    fail(Fault::usage,
         "a polar grid of {} radii and {} angles is too small; at least 2 radii and an even number "
         "of 8 or more angles",
         g.n_q, g.n_theta);
}

Calibration centred_calibration(Eigen::Index rows, Eigen::Index cols, double pixel_qx,
                                double pixel_qy) {
  return {pixel_qx, pixel_qy, double(rows / 2), double(cols / 2)};
}

double largest_full_circle(Eigen::Index rows, Eigen::Index cols, const Calibration& c) {
  const double down = std::min(c.centre_row, double(rows - 1) - c.centre_row) * c.pixel_qy;
  const double right = std::min(c.centre_col, double(cols - 1) - c.centre_col) * c.pixel_qx;
  return std::max(0.0, std::min(down, right) / std::sqrt(1 + std::abs(c.ellipticity)));
}

std::vector<PixelShare> seen_by_pixel(Eigen::Index rows, Eigen::Index cols, const Calibration& from,
                                      const Calibration& to, double row, double col) {
  // out of the ellipse of `to`: image_position undone
  const double qx = (col - to.centre_col) * to.pixel_qx, qy = (row - to.centre_row) * to.pixel_qy;
  const double c = std::cos(to.ellipse_angle), s = std::sin(to.ellipse_angle),
               stretch = std::sqrt(1 + to.ellipticity);
  const double along = (c * qx + s * qy) / stretch, across = (c * qy - s * qx) * stretch;
  std::vector<PixelShare> shares;
  add_point(
      shares,
      image_position(from, std::hypot(along, across), std::atan2(across, along) + to.ellipse_angle),
      rows, cols, 1);
  return shares;
}

PlaneF turned_image(const Eigen::Ref<const PlaneF>& image, const Calibration& from,
                    Eigen::Index rows, Eigen::Index cols, const Calibration& to, double angle,
                    bool mirrored) {
  PlaneF result(rows, cols);
  std::vector<PixelShare> shares;
  for (Eigen::Index r = 0; r < rows; ++r)
    for (Eigen::Index c = 0; c < cols; ++c) {
      const double qy = (double(r) - to.centre_row) * to.pixel_qy,
                   qx = (double(c) - to.centre_col) * to.pixel_qx;
      const double theta = std::atan2(qy, qx) - angle;
      shares.clear();
      add_point(shares, image_position(from, std::hypot(qx, qy), mirrored ? -theta : theta),
                image.rows(), image.cols(), 1);
      float sum = 0;
      for (const auto& s : shares)
        sum += s.share * image(s.pixel / image.cols(), s.pixel % image.cols());
      result(r, c) = sum;
    }
  return result;
}

PolarTransform::PolarTransform(Eigen::Index rows, Eigen::Index cols, const Calibration& calibration,
                               const PolarGrid& grid, const Plane<unsigned char>& hidden,
                               PolarSampling sampling)
    : grid_(grid),
      calibration_(calibration),
      rows_(rows),
      cols_(cols),
      weights_(grid.n_q, grid.n_theta) {
  check_polar_grid(grid);
  if (!(calibration.pixel_qx > 0 && calibration.pixel_qy > 0))
    fail(Fault::usage, "pixel sizes {} and {} 1/Angstrom; both must be positive (@pixel_q)",
         calibration.pixel_qx, calibration.pixel_qy);
  if (!(calibration.ellipticity > -1))
    fail(Fault::usage, "ellipticity {}; it must be above -1", calibration.ellipticity);
  if (hidden.size() > 0 && (hidden.rows() != rows || hidden.cols() != cols))
    fail(Fault::input, "the mask has {} x {} pixels, the patterns {} x {}; they must agree",
         hidden.rows(), hidden.cols(), rows, cols);

  const double pixel = std::min(calibration.pixel_qx, calibration.pixel_qy);
  const bool points = sampling == PolarSampling::points;
  const int along_q = points ? 1 : std::max(1, int(std::ceil(grid.dq() / (0.5 * pixel))));
  std::vector<PixelShare> shares;
  first_.push_back(0);
  for (int i = 0; i < grid.n_q; ++i) {
    const int along_theta =
        points ? 1 : std::max(1, int(std::ceil(grid.q(i) * grid.dtheta() / (0.5 * pixel))));
    for (int j = 0; j < grid.n_theta; ++j) {
      shares.clear();
      for (int a = 0; a < along_q; ++a)
        for (int b = 0; b < along_theta; ++b) {
          const double q = grid.q(i) + ((a + 0.5) / along_q - 0.5) * grid.dq();
          const double theta = grid.theta(j) + ((b + 0.5) / along_theta - 0.5) * grid.dtheta();
          add_point(shares, image_position(calibration, q, theta), rows, cols,
                    1.0 / (along_q * along_theta));
        }
      if (hidden.size() > 0)
        std::erase_if(shares, [&](auto& s) { return hidden.data()[s.pixel] != 0; });
      merge_equal_pixels(shares);
      double weight = 0;
      for (const auto& s : shares) weight += s.share;
      for (const auto& s : shares) {
        pixel_.push_back(s.pixel);
        share_.push_back(float(s.share / weight));
      }
      weights_(i, j) = weight > 1 - 1e-5 ? 1.0f : weight < 1e-5 ? 0.0f : float(weight);
      if (weights_(i, j) == 0) {
        pixel_.resize(first_.back());
        share_.resize(first_.back());
      }
      first_.push_back(pixel_.size());
    }
  }
}

PlaneF PolarTransform::operator()(const Eigen::Ref<const PlaneF>& image) const {
  if (image.rows() != rows_ || image.cols() != cols_)
    fail(Fault::input, "a pattern of {} x {} pixels came to a polar transform made for {} x {}",
         image.rows(), image.cols(), rows_, cols_);
  PlaneF polar(grid_.n_q, grid_.n_theta);
  const bool contiguous = image.outerStride() == cols_;
  const PlaneF copy = contiguous ? PlaneF() : PlaneF(image);
  const float* intensity = contiguous ? image.data() : copy.data();
  for (Eigen::Index bin = 0; bin < polar.size(); ++bin) {
    float sum = 0;
    for (std::size_t k = first_[std::size_t(bin)]; k < first_[std::size_t(bin) + 1]; ++k)
      sum += share_[k] * intensity[pixel_[k]];
    polar.data()[bin] = sum;
  }
  return polar;
}

double visible_mean(const PlaneF& polar, const PlaneF& weights) {
  const double known = weights.cast<double>().sum();
  return known > 0 ? (polar.cast<double>() * weights.cast<double>()).sum() / known : 0;
}

}  // namespace vitrobeam
