// vitrobeam strain: the ellipse of the amorphous ring at every position -> strain tensor maps with
// errors.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <iostream>
#include <optional>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/quantity.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"
#include "models/packing.hpp"
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

using Envelope = std::function<double(double)>;

// What the rings are divided by at q: <f^2> of the composition, 1 at `middle`; 1 without it.
Envelope envelope(const std::string& composition, double middle) {
  if (composition.empty()) return [](double) { return 1.0; };
  const Composition c = parse_composition(composition);
  const auto f2 = [c](double q) {
    double sum = 0;
    for (std::size_t k = 0; k < c.elements.size(); ++k) {
      const double f = scattering_factor(Parametrisation::kirkland, c.elements[k], q);
      sum += c.shares[k] * f * f;
    }
    return sum;
  };
  return [f2, unit = f2(middle)](double q) { return f2(q) / unit; };
}

// Polar patterns of a whole scan over the envelope, [position][q, theta]; empty where the pattern
// is unusable.
using PolarScan = std::vector<PlaneF>;

bool read_scan(const PatternInput& input, const PolarTransform& transform, const Envelope& envelope,
               const CommonSettings& common, PolarScan& out) {
  out.assign(input.positions(), {});
  Eigen::ArrayXf divisor(transform.grid().n_q);
  for (int i = 0; i < transform.grid().n_q; ++i)
    divisor[i] = float(envelope(transform.grid().q(i)));
  const RunControl control = run_control(common);
  Stage progress(control, "patterns", out.size());
  for_each_part(input.scan(), control, [&](const Stack<float>& images, std::size_t first) {
#pragma omp parallel for schedule(dynamic) num_threads(common.threads)
    for (long i = 0; i < long(images.shape[0]); ++i) {
      const auto image = images.plane(std::size_t(i));
      if (!image.isFinite().all() || !(image != 0.0f).any()) continue;
      PlaneF polar = transform(image);
      polar.colwise() /= divisor;
      out[first + std::size_t(i)] = std::move(polar);
    }
    progress.advance(images.shape[0]);
  });
  return true;
}

// Every pattern becomes the mean of those around it; an unusable one stays so.
PolarScan neighbourhoods(const PolarScan& scan, std::size_t columns, const StrainCommand& c) {
  if (c.together == 1) return scan;
  PolarScan sums(scan.size());
  const long half = c.together / 2, rows = long(scan.size() / columns);
#pragma omp parallel for schedule(dynamic, 8) num_threads(c.common.threads)
  for (long at = 0; at < long(scan.size()); ++at) {
    if (scan[std::size_t(at)].size() == 0) continue;
    const long row = at / long(columns), column = at % long(columns);
    PlaneF sum = PlaneF::Zero(scan[std::size_t(at)].rows(), scan[std::size_t(at)].cols());
    float count = 0;
    for (long r = std::max(0L, row - half); r <= std::min(rows - 1, row + half); ++r)
      for (long k = std::max(0L, column - half); k <= std::min(long(columns) - 1, column + half);
           ++k)
        if (const PlaneF& one = scan[std::size_t(r) * columns + std::size_t(k)]; one.size() > 0) {
          sum += one;
          count += 1;
        }
    sums[std::size_t(at)] = sum / count;
  }
  return sums;
}

// The reference's profile, which knows the beam's disc where that is stated (radius 1/Angstrom):
// the mean of its rings, each over its own amplitude as the fit takes them. `wide` reaches farther
// out than the ring on equal bins.
RingProfile reference_profile(const PolarScan& scan, const Rectangle& where, std::size_t columns,
                              const PolarTransform& wide, const PolarGrid& grid,
                              const Envelope& envelope, double disc_radius) {
  const auto mean_over = [&](auto amplitude) {
    PlaneD sum = PlaneD::Zero(wide.grid().n_q, wide.grid().n_theta);
    double count = 0;
    for (std::size_t at = 0; at < scan.size(); ++at) {
      if (scan[at].size() == 0 || !where.holds(at / columns, at % columns)) continue;
      const double a = amplitude(scan[at]);
      constexpr double kFaintest = 0.05;  // of the mean
      if (!(a > kFaintest)) continue;
      sum += scan[at].cast<double>() / a;
      count += 1;
    }
    if (count == 0) fail(Fault::physics, "no usable pattern among the reference positions");
    return PlaneF((sum / count).cast<float>());
  };
  const PlaneF weights = wide.weights().topRows(grid.n_q);
  const auto profile_of = [&](const PlaneF& mean) {
    return RingProfile::of(mean.topRows(grid.n_q), weights, grid);
  };
  PlaneF mean = mean_over([](const PlaneF&) { return 1.0; });
  for (int round = 0; round < 2; ++round)
    mean = mean_over([&, profile = profile_of(mean)](const PlaneF& rings) {
      return ring_amplitude(rings.topRows(grid.n_q), weights, profile);
    });
  RingProfile profile = profile_of(mean);
  profile.set_disc(disc_radius, RingProfile::of(mean, wide.weights(), wide.grid()).values(),
                   envelope);
  return profile;
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

void fit_all(const PolarScan& scan, const PolarTransform& wide, const PolarGrid& grid,
             const RingProfile& profile, const StrainCommand& c, StrainMaps& maps) {
  const RunControl control = run_control(c.common);
  Stage progress(control, "rings", scan.size());
  std::vector<RingFit> fits(scan.size());
  const PlaneF weights = wide.weights().topRows(grid.n_q);
#pragma omp parallel for schedule(dynamic, 8) num_threads(c.common.threads)
  for (long at = 0; at < long(scan.size()); ++at) {
    progress.advance();
    const PlaneF& rings = scan[std::size_t(at)];
    if (rings.size() == 0) continue;
    fits[std::size_t(at)] =
        fit_ring(rings.topRows(grid.n_q), weights, grid, profile, {!c.fixed_centre, true, true});
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

PolarTransform transform_of(const PatternInput& input, const PolarGrid& grid) {
  return {Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()),
          input.calibration(), grid, input.source().hidden()};
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
  if (bad > 0) warn("{} of {} positions have no strain: /strain/status", bad, maps.status.size());
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
  check_rings(input.scan(), grid.q_max);
  const double disc_radius = input.scan().disc_radius();
  if (disc_radius == 0)
    inform("the semi-angle or the energy is not known: the ring is taken for a parallel beam's");
  const PolarGrid wide = reaching_out(input.scan(), grid);
  if (c.common.dry_run) {
    std::cout << fmt::format(
        "patterns    {}\nring        {:.4f} to {:.4f} 1/Angstrom\nmemory      "
        "{:.3g} GiB\n",
        source.scan_rows() * source.scan_columns(), grid.q_min, grid.q_max,
        double(source.scan_rows() * source.scan_columns()) * wide.n_q * wide.n_theta * 4 /
            (1 << 30));
    return 0;
  }
  std::vector<std::string> inputs = {source.file()};
  if (!c.reference_file.empty()) inputs.push_back(c.reference_file);
  const RunRecord record = start_record(settings, c.common, inputs);
  if (!start_output(c.common, record)) return 0;
  const Envelope f2 = envelope(c.composition, grid.q(grid.n_q / 2));
  const auto rings_of = [&](const PatternInput& from, const PolarTransform& transform) {
    PolarScan scan;
    if (!read_scan(from, transform, f2, c.common, scan)) return PolarScan();
    return neighbourhoods(scan, from.source().scan_columns(), c);
  };
  const PolarTransform transform = transform_of(input, wide);
  const PolarScan scan = rings_of(input, transform);
  if (scan.empty()) return nothing_written();
  std::optional<RingProfile> profile;
  if (c.reference_file.empty()) {
    profile =
        reference_profile(scan, where, source.scan_columns(), transform, grid, f2, disc_radius);
  } else {
    const PatternInput other(c.reference_file, c.input, c.common.seed + 1);
    check_rings(other.scan(), grid.q_max);
    const PolarTransform its = transform_of(other, wide);
    const PolarScan reference = rings_of(other, its);
    if (reference.empty()) return nothing_written();
    profile =
        reference_profile(reference, {}, other.source().scan_columns(), its, grid, f2, disc_radius);
  }
  StrainMaps maps(Eigen::Index(source.scan_rows()), Eigen::Index(source.scan_columns()));
  fit_all(scan, transform, grid, *profile, c, maps);

  Hdf5Writer file(c.common.output);
  write_maps(file, maps, *profile, grid);
  if (source.is_result() || source.dataset() == "/measurement/patterns")
    write_axes(file, read_axes(Hdf5Reader(source.file())));
  write_interchange(file, {}, record, "strain");
  write_record(file, record);
  file.commit();
  summarise(maps, *profile, grid);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
