#include "drivers/symmetry_null.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "patterns/recognition.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double null_dose(const SymmetryCommand& c, const PatternInput& input, const PlaneF& mean) {
  if (c.null_dose) return *c.null_dose;
  if (input.gain() == 0) return 0;
  const double electrons = double(mean.sum()) / input.gain();
  return c.input.dose > 0 ? c.input.dose : electrons;
}

// --null; a file that says nothing of its scale is taken for patterns of the same camera.
PatternInput open_null(const SymmetryCommand& c, const PatternInput& input) {
  PatternInput null(c.null, {}, c.common.seed, true);
  if (null.calibration().pixel_qx > 0 && null.calibration().pixel_qy > 0) return null;
  const Calibration& camera = input.calibration();
  const std::size_t rows = input.source().rows(), columns = input.source().columns();
  if (null.source().rows() != rows || null.source().columns() != columns ||
      camera.pixel_qx != camera.pixel_qy)
    fail(Fault::input,
         "--null {}: its patterns of {} x {} pixels say nothing of their pixel size, and cannot be "
         "taken to have that of the patterns of {} x {}; give null patterns of the same camera, or "
         "make them a file that states it (vitrobeam convert --pixel-q)",
         c.null, null.source().rows(), null.source().columns(), rows, columns);
  PatternInputSettings same;
  same.patterns.pixel_q = camera.pixel_qx;
  same.patterns.centre = fmt::format("{},{}", camera.centre_row, camera.centre_col);
  return {c.null, same, c.common.seed};
}

Eigen::ArrayXd power_in_band(const SymmetryCommand& c, const SymmetryScan& scan,
                             const RingBand& band, const PlaneF& image, double gain) {
  const AngularPower a = scan.analysis()(scan.transform()(image), image, gain);
  return band_mean(c.grid, band, a.power, a.mean_squared);
}

}  // namespace

// ---- the null

PlaneD noise_null(const SymmetryCommand& c, const PatternInput& input, SymmetryScan& scan,
                  const RingBand& band) {
  const PlaneF mean = scan.mean_image();
  const Eigen::ArrayXd radial = radial_mean(scan.transform()(mean), scan.transform().weights());
  const Calibration& cal = input.calibration();
  PlaneF flat(mean.rows(), mean.cols());
  for (Eigen::Index row = 0; row < flat.rows(); ++row)
    for (Eigen::Index col = 0; col < flat.cols(); ++col) {
      const double q = std::hypot((double(row) - cal.centre_row) * cal.pixel_qy,
                                  (double(col) - cal.centre_col) * cal.pixel_qx);
      const double at = std::clamp((q - c.grid.q(0)) / c.grid.dq(), 0.0, c.grid.n_q - 1.000001);
      const auto i = Eigen::Index(at);
      const double v = radial[i] + (at - double(i)) * (radial[i + 1] - radial[i]);
      flat(row, col) = float(std::isfinite(v) ? v : 0);
    }
  PlaneD map(c.noise_patterns, c.angular.n_max);
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
  for (int k = 0; k < c.noise_patterns; ++k) {
    PlaneF image = flat;
    add_camera_noise(image, 1 / input.gain(), c.common.seed ^ 0x6e756c6c, std::uint64_t(k));
    map.row(k) = power_in_band(c, scan, band, image, input.gain());
  }
  return map;
}

PlaneD pattern_null(const SymmetryCommand& c, const PatternInput& input, SymmetryScan& scan,
                    const RingBand& band) {
  constexpr std::size_t kFewest = 20;
  const PatternInput null = open_null(c, input);
  if (null.positions() < kFewest)
    fail(Fault::input,
         "--null {}: {} patterns are too few to rank against; give at least {} (p-values end at 1 "
         "/ (1 + their number))",
         c.null, null.positions(), kFewest);
  const auto energy = input.source().energy_kV, null_energy = null.source().energy_kV;
  if (energy && null_energy && std::abs(*energy - *null_energy) > 0.005 * *energy)
    fail(Fault::physics,
         "--null {}: {} kV, but the patterns have {} kV; give null patterns of the same beam",
         c.null, *null_energy, *energy);
  const double reach =
      largest_full_circle(Eigen::Index(null.source().rows()), Eigen::Index(null.source().columns()),
                          null.calibration());
  if (reach < c.grid.q_max)
    fail(Fault::physics,
         "--null {}: its patterns reach {:.4g} 1/Angstrom, the rings {:.4g}; give --q-max {:.4g} "
         "or larger null patterns",
         c.null, reach, c.grid.q_max, reach);
  const double dose = null_dose(c, input, scan.mean_image());
  const double gain = dose > 0 ? 1 / dose : null.gain();
  const Calibration &from = null.calibration(), &to = input.calibration();
  const double area = to.pixel_qx * to.pixel_qy / (from.pixel_qx * from.pixel_qy);
  PlaneD map(Eigen::Index(null.positions()), c.angular.n_max);
  for_each_part(
      null.scan(), run_control(c.common), [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
        for (long i = 0; i < long(images.shape[0]); ++i) {
          PlaneF image =
              turned_image(images.plane(std::size_t(i)), from, Eigen::Index(input.source().rows()),
                           Eigen::Index(input.source().columns()), to, 0, false) *
              float(area);
          if (dose > 0)
            add_camera_noise(image, dose, c.common.seed ^ 0x6e756c6c, first + std::uint64_t(i));
          map.row(Eigen::Index(first) + i) = power_in_band(c, scan, band, image, gain);
        }
      });
  return map;
}

void judge_significance(SymmetryResult& r) {
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
