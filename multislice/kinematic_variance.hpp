// Fluctuation of a model under single scattering without propagation, as the field's reference
// program computes it: an Airy probe of resolution Q on every pixel of every orientation,
//   I(k) = sum_ij f_i f_j A1(2 pi Q r_i) A1(2 pi Q r_j) J0(2 pi k r_ij),  A1(x) = 2 J1(x) / x,
// r_i the distance of an atom from the probe and r_ij between two, both across the beam
// (Treacy and Gibson, Acta Cryst. A52 (1996) 212; Dash et al., J. Phys.: Condens. Matter 15 (2003)
// S2425).
#pragma once
#include <Eigen/Core>
#include <vector>

#include "models/atoms.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

struct KinematicProbe {
  double resolution = 0.0305;  // Q = 0.61 / R, 1/Angstrom; the probe ends at R
  int psi = 40, theta = 20;    // orientations: psi / 2 steps of psi over half a turn, and at each
                               // about 2 theta sin(psi) of theta over half a turn
  Parametrisation table = Parametrisation::kirkland;
  // Cut arguments of A1 and J0, and distances, down to multiples of 0.005 as the tables of the
  // reference program do, which moves its V(k) by up to 17 % at low k. To compare with it only.
  bool tabulated = false;
};

struct KinematicVariance {
  std::vector<double> mean, variance;  // <I>, V(k) = <I^2> / <I>^2 - 1 over pixels and orientations
  std::size_t samples = 0;
};

// I(k) of one probe at (0, 0), at k = first + i * step, from atoms given across the beam.
Eigen::ArrayXd kinematic_intensity(const std::vector<int>& numbers,
                                   const std::vector<Vector2d>& positions,
                                   const KinematicProbe& probe, double first, double step, int n);

// The periodic model turned into every orientation, cut to its own box, and sampled by the square
// pixels (edge sqrt(2) R) that fit side by side. Error{physics}: the cell is not orthogonal or not
// periodic, or no pixel fits.
KinematicVariance kinematic_variance(const Atoms& atoms, const KinematicProbe& probe, double first,
                                     double step, int n, int threads);

}  // namespace vitrobeam
