// The scattering matrix, used exactly: the exit wave is linear in the incident wave, so the plane
// waves of the aperture are propagated once, and every probe position is a sum over them. Patterns
// are rows of a matrix product; a detector is a Hermitian form in the aperture's coefficients and
// its image a Fourier series in the scan position. The same numbers as multislice to rounding; no
// interpolation, no cropping.
#pragma once
#include <complex>
#include <cstdint>
#include <functional>
#include <vector>

#include "multislice/detectors.hpp"
#include "multislice/optics.hpp"
#include "multislice/propagation.hpp"

namespace vitrobeam {

// I(r0) = sum_g I_g exp(2 pi i g.r0) with g on the grid of the cell: real, one coefficient per pair
// of beams' difference.
class ScanSeries {
 public:
  ScanSeries() = default;
  // `pairs(k, l)` = sum over the detector of conj(S_qk) S_ql.
  ScanSeries(const std::vector<ApertureBeam>& beams, const Grid& grid, const PlaneC& pairs);
  double operator()(const Vector2d& r0) const;

 private:
  Grid grid_;
  int gx_ = 0, gy_ = 0;  // largest |index|
  PlaneC coefficients_;  // [gy, gx], gx >= 0 (the other half is the conjugate), already weighted
};

// A sample of the exit wave in Fourier space, and what it counts for: bit 0 the pattern's window,
// bit d + 1 detector d.
struct BandSample {
  int jx, jy;
  std::uint64_t counts_for;
};

template <typename Real>
class ScatteringMatrix {
 public:
  using Complex = std::complex<Real>;
  using Matrix = Eigen::Matrix<Complex, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  // Positions whose patterns are computed together: fixed, so that every position goes through the
  // same arithmetic whatever its company; a multiple of every register block of the matrix product.
  static constexpr int kTogether = 48;

  // `exit` is [beam, sample]; the samples of the window come first, equal `counts_for` together.
  ScatteringMatrix(const Grid& grid, const std::vector<ApertureBeam>& beams,
                   const std::vector<BandSample>& samples, Matrix exit, const PatternWindow* window,
                   std::size_t detectors, int threads);

  // Patterns of up to kTogether positions, [window.ny, window.nx] each. Any thread.
  std::vector<Plane<Real>> patterns(const std::vector<Vector2d>& positions) const;

  double intensity_out(const Vector2d& r0) const { return total_(r0); }
  double detector(std::size_t index, const Vector2d& r0) const { return detectors_[index](r0); }

 private:
  Grid grid_;
  std::vector<ApertureBeam> beams_;
  int pattern_ny_ = 0, pattern_nx_ = 0;
  std::vector<Eigen::Index> pattern_pixel_;  // of every sample inside the window, in their order
  Matrix exit_;                              // [beam, sample], at least those of the window
  ScanSeries total_;
  std::vector<ScanSeries> detectors_;
};

// The matrices behind each of `depths` slices (ascending, the last is the exit), all from one
// propagation of the beams. Empty when `stop` ended it.
template <typename Real>
std::vector<ScatteringMatrix<Real>> scattering_matrices(
    const BandTransform<Real>& transform, const Transmission<Real>& transmission,
    const Propagator<Real>& propagator, const std::vector<ApertureBeam>& beams,
    const std::vector<int>& depths, const PatternWindow* window,
    const std::vector<AnnularDetector>& detectors, double wavelength, int threads,
    const std::function<bool()>& stop);

}  // namespace vitrobeam
