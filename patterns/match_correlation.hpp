// Rotation-invariant matching of polar patterns: for a pattern d and every template t the
// normalised correlation at all in-plane angles phi,
//   S(t, phi) = sum w d' t'(theta - phi) / (|d'| |t'|),   d', t' = less their angular mean at every
//   q,
// summed over q and theta with the weights w of the bins (0 = masked). Means and norms are those
// inside the mask at each phi, so that a beam stop biases nothing. Correlation over theta is a
// product of angular harmonics (Ophus et al., Microsc. Microanal. 28 (2022) 390), and all templates
// at once are a matrix product.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

struct CorrelationSettings {
  int m_max = 36;           // the templates' harmonics 1 .. m_max are used
  double gamma = 0.5;       // intensities are raised to this power first (negative ones count as 0)
  double radial_power = 1;  // a bin counts as q^radial_power; 1 is its area
  bool mirror = false;      // also try every template mirrored, theta -> -theta
};

// Throws Error{usage} unless 1 <= m_max < n_theta / 2 and gamma > 0.
void check_correlation_settings(const CorrelationSettings& settings, const PolarGrid& grid);

// The best over all in-plane angles, for every pattern (row) and template (column).
struct MatchScores {
  PlaneF score;                   // in [-1, 1]; 0 for a pattern without contrast
  Plane<int> angle;               // index of theta by which the template must be turned towards +y
  Plane<unsigned char> mirrored;  // 1: it fitted better when mirrored first
};

class Matcher {
 public:
  // Templates are whole (no mask); `weights` is that of the patterns' polar transform. With
  // `background` patterns (motif-free, seen through the same mask) every template becomes the
  // matched filter C^-1 t, C being their covariance at each harmonic: directions in which random
  // packings vary much by themselves count less.
  Matcher(const PolarGrid& grid, const PlaneF& weights, const std::vector<PlaneF>& templates,
          const CorrelationSettings& settings, const std::vector<PlaneF>& background = {});

  std::size_t templates() const { return std::size_t(n_templates_); }
  // Patterns are [n_q, n_theta] and finite. The result does not depend on the number of threads.
  MatchScores match(const std::vector<PlaneF>& patterns, int threads = 1) const;
  // S(phi) at phi = theta(0), theta(1), ... of one pattern with one template, not mirrored.
  std::vector<float> correlation(const PlaneF& pattern, std::size_t template_index) const;

 private:
  // Real rows (re, im) of the template sums at m = 2, 4, .. then 1, 3, ..: [2 m_max, columns *
  // patterns].
  using Sums = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Sums template_sums(const std::vector<PlaneF>& patterns, std::size_t first,
                     std::size_t last) const;
  void keep_best(const Sums& sums, std::size_t first, MatchScores& best) const;
  Eigen::MatrixXf curves(const Sums& sums, Eigen::Index column, Eigen::Index n) const;
  Eigen::MatrixXf inverse_norms(const std::vector<Eigen::MatrixXcf>& filters) const;

  PolarGrid grid_;
  CorrelationSettings settings_;
  PlaneF weights_;
  Eigen::Index n_templates_,
      n_columns_ = 0;       // columns: the templates, then their mirror images if wanted
  std::vector<int> order_;  // the harmonics, even ones first
  Eigen::Index n_even_ = 0;
  Eigen::MatrixXcf analysing_;  // [n_theta, harmonic]: exp(-i m theta)
  Eigen::MatrixXf synthesis_;   // [n_theta / 2, 2 harmonics]: 2 cos(m phi), -2 sin(m phi)
  std::vector<Eigen::MatrixXf>
      conjugate_;                 // per harmonic: [columns, 2 n_q], (re, im) of the templates
  Eigen::MatrixXf inverse_norm_;  // [n_theta, columns], or one row when nothing is masked
};

}  // namespace vitrobeam
