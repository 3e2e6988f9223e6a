// The scattering matrix, used exactly: the exit wave is linear in the incident wave, so the plane
// waves of the aperture are propagated once, and every probe position is a sum over them. Patterns
// are rows of a matrix product; a detector is a Hermitian form in the aperture's coefficients and
// its image a Fourier series in the scan position. The same numbers as multislice to rounding; no
// interpolation, no cropping.
#pragma once
#include <complex>
#include <functional>
#include <vector>

#include "multislice/coherence.hpp"
#include "multislice/detectors.hpp"
#include "multislice/optics.hpp"
#include "multislice/propagation.hpp"

namespace vitrobeam {

// I(r0) = sum_g I_g exp(2 pi i g.r0) with g on the grid of the cell: real, one coefficient per pair
// of beams' difference.
class ScanSeries {
 public:
  ScanSeries() = default;
  // `pairs(k, l)` = sum over the detector of conj(S_qk) S_ql; `incident(k, l)` = sum over the
  // incident modes of conj(A_k) A_l.
  ScanSeries(const std::vector<ApertureBeam>& beams, const Grid& grid, const PlaneC& pairs,
             const PlaneC& incident);
  void add(const ScanSeries& other, double weight);  // of the same beams
  double operator()(const Vector2d& r0) const;

 private:
  Grid grid_;
  int gx_ = 0, gy_ = 0;  // largest |index|
  PlaneC coefficients_;  // [gy, gx], gx >= 0 (the other half is the conjugate), already weighted
};

// A sample of the exit wave in Fourier space, and what it counts for: the pattern's window, and the
// channels that the samples of its group share.
struct BandSample {
  int jx, jy;
  bool in_window;
  std::size_t group;
};

// Samples of the band, those of the window first, then by group; per group the shares that all its
// samples have in the channels. A moment weighs every sample differently: it has a weight per
// sample.
struct BandSamples {
  std::vector<BandSample> samples;
  std::vector<std::vector<DetectorShare>> groups;
  std::size_t channels = 0;
  struct Moment {
    std::size_t channel;
    std::vector<double> weights;  // of the samples
  };
  std::vector<Moment> moments;

  BandSamples(const Grid& grid, const PatternWindow* window, const std::vector<Detector>& detectors,
              double wavelength);
};

template <typename Real>
class ScatteringMatrix {
 public:
  using Complex = std::complex<Real>;
  using Matrix = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  // Positions whose patterns are computed together: fixed, so that every position goes through the
  // same arithmetic whatever its company; a multiple of every register block of the matrix product.
  static constexpr int kTogether = 48;

  // `exit` is [beam, sample].
  ScatteringMatrix(const Grid& grid, const std::vector<ApertureBeam>& beams,
                   const IncidentModes& modes, const BandSamples& band, Matrix exit,
                   const PatternWindow* window, int threads);

  // Patterns of up to kTogether positions, [window.ny, window.nx] each. Any thread.
  std::vector<Plane<Real>> patterns(const std::vector<Vector2d>& positions) const;

  double intensity_out(const Vector2d& r0) const { return total_(r0); }
  std::vector<double> channels(const Vector2d& r0) const;

 private:
  Grid grid_;
  std::vector<ApertureBeam> beams_;
  IncidentModes modes_;
  int pattern_ny_ = 0, pattern_nx_ = 0;
  std::vector<Eigen::Index> pattern_pixel_;  // of every sample inside the window, in their order
  Matrix exit_;                              // [beam, sample], at least those of the window
  ScanSeries total_;
  std::vector<ScanSeries> channels_;
};

// The matrices behind each of `depths` slices (ascending, the last is the exit), all from one
// propagation of the beams. Empty when `stop` ended it.
template <typename Real>
std::vector<ScatteringMatrix<Real>> scattering_matrices(
    const BandTransform<Real>& transform, const Transmission<Real>& transmission,
    const Propagator<Real>& propagator, const std::vector<ApertureBeam>& beams,
    const IncidentModes& modes, const std::vector<int>& depths, const PatternWindow* window,
    const std::vector<Detector>& detectors, double wavelength, int threads,
    const std::function<bool()>& stop);

}  // namespace vitrobeam
