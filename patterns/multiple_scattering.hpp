// From the mean rings of a specimen to those of single scattering of a parallel beam in a bulk.
//   Multiple scattering: divided by the ratio of the dynamical to the kinematic mean pattern of a
//   model. Where the specimen's structure is not the model's, the difference is scattered again
//   too. The ratio treats it as if it were scattered like the whole, and incoherent transport,
//     I(r) = exp(tau [k(r) - k(0)]) - exp(-tau k(0)),  k(r) the Hankel transform of single
//   scattering in fractions of the beam (Moliere, Z. Naturforsch. 3a (1948) 78), as if waves that
//   were scattered once never met again. What is found lies between the two: their geometric mean
//   is taken.
//   Smearing: the central disc is a convolution in the plane, the two faces are one along the beam
//   by thickness sinc^2(pi thickness q_z) of S - 1. Both are undone by iteration
//   (Richardson, J. Opt. Soc. Am. 62 (1972) 55; Lucy, Astron. J. 79 (1974) 745).
#pragma once
#include <vector>

#include "patterns/radial.hpp"

namespace vitrobeam {

// Means over the composition on rings, 1/Angstrom and Angstrom^2.
struct RingFactors {
  Eigen::ArrayXd q, squared, of_mean;
};

struct RingSmearing {
  double disc = 0;       // radius of the central disc, 1/Angstrom
  double thickness = 0;  // Angstrom; 0: a bulk
};
// `intensity` on the rings, of a parallel beam in a bulk -> with disc and faces, and back.
Eigen::ArrayXd smeared(const RingFactors& factors, const Eigen::ArrayXd& intensity,
                       const RingSmearing& smearing);
Eigen::ArrayXd sharpened(const RingFactors& factors, const Eigen::ArrayXd& intensity,
                         const RingSmearing& smearing);

// Incoherent transport of radial profiles on the same rings. Inside the first ring a profile goes
// on as its ratio to <f^2>, beyond the last one as <f^2>.
class RingTransport {
 public:
  explicit RingTransport(const RingFactors& factors);
  // `single` in fractions of the beam per (1/Angstrom)^2.
  Eigen::ArrayXd operator()(const Eigen::ArrayXd& single, double strength) const;
  // tau: with it transport comes nearest to `dynamical` but for a common factor.
  double strength(const Eigen::ArrayXd& single, const Eigen::ArrayXd& dynamical) const;

 private:
  const RingFactors& factors_;
  Eigen::ArrayXd q_, squared_, r_;
  Eigen::MatrixXd bessel_;  // [r, q]
};

// Mean rings of piles of a model, fractions of the beam per (1/Angstrom)^2, on rings of its own.
struct SimulatedRings {
  Eigen::ArrayXd q;
  std::vector<Eigen::ArrayXd> kinematic, dynamical;  // [pile]
};

struct CorrectedRadial {
  RadialResult result;  // corrected; errors of patterns and of piles together
  Eigen::ArrayXd measured;
  Eigen::ArrayXd ratio, ratio_error;  // dynamical over kinematic, with the iteration; jackknife
  Eigen::ArrayXd ratio_range;         // half the way between ratio and transport: systematic
  double strength = 0;                // tau
};
// Error{input} with fewer than three piles or where errors of reduce_radial() are.
CorrectedRadial correct_radial(const RingMeans& rings, const SimulatedRings& model,
                               const RingFactors& factors, const RingSmearing& smearing,
                               const RadialSettings& settings);

}  // namespace vitrobeam
