// Evidence for a motif from the neighbouring scan positions that see it, against random packings.
//
// A pattern is divided by its mean intensity (so that dose and thickness drop out), raised to a
// power that tames speckle, and freed of the mean of every ring; x are its angular harmonics. Over
// motif-free patterns x has the covariance C, harmonic by harmonic. A motif adds its own pattern T
// to the mean background B, which moves the mean of x by t. For a motif under the scan, turned by
// phi, the patterns at the positions d of a patch around it give the log-likelihood ratio
//   L(phi) = sum over d of Re <C^-1 t_d(phi), x_d> - 1/2 <C^-1 t_d(phi), t_d(phi)>,
// where t_d(phi) is the motif seen with the probe at d, i.e. at R(-phi) d in its own frame, turned
// by phi. Patterns of neighbouring positions count as independent: L ranks, it is no probability;
// motif-free patches say what it is worth.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

struct EvidenceSettings {
  int m_max = 36;      // angular harmonics 1 .. m_max
  double gamma = 0.5;  // the power
};

// Angular harmonics 1 .. m_max of a contrast: [q, m].
using Harmonics = Eigen::ArrayXXcf;

// What motif-free patterns do by themselves.
class Background {
 public:
  // Polar patterns of motif-free packings, seen through the mask of `weights`. Throws Error{usage}
  // for settings, Error{input} for fewer than 8 patterns or patterns without intensity.
  Background(const PolarGrid& grid, const PlaneF& weights, const EvidenceSettings& settings,
             const std::vector<PlaneF>& patterns);

  const PolarGrid& grid() const { return grid_; }
  Harmonics contrast(const PlaneF& pattern) const;  // x
  double relative_intensity(
      const PlaneF& pattern) const;  // mean intensity over that of the motif-free
  // t of a motif whose pattern alone is `motif`, in the units of the motif-free patterns.
  Harmonics expected(const PlaneF& motif) const;
  // x of the mean motif-free pattern with that motif in it, at its own mean intensity.
  Harmonics contrast_with(const PlaneF& motif) const { return contrast(motif.colwise() + rings_); }
  Harmonics whitened(const Harmonics& h) const;  // C^-1 h

 private:
  Harmonics harmonics(const PlaneF& pattern, double scale) const;

  PolarGrid grid_;
  PlaneF weights_;
  EvidenceSettings settings_;
  double mean_ = 1;                       // intensity per bin, over the visible bins
  Eigen::ArrayXf rings_;                  // mean background B by q
  Eigen::MatrixXcf waves_;                // [theta, m]: exp(-i m theta) / n_theta
  std::vector<Eigen::MatrixXf> inverse_;  // C^-1 by harmonic
};

// The pattern of a motif alone, with the probe at the points of a square net around its centre.
struct OffsetPatterns {
  double step = 0.75;            // Angstrom
  int half = 0;                  // points -half .. half along x and y
  std::vector<PlaneF> patterns;  // polar, [y, x] over the net
};

class JointEvidence {
 public:
  // `patch`: the scan positions that count, relative to the one in question, Angstrom; those that
  // lie beyond the net add nothing. `angles` in-plane angles are tried, over
  // `period` radian (2 pi / n for a view of n-fold symmetry).
  JointEvidence(const Background& background, const OffsetPatterns& motif,
                const std::vector<Vector2d>& patch, int angles, double period);

  int angles() const { return int(half_norm_.size()); }
  double angle(int index) const { return period_ * index / angles(); }
  // L at every angle from the contrasts at the positions of the patch, in their order.
  Eigen::ArrayXf operator()(const std::vector<const Harmonics*>& patch) const;

 private:
  double period_;
  std::vector<Eigen::MatrixXf> filters_;  // by position: [angle, 2 n_q m_max], re and im in turn
  Eigen::ArrayXf half_norm_;              // by angle
};

// log of the mean of exp(values).
double log_mean_exp(const Eigen::ArrayXf& values);

}  // namespace vitrobeam
