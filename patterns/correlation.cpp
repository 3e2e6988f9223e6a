#include "patterns/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/neighbourhood.hpp"

namespace vitrobeam {
namespace {

// The fit of the series that share one.
struct Fit {
  std::vector<double> g2;  // less 1; empty: no usable series
  Relaxation relaxation;
};

Fit fit_sums(const Autocorrelation& sums, const RelaxationModel& model) {
  if (sums.series() == 0) return {};
  return {sums.correlation(), fit_relaxation(sums, model)};
}

CorrelationResult collect(const std::vector<Fit>& fits, Eigen::Index rows, Eigen::Index columns,
                          std::size_t frames, const CorrelationSettings& s) {
  CorrelationResult r;
  r.frames = frames;
  r.frame_time = s.frame_time;
  r.has_baseline = s.model.baseline;
  for (auto* map : {&r.tau, &r.beta, &r.amplitude, &r.baseline, &r.tau_error, &r.beta_error,
                    &r.amplitude_error})
    map->setConstant(rows, columns, NAN);
  r.status.setConstant(rows, columns, static_cast<unsigned char>(RelaxationStatus::no_decay));
  for (const std::size_t lag : correlation_lags(frames))
    r.time.push_back(double(lag) * s.frame_time);
  r.g2.assign(r.time.size(), 0);
  for (std::size_t at = 0; at < fits.size(); ++at) {
    if (fits[at].g2.empty()) continue;
    for (std::size_t l = 0; l < r.g2.size(); ++l) r.g2[l] += fits[at].g2[l];
    ++r.fitted;
    const Relaxation& fit = fits[at].relaxation;
    const RelaxationStatus status = status_of(fit, frames);
    r.status.data()[at] = static_cast<unsigned char>(status);
    if (!fit.fitted || (status != RelaxationStatus::good && !s.keep_short)) continue;
    r.tau.data()[at] = fit.tau * s.frame_time;
    r.tau_error.data()[at] = fit.tau_error * s.frame_time;
    r.beta.data()[at] = fit.beta;
    r.beta_error.data()[at] = fit.beta_error;
    r.amplitude.data()[at] = fit.amplitude;
    r.amplitude_error.data()[at] = fit.amplitude_error;
    r.baseline.data()[at] = fit.baseline;
  }
  for (double& v : r.g2) v = 1 + v / double(std::max<std::size_t>(1, r.fitted));
  return r;
}

// Refuses times that the record does not resolve.
void enforce_rules(const CorrelationResult& r, const CorrelationSettings& s,
                   const RunControl& run) {
  const auto good = r.count(RelaxationStatus::good),
             shorter = r.count(RelaxationStatus::series_too_short),
             slower = r.count(RelaxationStatus::frame_too_long);
  if (shorter + slower == 0) return;
  if (s.keep_short || good >= std::max(shorter, slower)) {
    run.warn("{} fits have a series shorter than 40 tau, {} a frame longer than 0.1 tau: {}",
             shorter, slower, s.keep_short ? "kept, as asked" : "left out");
    return;
  }
  if (shorter >= slower)
    fail(Fault::physics,
         "{} frames are fewer than 40 relaxation times in {} of {} fits: record longer, or give "
         "@allow_short and mistrust the times",
         r.frames, shorter, r.fitted);
  fail(Fault::physics,
       "a frame of {:.4g} s is longer than a tenth of the relaxation time in {} of {} fits: record "
       "faster, or give @allow_short and mistrust the times",
       r.frame_time, slower, r.fitted);
}

}  // namespace

FrameSeries frame_series(const Stack<float>& images) {
  FrameSeries s{images.shape[0], images.shape[1], images.shape[2], {}};
  s.values.resize(images.size());
  for (std::size_t k = 0; k < s.frames; ++k)
    for (std::size_t p = 0; p < s.rows * s.columns; ++p)
      s.values[p * s.frames + k] = images.values[k * s.rows * s.columns + p];
  return s;
}

FrameSeries read_frames(const PatternScan& scan, const RunControl& run) {
  FrameSeries s{scan.positions(), std::size_t(scan.rows), std::size_t(scan.columns), {}};
  const std::size_t pixels = s.rows * s.columns;
  s.values.resize(s.frames * pixels);
  for_each_part(scan, run, [&](const Stack<float>& images, std::size_t first) {
    for (std::size_t k = 0; k < images.shape[0]; ++k)
      for (std::size_t p = 0; p < pixels; ++p)
        s.values[p * s.frames + first + k] = images.values[k * pixels + p];
  });
  return s;
}

void check_frames(std::size_t frames) {
  if (frames < kFewestFrames)
    fail(Fault::input, "{} frames; an autocorrelation with an error needs {} or more", frames,
         kFewestFrames);
}

CorrelationResult correlate_pixels(const FrameSeries& series, const CorrelationSettings& s,
                                   const RunControl& run) {
  check_frames(series.frames);
  std::vector<Fit> fits(series.rows * series.columns);
  {
    Stage stage(run, "pixels", fits.size());
#pragma omp parallel for schedule(dynamic, 4) num_threads(run.threads)
    for (std::size_t at = 0; at < fits.size(); ++at) {
      Autocorrelation sums(series.frames, std::size_t(s.blocks));
      for_neighbourhood(series.rows, series.columns, at, s.neighbourhood,
                        [&](std::size_t k) { sums.add(series.pixel(k)); });
      fits[at] = fit_sums(sums, s.model);
      stage.advance();
    }
  }
  std::vector<Relaxation> relaxations;
  for (const Fit& fit : fits) relaxations.push_back(fit.relaxation);
  relaxations = with_shared_errors(std::move(relaxations));
  for (std::size_t at = 0; at < fits.size(); ++at) fits[at].relaxation = relaxations[at];
  CorrelationResult r =
      collect(fits, Eigen::Index(series.rows), Eigen::Index(series.columns), series.frames, s);
  enforce_rules(r, s, run);
  return r;
}

CorrelationResult correlate_rings(const FrameSeries& series, const RingMap& rings,
                                  const CorrelationSettings& s, const RunControl& run) {
  check_frames(series.frames);
  std::vector<Fit> fits(std::size_t(rings.axis().n));
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
  for (int ring = 0; ring < rings.axis().n; ++ring) {
    Autocorrelation sums(series.frames, std::size_t(s.blocks));
    for (std::size_t p = 0; p < series.rows * series.columns; ++p)
      if (rings.ring().data()[p] == ring) sums.add(series.pixel(p));
    fits[std::size_t(ring)] = fit_sums(sums, s.model);
  }
  CorrelationResult r = collect(fits, 1, rings.axis().n, series.frames, s);
  for (int ring = 0; ring < rings.axis().n; ++ring) r.q.push_back(rings.axis().q(ring));
  enforce_rules(r, s, run);
  return r;
}

}  // namespace vitrobeam
