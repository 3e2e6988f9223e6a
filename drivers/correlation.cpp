// vitrobeam correlation: time series -> intensity autocorrelation g2(t), relaxation-time map.
#include <iostream>
#include <optional>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/produce.hpp"
#include "io/correlation_file.hpp"
#include "patterns/correlation.hpp"

namespace vitrobeam {
namespace {

enum class SeriesKind { dark_field, diffraction };
enum class Decay { squared, plain };

struct CorrelationCommand {
  CommonSettings common;
  PatternInputSettings input;
  SeriesKind kind = SeriesKind::dark_field;
  Decay decay = Decay::squared;
  std::string detector, times;
  RingAxis rings{0.3, 0.6, 6};
  CorrelationSettings fit{.frame_time = 0};
};

Settings describe(CorrelationCommand& c) {
  Settings o("correlation",
             "time series -> intensity autocorrelation g2(t), relaxation-time map with errors",
             {"SERIES"});
  o.section("Series");
  o.add("kind", c.kind,
        {{"dark-field", SeriesKind::dark_field}, {"diffraction", SeriesKind::diffraction}},
        "frames are images of the specimen (a relaxation time for every pixel), or diffraction "
        "patterns of one place (a relaxation time for every ring)");
  o.add("frame-time", c.fit.frame_time, "s", "time from one frame to the next").at_least(0);
  o.add("times", c.times, "FILE",
        "text file with the time of every frame in s, in place of --frame-time; it must grow by "
        "equal steps");
  o.add("detector", c.detector, "NAME",
        "several result files, one a frame, in order: the images are this detector's");
  o.section("Fit: g2 - 1 = A exp(-2 (t / tau)^beta)");
  o.add("decay", c.decay, {{"squared", Decay::squared}, {"plain", Decay::plain}},
        "tau of the field (exp(-2 ..), Siegert's relation) or of the intensity itself (exp(- ..))");
  o.add("beta", c.fit.model.beta, "", "stretching exponent; 0 = fitted").at_least(0).at_most(3);
  o.add("baseline", c.fit.model.baseline, "also fit a constant: what does not relax");
  o.add("together", c.fit.neighbourhood,
        "N x N neighbouring pixels share one fit (an odd number): the size of the probe")
      .at_least(1)
      .at_most(99);
  o.add("blocks", c.fit.blocks, "blocks of time that are left out in turn for the errors")
      .at_least(4)
      .at_most(100);
  o.add("allow-short", c.fit.keep_short,
        "keep times for which the series is shorter than 40 tau or a frame longer than 0.1 tau");
  o.section("Rings (--kind diffraction)");
  o.add("q-min", c.rings.q_min, "1/Angstrom", "start of the rings").at_least(0);
  o.add("q-max", c.rings.q_max, "1/Angstrom", "their end").above(0);
  o.add("radii", c.rings.n, "number of rings").at_least(1).at_most(1000);
  add_pattern_input(o, c.input);
  o.one_of({"frame-time", "times"});
  o.excludes("kind", "dark-field", {"q-min", "q-max", "radii"}, "rings need --kind diffraction");
  add_common(o, c.common);
  return o;
}

}  // namespace

int run_correlation(const std::vector<std::string>& arguments) {
  CorrelationCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const auto& files = settings.positional();
  if (files.empty() || (files.size() > 1 && c.detector.empty()))
    fail(Fault::usage,
         "correlation: name one file of frames, or one result file a frame with --detector NAME: "
         "vitrobeam correlation SERIES -o OUT.h5");
  if (c.fit.neighbourhood % 2 == 0)
    fail(Fault::usage, "--together {}: an odd number, so that a pixel has a middle",
         c.fit.neighbourhood);
  if (!c.times.empty() && c.fit.frame_time > 0)
    fail(Fault::usage, "--times and --frame-time: give one of them");
  c.fit.model.squared = c.decay == Decay::squared;
  const bool are_patterns = c.kind == SeriesKind::diffraction;
  std::unique_ptr<const PatternInput> input;
  PatternScan scan;
  FrameSeries series;
  if (c.detector.empty()) {
    input = open_input(files.front(), c.input, c.common.seed, !are_patterns);
    scan = input->scan();
    if (are_patterns) check_rings(scan, c.rings.q_max);
    series = {scan.positions(), std::size_t(scan.rows), std::size_t(scan.columns), {}};
  } else {
    series = frame_series(read_detector_frames(files, c.detector));
  }
  check_frames(series.frames);
  if (!c.times.empty()) c.fit.frame_time = read_frame_time(c.times, series.frames);
  if (!(c.fit.frame_time > 0))
    fail(Fault::usage, "--frame-time: give the time from one frame to the next, or --times FILE");
  const auto print_frames = [&] {
    std::cout << fmt::format("frames      {} of {} x {} pixels, {:.4g} s\n", series.frames,
                             series.columns, series.rows, c.fit.frame_time);
  };
  CorrelationResult r;
  Production p{"correlation", files, print_frames, {}, {}, {}};
  p.compute = [&](const RunControl& run) {
    if (input) series = read_frames(scan, run);
    r = are_patterns
            ? correlate_rings(series,
                              {scan.rows, scan.columns, scan.calibration, c.rings, scan.hidden},
                              c.fit, run)
            : correlate_pixels(series, c.fit, run);
  };
  p.store = [&](Hdf5Writer& file) { write_correlation(file, r); };
  p.summarise = [&] {
    print_frames();
    std::cout << fmt::format("tau         median {:.4g} s, error of one fit {:.2g} s\n",
                             finite_median(r.tau), finite_median(r.tau_error))
              << fmt::format("beta        median {:.3f}\n", finite_median(r.beta))
              << fmt::format("fits        {} of {} good\n", r.count(RelaxationStatus::good),
                             r.tau.size());
  };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
