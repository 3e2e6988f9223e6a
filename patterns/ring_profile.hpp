// The reference ring of a strain measurement: its radial profile, and how a strain changes it.
#pragma once
#include <functional>
#include <vector>

#include "patterns/polar.hpp"

namespace vitrobeam {

// What rings are divided by at q, 1/Angstrom: the mean squared scattering factor.
using Envelope = std::function<double(double q)>;

// Natural cubic spline through values on equal steps, straight on outside of them.
class Spline {
 public:
  Spline() = default;
  Spline(double first, double step, std::vector<double> values);
  struct Value {
    double value, slope;
  };
  Value operator()(double x) const;
  const std::vector<double>& values() const { return values_; }

 private:
  double first_ = 0, step_ = 1;
  std::vector<double> values_, curvature_;
};

// A smooth radial profile P on the bins of a polar grid. A specimen strained by the symmetric
// real-space tensor e turns the ring |q| = q0 of a parallel beam into q' with |(1 + e) q'| = q0
// (tension along x shrinks the ring along x): dP = q P' (e_0 + e_2 cos 2 theta), with
// e_0 = (e_xx + e_yy) / 2 and, in its own axes, e_2 = (e_xx - e_yy) / 2. A convergent beam
// convolves the ring with its disc, which is not strained: P = D * S, dP = D * (q . e . grad S).
class RingProfile {
 public:
  RingProfile(const PolarGrid& grid, std::vector<double> values);
  // Azimuthal mean of a polar pattern [q, theta]; bins of weight 0 take no part. Error{physics} if
  // a whole radius is hidden, or if there is nothing to see (no positive intensity).
  static RingProfile of(const PlaneF& polar, const PlaneF& weights, const PolarGrid& grid);

  // The beam's convergence: a full disc of this radius (semi-angle / wavelength, 1/Angstrom), 0 for
  // a parallel beam. `outward` is the profile with further bins of the same width at its end, as
  // far as they are known: what lies beyond the ring moves into it, out to the disc's radius.
  // Profiles are intensities over `envelope`(q), the mean squared scattering factor, which is not
  // strained either; 1 where they are not divided by it.
  void set_disc(double radius, const std::vector<double>& outward, const Envelope& envelope);

  // Value and slope (per 1/Angstrom) at q.
  Spline::Value operator()(double q) const { return profile_(q); }
  // What the disc adds to q P' for a unit of e_0 and of e_2.
  struct OfDisc {
    double dilatation, shear;
  };
  OfDisc of_disc(double q) const;
  double q_of_maximum() const;  // of the spline
  const std::vector<double>& values() const { return profile_.values(); }

 private:
  double first_, step_;
  Spline profile_, dilatation_of_disc_, shear_of_disc_;
};

}  // namespace vitrobeam
