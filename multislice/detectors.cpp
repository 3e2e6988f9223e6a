#include "multislice/detectors.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {

std::vector<DetectorShare> Detector::shares(double x, double y) const {
  const double angle = std::hypot(x, y);
  if (!(angle >= inner_mrad && angle < outer_mrad)) return {};
  if (moments) return {{0, x}, {1, y}, {2, 1}};
  const double width = (outer_mrad - inner_mrad) / rings;
  // a ring begins at exactly inner + ring * width, whatever the rounding of the quotient
  int ring = std::min(int((angle - inner_mrad) / width), rings - 1);
  if (ring > 0 && angle < inner_mrad + ring * width) --ring;
  if (ring + 1 < rings && angle >= inner_mrad + (ring + 1) * width) ++ring;
  const int first = ring * segments;
  if (segments == 1) return {{first, 1}};
  std::vector<DetectorShare> out;
  if (angle == 0) {
    for (int k = 0; k < segments; ++k) out.push_back({first + k, 1.0 / segments});
    return out;
  }
  const double turn = (std::atan2(y, x) - rotation) / (2 * M_PI) * segments;
  const double at = turn - segments * std::floor(turn / segments), border = std::round(at);
  constexpr double kRounding = 1e-9;
  if (std::abs(at - border) > kRounding) return {{first + std::min(int(at), segments - 1), 1}};
  const int after = int(border) % segments, before = (after + segments - 1) % segments;
  return {{first + before, 0.5}, {first + after, 0.5}};
}

int channel_count(const std::vector<Detector>& detectors) {
  int n = 0;
  for (const auto& d : detectors) n += d.channels();
  return n;
}

void check_detector(const Detector& d, const Grid& grid, double wavelength) {
  const double limit = grid.q_max() * wavelength * 1e3;
  if (!(d.inner_mrad >= 0 && d.outer_mrad > d.inner_mrad))
    fail(Fault::usage, "@detector {}={}:{}: expected 0 <= inner < outer in mrad", d.name,
         d.inner_mrad, d.outer_mrad);
  if (d.outer_mrad > limit && !(d.moments && std::isinf(d.outer_mrad)))
    fail(Fault::physics,
         "@detector {}={}:{}: reaches beyond the band limit of {:.2f} mrad, where there is no "
         "intensity to sum; use @pixel {:.4f} or finer, or an outer angle up to {:.2f}",
         d.name, d.inner_mrad, d.outer_mrad, limit,
         std::max(grid.dx(), grid.dy()) * limit / d.outer_mrad, std::floor(limit * 100) / 100);
  const double step = std::min(1 / grid.lx, 1 / grid.ly) * wavelength * 1e3,
               width = (d.outer_mrad - d.inner_mrad) / d.rings;
  if (width < step && (d.inner_mrad > 0 || d.rings > 1))
    fail(Fault::physics,
         "@detector {}={}:{}: {} narrower than the sampling of {:.3f} mrad; use a larger cell or "
         "a wider ring",
         d.name, d.inner_mrad, d.outer_mrad,
         d.rings > 1 ? fmt::format("rings of {:.4g} mrad are", width) : "is", step);
}

std::vector<DetectorShare> shares_of_sample(const std::vector<Detector>& detectors,
                                            const Grid& grid, double wavelength, int jx, int jy) {
  const double qx = jx / grid.lx, qy = jy / grid.ly, mrad = wavelength * 1e3;
  std::vector<DetectorShare> all;
  if (!grid.inside_band(qx, qy)) return all;
  int first = 0;
  for (const auto& d : detectors) {
    for (const auto& share : d.shares(qx * mrad, qy * mrad))
      all.push_back({first + share.channel, share.weight});
    first += d.channels();
  }
  return all;
}

PatternWindow::PatternWindow(const Grid& grid, double q_max)
    : first_x(-grid.nx / 2), nx(grid.nx), first_y(-grid.ny / 2), ny(grid.ny) {
  if (q_max <= 0) return;
  if (q_max > grid.q_max())
    fail(Fault::physics,
         "@q_max {} 1/Angstrom: beyond the band limit of {:.4f} 1/Angstrom; use a finer @pixel, "
         "or @q_max {:.4f}",
         q_max, grid.q_max(), std::floor(grid.q_max() * 1e4) / 1e4);
  const int mx = int(q_max * grid.lx * (1 + 1e-12)), my = int(q_max * grid.ly * (1 + 1e-12));
  first_x = -mx;
  nx = 2 * mx + 1;
  first_y = -my;
  ny = 2 * my + 1;
}

template <typename Real>
DetectorSums<Real>::DetectorSums(const std::vector<Detector>& detectors, const Grid& grid,
                                 double wavelength)
    : band_x_(grid.band_x()),
      count_(std::size_t(channel_count(detectors))),
      runs_(2 * grid.band_x() + 1) {
  for (const auto& d : detectors) check_detector(d, grid, wavelength);
  if (detectors.empty()) return;
  const int h = grid.band_y();
  std::vector<int> open(count_);  // of a channel, its latest run in this column
  for (int jx = -band_x_; jx <= band_x_; ++jx) {
    auto& runs = runs_[jx + band_x_];
    std::fill(open.begin(), open.end(), -1);
    for (int j = 0; j < grid.ny; ++j) {
      if (j > h && j < grid.ny - h) continue;
      const int jy = j <= h ? j : j - grid.ny;
      for (const auto& [channel, weight] : shares_of_sample(detectors, grid, wavelength, jx, jy)) {
        Run* run = open[channel] < 0 ? nullptr : &runs[open[channel]];
        if (run && run->last == j) {
          const int length = j - run->first;
          if (length == 1) run->slope = weight - run->weight;
          if (std::abs(run->weight + run->slope * length - weight) <= 1e-9 * std::abs(weight)) {
            ++run->last;
            continue;
          }
          if (length == 1) run->slope = 0;
        }
        open[channel] = int(runs.size());
        runs.push_back({channel, j, j + 1, weight, 0});
      }
    }
  }
}

template <typename Real>
void DetectorSums<Real>::add_column(int jx, const std::complex<Real>* psi,
                                    std::vector<double>& sums) const {
  for (const Run& r : runs_[jx + band_x_]) {
    double sum = 0, rising = 0;
    if (r.slope == 0)
      for (int j = r.first; j < r.last; ++j) sum += std::norm(psi[j]);
    else
      for (int j = r.first; j < r.last; ++j) {
        const double intensity = std::norm(psi[j]);
        sum += intensity;
        rising += intensity * (j - r.first);
      }
    sums[r.channel] += r.weight * sum + r.slope * rising;
  }
}

template class DetectorSums<float>;
template class DetectorSums<double>;

}  // namespace vitrobeam
