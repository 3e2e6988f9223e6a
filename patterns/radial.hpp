// From the intensity of rings to the structure factor and the reduced pair distribution.
//   S(q) = 1 + [I(q) / N - <f^2>] / <f>^2,   F(q) = q [S(q) - 1],
//   G(r) = 8 pi int F(q) sin(2 pi q r) W(q) dq,   q = 1 / d,
// which is 4 pi r [rho(r) - rho_0]; W = sin(pi q / q_max) / (pi q / q_max) (Lorch, J. Phys. C 2
// (1969) 229) against the end of the data. What varies so slowly with q that it would be structure
// at distances where no two atoms are (a background, multiple scattering, a wrong N) is fitted by q
// times a polynomial and taken off F (Juhas et al., J. Appl. Cryst. 46 (2013) 560).
#pragma once
#include <Eigen/Core>
#include <vector>

#include "base/run_control.hpp"
#include "patterns/fluctuation.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {

struct RadialSettings {
  double r_max = 20, dr = 0.02;  // Angstrom
  bool lorch = true;
  double r_poly = 0.9;  // Angstrom: the polynomial has the degree 2 r_poly q_max
  double fit_from = 0;  // 1/Angstrom, N from here to the end of the data; 0 = upper third
};

struct RadialCurves {
  double scale = 0;     // N
  Eigen::ArrayXd s, f;  // [q] S and F
  Eigen::ArrayXd r, g;  // [r] and G
};

// `q` ascends; `squared` = <f^2>, `of_mean` = <f>^2. Error{input} with fewer than 16 rings or
// without intensity.
RadialCurves reduce_radial(const Eigen::ArrayXd& q, const Eigen::ArrayXd& intensity,
                           const Eigen::ArrayXd& squared, const Eigen::ArrayXd& of_mean,
                           const RadialSettings& settings);

// The first shell of a G(r): from where g = 1 + G / (4 pi r density) rises towards its first peak,
// 1.8 to 3.8 Angstrom, to the minimum behind it. `neighbours` is the integral of 4 pi r^2 density
// g.
struct FirstShell {
  double reach = 0, neighbours = 0;  // Angstrom; not-a-number without a minimum
};
FirstShell first_shell(const RadialCurves& curves, double density);

// Mean intensity per pixel of rings over the patterns of a scan, kept apart in up to ten groups for
// errors.
struct RingMeans {
  Eigen::ArrayXd q;  // mean of a ring's pixels, 1/Angstrom
  std::vector<Eigen::ArrayXd> group_sum;
  std::vector<double> group_count;

  int groups() const { return int(group_sum.size()); }
  Eigen::ArrayXd mean(int without = -1) const;  // of all groups, or of all but one
};
// Patterns that are not finite in a ring are left out. Error{physics} where a ring has no visible
// pixel. Throws Interrupted.
RingMeans mean_rings(const PatternScan& scan, const RingAxis& axis, const RunControl& run);

struct RadialResult {
  Eigen::ArrayXd q, intensity;
  RadialCurves curves;
  Eigen::ArrayXd s_error, g_error;  // jackknife; empty with fewer than three groups
};
// `squared`, `of_mean` and errors as of reduce_radial(), at rings.q.
RadialResult analyse_radial(const RingMeans& rings, const Eigen::ArrayXd& squared,
                            const Eigen::ArrayXd& of_mean, const RadialSettings& settings);

}  // namespace vitrobeam
