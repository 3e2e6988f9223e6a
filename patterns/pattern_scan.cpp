#include "patterns/pattern_scan.hpp"

#include <algorithm>
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"

namespace vitrobeam {
namespace {

void check_centre(const PatternScan& scan, double q_max) {
  constexpr double kCapture = 0.1, kReach = 0.6;  // of q_max
  const Calibration& c = scan.calibration;
  const Vector2d shift = rough_centre_shift(sample_mean(scan), c, scan.hidden, kReach * q_max);
  if (shift.norm() <= kCapture * q_max) return;
  fail(Fault::physics,
       "{}: the patterns lie about a point some {:.2g} 1/Angstrom off the stated centre, more than "
       "a tenth of @q_max {:.4g}, beyond which nothing can be corrected; state the undiffracted "
       "beam by @centre (near {:.0f},{:.0f}?), or let convert @find_centre measure it",
       scan.name, shift.norm(), q_max, c.centre_row + shift.y() / c.pixel_qy,
       c.centre_col + shift.x() / c.pixel_qx);
}

}  // namespace

double PatternScan::disc_radius() const {
  return semiangle_mrad && energy_kV ? vitrobeam::disc_radius(*semiangle_mrad, *energy_kV) : 0;
}

void for_each_part(const PatternScan& scan, const RunControl& run, const PatternPart& work) {
  constexpr std::size_t kPart = 512;  // patterns in memory at a time
  for (std::size_t row = 0; row < scan.scan_rows; ++row)
    for (std::size_t first = 0; first < scan.scan_columns; first += kPart) {
      run.check_stop();
      const std::size_t count = std::min(kPart, scan.scan_columns - first);
      work(scan.read(row, first, count, run.threads), row * scan.scan_columns + first);
    }
}

PlaneF sample_mean(const PatternScan& scan) {
  constexpr std::size_t kRows = 8, kPerRow = 32;
  float count = 0;
  PlaneF sum = PlaneF::Zero(scan.rows, scan.columns);
  const std::size_t step = (scan.scan_rows + kRows - 1) / kRows;
  for (std::size_t row = 0; row < scan.scan_rows; row += step) {
    const Stack<float> images = scan.read(row, 0, std::min(kPerRow, scan.scan_columns), 1);
    for (std::size_t k = 0; k < images.shape[0]; ++k)
      if (images.plane(k).isFinite().all()) {
        sum += images.plane(k);
        count += 1;
      }
  }
  return sum / std::max(count, 1.0f);
}

double mean_sum(const PatternScan& scan) {
  const Stack<float> sample =
      scan.read(scan.scan_rows / 2, 0, std::min<std::size_t>(scan.scan_columns, 64), 1);
  double sum = 0;
  for (const float v : sample.values) sum += std::isfinite(v) ? v : 0;
  return sum / double(sample.shape[0]);
}

double electrons_per_pattern(const PatternScan& scan) {
  if (scan.gain == 0) return 0;
  return scan.stated_electrons ? *scan.stated_electrons : mean_sum(scan) / scan.gain;
}

PolarGrid reaching_out(const PatternScan& scan, PolarGrid grid) {
  const double reach = largest_full_circle(scan.rows, scan.columns, scan.calibration),
               step = grid.dq();
  const int more =
      std::max(0, int((std::min(grid.q_max + scan.disc_radius(), reach) - grid.q_max) / step));
  grid.n_q += more;
  grid.q_max += more * step;
  return grid;
}

void check_rings(const PatternScan& scan, double q_max) {
  const double reach = largest_full_circle(scan.rows, scan.columns, scan.calibration);
  if (q_max > reach && !scan.partial_rings)
    fail(Fault::physics,
         "@q_max {:.4g} 1/Angstrom: the patterns hold whole circles only up to {:.4g}; give a "
         "smaller one, or @partial_rings to use the visible part of cut rings",
         q_max, reach);
  check_centre(scan, q_max);
}

void check_visible(const PatternScan& scan, const RingMap& map) {
  Eigen::Index fewest = 0;
  if (map.pixels().minCoeff(&fewest) < 1)
    fail(Fault::physics,
         "{}: the ring at {:.4g} 1/Angstrom holds no visible pixel; fewer @radii, or other @q_min "
         "and @q_max",
         scan.name, map.axis().q(int(fewest)));
}

}  // namespace vitrobeam
