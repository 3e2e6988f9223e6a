// vitrobeam symmetry: patterns -> angular power of n-fold symmetry with significance. The words
// `symmetry limit` lead to drivers/symmetry_limit.cpp.
#include <cmath>
#include <iostream>
#include <limits>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/symmetry_null.hpp"
#include "io/result_file.hpp"
#include "io/symmetry_file.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A beam that is not where it was said to be shows as one-fold symmetry, and squared as two-fold.
void check_centre(const SymmetryCommand& c, const PatternInput& input, SymmetryScan& scan) {
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
    warn(
        "the rings are {:.2f} pixels off centre, which adds to orders 1 and 2; --centre "
        "{:.2f},{:.2f} fits them better",
        shift.norm() / cal.pixel_qx, row, col);
}

// Mean over the patterns of every order in the band, with its standard error; `maps` [pattern, n].
struct OverPatterns {
  Eigen::ArrayXd mean, error;
};
OverPatterns over_patterns(const PlaneD& maps) {
  OverPatterns out{Eigen::ArrayXd(maps.cols()), Eigen::ArrayXd(maps.cols())};
  for (Eigen::Index n = 0; n < maps.cols(); ++n) {
    const auto known = maps.col(n).isFinite();
    const double count = double(known.count());
    const Eigen::ArrayXd values = known.select(maps.col(n), 0.0);
    out.mean[n] = values.sum() / count;
    const double variance = values.square().sum() / count - out.mean[n] * out.mean[n];
    out.error[n] = count > 1 ? std::sqrt(std::max(0.0, variance) / (count - 1)) : kNone;
  }
  return out;
}

// One line for every order: as measured, and each correction that was asked for in a column of its
// own, over the same rings with the same weights.
void print_orders(const SymmetryCommand& c, SymmetryScan& scan) {
  const SymmetryResult& r = scan.result();
  const auto orders = Eigen::Index(r.n.size()), positions = Eigen::Index(r.map.size()) / orders;
  const bool is_friedel = r.power_friedel.size() > 0, is_floor = r.power_odd_floor.size() > 0,
             is_judged = !r.null_origin.empty();
  const PlaneD map =
      Eigen::Map<const PlaneF>(r.map.values.data(), positions, orders).cast<double>();
  const OverPatterns all = over_patterns(map);
  PlaneD symmetrised(is_friedel ? positions : 0, orders);
  for (Eigen::Index k = 0; k < symmetrised.rows(); ++k)
    symmetrised.row(k) =
        band_mean(c.grid, {r.ring_low, r.ring_high},
                  r.power_friedel.plane(std::size_t(k)).cast<double>(), scan.mean_squared().row(k));
  const Eigen::ArrayXd friedel = over_patterns(symmetrised).mean;
  const PlaneD floor = less_odd_floor(all.mean);
  std::cout << "n    C_n in the band, +- error" << (is_friedel ? "     friedel" : "")
            << (is_floor ? "   odd_floor" : "")
            << (is_judged ? "   null mean  symmetric positions\n" : "\n");
  double even = 0, odd = 0, even_variance = 0;
  for (Eigen::Index n = 0; n < orders; ++n) {
    (n % 2 == 0 ? odd : even) += all.mean[n];
    if (n % 2 == 1) even_variance += all.error[n] * all.error[n];
    std::cout << fmt::format("{:<4} {:10.6f} +- {:.6f}", n + 1, all.mean[n], all.error[n]);
    if (is_friedel) std::cout << fmt::format("  {:10.6f}", friedel[n]);
    if (is_floor)
      std::cout << (std::isfinite(floor(n, 0)) ? fmt::format("  {:10.6f}", floor(n, 0))
                                               : fmt::format("  {:>10}", "-"));
    if (is_judged) {
      long found = 0;
      for (Eigen::Index k = 0; k < positions; ++k)
        found += r.false_discovery_rate.values[std::size_t(k * orders + n)] <=
                 c.false_alarm_percent / 100;
      std::cout << fmt::format("  {:10.6f}  {} of {}", r.null_map.col(n).mean(), found,
                               map.col(n).isFinite().count());
    }
    std::cout << '\n';
  }
  const bool is_nothing = even <= 3 * std::sqrt(even_variance);  // of one pattern nothing is known
  std::cout << (is_nothing ? "odd / even  no even orders beyond three standard errors\n"
                           : fmt::format("odd / even  {:.4f}\n", odd / even));
}

void summarise(const SymmetryCommand& c, const PatternInput& input, SymmetryScan& scan) {
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
  print_orders(c, scan);
  if (!wants(c, "pair")) return;
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
  check_rings(input.scan(), c.grid.q_max);
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
    inform("{} thicknesses in the file: the last one is analysed", input.thicknesses());

  SymmetryScan scan(c, input);
  bool any = false;
  for (int i = 0; i < c.grid.n_q; ++i) any = any || scan.analysis().is_resolved(i);
  if (!any)
    fail(Fault::physics,
         "no ring from {:g} to {:g} 1/Angstrom is visible enough (the mask or the image's border "
         "hides pairs of directions at some angle); choose other rings or a smaller mask",
         c.grid.q_min, c.grid.q_max);
  const RunControl control = run_control(c.common);
  Stage progress(control, "patterns", input.positions());
  for_each_part(input.scan(), control, [&](const Stack<float>& images, std::size_t first) {
    scan.add(images, first);
    progress.advance(images.shape[0]);
  });
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
        band_mean(c.grid, band, r.power.plane(at).cast<double>(),
                  scan.mean_squared().row(Eigen::Index(at)).transpose())
            .cast<float>();
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
