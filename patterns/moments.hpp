// Mean and covariance of an ensemble of patterns in polar-harmonic form:
// F_m(q) = mean over theta of I(q, theta) exp(-i m theta), on a coarse polar grid.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <optional>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

// Angular harmonics 0 .. m_max of bands of q.
struct MomentGrid {
  double q_min = 0.2, q_max = 1.0;  // 1/Angstrom
  int n_q = 16, m_max = 24;

  PolarGrid polar() const { return {q_min, q_max, n_q, 2 * m_max + 16}; }
  std::size_t harmonics() const { return std::size_t(m_max) + 1; }
  // Pairs q <= q', row by row of the upper triangle.
  std::size_t pairs() const { return std::size_t(n_q) * (std::size_t(n_q) + 1) / 2; }
  bool operator==(const MomentGrid&) const = default;
};

// F_m(q) of a polar pattern on grid.polar(): [harmonic, q].
Plane<std::complex<float>> harmonics(const PlaneF& polar, const MomentGrid& grid);

// Collects patterns of one entry.
class Moments {
 public:
  explicit Moments(const MomentGrid& grid);
  void add(const Plane<std::complex<float>>& harmonics);
  Plane<std::complex<float>> mean() const;  // [harmonic, q]
  // Real part of <(F_m(q) - mean)(F_m(q') - mean)*>, unbiased: [harmonic, pair of q]; 0 of fewer
  // than two patterns. The imaginary part, which a packing as likely as its mirror image leaves at
  // 0 in the mean over directions, is not kept.
  PlaneF covariance() const;

 private:
  MomentGrid grid_;
  std::vector<Plane<std::complex<float>>> samples_;
};

}  // namespace vitrobeam
