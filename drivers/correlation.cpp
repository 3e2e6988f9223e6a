// vitrobeam correlation: time series -> intensity autocorrelation g2(t), relaxation-time map.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"
#include "io/text_reader.hpp"
#include "patterns/fluctuation.hpp"
#include "patterns/relaxation.hpp"
#include "patterns/statistics.hpp"
#include "runtime/interruption.hpp"

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
  double frame_time = 0, beta = 0, q_min = 0.3, q_max = 0.6;
  int together = 1, radii = 6, blocks = 12;
  bool baseline = false, allow_short = false;
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
  o.add("frame-time", c.frame_time, "s", "time from one frame to the next").at_least(0);
  o.add("times", c.times, "FILE",
        "text file with the time of every frame in s, in place of --frame-time; it must grow by "
        "equal steps");
  o.add("detector", c.detector, "NAME",
        "several result files, one a frame, in order: the images are this detector's");
  o.section("Fit: g2 - 1 = A exp(-2 (t / tau)^beta)");
  o.add("decay", c.decay, {{"squared", Decay::squared}, {"plain", Decay::plain}},
        "tau of the field (exp(-2 ..), Siegert's relation) or of the intensity itself (exp(- ..))");
  o.add("beta", c.beta, "", "stretching exponent; 0 = fitted").at_least(0).at_most(3);
  o.add("baseline", c.baseline, "also fit a constant: what does not relax");
  o.add("together", c.together,
        "N x N neighbouring pixels share one fit (an odd number): the size of the probe")
      .at_least(1)
      .at_most(99);
  o.add("blocks", c.blocks, "blocks of time that are left out in turn for the errors")
      .at_least(4)
      .at_most(100);
  o.add("allow-short", c.allow_short,
        "keep times for which the series is shorter than 40 tau or a frame longer than 0.1 tau");
  o.section("Rings (--kind diffraction)");
  o.add("q-min", c.q_min, "1/Angstrom", "start of the rings").at_least(0);
  o.add("q-max", c.q_max, "1/Angstrom", "their end").above(0);
  o.add("radii", c.radii, "number of rings").at_least(1).at_most(1000);
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

// ---- frames

struct Series {
  std::size_t frames = 0, rows = 0, columns = 0;
  std::vector<float> values;  // [row, column, frame]: a pixel's series is contiguous
  Calibration calibration;
  Plane<unsigned char> hidden;
};

Series empty_series(std::size_t frames, std::size_t rows, std::size_t columns) {
  Series s{frames, rows, columns, {}, {}, {}};
  s.values.resize(frames * rows * columns);
  return s;
}

void store_frame(Series& s, std::size_t frame, const float* image) {
  for (std::size_t p = 0; p < s.rows * s.columns; ++p) s.values[p * s.frames + frame] = image[p];
}

// No frames if interrupted.
Series read_stack(const std::string& path, const CorrelationCommand& c) {
  const PatternInput input(path, c.input, c.common.seed, c.kind == SeriesKind::dark_field);
  if (c.kind == SeriesKind::diffraction) check_rings(input.scan(), c.q_max);
  Series s = empty_series(input.positions(), input.source().rows(), input.source().columns());
  s.calibration = input.calibration();
  s.hidden = input.source().hidden();
  for_each_part(input.scan(), run_control(c.common),
                [&](const Stack<float>& images, std::size_t first) {
                  for (std::size_t k = 0; k < images.shape[0]; ++k)
                    store_frame(s, first + k, images.plane(k).data());
                });
  return s;
}

Series read_detector(const std::vector<std::string>& files, const CorrelationCommand& c) {
  Series s;
  const std::string path = "/simulation/detectors/" + c.detector;
  for (std::size_t k = 0; k < files.size(); ++k) {
    const Stack<float> map = Hdf5Reader(files[k]).read<float>(path);
    if (map.shape.size() != 2)
      fail(Fault::input, "{}: {} has {} axes; a frame is one map", files[k], path,
           map.shape.size());
    if (k == 0) s = empty_series(files.size(), map.shape[0], map.shape[1]);
    if (map.shape != Shape{s.rows, s.columns})
      fail(Fault::input, "{}: a map of {} x {} positions, the first frame has {} x {}", files[k],
           map.shape[1], map.shape[0], s.columns, s.rows);
    store_frame(s, k, map.values.data());
  }
  return s;
}

double read_times(const std::string& path, std::size_t frames) {
  const std::string text = read_text(path);
  TextReader reader(path, text);
  std::vector<double> times;
  while (reader.next_row())
    for (std::size_t i = 0; i < reader.words().size(); ++i) {
      const double t = reader.number(i, "a time in s");
      if (!times.empty() && !(t > times.back()))
        fail(Fault::input, "--times {}: frame {} at {} s is not later than the one before, at {} s",
             path, times.size() + 1, t, times.back());
      times.push_back(t);
    }
  if (times.size() != frames)
    fail(Fault::input, "--times {}: {} times for {} frames", path, times.size(), frames);
  const double step = (times.back() - times.front()) / double(frames - 1);
  for (std::size_t k = 0; k < frames; ++k)
    if (std::abs(times[k] - times.front() - step * double(k)) > 0.1 * step)
      fail(
          Fault::input,
          "--times {}: frame {} at {} s is off the equal steps of {:.4g} s by more than a tenth of "
          "one; the autocorrelation needs equal steps",
          path, k + 1, times[k], step);
  return step;
}

// ---- fits

// One fit of a pixel's neighbourhood or of a ring, not yet judged.
struct Fit {
  bool any = false;
  std::vector<double> g2;
  Relaxation relaxation;
};

Fit fit_sums(const Autocorrelation& sums, const RelaxationModel& model) {
  if (sums.series() == 0) return {};
  return {true, sums.correlation(), fit_relaxation(sums, model)};
}

enum class Verdict : unsigned char { good, nothing, too_short, too_slow };

struct Fits {
  PlaneD tau, beta, amplitude, baseline, tau_error, beta_error, amplitude_error;
  Plane<unsigned char> status;
  std::vector<double> mean_g2;
  std::size_t fitted = 0;

  Fits(Eigen::Index rows, Eigen::Index columns, std::size_t lags) : mean_g2(lags, 0) {
    for (auto* map :
         {&tau, &beta, &amplitude, &baseline, &tau_error, &beta_error, &amplitude_error})
      map->setConstant(rows, columns, NAN);
    status.setConstant(rows, columns, 1);
  }
  void store(Eigen::Index at, const Fit& fit, std::size_t frames, double frame_time,
             bool allow_short) {
    if (!fit.any) return;
    const Relaxation& r = fit.relaxation;
    for (std::size_t l = 0; l < fit.g2.size(); ++l) mean_g2[l] += fit.g2[l];
    ++fitted;
    Verdict verdict = Verdict::nothing;
    if (r.fitted) {
      verdict = double(frames) < 40 * r.tau ? Verdict::too_short
                : r.tau < 10                ? Verdict::too_slow
                                            : Verdict::good;
    }
    status.data()[at] = static_cast<unsigned char>(verdict);
    if (!r.fitted || (verdict != Verdict::good && !allow_short)) return;
    tau.data()[at] = r.tau * frame_time;
    tau_error.data()[at] = r.tau_error * frame_time;
    beta.data()[at] = r.beta;
    beta_error.data()[at] = r.beta_error;
    amplitude.data()[at] = r.amplitude;
    amplitude_error.data()[at] = r.amplitude_error;
    baseline.data()[at] = r.baseline;
  }
  Eigen::Index count(Verdict v) const { return (status == static_cast<unsigned char>(v)).count(); }
};

RelaxationModel model_of(const CorrelationCommand& c) {
  return {c.decay == Decay::squared, c.beta, c.baseline};
}

Fits fit_images(const Series& s, const CorrelationCommand& c) {
  Fits fits(Eigen::Index(s.rows), Eigen::Index(s.columns), correlation_lags(s.frames).size());
  const RunControl control = run_control(c.common);
  Stage progress(control, "pixels", s.rows * s.columns);
  const long half = c.together / 2;
  std::vector<Fit> each(s.rows * s.columns);
#pragma omp parallel for schedule(dynamic, 4) num_threads(c.common.threads)
  for (long at = 0; at < long(s.rows * s.columns); ++at) {
    const long row = at / long(s.columns), column = at % long(s.columns);
    Autocorrelation sums(s.frames, std::size_t(c.blocks));
    for (long r = std::max(0L, row - half); r <= std::min(long(s.rows) - 1, row + half); ++r)
      for (long k = std::max(0L, column - half); k <= std::min(long(s.columns) - 1, column + half);
           ++k)
        sums.add(s.values.data() + (std::size_t(r) * s.columns + std::size_t(k)) * s.frames);
    each[std::size_t(at)] = fit_sums(sums, model_of(c));
    progress.advance();
  }
  std::vector<Relaxation> relaxations;
  for (const Fit& fit : each) relaxations.push_back(fit.relaxation);
  relaxations = with_shared_errors(std::move(relaxations));
  for (std::size_t at = 0; at < each.size(); ++at) {
    each[at].relaxation = relaxations[at];
    fits.store(Eigen::Index(at), each[at], s.frames, c.frame_time, c.allow_short);
  }
  return fits;
}

// All visible pixels of a ring share one fit; its own error is all there is.
Fits fit_rings(const Series& s, const CorrelationCommand& c) {
  Fits fits(1, c.radii, correlation_lags(s.frames).size());
  std::vector<Fit> each(std::size_t(c.radii));
  const RingMap map(Eigen::Index(s.rows), Eigen::Index(s.columns), s.calibration,
                    {c.q_min, c.q_max, c.radii}, s.hidden);
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
  for (int ring = 0; ring < c.radii; ++ring) {
    Autocorrelation sums(s.frames, std::size_t(c.blocks));
    for (std::size_t p = 0; p < s.rows * s.columns; ++p)
      if (map.ring().data()[p] == ring) sums.add(s.values.data() + p * s.frames);
    each[std::size_t(ring)] = fit_sums(sums, model_of(c));
  }
  for (std::size_t k = 0; k < each.size(); ++k)
    fits.store(Eigen::Index(k), each[k], s.frames, c.frame_time, c.allow_short);
  return fits;
}

// ---- results

void write_fits(Hdf5Writer& file, const Fits& fits, const Series& s, const CorrelationCommand& c) {
  const std::string g = "/correlation/";
  write_map(file, g + "tau", fits.tau, "s");
  write_map(file, g + "tau_error", fits.tau_error, "s");
  write_map(file, g + "beta", fits.beta, "1");
  write_map(file, g + "beta_error", fits.beta_error, "1");
  write_map(file, g + "amplitude", fits.amplitude, "1");
  write_map(file, g + "amplitude_error", fits.amplitude_error, "1");
  if (c.baseline) write_map(file, g + "baseline", fits.baseline, "1");
  file.write(g + "status", fits.status);
  file.attribute(g + "status", "description",
                 "0 good, 1 no decay found, 2 series shorter than 40 tau, 3 frame longer than 0.1 "
                 "tau");
  std::vector<double> time, g2 = fits.mean_g2;
  for (const std::size_t lag : correlation_lags(s.frames))
    time.push_back(double(lag) * c.frame_time);
  for (double& v : g2) v = 1 + v / double(std::max<std::size_t>(1, fits.fitted));
  file.write(g + "time", time);
  file.attribute(g + "time", "units", "s");
  file.write(g + "g2", g2);
  file.attribute(g + "g2", "description", "mean over all fits");
  if (c.kind == SeriesKind::diffraction) {
    std::vector<double> q;
    for (int k = 0; k < c.radii; ++k)
      q.push_back(c.q_min + (k + 0.5) * (c.q_max - c.q_min) / c.radii);
    file.write(g + "q", q);
    file.attribute(g + "q", "units", "1/Angstrom");
  }
  file.attribute("/correlation", "frames", std::int64_t(s.frames));
  file.attribute("/correlation", "frame_time_s", c.frame_time);
}

// The rules of the method (He et al. 2015): 40 relaxation times and 10 frames in each, or the times
// are not to be believed.
void enforce_rules(const Fits& fits, const Series& s, const CorrelationCommand& c) {
  const auto good = fits.count(Verdict::good), shorter = fits.count(Verdict::too_short),
             slower = fits.count(Verdict::too_slow);
  if (c.allow_short || good >= std::max(shorter, slower) || shorter + slower == 0) {
    if (shorter + slower > 0)
      warn("{} fits have a series shorter than 40 tau, {} a frame longer than 0.1 tau: {}", shorter,
           slower, c.allow_short ? "kept, as asked" : "left out");
    return;
  }
  if (shorter >= slower)
    fail(Fault::physics,
         "{} frames are fewer than 40 relaxation times in {} of {} fits: record longer, or give "
         "--allow-short and mistrust the times",
         s.frames, shorter, fits.fitted);
  fail(Fault::physics,
       "a frame of {:.4g} s is longer than a tenth of the relaxation time in {} of {} fits: record "
       "faster, or give --allow-short and mistrust the times",
       c.frame_time, slower, fits.fitted);
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
  if (c.together % 2 == 0)
    fail(Fault::usage, "--together {}: an odd number, so that a pixel has a middle", c.together);
  if (!c.times.empty() && c.frame_time > 0)
    fail(Fault::usage, "--times and --frame-time: give one of them");
  Series s = c.detector.empty() ? read_stack(files.front(), c) : read_detector(files, c);
  if (interrupted()) return nothing_written();
  constexpr std::size_t kFewest = 40;
  if (s.frames < kFewest)
    fail(Fault::input, "{} frames; an autocorrelation with an error needs {} or more", s.frames,
         kFewest);
  if (!c.times.empty()) c.frame_time = read_times(c.times, s.frames);
  if (!(c.frame_time > 0))
    fail(Fault::usage, "--frame-time: give the time from one frame to the next, or --times FILE");
  const RunRecord record = start_record(settings, c.common, files);
  if (c.common.dry_run) {
    std::cout << fmt::format("frames      {} of {} x {} pixels, {:.4g} s\n", s.frames, s.columns,
                             s.rows, c.frame_time);
    return 0;
  }
  if (!start_output(c.common, record)) return 0;
  const Fits fits = c.kind == SeriesKind::dark_field ? fit_images(s, c) : fit_rings(s, c);
  enforce_rules(fits, s, c);
  Hdf5Writer file(c.common.output);
  write_fits(file, fits, s, c);
  write_interchange(file, {}, record, "correlation");
  write_record(file, record);
  file.commit();
  std::cout << fmt::format("frames      {} of {} x {} pixels, {:.4g} s\n", s.frames, s.columns,
                           s.rows, c.frame_time)
            << fmt::format("tau         median {:.4g} s, error of one fit {:.2g} s\n",
                           finite_median(fits.tau), finite_median(fits.tau_error))
            << fmt::format("beta        median {:.3f}\n", finite_median(fits.beta))
            << fmt::format("fits        {} of {} good\n", fits.count(Verdict::good),
                           fits.tau.size())
            << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
