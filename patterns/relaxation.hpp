// Electron correlation microscopy: relaxation times from the intensity autocorrelation of a time
// series, g2(t) = <I(t') I(t' + t)> / (<I>_left <I>_right) (He et al., Microsc. Microanal. 21
// (2015) 1026; Zhang et al., Nat. Commun. 9 (2018) 1129).
#pragma once
#include <cstddef>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Which lags of a series of `frames` equidistant frames are kept: all up to 8, then growing by
// about a tenth, up to a third of the series. Lag 0 is left out: counting noise stands there alone.
std::vector<std::size_t> correlation_lags(std::size_t frames);

// Sums over time of one or several series (speckles) that share their relaxation, kept apart by
// blocks of time so that errors follow from leaving blocks out.
class Autocorrelation {
 public:
  Autocorrelation(std::size_t frames, std::size_t blocks);
  // Adds a series of `frames` intensities. Series are normalised together, not each by its own
  // mean, which would bias g2 by several times tau / duration; they must have one expected mean. A
  // series that is not finite or has no positive mean is left out (returns false).
  bool add(const float* series);

  std::size_t frames() const { return frames_; }
  std::size_t blocks() const { return blocks_; }
  std::size_t series() const { return series_; }
  const std::vector<std::size_t>& lags() const { return lags_; }
  // g2 - 1 at every lag; of all blocks, or without block `without`.
  std::vector<double> correlation() const { return correlation(blocks_); }
  std::vector<double> correlation(std::size_t without) const;

 private:
  std::size_t frames_, blocks_, series_ = 0;
  std::vector<std::size_t> lags_;
  // [block, lag]: sums of I(i) I(i + lag), of I(i) and I(i + lag), and their number, i in the block
  std::vector<double> product_, left_, right_, count_;
};

// g2 - 1 = A (exp(-2 (t / tau)^beta) - b) [+ C]: Kohlrausch's stretched exponential of the
// field, squared by Siegert's relation (with `squared` false exp(-(t / tau)^beta), as some papers
// write). b is what a mean taken from a series of finite length removes, b = <exp(-2 (|t - t'| /
// tau)^beta)> over the series (and over the number of series that share it), computed from the
// model itself; what dividing by that mean does beyond it, which is of the same order and looks
// like a faster decay, is put back in three rounds. So short series do not shorten tau.
struct Relaxation {
  double tau = 0, beta = 0, amplitude = 0, baseline = 0;  // tau in units of the time between frames
  double tau_error = 0, beta_error = 0, amplitude_error = 0;  // jackknife over blocks of time
  bool fitted = false;
};
struct RelaxationModel {
  bool squared = true;
  double beta = 0;        // fixed if above 0
  bool baseline = false;  // C is fitted, else 0
};
// `fitted` is false where nothing decays: no correlation at the first lags, or no end of it within
// the series.
Relaxation fit_relaxation(const Autocorrelation& series, const RelaxationModel& model);

// Whether a record resolves a relaxation time: 40 of them in the series and 10 frames in each (He
// et al. 2015).
enum class RelaxationStatus : unsigned char {
  good = 0,
  no_decay = 1,
  series_too_short = 2,  // shorter than 40 tau
  frame_too_long = 3     // longer than 0.1 tau
};
RelaxationStatus status_of(const Relaxation& fit, std::size_t frames);
// Fewer frames have no autocorrelation with an error.
inline constexpr std::size_t kFewestFrames = 40;

// Errors of many fits of one record (20 or more; else as they are). A jackknife over a dozen blocks
// knows its own spread to a factor of two at best, and finds it smallest where tau came out too
// small; relative variances grow as tau over the length of the series, so each is drawn towards the
// mean of all, scaled by its tau.
std::vector<Relaxation> with_shared_errors(std::vector<Relaxation> fits);

}  // namespace vitrobeam
