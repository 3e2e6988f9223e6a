// vitrobeam symmetry: patterns -> angular power of n-fold symmetry with significance. The words
// `symmetry limit` lead to drivers/symmetry_limit.cpp.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/progress.hpp"
#include "drivers/quantity.hpp"
#include "io/result_file.hpp"
#include "io/symmetry_file.hpp"
#include "multislice/optics.hpp"
#include "patterns/recognition.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct SymmetryCommand {
  CommonSettings common;
  PatternInputSettings input;
  PolarGrid grid{0.3, 0.8, 64, 180};
  AngularSettings angular;
  std::string ring, null, corrections = "friedel,odd_floor,pair";
  std::optional<double> null_dose;
  int noise_patterns = 400;
  double false_alarm_percent = 5;
};

Settings describe(SymmetryCommand& c) {
  Settings o("symmetry",
             "patterns -> angular correlations, n-fold symmetry with significance\n\n"
             "   or: vitrobeam symmetry limit GLASS [options]: detectability against thickness",
             {"PATTERNS"});
  o.section("Rings");
  o.add("q-min", c.grid.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", c.grid.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.grid.n_q, "rings").at_least(2).at_most(4096);
  o.add("angles", c.grid.n_theta, "angular bins, an even number").at_least(8).at_most(4096);
  o.add("orders", c.angular.n_max, "orders n = 1 .. this one").at_least(1);
  o.add("ring", c.ring, "LOW,HIGH",
        "band of maps and significance, 1/Angstrom (default: 8 % around the brightest ring)");
  o.section("Significance");
  o.add("null", c.null, "FILE",
        "patterns without the symmetry in question, e.g. "
        "library.h5:/motif_library/null_patterns/data (default: structureless rings with the "
        "patterns' counting noise, if they have any)");
  o.add("null-dose", c.null_dose, "",
        "electrons per pattern, whose noise the null patterns get (default: that of the patterns)")
      .at_least(0);
  o.add("noise-patterns", c.noise_patterns, "structureless patterns drawn where there is no --null")
      .at_least(20)
      .at_most(1000000);
  o.add("false-alarm", c.false_alarm_percent, "%",
        "accepted share of wrong positions among those called symmetric (Benjamini-Hochberg)")
      .above(0)
      .at_most(100);
  o.section("Output");
  o.add("corrections", c.corrections, "NAMES",
        "of friedel, odd_floor, pair, or none: each is a dataset of its own beside power");
  o.add("correlation", c.angular.correlation, "also C(q, Delta), mean over the patterns");
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

bool wants(const SymmetryCommand& c, const std::string& name) {
  const auto names = split(c.corrections, ',');
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check(const SymmetryCommand& c) {
  check_polar_grid(c.grid);
  for (const auto& name : split(c.corrections, ','))
    if (name != "friedel" && name != "odd_floor" && name != "pair" && name != "none")
      fail(Fault::usage, "--corrections '{}': expected friedel, odd_floor, pair or none", name);
}

RingBand chosen_ring(const SymmetryCommand& c, const Eigen::ArrayXd& radial) {
  if (c.ring.empty()) return brightest_ring(c.grid, radial);
  const Vector2d band = parse_pair(c.ring, "1/Angstrom", "ring");
  if (!(band[0] < band[1]) || band[0] < c.grid.q_min || band[1] > c.grid.q_max)
    fail(Fault::physics, "--ring {}: not inside the rings from {:g} to {:g} (--q-min, --q-max)",
         c.ring, c.grid.q_min, c.grid.q_max);
  return {band[0], band[1]};
}

// Everything that is kept of the patterns of a scan.
class Scan {
 public:
  Scan(const SymmetryCommand& c, const PatternInput& input)
      : c_(c),
        input_(input),
        transform_(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()),
                   input.calibration(), c.grid, input.source().hidden()),
        analysis_(transform_, c.angular) {
    AngularSettings friedel = c.angular;
    friedel.friedel = true;
    friedel.correlation = false;
    if (wants(c, "friedel")) friedel_.emplace_back(transform_, friedel);
    const std::size_t rows = input.source().scan_rows(), columns = input.source().scan_columns(),
                      orders = std::size_t(c.angular.n_max), rings = std::size_t(c.grid.n_q);
    const float none = std::numeric_limits<float>::quiet_NaN();
    const Shape shape{rows, columns, orders, rings};
    result_.power = Stack<float>(shape, none);
    result_.power_error = result_.power;
    if (wants(c, "friedel")) result_.power_friedel = result_.power;
    if (wants(c, "odd_floor")) result_.power_odd_floor = result_.power;
    if (wants(c, "pair")) result_.friedel_pair = Stack<float>({rows, columns, rings}, none);
    result_.status = Stack<std::uint8_t>({rows, columns}, 0);
    variance_ = opposite_ = PlaneD::Constant(Eigen::Index(rows * columns), c.grid.n_q, kNone);
    mean_image_ =
        PlaneD::Zero(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()));
    for (int i = 0; i < c.grid.n_q; ++i) result_.q.push_back(c.grid.q(i));
    for (int n = 1; n <= c.angular.n_max; ++n) result_.n.push_back(n);
  }

  const PolarTransform& transform() const { return transform_; }
  const AngularAnalysis& analysis() const { return analysis_; }
  SymmetryResult& result() { return result_; }
  std::size_t good() const { return good_; }
  PlaneF mean_image() const {
    return (mean_image_ / double(std::max<std::size_t>(good_, 1))).cast<float>();
  }
  const PlaneD& variance() const { return variance_; }
  const PlaneD& opposite() const { return opposite_; }

  void add(const Stack<float>& images, std::size_t first) {
    std::vector<PlaneD> correlation(images.shape[0]);
#pragma omp parallel for schedule(dynamic, 8) num_threads(c_.common.threads)
    for (long i = 0; i < long(images.shape[0]); ++i)
      correlation[std::size_t(i)] = add_one(images.plane(std::size_t(i)), first + std::size_t(i));
    for (std::size_t i = 0; i < images.shape[0]; ++i) {
      if (result_.status.values[first + i] != 0) continue;
      mean_image_ += images.plane(i).cast<double>();
      ++good_;
      if (correlation[i].size() == 0) continue;
      if (result_.correlation.size() == 0)
        result_.correlation = correlation[i];
      else
        result_.correlation += correlation[i];
    }
  }

 private:
  PlaneD add_one(const Eigen::Ref<const PlaneF>& image, std::size_t at) {
    const PlaneF polar = transform_(image);
    result_.status.values[at] = static_cast<std::uint8_t>(
        judge(image, input_.source().hidden(), polar, transform_.weights()));
    if (result_.status.values[at] != 0) return {};
    const AngularPower a = analysis_(polar, image, input_.gain());
    const auto put = [&](Stack<float>& stack, const PlaneD& values) {
      stack.plane(at) = values.cast<float>();
    };
    put(result_.power, a.power);
    put(result_.power_error, a.error);
    if (!friedel_.empty())
      put(result_.power_friedel, friedel_.front()(polar, image, input_.gain()).power);
    if (result_.power_odd_floor.size() > 0) put(result_.power_odd_floor, less_odd_floor(a.power));
    const auto row = Eigen::Index(at);
    variance_.row(row) = a.variance * a.mean_squared;
    opposite_.row(row) = a.opposite * a.mean_squared;
    if (result_.friedel_pair.size() > 0)
      for (int i = 0; i < c_.grid.n_q; ++i)
        result_.friedel_pair.values[at * std::size_t(c_.grid.n_q) + std::size_t(i)] =
            a.variance[i] > 0 ? float(a.opposite[i] / a.variance[i])
                              : std::numeric_limits<float>::quiet_NaN();
    return c_.angular.correlation ? analysis_.correlation(polar, image, input_.gain()) : PlaneD();
  }

  const SymmetryCommand& c_;
  const PatternInput& input_;
  PolarTransform transform_;
  AngularAnalysis analysis_;
  std::vector<AngularAnalysis> friedel_;  // none or one
  SymmetryResult result_;
  PlaneD variance_, opposite_, mean_image_;
  std::size_t good_ = 0;
};

// Mean and standard error over the patterns of every order and ring.
void average(const Stack<float>& power, PlaneD& mean, PlaneD& error) {
  const std::size_t positions = power.shape[0] * power.shape[1];
  const auto rows = Eigen::Index(power.shape[2]), columns = Eigen::Index(power.shape[3]);
  mean = error = PlaneD::Zero(rows, columns);
  PlaneD count = PlaneD::Zero(rows, columns);
  for (std::size_t at = 0; at < positions; ++at) {
    const PlaneD one = power.plane(at).cast<double>();
    const auto known = one.isFinite();
    mean += known.select(one, 0.0);
    error += known.select(one.square(), 0.0);
    count += known.cast<double>();
  }
  mean /= count;
  error = ((error / count - mean.square()).max(0) / (count - 1)).sqrt();
}

// Correlation of Friedel pairs of all patterns together, its jackknife error, the thickness that it
// means.
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
}

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

// ---- the null

// Rings without structure, with the counting noise of the patterns: tells symmetry from noise.
PlaneD noise_null(const SymmetryCommand& c, const PatternInput& input, Scan& scan,
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
    add_poisson_noise(image, 1 / input.gain(), c.common.seed ^ 0x6e756c6c, std::uint64_t(k));
    map.row(k) = band_mean(c.grid, band,
                           scan.analysis()(scan.transform()(image), image, input.gain()).power);
  }
  return map;
}

double null_dose(const SymmetryCommand& c, const PatternInput& input, const PlaneF& mean) {
  if (c.null_dose) return *c.null_dose;
  if (input.gain() == 0) return 0;
  const double electrons = double(mean.sum()) / input.gain();
  return c.input.dose > 0 ? c.input.dose : electrons;
}

// Null patterns as the camera of the patterns would have recorded them, with their noise.
PlaneD pattern_null(const SymmetryCommand& c, const PatternInput& input, Scan& scan,
                    const RingBand& band) {
  constexpr std::size_t kFewest = 20;
  const PatternInput null(c.null, {}, c.common.seed);
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
  if (!null.for_each_part(
          null.thicknesses() - 1, c.common.threads,
          [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
            for (long i = 0; i < long(images.shape[0]); ++i) {
              PlaneF image = turned_image(images.plane(std::size_t(i)), from,
                                          Eigen::Index(input.source().rows()),
                                          Eigen::Index(input.source().columns()), to, 0, false) *
                             float(area);
              if (dose > 0)
                add_poisson_noise(image, dose, c.common.seed ^ 0x6e756c6c,
                                  first + std::uint64_t(i));
              map.row(Eigen::Index(first) + i) = band_mean(
                  c.grid, band, scan.analysis()(scan.transform()(image), image, gain).power);
            }
          }))
    fail(Fault::machine, "interrupted; nothing was written");
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

// ---- what is said

// A beam that is not where it was said to be shows as one-fold symmetry, and squared as two-fold.
void check_centre(const SymmetryCommand& c, const PatternInput& input, Scan& scan) {
  constexpr double kCapture = 0.1, kNoticed = 0.5;  // of the ring's radius; pixels
  const Vector2d shift =
      centre_shift(c.grid, scan.transform()(scan.mean_image()), scan.transform().weights());
  const Calibration& cal = input.calibration();
  SymmetryResult& r = scan.result();
  r.centre_shift_x = shift.x();
  r.centre_shift_y = shift.y();
  const double row = cal.centre_row + shift.y() / cal.pixel_qy,
               col = cal.centre_col + shift.x() / cal.pixel_qx;
  const double ring = (r.ring_low + r.ring_high) / 2;
  if (shift.norm() > kCapture * ring)
    fail(Fault::physics,
         "the rings are {:.3g} 1/Angstrom off centre, more than a tenth of their radius {:.3g}, "
         "beyond which nothing can be corrected; state the undiffracted beam by --centre (near "
         "{:.0f},{:.0f}?)",
         shift.norm(), ring, row, col);
  if (shift.norm() > kNoticed * cal.pixel_qx)
    spdlog::warn(
        "the rings are {:.2f} pixels off centre, which adds to orders 1 and 2; --centre "
        "{:.2f},{:.2f} fits them better",
        shift.norm() / cal.pixel_qx, row, col);
}

void summarise(const SymmetryCommand& c, const PatternInput& input, Scan& scan) {
  SymmetryResult& r = scan.result();
  std::cout << fmt::format(
      "patterns    {} of {} x {} pixels{}\nrings       {} from {:g} to {:g} 1/Angstrom, band "
      "{:.4g} "
      "to {:.4g}\n",
      input.positions(), input.source().rows(), input.source().columns(),
      scan.good() < input.positions() ? fmt::format(", {} of them judged", scan.good()) : "",
      c.grid.n_q, c.grid.q_min, c.grid.q_max, r.ring_low, r.ring_high);
  if (!r.null_origin.empty())
    std::cout << fmt::format("null        {} {}; smallest p-value {:.2g}\n", r.null_map.rows(),
                             r.null_origin, 1.0 / double(1 + r.null_map.rows()));
  const std::size_t orders = r.n.size(), positions = input.positions();
  std::cout << "n           C_n in the band, mean +- error"
            << (r.null_origin.empty() ? "\n" : "      null mean   symmetric positions\n");
  double even = 0, odd = 0;
  for (std::size_t n = 0; n < orders; ++n) {
    double sum = 0, squares = 0, count = 0, found = 0;
    for (std::size_t k = 0; k < positions; ++k) {
      const double v = r.map.values[k * orders + n];
      if (!std::isfinite(v)) continue;
      sum += v, squares += v * v, count += 1;
      if (!r.null_origin.empty())
        found += r.false_discovery_rate.values[k * orders + n] <= c.false_alarm_percent / 100;
    }
    const double mean = sum / count;
    (n % 2 == 0 ? odd : even) += mean;
    std::cout << fmt::format(
        "{:<11} {:10.6f} +- {:.6f}", n + 1, mean,
        count > 1 ? std::sqrt(std::max(0.0, squares / count - mean * mean) / (count - 1)) : kNone);
    if (!r.null_origin.empty())
      std::cout << fmt::format("        {:12.6f}   {:.0f} of {:.0f}",
                               r.null_map.col(Eigen::Index(n)).mean(), found, count);
    std::cout << '\n';
  }
  std::cout << fmt::format("odd / even  {:.4f}\n", odd / even);
  double rho = 0, thickness = 0;
  int rings = 0;
  for (std::size_t i = 0; i < r.q.size(); ++i)
    if (r.q[i] >= r.ring_low && r.q[i] <= r.ring_high) {
      rho += r.mean_friedel_pair[i];
      thickness += r.friedel_thickness.empty() ? kNone : r.friedel_thickness[i];
      ++rings;
    }
  if (!std::isfinite(rho)) {
    std::cout << "pairs       no structure in the band that could be correlated\n";
    return;
  }
  std::cout << fmt::format("pairs       correlation of I(q) and I(-q) in the band {:.4f}",
                           rho / rings);
  if (std::isfinite(thickness))
    std::cout << fmt::format(", as behind {:.1f} Angstrom of a parallel beam", thickness / rings);
  std::cout << '\n';
}

}  // namespace

int run_symmetry(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "limit")
    return run_symmetry_limit({arguments.begin() + 1, arguments.end()});
  SymmetryCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "symmetry: name the patterns: vitrobeam symmetry PATTERNS -o OUT.h5");
  check(c);
  const PatternInput input(settings.positional()[0], c.input, c.common.seed);
  input.check_rings(c.grid.q_max);
  if (c.common.dry_run) {
    const double bytes = double(input.positions()) * c.angular.n_max * c.grid.n_q * 4 *
                         (2 + wants(c, "friedel") + wants(c, "odd_floor"));
    std::cout << fmt::format(
        "patterns    {} of {} x {} pixels\nmemory      {:.2f} GB, disk the same\n",
        input.positions(), input.source().rows(), input.source().columns(), bytes / 1e9);
    return 0;
  }
  std::vector<std::string> inputs{input.source().file()};
  if (!c.null.empty()) inputs.push_back(c.null.substr(0, c.null.rfind(":/")));
  const RunRecord record = start_record(settings, c.common, inputs);
  if (!start_output(c.common, record)) return 0;
  if (input.thicknesses() > 1)
    spdlog::info("{} thicknesses in the file: the last one is analysed", input.thicknesses());

  Scan scan(c, input);
  bool any = false;
  for (int i = 0; i < c.grid.n_q; ++i) any = any || scan.analysis().is_resolved(i);
  if (!any)
    fail(Fault::physics,
         "no ring from {:g} to {:g} 1/Angstrom is visible enough (the mask or the image's border "
         "hides pairs of directions at some angle); choose other rings or a smaller mask",
         c.grid.q_min, c.grid.q_max);
  Progress progress("patterns", input.positions(), c.common.progress);
  if (!input.for_each_part(input.thicknesses() - 1, c.common.threads,
                           [&](const Stack<float>& images, std::size_t first) {
                             scan.add(images, first);
                             progress.advance(images.shape[0]);
                           }))
    return nothing_written();
  if (scan.good() == 0)
    fail(Fault::input,
         "{}: none of the {} patterns can be judged (not finite, empty or featureless)",
         input.source().file(), input.positions());

  SymmetryResult& r = scan.result();
  const Eigen::ArrayXd radial =
      radial_mean(scan.transform()(scan.mean_image()), scan.transform().weights());
  r.radial_mean.assign(radial.data(), radial.data() + radial.size());
  const RingBand band = chosen_ring(c, radial);
  r.ring_low = band.low;
  r.ring_high = band.high;
  r.gain = input.gain();
  check_centre(c, input, scan);
  average(r.power, r.mean_power, r.mean_power_error);
  pool_friedel(scan.opposite(), scan.variance(), input.source().energy_kV, r);
  if (r.correlation.size() > 0) {
    r.correlation /= double(scan.good());
    for (int j = 0; j < c.grid.n_theta; ++j) r.delta.push_back(c.grid.theta(j));
  }
  r.map = Stack<float>({r.power.shape[0], r.power.shape[1], r.n.size()});
  for (std::size_t at = 0; at < input.positions(); ++at)
    Eigen::Map<Eigen::ArrayXf>(r.map.values.data() + at * r.n.size(), Eigen::Index(r.n.size())) =
        band_mean(c.grid, band, r.power.plane(at).cast<double>()).cast<float>();
  make_histograms(r);
  if (!c.null.empty()) {
    r.null_map = pattern_null(c, input, scan, band);
    r.null_origin = "null patterns of " + c.null;
  } else if (input.gain() > 0) {
    r.null_map = noise_null(c, input, scan, band);
    r.null_origin = "structureless rings with counting noise";
  }
  if (!r.null_origin.empty()) judge_significance(r);

  Hdf5Writer file(c.common.output);
  write_symmetry(file, r);
  if (input.source().is_result()) {
    DiffractionAxes axes = read_axes(Hdf5Reader(input.source().file()));
    axes.thickness.clear();
    write_axes(file, axes);
  }
  write_interchange(file, {}, record, "symmetry");
  write_record(file, record);
  file.commit();
  summarise(c, input, scan);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
