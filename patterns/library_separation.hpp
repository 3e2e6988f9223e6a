// How well patterns tell two things apart, before any is measured: the Chernoff information between
// them, and the virtual detector that separates them best.
//
// Patterns are taken as angular harmonics F_m(q) (moments.hpp), complex normal with a mean and a
// real covariance at each harmonic m >= 1. The least probability of confusing two such patterns
// falls as exp(-n C) with the number n of independent patterns,
//   C = max over 0 < s < 1 of  sum over m of
//       s (1-s) d^H K^-1 d + ln det K - (1-s) ln det K_a - s ln det K_b,   K = (1-s) K_a + s K_b,
// d the difference of the means (Chernoff, Ann. Math. Stat. 23 (1952) 493). A mean over R patterns
// is off by its own speckle, which would add s (1-s) tr K^-1 K_a / R: that is taken off again. A
// covariance of few patterns differs from another by chance, which the determinants would take for
// information: a motif's is that of motif-free patterns, scaled at each harmonic.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <vector>

#include "base/array.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

struct HarmonicModel {
  std::vector<Eigen::VectorXcd> mean;            // by harmonic 1 .. m_max, over q
  std::vector<Eigen::MatrixXd> covariance;       // E |F - mean|^2, not of the real part alone
  std::vector<Eigen::MatrixXd> mean_error = {};  // the same of the mean; empty: it is exact
};

// What a camera adds: electrons per pattern (0: no noise) and the standard deviation of the readout
// of a pixel, in electrons.
struct CountingNoise {
  double dose = 0, readout = 0;
};

double chernoff_information(const HarmonicModel& a, const HarmonicModel& b);
// Of a and of b turned in the plane to where it looks most like a.
double chernoff_information_at_worst_angle(const HarmonicModel& a, const HarmonicModel& b,
                                           int angles = 72);

// What the patterns of one condition of a library are, harmonic by harmonic.
class ConditionModel {
 public:
  // The library of one condition. Throws Error{input} with fewer than 8 motif-free patterns.
  ConditionModel(const MotifLibrary& library, const CountingNoise& noise);

  const HarmonicModel& none() const { return none_; }
  std::size_t templates() const { return motifs_.size(); }
  const HarmonicModel& motif(std::size_t template_index) const { return motifs_[template_index]; }

 private:
  HarmonicModel none_;
  std::vector<HarmonicModel> motifs_;
};

// Chernoff information per pattern between every pair of motifs and none (the last), [a, b]: for
// every direction of a the most similar direction of b at the most similar in-plane angle, averaged
// over the directions of a by solid angle; 0 on the diagonal. Symmetric: the smaller of both ways.
PlaneD separation(const MotifLibrary& one_condition, const CountingNoise& noise);

// A part of the polar plane: q_inner <= q < q_outer and, `sectors` times around, angles within
// half_width of `angle` + k 2 pi / sectors. half_width pi / sectors is a whole ring.
struct VirtualDetector {
  double q_inner = 0, q_outer = 0, angle = 0, half_width = 0;  // 1/Angstrom, radian
  int sectors = 1;
  std::size_t view = 0;  // the template of the first motif that it is made for
  double distance = 0;   // of the two mean signals in standard deviations
};

// The mask, of all rings and 1 to 6 equal sectors of the grid, on which a view of motif `a` differs
// most from motif `b` (-1: motif-free patterns), whose direction and in-plane angle are unknown, in
// units of the standard deviation of that unknown, of the surrounding packing and of the counts.
// By trying all; four standard errors of an embedded template's own speckle do not count, else the
// mask of few realisations would follow that.
VirtualDetector best_virtual_detector(const MotifLibrary& one_condition, int a, int b,
                                      const CountingNoise& noise, const PolarGrid& grid);

// The distance between neighbouring scan positions at which their speckle is correlated by 1/e: the
// root of (2 J1(x) / x)^2 = 1/e over 2 pi alpha / lambda. Closer positions repeat each other.
double independent_step(double wavelength, double semiangle_rad);

}  // namespace vitrobeam
