// Relaxation times of a time series of images or diffraction patterns (relaxation.hpp), as maps.
#pragma once
#include <cstddef>
#include <vector>

#include "base/run_control.hpp"
#include "patterns/fluctuation.hpp"
#include "patterns/pattern_scan.hpp"
#include "patterns/relaxation.hpp"

namespace vitrobeam {

// Frames at equal intervals, turned so that the series of a pixel is contiguous.
struct FrameSeries {
  std::size_t frames = 0, rows = 0, columns = 0;
  std::vector<float> values;  // [row, column, frame]

  const float* pixel(std::size_t at) const { return values.data() + at * frames; }
};
FrameSeries frame_series(const Stack<float>& images);  // [frame, row, column]
// The patterns of a scan, in its order. Throws Interrupted.
FrameSeries read_frames(const PatternScan& scan, const RunControl& run);
// Error{input} for fewer frames than kFewestFrames.
void check_frames(std::size_t frames);

struct CorrelationSettings {
  RelaxationModel model = {};
  double frame_time = 1;    // s
  int blocks = 12;          // of time, left out in turn for the errors
  int neighbourhood = 1;    // N x N pixels share one fit; odd
  bool keep_short = false;  // also times that the record does not resolve
};

struct CorrelationResult {
  // [row, column] of pixels, or [1, ring]; not-a-number where there is none. tau in s.
  PlaneD tau, beta, amplitude, baseline, tau_error, beta_error, amplitude_error;
  Plane<unsigned char> status;   // RelaxationStatus
  std::vector<double> time, g2;  // lag in s; mean over all fits
  std::vector<double> q;         // of rings, 1/Angstrom; empty for pixels
  bool has_baseline = false;
  std::size_t frames = 0, fitted = 0;
  double frame_time = 0;

  Eigen::Index count(RelaxationStatus s) const {
    return (status == static_cast<unsigned char>(s)).count();
  }
};

// A relaxation time for every pixel, or for all visible pixels of a ring together. Without
// keep_short Error{physics} where most fits are of a series shorter than 40 tau, or of frames
// longer than 0.1 tau; Error{input} as check_frames().
CorrelationResult correlate_pixels(const FrameSeries& series, const CorrelationSettings& settings,
                                   const RunControl& run);
CorrelationResult correlate_rings(const FrameSeries& series, const RingMap& rings,
                                  const CorrelationSettings& settings, const RunControl& run);

}  // namespace vitrobeam
