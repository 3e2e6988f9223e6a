#include "multislice/detectors.hpp"

#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {

void check_detector(const AnnularDetector& d, const Grid& grid, double wavelength) {
  const double limit = grid.q_max() * wavelength * 1e3;
  if (!(d.inner_mrad >= 0 && d.outer_mrad > d.inner_mrad))
    fail(Fault::usage, "--detector {}={}:{}: expected 0 <= inner < outer in mrad", d.name,
         d.inner_mrad, d.outer_mrad);
  if (d.outer_mrad > limit)
    fail(Fault::physics,
         "--detector {}={}:{}: reaches beyond the band limit of {:.2f} mrad, where there is no "
         "intensity to sum; use --pixel "
         "{:.4f} or finer, or an outer angle up to {:.2f}",
         d.name, d.inner_mrad, d.outer_mrad, limit,
         std::max(grid.dx(), grid.dy()) * limit / d.outer_mrad, limit);
  const double step = std::min(1 / grid.lx, 1 / grid.ly) * wavelength * 1e3;
  if (d.outer_mrad - d.inner_mrad < step && d.inner_mrad > 0)
    fail(Fault::physics,
         "--detector {}={}:{}: narrower than the sampling of {:.3f} mrad; use a larger cell or a "
         "wider ring",
         d.name, d.inner_mrad, d.outer_mrad, step);
}

PatternWindow::PatternWindow(const Grid& grid, double q_max)
    : first_x(-grid.nx / 2), nx(grid.nx), first_y(-grid.ny / 2), ny(grid.ny) {
  if (q_max <= 0) return;
  if (q_max > grid.q_max())
    fail(Fault::physics,
         "--q-max {} 1/Angstrom: beyond the band limit of {:.4f} 1/Angstrom; use a finer --pixel, "
         "or --q-max {:.4f}",
         q_max, grid.q_max(), std::floor(grid.q_max() * 1e4) / 1e4);
  const int mx = int(q_max * grid.lx * (1 + 1e-12)), my = int(q_max * grid.ly * (1 + 1e-12));
  first_x = -mx;
  nx = 2 * mx + 1;
  first_y = -my;
  ny = 2 * my + 1;
}

template <typename Real>
DetectorSums<Real>::DetectorSums(const std::vector<AnnularDetector>& detectors, const Grid& grid,
                                 double wavelength)
    : band_x_(grid.band_x()), count_(detectors.size()), runs_(2 * grid.band_x() + 1) {
  for (const auto& d : detectors) check_detector(d, grid, wavelength);
  for (int jx = -band_x_; jx <= band_x_; ++jx)
    for (std::size_t k = 0; k < count_; ++k) {
      int first = -1;
      for (int j = 0; j <= grid.ny; ++j) {
        const double qx = jx / grid.lx, qy = j < grid.ny ? grid.q_y(j) : 0,
                     angle = std::hypot(qx, qy) * wavelength * 1e3;
        const bool inside = j < grid.ny && grid.inside_band(qx, qy) && detectors[k].contains(angle);
        if (inside && first < 0) first = j;
        if (!inside && first >= 0) {
          runs_[jx + band_x_].push_back({int(k), first, j});
          first = -1;
        }
      }
    }
}

template <typename Real>
void DetectorSums<Real>::add_column(int jx, const std::complex<Real>* psi,
                                    std::vector<double>& sums) const {
  for (const Run& r : runs_[jx + band_x_]) {
    double sum = 0;
    for (int j = r.first; j < r.last; ++j) sum += std::norm(psi[j]);
    sums[r.detector] += sum;
  }
}

template class DetectorSums<float>;
template class DetectorSums<double>;

}  // namespace vitrobeam
