// Fluctuation microscopy: rings of camera pixels and the normalised variance V(q) of their
// intensity in its published definitions, shot noise removed.
//   V_Omega  <Ibar^2> / <Ibar>^2 - 1, Ibar the mean of a ring, < > over positions
//            (Voyles and Muller, Ultramicroscopy 93 (2002) 147)
//   V_r      < mean(I^2) / Ibar^2 - 1 >: the mean variance within a ring
//   V_re     <mean(I^2)> / <Ibar>^2 - 1: rings of all positions as one ensemble
//   V_image  mean over the ring of <I^2> / <I>^2 - 1 of a pixel over positions
//            (names: Daulton, Bondi and Kelton, Ultramicroscopy 110 (2010) 1279)
// Counting noise adds gain I to the variance of a pixel, gain Ibar / n to that of a ring of n.
// Rings are whole pixels, or interpolated points on a circle, in which case "pixel" above reads
// "point" (but in V_image) and what the noise of shared pixels adds follows from their shares.
// Variances are over the patterns given (divided by their number), as published.
#pragma once
#include <Eigen/Core>
#include <limits>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

struct PatternScan;
struct RunControl;

// Equal rings between two radii, 1/Angstrom; ring i is centred on q(i).
struct RingAxis {
  double q_min = 0.2, q_max = 0.8;
  int n = 60;
  double width() const { return (q_max - q_min) / n; }
  double q(int i) const { return q_min + (i + 0.5) * width(); }
  Eigen::ArrayXd q() const {
    return Eigen::ArrayXd::NullaryExpr(n, [this](Eigen::Index i) { return q(int(i)); });
  }
};

// Which ring every pixel belongs to: whole pixels by their centre, no interpolation.
class RingMap {
 public:
  RingMap(Eigen::Index rows, Eigen::Index cols, const Calibration& calibration,
          const RingAxis& axis, const Plane<unsigned char>& hidden = {});
  const RingAxis& axis() const { return axis_; }
  const Plane<int>& ring() const { return ring_; }          // -1 = none
  const Eigen::ArrayXi& pixels() const { return pixels_; }  // of every ring
  const Eigen::ArrayXd& mean_q() const { return mean_q_; }  // of the pixels of every ring

 private:
  RingAxis axis_;
  Plane<int> ring_;
  Eigen::ArrayXi pixels_;
  Eigen::ArrayXd mean_q_;
};

struct RingMoments {
  Eigen::ArrayXd mean, square;  // of I and I^2 over the samples of a ring
};
// `image` [row, column] as the map; not-a-number for a ring without a visible pixel.
RingMoments ring_moments(const RingMap& map, const Eigen::Ref<const PlaneF>& image);
// Over the points that touch no hidden pixel.
RingMoments ring_moments(const PolarTransform& points, const Eigen::Ref<const PlaneF>& image);

// What counting noise adds, per gain and mean intensity of the ring.
struct RingNoise {
  Eigen::ArrayXd of_mean;    // to the variance of a ring's mean: 1 / n for n pixels
  Eigen::ArrayXd of_sample;  // to that of a sample: 1 for a pixel, less for an interpolated point
};
RingNoise ring_noise(const RingMap& map);
RingNoise ring_noise(const PolarTransform& points);

struct Fluctuation {
  Eigen::ArrayXd mean, mean_error;
  Eigen::ArrayXd v_omega, v_r, v_re, v_image;
  Eigen::ArrayXd v_omega_error, v_r_error, v_re_error, v_image_error;  // jackknife
  int patterns = 0;
};

// Patterns of one map, one after another. `gain`: units of intensity per electron, 0 without
// counting noise. The map must outlive it.
class FluctuationStack {
 public:
  FluctuationStack(const RingMap& map, double gain, RingNoise noise)
      : map_(map), gain_(gain), noise_(std::move(noise)) {}
  void add(const Eigen::Ref<const PlaneF>& image, const RingMoments& moments);
  int patterns() const { return int(moments_.size()); }
  // Error{input} with fewer than 3 patterns.
  Fluctuation result() const;

 private:
  static constexpr int kBlocks = 10;  // of the jackknife of pixels
  Eigen::ArrayXd image_variance(int without) const;

  const RingMap& map_;
  double gain_;
  RingNoise noise_;
  std::vector<RingMoments> moments_;
  std::vector<PlaneD> sum_, squares_;  // [block], of pixels
};

struct FluctuationSettings {
  RingAxis axis;
  // Points on the middle circle of every ring, as other programs take them, in place of its whole
  // pixels; an even number of angles.
  bool interpolate = false;
  int angles = 720;
};
// Of all patterns of a scan; those that are empty, negative or not finite in the rings are left
// out, with a warning. Error{physics} where a ring has nothing visible, Error{input} with fewer
// than 3 patterns. Throws Interrupted.
Fluctuation analyse_fluctuation(const PatternScan& scan, const FluctuationSettings& settings,
                                const RunControl& run);

// One of several stacks of patterns on the same rings.
struct FluctuationSeries {
  std::string name;
  double thickness = std::numeric_limits<double>::quiet_NaN();  // Angstrom
  double semiangle_mrad = std::numeric_limits<double>::quiet_NaN();
  Fluctuation f;
};

}  // namespace vitrobeam
