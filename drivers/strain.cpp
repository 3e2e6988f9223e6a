// vitrobeam strain: the ellipse of the amorphous ring at every position -> strain tensor maps with
// errors.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/progress.hpp"
#include "drivers/quantity.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"
#include "models/packing.hpp"
#include "multislice/optics.hpp"
#include "patterns/ring.hpp"
#include "patterns/statistics.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {
namespace {

struct StrainCommand {
  CommonSettings common;
  PatternInputSettings input;
  double q_min = 0, q_max = 0;
  int radii = 40, angles = 120, together = 1;
  std::string reference = "all", reference_file, composition;
  bool fixed_centre = false;
};

Settings describe(StrainCommand& c) {
  Settings o("strain", "ellipse of the amorphous ring -> strain tensor maps with errors",
             {"PATTERNS"});
  o.section("Ring");
  o.add("q-min", c.q_min, "1/Angstrom", "where the ring begins (default: 0.7 of its maximum)")
      .at_least(0);
  o.add("q-max", c.q_max, "1/Angstrom", "where it ends (default: 1.35 of its maximum)").at_least(0);
  o.add("radii", c.radii, "radial bins of the ring").at_least(8).at_most(1024);
  o.add("angles", c.angles, "angular bins, an even number").at_least(32).at_most(1024);
  o.add("fixed-centre", c.fixed_centre,
        "the centre is as stated in every pattern (default: fitted with the strain, so that descan "
        "does no harm)");
  o.add(
      "composition", c.composition, "TEXT",
      "e.g. Cu64.5Zr35.5: rings are divided by the mean squared scattering factor, which no strain "
      "moves; without it strains come out some per cent too small");
  o.section("Reference and averaging");
  o.add("reference", c.reference, "all|R1,C1,R2,C2",
        "positions whose mean ring is unstrained by definition: the whole scan, or a rectangle of "
        "rows and columns counted from 0, ends included");
  o.add("reference-file", c.reference_file, "PATTERNS",
        "take the reference from another file, recorded under the same conditions");
  o.add("together", c.together,
        "fit the sum of N x N neighbouring patterns, an odd number: the error falls with their "
        "number, the resolution too")
      .at_least(1)
      .at_most(99);
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

struct Rectangle {
  std::size_t first_row = 0, first_column = 0, last_row = SIZE_MAX, last_column = SIZE_MAX;
  bool holds(std::size_t row, std::size_t column) const {
    return row >= first_row && row <= last_row && column >= first_column && column <= last_column;
  }
};

Rectangle parse_reference(const std::string& text, const PatternSource& source) {
  if (text == "all") return {};
  std::array<std::size_t, 4> v{};
  const auto parts = split(text, ',');
  bool good = parts.size() == 4;
  for (std::size_t k = 0; good && k < 4; ++k) {
    const auto& part = parts[k];
    const auto result = std::from_chars(part.data(), part.data() + part.size(), v[k]);
    good = result.ec == std::errc() && result.ptr == part.data() + part.size();
  }
  if (!good || v[2] < v[0] || v[3] < v[1] || v[2] >= source.scan_rows() ||
      v[3] >= source.scan_columns())
    fail(
        Fault::usage,
        "--reference {}: expected all, or R1,C1,R2,C2 inside of the scan of {} rows and {} columns",
        text, source.scan_rows(), source.scan_columns());
  return {v[0], v[1], v[2], v[3]};
}

// Polar patterns of the whole scan, [position, q, theta]; those that are not finite are marked.
struct PolarScan {
  std::vector<PlaneF> polar;  // empty where the pattern is not usable
};

// What the rings are divided by, [q]: <f^2> of the composition, 1 at the middle; ones without it.
Eigen::ArrayXf envelope(const std::string& composition, const PolarGrid& grid) {
  Eigen::ArrayXf f2 = Eigen::ArrayXf::Ones(grid.n_q);
  if (composition.empty()) return f2;
  const Composition c = parse_composition(composition);
  for (int i = 0; i < grid.n_q; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < c.elements.size(); ++k) {
      const double f = scattering_factor(Parametrisation::kirkland, c.elements[k], grid.q(i));
      sum += c.shares[k] * f * f;
    }
    f2[i] = float(sum);
  }
  return f2 / f2[grid.n_q / 2];
}

bool read_scan(const PatternInput& input, const PolarTransform& transform, const StrainCommand& c,
               PolarScan& out) {
  out.polar.assign(input.positions(), {});
  const Eigen::ArrayXf divisor = envelope(c.composition, transform.grid());
  Progress progress("patterns", out.polar.size(), c.common.progress);
  return input.for_each_part(input.thicknesses() - 1, c.common.threads,
                             [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
                               for (long i = 0; i < long(images.shape[0]); ++i) {
                                 const auto image = images.plane(std::size_t(i));
                                 if (!image.isFinite().all() || !(image != 0.0f).any()) continue;
                                 PlaneF polar = transform(image);
                                 polar.colwise() /= divisor;
                                 out.polar[first + std::size_t(i)] = std::move(polar);
                               }
                               progress.advance(images.shape[0]);
                             });
}

PlaneF mean_polar(const PolarScan& scan, const Rectangle& where, std::size_t columns,
                  const PolarGrid& grid) {
  PlaneD sum = PlaneD::Zero(grid.n_q, grid.n_theta);
  double count = 0;
  for (std::size_t at = 0; at < scan.polar.size(); ++at)
    if (scan.polar[at].size() > 0 && where.holds(at / columns, at % columns)) {
      sum += scan.polar[at].cast<double>();
      count += 1;
    }
  if (count == 0) fail(Fault::physics, "no usable pattern among the reference positions");
  return (sum / count).cast<float>();
}

// The sum of the patterns around a position; empty if it or its own pattern is unusable.
PlaneF neighbourhood(const PolarScan& scan, std::size_t rows, std::size_t columns, std::size_t at,
                     int together) {
  if (scan.polar[at].size() == 0 || together == 1) return scan.polar[at];
  const long half = together / 2, row = long(at / columns), column = long(at % columns);
  PlaneF sum = PlaneF::Zero(scan.polar[at].rows(), scan.polar[at].cols());
  float count = 0;
  for (long r = std::max(0L, row - half); r <= std::min(long(rows) - 1, row + half); ++r)
    for (long k = std::max(0L, column - half); k <= std::min(long(columns) - 1, column + half); ++k)
      if (const PlaneF& one = scan.polar[std::size_t(r) * columns + std::size_t(k)];
          one.size() > 0) {
        sum += one;
        count += 1;
      }
  return sum / count;
}

constexpr std::array<const char*, 3> kNames = {"exx", "eyy", "exy"};

struct StrainMaps {
  std::array<PlaneD, 3> strain, error;
  RingNoiseShape shape;
  PlaneD amplitude, centre_x, centre_y;
  Plane<unsigned char> status;  // 0 fitted, 1 unusable pattern, 2 the fit did not settle
  StrainMaps(Eigen::Index rows, Eigen::Index columns) : status(rows, columns) {
    for (auto* maps : {&strain, &error})
      for (auto& map : *maps) map.setConstant(rows, columns, NAN);
    amplitude = centre_x = centre_y = strain[0];
    status.setConstant(1);
  }
};

void fit_all(const PolarScan& scan, const PatternSource& source, const PolarTransform& transform,
             const RingProfile& profile, const StrainCommand& c, StrainMaps& maps) {
  const std::size_t columns = source.scan_columns();
  Progress progress("rings", scan.polar.size(), c.common.progress);
  std::vector<RingFit> fits(scan.polar.size());
#pragma omp parallel for schedule(dynamic, 8) num_threads(c.common.threads)
  for (long at = 0; at < long(scan.polar.size()); ++at) {
    const PlaneF polar =
        neighbourhood(scan, source.scan_rows(), columns, std::size_t(at), c.together);
    progress.advance();
    if (polar.size() == 0) continue;
    fits[std::size_t(at)] = fit_ring(polar, transform.weights(), transform.grid(), profile,
                                     {!c.fixed_centre, true, true});
    maps.status.data()[at] = fits[std::size_t(at)].converged ? 0 : 2;
  }
  maps.shape = ring_noise_shape(fits);
  for (Eigen::Index at = 0; at < maps.status.size(); ++at) {
    if (maps.status.data()[at] != 0) continue;
    const RingFit fit = with_noise_shape(fits[std::size_t(at)], maps.shape);
    for (std::size_t k = 0; k < 3; ++k) {
      maps.strain[k].data()[at] = fit.value[k + 2];
      maps.error[k].data()[at] = fit.error[k + 2];
    }
    maps.amplitude.data()[at] = fit.amplitude;
    maps.centre_x.data()[at] = fit.value[0];
    maps.centre_y.data()[at] = fit.value[1];
  }
}

// The ring of the reference: its range from its own maximum where none was stated.
PolarGrid ring_range(const StrainCommand& c, double maximum) {
  const PolarGrid grid{c.q_min > 0 ? c.q_min : 0.7 * maximum,
                       c.q_max > 0 ? c.q_max : 1.35 * maximum, c.radii, c.angles};
  check_polar_grid(grid);
  return grid;
}

// Maximum of the radial mean beyond the central disc, from a few patterns of the scan.
double find_maximum(const PatternInput& input) {
  const PatternSource& source = input.source();
  const double reach = largest_full_circle(Eigen::Index(source.rows()),
                                           Eigen::Index(source.columns()), input.calibration());
  const PolarGrid wide{0.2, reach, std::max(16, int((reach - 0.2) / input.calibration().pixel_qx)),
                       90};
  if (!(reach > 0.35))
    fail(Fault::physics,
         "the patterns hold whole circles only up to {:.3g} 1/Angstrom: the first ring of a "
         "metallic "
         "glass lies near 0.42; give --q-min and --q-max if yours lies inside",
         reach);
  const PolarTransform transform(Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                                 input.calibration(), wide, source.hidden());
  PlaneF sum = PlaneF::Zero(wide.n_q, wide.n_theta);
  const std::size_t row = source.scan_rows() / 2;
  const Stack<float> sample = source.read(row, 0, source.scan_columns());
  for (std::size_t i = 0; i < source.scan_columns(); ++i)
    if (const auto image = sample.plane(i); image.isFinite().all()) sum += transform(image);
  const RingProfile profile = RingProfile::of(sum, transform.weights(), wide);
  // the first maximum that stands above what lies inside of it
  const auto& v = profile.values();
  double lowest = v[0];
  constexpr double kProminence = 1.02;
  for (std::size_t k = 2; k + 2 < v.size(); ++k) {
    lowest = std::min(lowest, v[k]);
    if (v[k] > kProminence * lowest && v[k] >= v[k - 1] && v[k] > v[k - 2] && v[k] >= v[k + 1] &&
        v[k] > v[k + 2])
      return wide.q(int(k));
  }
  fail(Fault::physics,
       "no ring stands out between 0.2 and {:.3g} 1/Angstrom; give --q-min and "
       "--q-max",
       reach);
}

void write_maps(Hdf5Writer& file, const StrainMaps& maps, const RingProfile& profile,
                const PolarGrid& grid) {
  for (std::size_t k = 0; k < 3; ++k) {
    write_map(file, std::string("/strain/") + kNames[k], maps.strain[k], "1");
    write_map(file, std::string("/strain/") + kNames[k] + "_error", maps.error[k], "1");
  }
  write_map(file, "/strain/dilatation", maps.strain[0] + maps.strain[1], "1");
  write_map(file, "/strain/amplitude", maps.amplitude, "of the reference ring");
  write_map(file, "/strain/centre_x", maps.centre_x, "1/Angstrom");
  write_map(file, "/strain/centre_y", maps.centre_y, "1/Angstrom");
  file.write("/strain/status", maps.status);
  file.attribute("/strain/status", "description",
                 "0 fitted, 1 unusable pattern, 2 the fit did not settle");
  std::vector<double> q;
  for (int i = 0; i < grid.n_q; ++i) q.push_back(grid.q(i));
  file.write("/strain/reference/q", q);
  file.attribute("/strain/reference/q", "units", "1/Angstrom");
  file.write("/strain/reference/profile", profile.values());
  file.attribute("/strain", "ring_q", profile.q_of_maximum());
  for (int h = 0; h < 3; ++h)
    file.attribute("/strain", fmt::format("noise_of_harmonic_{}", h),
                   maps.shape.harmonic[std::size_t(h)]);
}

void summarise(const StrainMaps& maps, const RingProfile& profile, const PolarGrid& grid) {
  std::cout << fmt::format(
      "ring        maximum at {:.4f} 1/Angstrom, fitted from {:.4f} to {:.4f}\n",
      profile.q_of_maximum(), grid.q_min, grid.q_max);
  for (std::size_t k = 0; k < 3; ++k)
    std::cout << fmt::format("{}         median {:+.3f} %, error of one position {:.3f} %\n",
                             kNames[k], 100 * finite_median(maps.strain[k]),
                             100 * finite_median(maps.error[k]));
  const auto bad = (maps.status != 0).count();
  if (bad > 0)
    spdlog::warn("{} of {} positions have no strain: /strain/status", bad, maps.status.size());
}

}  // namespace

int run_strain(const std::vector<std::string>& arguments) {
  StrainCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "strain: name the patterns: vitrobeam strain PATTERNS -o OUT.h5");
  if (c.together % 2 == 0)
    fail(Fault::usage, "--together {}: an odd number, so that a position has a middle", c.together);
  if (!c.reference_file.empty() && settings.was_given("reference"))
    fail(Fault::usage, "--reference and --reference-file: give one of them");
  const PatternInput input(settings.positional()[0], c.input, c.common.seed);
  const PatternSource& source = input.source();
  const Rectangle where = parse_reference(c.reference, source);
  const double maximum = c.q_min > 0 && c.q_max > 0 ? 0 : find_maximum(input);
  const PolarGrid grid = ring_range(c, maximum);
  input.check_rings(grid.q_max);
  if (c.common.dry_run) {
    std::cout << fmt::format(
        "patterns    {}\nring        {:.4f} to {:.4f} 1/Angstrom\nmemory      "
        "{:.3g} GiB\n",
        source.scan_rows() * source.scan_columns(), grid.q_min, grid.q_max,
        double(source.scan_rows() * source.scan_columns()) * grid.n_q * grid.n_theta * 4 /
            (1 << 30));
    return 0;
  }
  std::vector<std::string> inputs = {source.file()};
  if (!c.reference_file.empty()) inputs.push_back(c.reference_file);
  const RunRecord record = start_record(settings, c.common, inputs);
  if (!start_output(c.common, record)) return 0;
  const auto rows = Eigen::Index(source.rows()), cols = Eigen::Index(source.columns());
  const PolarTransform transform(rows, cols, input.calibration(), grid, source.hidden());
  PolarScan scan, reference;
  if (!read_scan(input, transform, c, scan)) return nothing_written();
  PlaneF mean;
  if (c.reference_file.empty()) {
    mean = mean_polar(scan, where, source.scan_columns(), grid);
  } else {
    const PatternInput other(c.reference_file, c.input, c.common.seed + 1);
    const PolarTransform its(Eigen::Index(other.source().rows()),
                             Eigen::Index(other.source().columns()), other.calibration(), grid,
                             other.source().hidden());
    other.check_rings(grid.q_max);
    if (!read_scan(other, its, c, reference)) return nothing_written();
    mean = mean_polar(reference, {}, other.source().scan_columns(), grid);
  }
  RingProfile profile = RingProfile::of(mean, transform.weights(), grid);
  if (source.semiangle_mrad && source.energy_kV) {
    const double disc = *source.semiangle_mrad * 1e-3 / wavelength(*source.energy_kV);
    profile.set_disc_variance(disc * disc / 4);
  } else {
    spdlog::info(
        "the semi-angle or the energy is not known: the ring is taken for a parallel beam's");
  }
  StrainMaps maps(Eigen::Index(source.scan_rows()), Eigen::Index(source.scan_columns()));
  fit_all(scan, source, transform, profile, c, maps);

  Hdf5Writer file(c.common.output);
  write_maps(file, maps, profile, grid);
  if (source.is_result() || source.dataset() == "/measurement/patterns")
    write_axes(file, read_axes(Hdf5Reader(source.file())));
  write_interchange(file, {}, record, "strain");
  write_record(file, record);
  file.commit();
  summarise(maps, profile, grid);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
