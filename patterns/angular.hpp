// Angular correlations of rings and their symmetry power, by estimators whose expectation does not
// depend on the dose or on what a mask hides.
//
// With I(theta_j), j < N, on a ring, weights m_j of its bins (0 hidden, 1 visible), the visible
// mean <I> and r_j = m_j (I_j - <I>):
//   C(q, Delta) = [sum_j r_j r_(j+Delta) - noise(Delta)] / B(Delta) / <I>^2,
//   B(Delta) = sum_j m_j m_(j+Delta): pairs of visible bins at that lag are counted.
// noise(Delta) is the covariance that independent Poisson counts of the sources (camera pixels,
// each a part of several bins) give to the bins of a pair: the self term among them. <I>^2 is
// cleared of it too, so that given the number of electrons the expectations are exact.
//   C_n(q) = |F_n|^2 / F_0^2, the Fourier coefficients of C:  C = 2 sum_n C_n cos(n Delta)
// (once for n = N/2). Under a mask they are multiplied by the inverse of the matrix by which the
// mask couples the orders (as for spectra on a cut sky, Hivon et al., Astrophys. J. 567 (2002) 2),
// which undoes what subtracting the visible instead of the true mean takes away. A whole ring needs
// none of that: then C_n is |F_n|^2 / F_0^2 less the noise, and C(0) the azimuthal variance.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

struct AngularSettings {
  int n_max = 12;
  // Bins theta and theta + pi are averaged before anything else (Friedel symmetrisation): odd
  // orders vanish, even ones stay, and a bin hidden on one side is seen on the other.
  bool friedel = false;
  bool correlation = false;  // prepare for correlation(), which takes memory
};

// Of one pattern, not-a-number on rings that are not resolved or hold fewer than two electrons.
struct AngularPower {
  PlaneD power;  // [n - 1, q]
  PlaneD error;  // [n - 1, q] one sigma of counting (a little large near zero); 0 without noise
  Eigen::ArrayXd variance;      // [q] C(q, 0), all orders
  Eigen::ArrayXd opposite;      // [q] C(q, pi): even less odd orders
  Eigen::ArrayXd mean_squared;  // [q] <I>^2, cleared of noise
};

class AngularAnalysis {
 public:
  // Of camera images: the sources of noise are their pixels.
  AngularAnalysis(const PolarTransform& transform, const AngularSettings& settings);
  // Of patterns counted in polar bins: the sources are the bins. `weights` [q, theta] in 0 .. 1.
  AngularAnalysis(const PolarGrid& grid, const PlaneF& weights, const AngularSettings& settings);

  const PolarGrid& grid() const { return grid_; }
  int orders() const { return settings_.n_max; }
  // False where the mask leaves too few pairs of bins at some lag (under 5 % of a circle's).
  bool is_resolved(int ring) const { return rings_[std::size_t(ring)].resolved; }

  // `polar` is [q, theta] as PolarTransform gives it, `sources` the image that it came from (or
  // `polar` itself), `gain` the units of intensity per electron (0: no noise, 1: counts of
  // electrons, 1 / dose: fractions of a beam of `dose` electrons). Any thread.
  AngularPower operator()(const Eigen::Ref<const PlaneF>& polar,
                          const Eigen::Ref<const PlaneF>& sources, double gain) const;

  // C(q, Delta) at Delta = theta(0), theta(1), ..: [q, n_theta].
  PlaneD correlation(const Eigen::Ref<const PlaneF>& polar, const Eigen::Ref<const PlaneF>& sources,
                     double gain) const;

 private:
  struct Ring {
    bool resolved = false;
    double visible = 0;            // sum_j m_j
    std::vector<double> m, pairs;  // [theta], B(Delta)
    Eigen::MatrixXd map;           // [n_max + 2, N/2 + 1] power of the orders -> C_n, C(0), C(pi)
    Eigen::ArrayXd error_scale;    // [n_max]
    std::size_t first = 0, last = 0;  // of its sources
  };
  struct Share {
    int source, j;
    double share;
  };

  void prepare(const PlaneF& weights, const std::vector<std::vector<Share>>& shares);
  void prepare_ring(Ring& ring, std::vector<Share> shares);
  PlaneD deviations(const Eigen::Ref<const PlaneF>& polar, Eigen::ArrayXd& mean) const;
  PlaneD spectrum(const PlaneD& deviations) const;

  PolarGrid grid_;
  AngularSettings settings_;
  Eigen::Index harmonics_;           // N/2 + 1
  Eigen::MatrixXd cosines_, sines_;  // [theta, order]
  PlaneD weights_, pair_scale_;      // [q, theta]; what a sum of Friedel pairs is multiplied by
  std::vector<Ring> rings_;
  std::vector<int> source_;
  Plane<float> noise_;           // [source of a ring, n_max + 3]: to C_n, C(0), C(pi), <I>^2
  Plane<float> noise_spectrum_;  // [source of a ring, order], for correlation()
};

}  // namespace vitrobeam
