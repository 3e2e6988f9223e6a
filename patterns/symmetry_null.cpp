#include "patterns/symmetry_null.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "patterns/library_patterns.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kNullSeed = 0x6e756c6c;

// Electrons per null pattern; 0: no noise is added.
double dose_of(const PatternScan& scan, const PlaneF& mean, const SymmetrySettings& s) {
  if (s.null_dose) return *s.null_dose;
  return scan.gain == 0 ? 0 : double(mean.sum()) / scan.gain;
}

// A file that says nothing of its scale is taken for patterns of the same camera.
Calibration calibration_of(const PatternScan& null, const PatternScan& scan) {
  if (null.calibration.pixel_qx > 0 && null.calibration.pixel_qy > 0) return null.calibration;
  const Calibration& camera = scan.calibration;
  if (null.rows != scan.rows || null.columns != scan.columns || camera.pixel_qx != camera.pixel_qy)
    fail(Fault::input,
         "@null {}: its patterns of {} x {} pixels say nothing of their pixel size, and cannot be "
         "taken to have that of the patterns of {} x {}; give null patterns of the same camera, or "
         "make them a file that states it (vitrobeam convert @pixel_q)",
         null.name, null.rows, null.columns, scan.rows, scan.columns);
  return {camera.pixel_qx, camera.pixel_qx, camera.centre_row, camera.centre_col};
}

void check_null(const PatternScan& null, const Calibration& calibration, const PatternScan& scan,
                double q_max) {
  constexpr std::size_t kFewest = 20;
  if (null.positions() < kFewest)
    fail(Fault::input,
         "@null {}: {} patterns are too few to rank against; give at least {} (p-values end at 1 "
         "/ (1 + their number))",
         null.name, null.positions(), kFewest);
  if (scan.energy_kV && null.energy_kV &&
      std::abs(*scan.energy_kV - *null.energy_kV) > 0.005 * *scan.energy_kV)
    fail(Fault::physics,
         "@null {}: {} kV, but the patterns have {} kV; give null patterns of the same beam",
         null.name, *null.energy_kV, *scan.energy_kV);
  const double reach = largest_full_circle(null.rows, null.columns, calibration);
  if (reach < q_max)
    fail(Fault::physics,
         "@null {}: its patterns reach {:.4g} 1/Angstrom, the rings {:.4g}; give @q_max {:.4g} "
         "or larger null patterns",
         null.name, reach, q_max, reach);
}

// An image without structure that has these means of the rings.
PlaneF structureless(const Eigen::ArrayXd& radial, const PolarGrid& grid, const PatternScan& scan) {
  const Calibration& cal = scan.calibration;
  PlaneF flat(scan.rows, scan.columns);
  for (Eigen::Index row = 0; row < flat.rows(); ++row)
    for (Eigen::Index col = 0; col < flat.cols(); ++col) {
      const double q = std::hypot((double(row) - cal.centre_row) * cal.pixel_qy,
                                  (double(col) - cal.centre_col) * cal.pixel_qx);
      const double at = std::clamp((q - grid.q(0)) / grid.dq(), 0.0, grid.n_q - 1.000001);
      const auto i = Eigen::Index(at);
      const double v = radial[i] + (at - double(i)) * (radial[i + 1] - radial[i]);
      flat(row, col) = float(std::isfinite(v) ? v : 0);
    }
  return flat;
}

}  // namespace

Eigen::ArrayXd BandPower::operator()(const PlaneF& image, double gain) const {
  const AngularPower a = analysis(transform(image), image, gain);
  return band_mean(analysis.grid(), band, a.power, a.mean_squared);
}

PlaneD noise_null(const BandPower& power, const PatternScan& scan, const PlaneF& mean,
                  const SymmetrySettings& s, int threads) {
  const PlaneF flat =
      structureless(radial_mean(power.transform(mean), power.transform.weights()), s.grid, scan);
  PlaneD map(s.noise_patterns, s.angular.n_max);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int k = 0; k < s.noise_patterns; ++k) {
    PlaneF image = flat;
    add_camera_noise(image, 1 / scan.gain, s.seed ^ kNullSeed, std::uint64_t(k));
    map.row(k) = power(image, scan.gain);
  }
  return map;
}

PlaneD pattern_null(const BandPower& power, const PatternScan& scan, const PatternScan& null,
                    const PlaneF& mean, const SymmetrySettings& s, const RunControl& run) {
  const Calibration from = calibration_of(null, scan), &to = scan.calibration;
  check_null(null, from, scan, s.grid.q_max);
  const double dose = dose_of(scan, mean, s);
  const double gain = dose > 0 ? 1 / dose : null.gain;
  const double area = to.pixel_qx * to.pixel_qy / (from.pixel_qx * from.pixel_qy);
  PlaneD map(Eigen::Index(null.positions()), s.angular.n_max);
  for_each_part(null, run, [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (std::size_t i = 0; i < images.shape[0]; ++i) {
      PlaneF image =
          turned_image(images.plane(i), from, scan.rows, scan.columns, to, 0, false) * float(area);
      if (dose > 0) add_camera_noise(image, dose, s.seed ^ kNullSeed, first + i);
      map.row(Eigen::Index(first + i)) = power(image, gain);
    }
  });
  return map;
}

void add_significance(SymmetryResult& r) {
  const std::size_t orders = r.n.size(), positions = r.map.size() / orders;
  r.p_value = r.false_discovery_rate =
      Stack<float>(r.map.shape, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t n = 0; n < orders; ++n) {
    std::vector<double> null, p(positions, kNone);
    for (Eigen::Index k = 0; k < r.null_map.rows(); ++k)
      if (const double v = r.null_map(k, Eigen::Index(n)); std::isfinite(v)) null.push_back(v);
    std::sort(null.begin(), null.end());
    for (std::size_t k = 0; k < positions; ++k)
      if (const double v = r.map.values[k * orders + n]; std::isfinite(v))
        p[k] = rank_p_value(null, v);
    const auto rate = benjamini_hochberg(p);
    for (std::size_t k = 0; k < positions; ++k) {
      r.p_value.values[k * orders + n] = float(p[k]);
      r.false_discovery_rate.values[k * orders + n] = float(rate[k]);
    }
  }
}

}  // namespace vitrobeam
