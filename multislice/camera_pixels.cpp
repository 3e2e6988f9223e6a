#include "multislice/camera_pixels.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Pixels on either side of the central one. A crop keeps pixels whose middle is inside; without one
// they reach over the last sample of the band.
int pixels_aside(double pitch, double q_max, double band_edge) {
  constexpr double kRounding = 1e-9;
  if (q_max > 0) return int(q_max / pitch + kRounding);
  return std::max(0, int(std::ceil(band_edge / pitch - 0.5 - kRounding)));
}

double pitch_along(const PixelSampling& s, double edge) {
  return s.pitch > 0 ? s.pitch : s.bin / edge;
}

// The samples that the pixels reach, the band's at most.
PatternWindow window_of(const Grid& grid, const PixelSampling& s) {
  if (s.is_grid() && s.pixels == 0) return {grid, s.q_max};
  if (s.q_max > grid.q_max()) return {grid, s.q_max};  // refuses it
  PatternWindow w(grid, 0);
  const auto along = [&](double edge, int band, int& first, int& n) {
    const double pitch = pitch_along(s, edge);
    const double reach = s.pixels > 0 ? s.pixels / 2.0 + 0.5
                                      : pixels_aside(pitch, s.q_max, (band + 0.5) / edge) + 0.5;
    const int aside = std::min(int(reach * pitch * edge + 0.5), band);
    first = -aside;
    n = 2 * aside + 1;
  };
  along(grid.lx, grid.band_x(), w.first_x, w.nx);
  along(grid.ly, grid.band_y(), w.first_y, w.ny);
  return w;
}

}  // namespace

CameraPixels::CameraPixels(const Grid& grid, const PixelSampling& s)
    : is_grid_(s.is_grid() && s.pixels == 0), window_(window_of(grid, s)) {
  const double finest = std::max(1 / grid.lx, 1 / grid.ly);
  if (s.pitch > 0 && s.pitch < finest * (1 - 1e-9))
    fail(Fault::physics,
         "@camera_pixel: {:.5g} 1/Angstrom per pixel is finer than the {:.5g} that a cell of "
         "{:.4g} x {:.4g} Angstrom gives; use a larger cell or a shorter @camera_length",
         s.pitch, finest, grid.lx, grid.ly);
  if (s.pixels > 0 && s.pixels / 2.0 * pitch_along(s, std::min(grid.lx, grid.ly)) > grid.q_max())
    fail(Fault::physics,
         "@camera_pixels {}: the camera reaches to {:.4f} 1/Angstrom, beyond the band limit of "
         "{:.4f}, where there is no intensity to record; use a finer @pixel or fewer pixels",
         s.pixels, s.pixels / 2.0 * pitch_along(s, std::min(grid.lx, grid.ly)), grid.q_max());
  const auto make = [&](int first, int n, double edge, int band) {
    return is_grid_
               ? axis(first, n, edge, 1 / edge, n)
               : axis(first, n, edge, pitch_along(s, edge),
                      s.pixels > 0
                          ? s.pixels
                          : 2 * pixels_aside(pitch_along(s, edge), s.q_max, (band + 0.5) / edge) +
                                1);
  };
  x_ = make(window_.first_x, window_.nx, grid.lx, grid.band_x());
  y_ = make(window_.first_y, window_.ny, grid.ly, grid.band_y());
}

CameraPixels::Axis CameraPixels::axis(int first, int n, double edge, double pitch, int pixels) {
  Axis a;
  for (int k = -pixels / 2; k < pixels - pixels / 2; ++k) {
    a.q.push_back(k * pitch);
    auto& shares = a.shares.emplace_back();
    // in units of a sample, which covers j - 1/2 .. j + 1/2
    const double low = (k - 0.5) * pitch * edge, high = (k + 0.5) * pitch * edge;
    for (int j = std::max(first, int(std::floor(low))); j <= std::ceil(high) && j < first + n;
         ++j) {
      const double covered = std::min(high, j + 0.5) - std::max(low, j - 0.5);
      if (covered > 1e-9) shares.emplace_back(j - first, std::min(1.0, covered));
    }
  }
  return a;
}

template <typename Real>
Plane<Real> CameraPixels::operator()(const Plane<Real>& pattern) const {
  if (is_grid_) return pattern;
  const auto rows = Eigen::Index(y_.q.size()), columns = Eigen::Index(x_.q.size());
  Plane<Real> tall = Plane<Real>::Zero(pattern.rows(), columns),
              out = Plane<Real>::Zero(rows, columns);
  for (Eigen::Index k = 0; k < columns; ++k)
    for (const auto& [j, share] : x_.shares[std::size_t(k)])
      tall.col(k) += Real(share) * pattern.col(j);
  for (Eigen::Index k = 0; k < rows; ++k)
    for (const auto& [j, share] : y_.shares[std::size_t(k)])
      out.row(k) += Real(share) * tall.row(j);
  return out;
}

template Plane<float> CameraPixels::operator()(const Plane<float>&) const;
template Plane<double> CameraPixels::operator()(const Plane<double>&) const;

}  // namespace vitrobeam
