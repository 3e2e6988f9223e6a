// vitrobeam convert: measured patterns of any format -> the HDF5 result file, with what preparation
// found beside them: centre, scale, ellipse, pixels that must not be used, background.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_settings.hpp"
#include "drivers/quantity.hpp"
#include "io/compression.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"
#include "multislice/optics.hpp"
#include "patterns/preparation.hpp"
#include "patterns/ring.hpp"
#include "patterns/scan_rotation.hpp"
#include "runtime/interruption.hpp"

namespace vitrobeam {
namespace {

enum class Centring { none, disc, ring };
enum class Scale { file, ring, disc };
enum class Background { keep, median, mean };

struct ConvertCommand {
  CommonSettings common;
  PatternSettings patterns;
  Centring centring = Centring::none;
  bool each = false, align = false, ellipse = false, undo = false;
  Scale scale = Scale::file;
  Background background = Background::keep;
  std::string ring;
  std::optional<double> ring_q, scan_step;
  double hot_pixels = 0;
  std::optional<double> scan_rotation_deg;
  bool find_rotation = false;
};

Settings describe(ConvertCommand& c) {
  Settings o("convert", "measured patterns of any format -> the HDF5 result file, prepared",
             {"PATTERNS"});
  add_pattern_options(o, c.patterns);
  o.add("scan-step", c.scan_step, "Angstrom", "distance of neighbouring positions").above(0);
  o.add("scan-rotation", c.scan_rotation_deg, "deg",
        "of the scan's x axis against the pattern's, from +x towards +y; recorded, not applied")
      .at_least(-360)
      .at_most(360);
  o.add("find-rotation", c.find_rotation,
        "find that rotation: the one by which the centre of mass of the patterns has no curl over "
        "the scan, as the gradient of a potential (thin specimen, steps below the distance of "
        "atoms)");
  o.section("Centre and scale (found in the mean pattern)");
  o.add("find-centre", c.centring,
        {{"none", Centring::none}, {"disc", Centring::disc}, {"ring", Centring::ring}},
        "by the central disc, or by the amorphous ring (works behind a beam stop; begins at "
        "--centre)");
  o.add("ring", c.ring, "R1,R2", "radii in pixels between which the ring lies");
  o.add("find-ellipse", c.ellipse, "also the ellipse of the ring");
  o.add("scale-from", c.scale,
        {{"file", Scale::file}, {"ring", Scale::ring}, {"disc", Scale::disc}},
        "size of a pixel: as stated, by the ring's maximum (--ring-q), or by the radius of the "
        "central disc (--semiangle)");
  o.add("ring-q", c.ring_q, "1/Angstrom", "known position of the ring's maximum").above(0);
  o.add("each", c.each,
        "find the centre of every pattern as well; maps and the descan that they show are stored");
  o.add("align", c.align,
        "shift every pattern onto the common centre, by whole pixels (with --each)");
  o.section("Pixels and background");
  o.add("hot-pixels", c.hot_pixels, "",
        "hide isolated pixels that rise above their neighbours by more than so many robust "
        "standard deviations in the mean pattern, and dead ones; 0 = off, 8 is usual")
      .at_least(0);
  o.add("background", c.background,
        {{"keep", Background::keep}, {"median", Background::median}, {"mean", Background::mean}},
        "subtract every pattern's radial median (spots stay) or mean; what was subtracted is "
        "stored");
  o.add("undo", c.undo,
        "PATTERNS is a file that convert has made: give back the patterns as they were recorded, "
        "without "
        "--align and --background");
  add_common(o, c.common);
  return o;
}

PolarGrid ring_grid(const ConvertCommand& c) {
  if (c.ring.empty())
    fail(Fault::usage,
         "the ring is needed: give --ring R1,R2, the radii in pixels between which it lies "
         "(vitrobeam "
         "plot shows the pattern)");
  const Vector2d r = parse_pair(c.ring, "", "ring");
  if (!(r[0] > 1 && r[1] > r[0] + 4))
    fail(Fault::usage, "--ring {}: expected two radii in pixels, at least 4 apart", c.ring);
  return {r[0], r[1], std::max(8, int(r[1] - r[0])), 180};
}

struct Overview {
  PlaneF mean;  // of the finite values
  std::size_t not_finite = 0, negative = 0;
  double most = 0;
  PlaneD mass_x, mass_y;  // centre of mass of every pattern, where --find-rotation asks for it
};

// One pass over all patterns; false when interrupted.
bool look_over(const PatternSource& source, const ConvertCommand& c, Overview& out) {
  PlaneD sum = PlaneD::Zero(Eigen::Index(source.rows()), Eigen::Index(source.columns())),
         known = sum;
  if (c.find_rotation)
    out.mass_x = out.mass_y =
        PlaneD(Eigen::Index(source.scan_rows()), Eigen::Index(source.scan_columns()));
  const RunControl control = run_control(c.common);
  Stage progress(control, "looking", source.scan_rows() * source.scan_columns());
  for (std::size_t y = 0; y < source.scan_rows(); ++y)
    for (std::size_t x = 0; x < source.scan_columns(); ++x) {
      if (interrupted()) return false;
      const Stack<float> one = source.read(y, x, 1);
      const auto image = one.plane(0);
      for (Eigen::Index i = 0; i < image.size(); ++i) {
        const double v = image.data()[i];
        if (!std::isfinite(v)) {
          ++out.not_finite;
          continue;
        }
        out.negative += v < 0;
        out.most = std::max(out.most, v);
        sum.data()[i] += v;
        known.data()[i] += 1;
      }
      if (c.find_rotation) {
        const Vector2d mass = centre_of_mass(image, source.hidden());
        out.mass_x(Eigen::Index(y), Eigen::Index(x)) = mass.x();
        out.mass_y(Eigen::Index(y), Eigen::Index(x)) = mass.y();
      }
      progress.advance();
    }
  out.mean = (known > 0).select(sum / known.max(1.0), NAN).cast<float>();
  return true;
}

struct Preparation {
  Calibration pixels;  // centre and ellipse, scale in pixels
  PixelMask stated, stop, faulty;
  PixelMask hidden() const { return either(stated, either(stop, faulty)); }
  std::optional<double> disc_radius, ring_radius, centre_error, ellipticity_error;
  std::optional<ScanRotation> rotation;
  double moved = 0;
  PlaneD centre_row, centre_col;           // of every pattern
  std::vector<std::pair<int, int>> moves;  // of every pattern, where they were aligned
  std::vector<std::string> steps;
  // Of the patterns as they are written.
  PixelMask hidden_in(Eigen::Index rows, Eigen::Index cols) const {
    return moves.empty() ? hidden() : hidden_after_moves(hidden(), rows, cols, moves);
  }
};

void find_disc(const PlaneF& mean, Preparation& p) {
  const Disc disc = central_disc(mean, p.hidden());
  p.moved = std::hypot(disc.row - p.pixels.centre_row, disc.col - p.pixels.centre_col);
  p.pixels.centre_row = disc.row;
  p.pixels.centre_col = disc.col;
  p.disc_radius = disc.radius;
  p.steps.push_back(fmt::format("centre by the central disc of {:.2f} pixels radius", disc.radius));
}

void find_ring(const PlaneF& mean, const ConvertCommand& c, Preparation& p) {
  const PolarGrid grid = ring_grid(c);
  const RingCalibration found = calibrate_by_ring(mean, p.pixels, grid, p.hidden(), c.ellipse);
  const double capture = (grid.q_max - grid.q_min) / 2;
  if (!found.converged || found.moved > capture)
    fail(Fault::physics,
         "no centre found by the ring between {} and {} pixels about ({:.1f}, {:.1f}): {}; give "
         "--centre ROW,COL within {:.0f} pixels of it, and radii that hold the whole ring",
         grid.q_min, grid.q_max, p.pixels.centre_row, p.pixels.centre_col,
         found.converged ? fmt::format("it would have moved by {:.1f} pixels", found.moved)
                         : "the fit does not settle",
         capture);
  p.pixels = found.calibration;
  p.moved = found.moved;
  p.centre_error = found.centre_error;
  if (c.ellipse) p.ellipticity_error = found.ellipticity_error;
  p.steps.push_back(fmt::format("centre{} by the ring between {} and {} pixels",
                                c.ellipse ? " and ellipse" : "", grid.q_min, grid.q_max));
}

double ring_radius(const PlaneF& mean, const ConvertCommand& c, const Preparation& p) {
  const PolarGrid grid = ring_grid(c);
  const PolarTransform transform(mean.rows(), mean.cols(), p.pixels, grid, p.hidden());
  return RingProfile::of(transform(mean), transform.weights(), grid).q_of_maximum();
}

// 1/Angstrom per pixel.
double pixel_size(const PatternSource& source, const ConvertCommand& c, const PlaneF& mean,
                  Preparation& p) {
  switch (c.scale) {
    case Scale::ring:
      if (!c.ring_q)
        fail(Fault::usage, "--scale-from ring needs --ring-q, where the ring should be");
      p.ring_radius = ring_radius(mean, c, p);
      p.steps.push_back(
          fmt::format("scale by the ring's maximum at {:.2f} pixels", *p.ring_radius));
      return *c.ring_q / *p.ring_radius;
    case Scale::disc:
      if (!source.semiangle_mrad || !source.energy_kV)
        fail(Fault::usage, "--scale-from disc needs --semiangle and --energy");
      if (!p.disc_radius) p.disc_radius = central_disc(mean, p.hidden()).radius;
      p.steps.push_back(
          fmt::format("scale by the central disc of {:.2f} pixels radius", *p.disc_radius));
      return *source.semiangle_mrad * 1e-3 / wavelength(*source.energy_kV) / *p.disc_radius;
    case Scale::file:
      break;
  }
  const double pixel = source.calibration().pixel_qx;
  if (!(pixel > 0))
    fail(Fault::input,
         "{}: says nothing usable about its pixel size in reciprocal space; give --pixel-q "
         "(1/Angstrom), or --scale-from ring or disc",
         source.file());
  return pixel;
}

Preparation prepare(const PatternSource& source, const ConvertCommand& c, const PlaneF& mean) {
  Preparation p;
  const Calibration& said = source.calibration();
  p.pixels = {1,
              said.pixel_qx > 0 ? said.pixel_qy / said.pixel_qx : 1,
              said.centre_row,
              said.centre_col,
              said.ellipticity,
              said.ellipse_angle};
  p.stated = source.hidden();
  if (c.hot_pixels > 0) {
    p.faulty = faulty_pixels(mean, p.hidden(), c.hot_pixels);
    p.steps.push_back(fmt::format("{} faulty pixels hidden", p.faulty.cast<int>().sum()));
  }
  const bool stop = c.patterns.mask == "beam-stop";
  const std::size_t before = p.steps.size();
  for (int round = 0; round < (stop && c.centring != Centring::none ? 2 : 1); ++round) {
    p.steps.resize(before);
    if (stop) p.stop = beam_stop(mean, p.pixels, either(p.stated, p.faulty));
    if (c.centring == Centring::disc) find_disc(mean, p);
    if (c.centring == Centring::ring) find_ring(mean, c, p);
  }
  if (stop) {
    if (p.stop.size() == 0)
      fail(Fault::physics, "--mask beam-stop: no shadow of a beam stop in the mean pattern");
    p.steps.push_back(fmt::format("beam stop of {} pixels hidden", p.stop.cast<int>().sum()));
  }
  return p;
}

// The centre of every pattern; NaN where it cannot be found.
bool find_centres(const PatternSource& source, const ConvertCommand& c, Preparation& p) {
  p.centre_row.setConstant(Eigen::Index(source.scan_rows()), Eigen::Index(source.scan_columns()),
                           NAN);
  p.centre_col = p.centre_row;
  const PixelMask hidden = p.hidden();
  const RunControl control = run_control(c.common);
  Stage progress(control, "centres", source.scan_rows() * source.scan_columns());
  for (std::size_t y = 0; y < source.scan_rows(); ++y) {
    if (interrupted()) return false;
    const Stack<float> row = source.read(y, 0, source.scan_columns());
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
    for (long x = 0; x < long(source.scan_columns()); ++x) {
      try {
        const auto image = row.plane(std::size_t(x));
        double found_row = NAN, found_col = NAN;
        if (c.centring == Centring::disc) {
          const Disc disc = central_disc(image, hidden);
          found_row = disc.row;
          found_col = disc.col;
        } else {
          const RingCalibration ring =
              calibrate_by_ring(image, p.pixels, ring_grid(c), hidden, false);
          if (ring.converged) {
            found_row = ring.calibration.centre_row;
            found_col = ring.calibration.centre_col;
          }
        }
        p.centre_row(Eigen::Index(y), x) = found_row;
        p.centre_col(Eigen::Index(y), x) = found_col;
      } catch (const Error&) {  // stays not-a-number
      }
      progress.advance();
    }
  }
  return true;
}

// Whole pixels by which pattern (y, x) is shifted onto the common centre.
std::pair<int, int> shift_of(const Preparation& p, std::size_t y, std::size_t x) {
  const double row = p.centre_row(Eigen::Index(y), Eigen::Index(x)),
               col = p.centre_col(Eigen::Index(y), Eigen::Index(x));
  if (!std::isfinite(row) || !std::isfinite(col)) return {0, 0};
  return {int(std::lround(p.pixels.centre_row - row)), int(std::lround(p.pixels.centre_col - col))};
}

// Patterns aligned and without background, one chunk each; false when interrupted.
bool write_patterns(Hdf5Writer& file, const PatternSource& source, const ConvertCommand& c,
                    Preparation& p) {
  const std::string path = "/measurement/patterns";
  const std::size_t rows = source.rows(), columns = source.columns();
  file.create_chunked<float>(path, {source.scan_rows(), source.scan_columns(), rows, columns},
                             {1, 1, rows, columns});
  Stack<float> background;
  Stack<int> shift({source.scan_rows(), source.scan_columns(), 2});
  const RunControl control = run_control(c.common);
  Stage progress(control, "patterns", source.scan_rows() * source.scan_columns());
  for (std::size_t y = 0; y < source.scan_rows(); ++y) {
    if (interrupted()) return false;
    const Stack<float> row = source.read(y, 0, source.scan_columns());
    for (std::size_t x = 0; x < source.scan_columns(); ++x) {
      const std::size_t at = y * source.scan_columns() + x;
      PlaneF image = row.plane(x);
      if (c.align) {
        const auto [dr, dc] = shift_of(p, y, x);
        shift.values[2 * at] = dr;
        shift.values[2 * at + 1] = dc;
        p.moves.emplace_back(dr, dc);
        if (dr != 0 || dc != 0) image = moved(image, dr, dc);
      }
      if (c.background != Background::keep) {
        const PixelMask hidden =
            c.align ? hidden_after_moves(p.hidden(), image.rows(), image.cols(), {p.moves.back()})
                    : p.hidden();
        const auto profile = c.background == Background::median
                                 ? radial_median(image, p.pixels, hidden)
                                 : radial_mean(image, p.pixels, hidden);
        image -= radial_image(profile, image.rows(), image.cols(), p.pixels);
        if (background.values.empty())
          background = Stack<float>(
              {source.scan_rows(), source.scan_columns(), radial_mean(image, p.pixels, {}).size()},
              NAN);
        // beyond its last visible circle a profile goes on as it ends: what was subtracted there
        const auto row_of = background.values.begin() + std::ptrdiff_t(at * background.shape[2]);
        std::fill(std::copy(profile.begin(), profile.end(), row_of),
                  row_of + std::ptrdiff_t(background.shape[2]), float(profile.back()));
      }
      file.write_chunk(path, {y, x, 0, 0},
                       compress_chunk(image.data(), sizeof(float), std::size_t(image.size())));
      progress.advance();
    }
  }
  file.attribute(path, "units", source.frames().units.empty() ? "counts" : source.frames().units);
  if (c.align) file.write("/preparation/shift", shift);
  if (!background.values.empty()) {
    file.write("/preparation/background", background);
    file.attribute("/preparation/background", "units", "as the patterns");
  }
  return true;
}

DiffractionAxes axes_of(const PatternSource& source, const ConvertCommand& c,
                        const Calibration& calibration) {
  DiffractionAxes axes;
  axes.group = "/measurement";
  axes.energy_kV = source.energy_kV.value_or(0);
  const double step_x = c.scan_step.value_or(source.frames().step_x.value_or(0)),
               step_y = c.scan_step.value_or(source.frames().step_y.value_or(0));
  axes.is_list = source.frames().shape.size() < 4;
  const auto scan = [](std::size_t n, double step) {
    std::vector<double> v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = double(i) * (step > 0 ? step : 1);
    return v;
  };
  axes.scan_x = scan(source.scan_columns(), step_x);
  axes.scan_y = axes.is_list ? axes.scan_x : scan(source.scan_rows(), step_y);
  const auto q = [](std::size_t n, double pixel, double centre) {
    std::vector<double> v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = (double(i) - centre) * pixel;
    return v;
  };
  axes.q_y = q(source.rows(), calibration.pixel_qy, calibration.centre_row);
  axes.q_x = q(source.columns(), calibration.pixel_qx, calibration.centre_col);
  return axes;
}

void write_preparation(Hdf5Writer& file, const Preparation& p, const Overview& overview) {
  const std::string g = "/preparation";
  file.group(g);
  file.attribute(g, "steps", p.steps);
  file.write(g + "/mean", overview.mean);
  const auto profile = radial_mean(overview.mean, p.pixels, p.hidden());
  file.write(g + "/radial_mean", profile);
  file.attribute(g + "/radial_mean", "description",
                 "of the mean pattern; circle k ends at k + 1 pixels");
  file.attribute(g, "centre_row", p.pixels.centre_row);
  file.attribute(g, "centre_column", p.pixels.centre_col);
  if (p.centre_error) file.attribute(g, "centre_error", *p.centre_error);
  if (p.ellipticity_error) file.attribute(g, "ellipticity_error", *p.ellipticity_error);
  if (p.disc_radius) file.attribute(g, "disc_radius", *p.disc_radius);
  if (p.rotation) {
    file.attribute(g, "scan_rotation_error_deg", p.rotation->error * 180 / M_PI);
    file.attribute(g, "scan_rotation_curl_share", p.rotation->curl_share);
  }
  if (p.ring_radius) file.attribute(g, "ring_radius", *p.ring_radius);
  file.attribute(g, "not_finite_values", std::int64_t(overview.not_finite));
  file.attribute(g, "negative_values", std::int64_t(overview.negative));
  if (p.centre_row.size() > 0) {
    write_map(file, g + "/centre_row", p.centre_row, "pixel");
    write_map(file, g + "/centre_column", p.centre_col, "pixel");
    for (const auto& [name, map] :
         {std::pair{"centre_row", &p.centre_row}, {"centre_column", &p.centre_col}}) {
      const PlaneFit plane = fit_plane(*map);
      file.attribute(g + "/" + name, "descan_per_row", plane.per_row);
      file.attribute(g + "/" + name, "descan_per_column", plane.per_column);
    }
  }
}

void write_hidden(Hdf5Writer& file, const std::string& path, const PixelMask& hidden) {
  file.write(path, hidden);
  file.attribute(path, "description", "1: the pixel must not be used");
}

// The patterns of a prepared file as they were recorded, with its calibration.
int undo(const Settings& settings, const ConvertCommand& c, const PatternSource& source) {
  if (!is_hdf5(source.file()))
    fail(Fault::input, "{}: no file that convert has made; --undo has nothing to undo",
         source.file());
  const Hdf5Reader prepared(source.file());
  if (!prepared.exists("/preparation") || !prepared.is_dataset("/measurement/patterns"))
    fail(Fault::input, "{}: no file that convert has made; --undo has nothing to undo",
         source.file());
  const RunRecord record = start_record(settings, c.common, {source.file()});
  if (!start_output(c.common, record)) return 0;
  const auto optional = [&]<typename T>(const std::string& path, T) {
    return prepared.is_dataset(path) ? prepared.read<T>(path) : Stack<T>();
  };
  const Stack<float> background = optional("/preparation/background", 0.0f);
  const Stack<std::int32_t> shift = optional("/preparation/shift", std::int32_t(0));
  Calibration pixels = source.calibration();
  pixels.pixel_qy /= pixels.pixel_qx;
  pixels.pixel_qx = 1;
  const std::string path = "/measurement/patterns";
  const std::size_t rows = source.rows(), columns = source.columns();
  Hdf5Writer file(c.common.output);
  file.create_chunked<float>(path, {source.scan_rows(), source.scan_columns(), rows, columns},
                             {1, 1, rows, columns});
  for (std::size_t y = 0; y < source.scan_rows(); ++y) {
    if (interrupted()) return nothing_written();
    const Stack<float> row = source.read(y, 0, source.scan_columns());
    for (std::size_t x = 0; x < source.scan_columns(); ++x) {
      const std::size_t at = y * source.scan_columns() + x;
      PlaneF image = row.plane(x);
      if (background.size() > 0) {
        const auto first = background.values.begin() + std::ptrdiff_t(at * background.shape[2]);
        image += radial_image({first, first + std::ptrdiff_t(background.shape[2])}, image.rows(),
                              image.cols(), pixels);
      }
      if (shift.size() > 0) image = moved(image, -shift.values[2 * at], -shift.values[2 * at + 1]);
      file.write_chunk(path, {y, x, 0, 0},
                       compress_chunk(image.data(), sizeof(float), std::size_t(image.size())));
    }
  }
  file.attribute(path, "units", prepared.string_attribute(path, "units", "counts"));
  const DiffractionAxes axes = axes_of(source, c, source.calibration());
  file.attribute(axes.group, "ellipticity", source.calibration().ellipticity);
  file.attribute(axes.group, "ellipse_angle", source.calibration().ellipse_angle);
  const bool aligned = prepared.is_dataset("/preparation/hidden_recorded");
  const std::string hidden = aligned            ? "/preparation/hidden_recorded"
                             : shift.size() > 0 ? ""
                                                : "/measurement/hidden";
  if (!hidden.empty() && prepared.is_dataset(hidden))
    write_hidden(file, axes.group + "/hidden", prepared.read<std::uint8_t>(hidden).plane(0));
  write_result(file, axes, record, "measured patterns");
  file.commit();
  std::cout << fmt::format(
      "undone      {}{}\nwrote       {}\n", background.size() > 0 ? "background" : "",
      shift.size() > 0 ? background.size() > 0 ? ", alignment" : "alignment" : "", c.common.output);
  return 0;
}

void summarise(const PatternSource& source, const Preparation& p, const Calibration& k,
               const Overview& overview) {
  std::cout << fmt::format("patterns    {} x {} positions of {} x {} pixels, {}\n",
                           source.scan_columns(), source.scan_rows(), source.columns(),
                           source.rows(), source.frames().format);
  std::cout << fmt::format("centre      row {:.2f}{}, column {:.2f}\n", k.centre_row,
                           p.centre_error ? fmt::format(" +- {:.2f}", *p.centre_error) : "",
                           k.centre_col);
  std::cout << fmt::format("scale       {:.6g} 1/Angstrom per pixel\n", k.pixel_qx);
  if (k.ellipticity != 0)
    std::cout << fmt::format(
        "ellipse     {:.4f}{}, long axis at {:.1f} deg\n", k.ellipticity,
        p.ellipticity_error ? fmt::format(" +- {:.4f}", *p.ellipticity_error) : "",
        k.ellipse_angle * 180 / M_PI);
  const PixelMask hidden = p.hidden();
  std::cout << fmt::format("hidden      {} of {} pixels\n",
                           hidden.size() ? (hidden.cast<int>() != 0).count() : 0,
                           source.rows() * source.columns());
  if (p.rotation)
    std::cout << fmt::format(
        "rotation    scan x at {:.2f} +- {:.2f} deg in the pattern; curl {:.1f} % of the "
        "deflections' change (noise alone: 50 %)\n",
        p.rotation->angle * 180 / M_PI, p.rotation->error * 180 / M_PI,
        100 * p.rotation->curl_share);
  for (const auto& step : p.steps) std::cout << fmt::format("step        {}\n", step);
  if (overview.not_finite > 0) warn("{} values are not finite", overview.not_finite);
  if (overview.negative > 0)
    inform("{} values are negative (dark reference subtracted by the camera): kept as they are",
           overview.negative);
}

}  // namespace

int run_convert(const std::vector<std::string>& arguments) {
  ConvertCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "convert: name the patterns: vitrobeam convert PATTERNS -o OUT.h5");
  if (c.each && c.centring == Centring::none)
    fail(Fault::usage, "--each: say how, with --find-centre disc or ring");
  if (c.align && !c.each) fail(Fault::usage, "--align needs --each");
  if (c.find_rotation && c.scan_rotation_deg)
    fail(Fault::usage, "--find-rotation and --scan-rotation: give one of them");
  if (c.ellipse && c.centring != Centring::ring)
    fail(Fault::usage, "--find-ellipse needs --find-centre ring");
  PatternSettings patterns = c.patterns;
  if (patterns.mask == "beam-stop") patterns.mask.clear();
  const PatternSource source = open_patterns(settings.positional()[0], patterns, true);
  if (c.undo &&
      (c.find_rotation || c.align || c.each || c.ellipse || c.centring != Centring::none ||
       c.background != Background::keep || c.hot_pixels > 0))
    fail(Fault::usage, "--undo only gives back what was recorded; prepare in another run");
  if (c.undo && !c.common.dry_run) return undo(settings, c, source);
  if (c.common.dry_run) {
    std::cout << fmt::format("patterns    {} x {} positions of {} x {} pixels, {}\n",
                             source.scan_columns(), source.scan_rows(), source.columns(),
                             source.rows(), source.frames().format);
    return 0;
  }
  const RunRecord record = start_record(settings, c.common, {source.file()});
  if (!start_output(c.common, record)) return 0;
  Overview overview;
  if (!look_over(source, c, overview)) return nothing_written();
  Preparation p = prepare(source, c, overview.mean);
  Calibration calibration = p.pixels;
  calibration.pixel_qx = pixel_size(source, c, overview.mean, p);
  calibration.pixel_qy = calibration.pixel_qx * p.pixels.pixel_qy;
  if (c.find_rotation) {
    p.rotation = find_scan_rotation(overview.mass_x, overview.mass_y * p.pixels.pixel_qy);
    p.steps.push_back("rotation of the scan found");
    constexpr double kMostCurl = 0.4;
    if (p.rotation->curl_share > kMostCurl)
      warn(
          "the rotation of the scan is hardly told: the deflections have {:.0f} % curl where noise "
          "alone has 50 %; smaller steps, a thinner specimen or more electrons tell it",
          100 * p.rotation->curl_share);
  }
  if (c.each && !find_centres(source, c, p)) return nothing_written();
  if (c.each) p.steps.push_back("centre of every pattern");
  if (c.align) p.steps.push_back("patterns moved onto the common centre, by whole pixels");
  if (c.background != Background::keep)
    p.steps.push_back(fmt::format("radial {} of every pattern subtracted",
                                  c.background == Background::median ? "median" : "mean"));

  Hdf5Writer file(c.common.output);
  if (!write_patterns(file, source, c, p)) return nothing_written();
  const DiffractionAxes axes = axes_of(source, c, calibration);
  file.attribute(axes.group, "ellipticity", calibration.ellipticity);
  file.attribute(axes.group, "ellipse_angle", calibration.ellipse_angle);
  file.attribute(axes.group, "scan_rotation_deg",
                 p.rotation ? p.rotation->angle * 180 / M_PI : c.scan_rotation_deg.value_or(0));
  if (const PixelMask hidden =
          p.hidden_in(Eigen::Index(source.rows()), Eigen::Index(source.columns()));
      hidden.size() > 0)
    write_hidden(file, axes.group + "/hidden", hidden);
  if (const PixelMask hidden = p.hidden(); !p.moves.empty() && hidden.size() > 0)
    write_hidden(file, "/preparation/hidden_recorded", hidden);
  write_preparation(file, p, overview);
  write_result(file, axes, record, "measured patterns");
  file.commit();
  summarise(source, p, calibration, overview);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
