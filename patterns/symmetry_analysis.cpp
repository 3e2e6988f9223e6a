#include "patterns/symmetry_analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "patterns/pattern_status.hpp"
#include "patterns/symmetry_null.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Everything that is kept of the patterns of a scan.
struct Reading {
  SymmetryResult result;
  PlaneD variance, opposite;  // [position, ring] by the squared mean; not-a-number where unusable
  PlaneD mean_squared;        // [position, ring] of the rings, cleared of noise
  PlaneD sum;                 // of the usable patterns

  PlaneF mean_image() const {
    return (sum / double(std::max<std::size_t>(result.usable, 1))).cast<float>();
  }
};

class Reader {
 public:
  Reader(const PatternScan& scan, const SymmetrySettings& s)
      : scan_(scan),
        s_(s),
        transform_(scan.rows, scan.columns, scan.calibration, s.grid, scan.hidden),
        analysis_(transform_, s.angular) {
    if (!s.friedel) return;
    AngularSettings friedel = s.angular;
    friedel.friedel = true;
    friedel.correlation = false;
    friedel_.emplace(transform_, friedel);
  }
  const PolarTransform& transform() const { return transform_; }
  const AngularAnalysis& analysis() const { return analysis_; }

  Reading read(const RunControl& run) const {
    Reading r = empty();
    Stage stage(run, "patterns", scan_.positions());
    for_each_part(scan_, run, [&](const Stack<float>& images, std::size_t first) {
      add(images, first, run.threads, r);
      stage.advance(images.shape[0]);
    });
    return r;
  }

 private:
  Reading empty() const {
    const std::size_t rows = scan_.scan_rows, columns = scan_.scan_columns,
                      orders = std::size_t(s_.angular.n_max), rings = std::size_t(s_.grid.n_q);
    const Stack<float> none({rows, columns, orders, rings},
                            std::numeric_limits<float>::quiet_NaN());
    Reading out;
    SymmetryResult& r = out.result;
    r.power = r.power_error = none;
    if (s_.friedel) r.power_friedel = none;
    if (s_.odd_floor) r.power_odd_floor = none;
    if (s_.pair)
      r.friedel_pair =
          Stack<float>({rows, columns, rings}, std::numeric_limits<float>::quiet_NaN());
    r.status = Stack<std::uint8_t>({rows, columns}, 0);
    for (int i = 0; i < s_.grid.n_q; ++i) r.q.push_back(s_.grid.q(i));
    for (int n = 1; n <= s_.angular.n_max; ++n) r.n.push_back(n);
    out.variance = out.opposite = out.mean_squared =
        PlaneD::Constant(Eigen::Index(rows * columns), s_.grid.n_q, kNone);
    out.sum = PlaneD::Zero(scan_.rows, scan_.columns);
    return out;
  }

  void add(const Stack<float>& images, std::size_t first, int threads, Reading& r) const {
    std::vector<PlaneD> correlation(images.shape[0]);
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
    for (std::size_t i = 0; i < images.shape[0]; ++i)
      correlation[i] = add_one(images.plane(i), first + i, r);
    for (std::size_t i = 0; i < images.shape[0]; ++i) {
      if (r.result.status.values[first + i] != 0) continue;
      r.sum += images.plane(i).cast<double>();
      ++r.result.usable;
      if (correlation[i].size() == 0) continue;
      if (r.result.correlation.size() == 0)
        r.result.correlation = correlation[i];
      else
        r.result.correlation += correlation[i];
    }
  }

  // Its correlation, if that is wanted.
  PlaneD add_one(const Eigen::Ref<const PlaneF>& image, std::size_t at, Reading& out) const {
    SymmetryResult& r = out.result;
    const PlaneF polar = transform_(image);
    r.status.values[at] =
        static_cast<std::uint8_t>(pattern_status(image, scan_.hidden, polar, transform_.weights()));
    if (r.status.values[at] != 0) return {};
    const AngularPower a = analysis_(polar, image, scan_.gain);
    r.power.plane(at) = a.power.cast<float>();
    r.power_error.plane(at) = a.error.cast<float>();
    if (friedel_)
      r.power_friedel.plane(at) = (*friedel_)(polar, image, scan_.gain).power.cast<float>();
    if (s_.odd_floor) r.power_odd_floor.plane(at) = less_odd_floor(a.power).cast<float>();
    const auto row = Eigen::Index(at);
    out.variance.row(row) = a.variance * a.mean_squared;
    out.opposite.row(row) = a.opposite * a.mean_squared;
    out.mean_squared.row(row) = a.mean_squared;
    for (int i = 0; s_.pair && i < s_.grid.n_q; ++i)
      if (a.variance[i] > 0)
        r.friedel_pair.values[at * std::size_t(s_.grid.n_q) + std::size_t(i)] =
            float(a.opposite[i] / a.variance[i]);
    return s_.angular.correlation ? analysis_.correlation(polar, image, scan_.gain) : PlaneD();
  }

  const PatternScan& scan_;
  const SymmetrySettings& s_;
  PolarTransform transform_;
  AngularAnalysis analysis_;
  std::optional<AngularAnalysis> friedel_;
};

// A beam that is not where it was stated shows as one-fold symmetry, and squared as two-fold.
void check_centre(const Vector2d& shift, const Calibration& cal, const RingBand& band,
                  const RunControl& run) {
  constexpr double kCapture = 0.1, kNoticed = 0.5;  // of the ring's radius; pixels
  const double row = cal.centre_row + shift.y() / cal.pixel_qy,
               col = cal.centre_col + shift.x() / cal.pixel_qx;
  const double ring = (band.low + band.high) / 2;
  if (shift.norm() > kCapture * ring)
    fail(Fault::physics,
         "the rings are {:.3g} 1/Angstrom off centre, more than a tenth of their radius {:.3g}, "
         "beyond which nothing can be corrected; state the undiffracted beam by @centre (near "
         "{:.0f},{:.0f}?)",
         shift.norm(), ring, row, col);
  if (shift.norm() > kNoticed * cal.pixel_qx)
    run.warn(
        "the rings are {:.2f} pixels off centre, which adds to orders 1 and 2; @centre "
        "{:.2f},{:.2f} fits them better",
        shift.norm() / cal.pixel_qx, row, col);
}

void check_band(const SymmetrySettings& s) {
  if (s.band &&
      (!(s.band->low < s.band->high) || s.band->low < s.grid.q_min || s.band->high > s.grid.q_max))
    fail(Fault::physics, "@ring {:g},{:g}: not inside the rings from {:g} to {:g} (@q_min, @q_max)",
         s.band->low, s.band->high, s.grid.q_min, s.grid.q_max);
}

void check_resolved(const AngularAnalysis& analysis) {
  const PolarGrid& grid = analysis.grid();
  for (int i = 0; i < grid.n_q; ++i)
    if (analysis.is_resolved(i)) return;
  fail(Fault::physics,
       "no ring from {:g} to {:g} 1/Angstrom is visible enough (the mask or the image's border "
       "hides pairs of directions at some angle); choose other rings or a smaller mask",
       grid.q_min, grid.q_max);
}

// Mean over the patterns of every order and ring, and its standard error.
void average_power(SymmetryResult& r) {
  const std::size_t positions = r.power.shape[0] * r.power.shape[1];
  const auto rows = Eigen::Index(r.power.shape[2]), columns = Eigen::Index(r.power.shape[3]);
  PlaneD sum = PlaneD::Zero(rows, columns), squares = sum, count = sum;
  for (std::size_t at = 0; at < positions; ++at) {
    const PlaneD one = r.power.plane(at).cast<double>();
    const auto known = one.isFinite();
    sum += known.select(one, 0.0);
    squares += known.select(one.square(), 0.0);
    count += known.cast<double>();
  }
  r.mean_power = sum / count;
  r.mean_power_error = ((squares / count - r.mean_power.square()).max(0) / (count - 1)).sqrt();
}

// Correlation of Friedel pairs of all patterns together, its jackknife error, the thickness that it
// means. `opposite` and `variance`: [position, ring], not-a-number where there is none.
void pool_friedel(const PlaneD& opposite, const PlaneD& variance, std::optional<double> energy_kV,
                  SymmetryResult& r) {
  for (Eigen::Index i = 0; i < variance.cols(); ++i) {
    double o = 0, v = 0, squares = 0, n = 0;
    for (Eigen::Index k = 0; k < variance.rows(); ++k)
      if (std::isfinite(variance(k, i))) o += opposite(k, i), v += variance(k, i), n += 1;
    const double rho = v > 0 ? o / v : kNone;
    for (Eigen::Index k = 0; k < variance.rows(); ++k)
      if (std::isfinite(variance(k, i)))
        squares += std::pow((o - opposite(k, i)) / (v - variance(k, i)) - rho, 2);
    r.mean_friedel_pair.push_back(rho);
    r.mean_friedel_pair_error.push_back(n > 2 ? std::sqrt(squares * (n - 1) / n) : kNone);
    if (energy_kV)
      r.friedel_thickness.push_back(
          thickness_from_friedel(rho, r.q[std::size_t(i)], wavelength(*energy_kV)));
  }
  double rho = 0, thickness = 0;
  int rings = 0;
  for (std::size_t i = 0; i < r.q.size(); ++i)
    if (r.q[i] >= r.ring_low && r.q[i] <= r.ring_high) {
      rho += r.mean_friedel_pair[i];
      thickness += r.friedel_thickness.empty() ? kNone : r.friedel_thickness[i];
      ++rings;
    }
  r.band_friedel_pair = rho / rings;
  r.band_friedel_thickness = thickness / rings;
}

// Of r.map, one per order.
void make_histograms(SymmetryResult& r) {
  constexpr std::size_t kBins = 40;
  const std::size_t orders = r.n.size(), positions = r.map.size() / orders;
  r.histogram = Stack<std::int32_t>({orders, kBins});
  r.histogram_edges = Stack<float>({orders, kBins + 1});
  for (std::size_t n = 0; n < orders; ++n) {
    double low = 0, high = 0;
    for (std::size_t k = 0; k < positions; ++k)
      if (const double v = r.map.values[k * orders + n]; std::isfinite(v))
        low = std::min(low, v), high = std::max(high, v);
    if (high <= low) high = low + 1;
    for (std::size_t b = 0; b <= kBins; ++b)
      r.histogram_edges.values[n * (kBins + 1) + b] =
          float(low + (high - low) * double(b) / double(kBins));
    for (std::size_t k = 0; k < positions; ++k)
      if (const double v = r.map.values[k * orders + n]; std::isfinite(v))
        ++r.histogram.values[n * kBins + std::min(kBins - 1, std::size_t(double(kBins) * (v - low) /
                                                                         (high - low)))];
  }
}

// Every order of the stack's patterns in the band: [pattern, n].
PlaneD in_band(const Stack<float>& power, const PolarGrid& grid, const RingBand& band,
               const PlaneD& mean_squared) {
  PlaneD out(mean_squared.rows(), Eigen::Index(power.shape[2]));
  for (Eigen::Index k = 0; k < out.rows(); ++k)
    out.row(k) = band_mean(grid, band, power.plane(std::size_t(k)).cast<double>(),
                           mean_squared.row(k).transpose());
  return out;
}

// `maps` [pattern, n].
SymmetryOrders over_patterns(const PlaneD& maps) {
  SymmetryOrders out;
  out.mean = out.error = Eigen::ArrayXd(maps.cols());
  double even = 0, odd = 0, even_variance = 0;
  for (Eigen::Index n = 0; n < maps.cols(); ++n) {
    const auto known = maps.col(n).isFinite();
    const double count = double(known.count());
    const Eigen::ArrayXd values = known.select(maps.col(n), 0.0);
    out.mean[n] = values.sum() / count;
    const double variance = values.square().sum() / count - out.mean[n] * out.mean[n];
    out.error[n] = count > 1 ? std::sqrt(std::max(0.0, variance) / (count - 1)) : kNone;
    out.known.push_back(known.count());
    (n % 2 == 0 ? odd : even) += out.mean[n];
    if (n % 2 == 1) even_variance += out.error[n] * out.error[n];
  }
  // of one pattern nothing is known
  out.odd_over_even = even <= 3 * std::sqrt(even_variance) ? kNone : odd / even;
  return out;
}

void count_symmetric(double false_discovery_rate, SymmetryResult& r) {
  const std::size_t orders = r.n.size();
  r.orders.symmetric.assign(orders, 0);
  for (std::size_t k = 0; k < r.map.size(); ++k)
    r.orders.symmetric[k % orders] += r.false_discovery_rate.values[k] <= false_discovery_rate;
}

// The maps of the band, their histograms, and every order over all of them.
void add_maps(const SymmetrySettings& s, const RingBand& band, const PlaneD& mean_squared,
              SymmetryResult& r) {
  const PlaneF map = in_band(r.power, s.grid, band, mean_squared).cast<float>();
  r.map = Stack<float>({r.power.shape[0], r.power.shape[1], r.n.size()});
  std::copy(map.data(), map.data() + map.size(), r.map.values.begin());
  make_histograms(r);
  r.orders = over_patterns(map.cast<double>());
  if (s.friedel)
    r.orders.friedel = over_patterns(in_band(r.power_friedel, s.grid, band, mean_squared)).mean;
  if (s.odd_floor) r.orders.odd_floor = less_odd_floor(r.orders.mean).col(0);
}

// Radial mean, band and centre of the mean pattern.
RingBand look_at_mean(const PlaneF& mean, const PatternScan& scan, const PolarTransform& transform,
                      const SymmetrySettings& s, const RunControl& run, SymmetryResult& r) {
  const PlaneF polar = transform(mean);
  const Eigen::ArrayXd radial = radial_mean(polar, transform.weights());
  r.radial_mean.assign(radial.data(), radial.data() + radial.size());
  const RingBand band = s.band ? *s.band : brightest_ring(s.grid, radial);
  r.ring_low = band.low;
  r.ring_high = band.high;
  r.gain = scan.gain;
  const Vector2d shift = centre_shift(s.grid, polar, transform.weights());
  r.centre_shift_x = shift.x();
  r.centre_shift_y = shift.y();
  check_centre(shift, scan.calibration, band, run);
  return band;
}

}  // namespace

SymmetryResult analyse_symmetry(const PatternScan& scan, const SymmetrySettings& s,
                                const RunControl& run, const PatternScan* null) {
  check_polar_grid(s.grid);
  check_band(s);
  check_rings(scan, s.grid.q_max);
  const Reader reader(scan, s);
  const PolarTransform& transform = reader.transform();
  check_resolved(reader.analysis());
  Reading reading = reader.read(run);
  SymmetryResult& r = reading.result;
  if (r.usable == 0)
    fail(Fault::input, "{}: none of the {} patterns is usable (not finite, empty or featureless)",
         scan.name, scan.positions());
  const PlaneF mean = reading.mean_image();
  const RingBand band = look_at_mean(mean, scan, transform, s, run, r);
  average_power(r);
  pool_friedel(reading.opposite, reading.variance, scan.energy_kV, r);
  if (r.correlation.size() > 0) {
    r.correlation /= double(r.usable);
    for (int j = 0; j < s.grid.n_theta; ++j) r.delta.push_back(s.grid.theta(j));
  }
  add_maps(s, band, reading.mean_squared, r);
  const BandPower power{transform, reader.analysis(), band};
  if (null) {
    r.null_map = pattern_null(power, scan, *null, mean, s, run);
    r.null_origin = "null patterns of " + null->name;
  } else if (scan.gain > 0) {
    r.null_map = noise_null(power, scan, mean, s, run.threads);
    r.null_origin = "structureless rings with counting noise";
  }
  if (r.null_origin.empty()) return std::move(reading.result);
  add_significance(r);
  count_symmetric(s.false_discovery_rate, r);
  return std::move(reading.result);
}

}  // namespace vitrobeam
