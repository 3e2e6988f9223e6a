// vitrobeam convert: measured patterns of any format -> the HDF5 result file, with what preparation
// found beside them: centre, scale, ellipse, pixels that must not be used, background.
#include <cmath>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/log.hpp"
#include "drivers/output_files.hpp"
#include "drivers/pattern_settings.hpp"
#include "drivers/produce.hpp"
#include "io/pattern_input.hpp"
#include "io/preparation_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

struct ConvertCommand {
  CommonSettings common;
  PatternSettings patterns;
  PreparationSettings preparation;
  std::string ring;
  std::optional<double> scan_step, scan_rotation_deg;
  bool undo = false;
};

Settings describe(ConvertCommand& c) {
  Settings o("convert", "measured patterns of any format -> the HDF5 result file, prepared",
             {"PATTERNS"});
  PreparationSettings& p = c.preparation;
  add_pattern_options(o, c.patterns);
  o.add("scan-step", c.scan_step, "Angstrom", "distance of neighbouring positions").above(0);
  o.add("scan-rotation", c.scan_rotation_deg, "deg",
        "of the scan's x axis against the pattern's, from +x towards +y; recorded, not applied")
      .at_least(-360)
      .at_most(360);
  o.add("find-rotation", p.find_rotation,
        "find that rotation: the one by which the centre of mass of the patterns has no curl over "
        "the scan, as the gradient of a potential (thin specimen, steps below the distance of "
        "atoms)");
  o.section("Centre and scale (found in the mean pattern)");
  o.add("find-centre", p.find_centre,
        {{"none", Centring::none}, {"disc", Centring::disc}, {"ring", Centring::ring}},
        "by the central disc, or by the amorphous ring (works behind a beam stop; begins at "
        "--centre)");
  o.add("ring", c.ring, "R1,R2", "radii in pixels between which the ring lies").reads(a_band(""));
  o.add("find-ellipse", p.find_ellipse, "also the ellipse of the ring");
  o.add("scale-from", p.scale_from,
        {{"file", PixelScale::stated}, {"ring", PixelScale::ring}, {"disc", PixelScale::disc}},
        "size of a pixel: as stated, by the ring's maximum (--ring-q), or by the radius of the "
        "central disc (--semiangle)");
  o.add("ring-q", p.ring_q, "1/Angstrom", "known position of the ring's maximum").above(0);
  o.add("each", p.each,
        "find the centre of every pattern as well; maps and the descan that they show are stored");
  o.add("align", p.align,
        "shift every pattern onto the common centre, by whole pixels (with --each)");
  o.section("Pixels and background");
  o.add("hot-pixels", p.hot_pixels, "",
        "hide isolated pixels that rise above their neighbours by more than so many robust "
        "standard deviations in the mean pattern, and dead ones; 0 = off, 8 is usual")
      .at_least(0);
  o.add("background", p.background,
        {{"keep", RadialBackground::keep},
         {"median", RadialBackground::median},
         {"mean", RadialBackground::mean}},
        "subtract every pattern's radial median (spots stay) or mean; what was subtracted is "
        "stored");
  o.add("undo", c.undo,
        "PATTERNS is a file that convert has made: give back the patterns as they were recorded, "
        "without --align and --background");
  o.one_of({"find-rotation", "scan-rotation"});
  o.excludes("scale-from", "file", {"ring-q"}, "it gives the scale of --scale-from ring");
  o.excludes("scale-from", "disc", {"ring-q", "pixel-q"}, "the scale comes from the disc");
  o.excludes("scale-from", "ring", {"pixel-q"}, "the scale comes from the ring");
  add_common(o, c.common);
  return o;
}

void check_undo(const PreparationSettings& p) {
  if (p.find_rotation || p.align || p.each || p.find_ellipse || p.find_centre != Centring::none ||
      p.background != RadialBackground::keep || p.hot_pixels > 0)
    fail(Fault::usage, "--undo only gives back what was recorded; prepare in another run");
}

DiffractionAxes axes_of(const PatternSource& source, const PatternScan& scan,
                        const ConvertCommand& c, const Calibration& calibration) {
  const PatternFrames& frames = source.frames();
  return measurement_axes(scan, calibration, c.scan_step.value_or(frames.step_x.value_or(0)),
                          c.scan_step.value_or(frames.step_y.value_or(0)), frames.shape.size() < 4);
}

void print_patterns(const PatternSource& source) {
  std::cout << fmt::format("patterns    {} x {} positions of {} x {} pixels, {}\n",
                           source.scan_columns(), source.scan_rows(), source.columns(),
                           source.rows(), source.frames().format);
}

void print_undone(const Restored& r) {
  std::cout << fmt::format("undone      {}{}\n", r.background ? "background" : "",
                           r.alignment ? r.background ? ", alignment" : "alignment" : "");
}

void summarise(const ScanPreparation& p) {
  const Calibration& k = p.calibration;
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
                           p.overview.mean.size());
  if (p.rotation)
    std::cout << fmt::format(
        "rotation    scan x at {:.2f} +- {:.2f} deg in the pattern; curl {:.1f} % of the "
        "deflections' change (noise alone: 50 %)\n",
        p.rotation->angle * 180 / M_PI, p.rotation->error * 180 / M_PI,
        100 * p.rotation->curl_share);
  for (const auto& step : p.steps) std::cout << fmt::format("step        {}\n", step);
  if (p.overview.not_finite > 0)
    warn("{} not finite", counted(p.overview.not_finite, "value is", "values are"));
  if (p.overview.negative > 0)
    inform("{} negative (dark reference subtracted by the camera): kept as {}",
           counted(p.overview.negative, "value is", "values are"),
           p.overview.negative == 1 ? "it is" : "they are");
}

int undo(const Settings& settings, const ConvertCommand& c, const PatternSource& source) {
  const PatternScan scan = pattern_scan(source);
  if (!c.common.dry_run) check_prepared(source.file());
  Restored restored;
  const auto store = [&](Hdf5Writer& file) {
    restored = write_recorded(file, Hdf5Reader(source.file()), scan, run_control(c.common));
  };
  return produce(settings, c.common,
                 {"measured patterns",
                  {source.file()},
                  [&] { print_patterns(source); },
                  [](const RunControl&) {},
                  store,
                  [&] { print_undone(restored); },
                  [&] { return axes_of(source, scan, c, scan.calibration); }});
}

int prepare(const Settings& settings, const ConvertCommand& c, const PatternSource& source) {
  const PatternScan scan = pattern_scan(source);
  PreparationSettings wanted = c.preparation;
  wanted.beam_stop = c.patterns.mask == "beam-stop";
  if (!c.ring.empty()) {
    const Vector2d r = parse_pair(c.ring, "", "ring");
    wanted.ring = {r[0], r[1]};
  }
  ScanPreparation p;
  const auto store = [&](Hdf5Writer& file) {
    const std::string& units = source.frames().units;
    write_prepared(file, scan, p,
                   p.rotation ? p.rotation->angle * 180 / M_PI : c.scan_rotation_deg.value_or(0),
                   units.empty() ? "counts" : units, run_control(c.common));
  };
  const auto print = [&] {
    print_patterns(source);
    summarise(p);
  };
  return produce(settings, c.common,
                 {"measured patterns",
                  {source.file()},
                  [&] { print_patterns(source); },
                  [&](const RunControl& run) { p = prepare_scan(scan, wanted, run); },
                  store,
                  print,
                  [&] { return axes_of(source, scan, c, p.calibration); }});
}

}  // namespace

int run_convert(const std::vector<std::string>& arguments) {
  ConvertCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const std::string& input = single_input(settings, "the patterns");
  check_preparation(c.preparation);
  if (c.preparation.find_rotation && c.scan_rotation_deg)
    fail(Fault::usage, "--find-rotation and --scan-rotation: give one of them");
  PatternSettings patterns = c.patterns;
  if (patterns.mask == "beam-stop") patterns.mask.clear();
  const PatternSource source = open_patterns(input, patterns, true);
  if (c.undo) check_undo(c.preparation);
  if (!c.common.output.empty())
    check_free_space(c.common.output, prepared_bytes(pattern_scan(source)));
  return c.undo ? undo(settings, c, source) : prepare(settings, c, source);
}

}  // namespace vitrobeam
