// What angular power says about a specimen: Friedel's law and its end, the floor of odd orders, the
// power of a ring, and whether the beam is where it was stated to be.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "base/array.hpp"
#include "patterns/angular.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

// Correlation of the intensities at q and -q behind a random object of `thickness` Angstrom that
// scatters once: the phase exp(2 pi i lambda q^2 z) between the two runs over the thickness, so
//   rho = sinc^2(pi lambda q^2 t), sinc x = sin x / x.
// The limit of a parallel beam; convergence lowers it further.
double friedel_correlation(double q, double thickness, double wavelength);
// Odd over even power behind it: (1 - rho) / (1 + rho).
double odd_over_even(double q, double thickness, double wavelength);
// The thickness at which rho falls to `correlation`; not a number outside 0 < correlation < 1.
double thickness_from_friedel(double correlation, double q, double wavelength);

// Even orders less the mean of their odd neighbours, which estimates what is not Friedel-correlated
// (chance, noise); odd orders and the last even one without an upper neighbour are not-a-number.
PlaneD less_odd_floor(const Eigen::Ref<const PlaneD>& power);  // [n - 1, q]

// A band of radii, 1/Angstrom.
struct RingBand {
  double low = 0, high = 0;
};
// Around the maximum of q <I>(q), 8 % to either side: the first ring of a glass.
RingBand brightest_ring(const PolarGrid& grid, const Eigen::ArrayXd& radial_mean);

// Mean of every order over the resolved rings of the band, which count by `weights` [q]: [n];
// not-a-number if there are none. Maps and significance take AngularPower::mean_squared, that is
// |F_n|^2 and F_0^2 are summed over the band before they are divided. A dark ring, whose own ratio
// may be anything by counting or by chance, decides nothing then (what that finds:
// validation/analytic/symmetry_rings.py); a power that is the same in all rings is returned without
// bias either way.
Eigen::ArrayXd band_mean(const PolarGrid& grid, const RingBand& band,
                         const Eigen::Ref<const PlaneD>& power,
                         const Eigen::Ref<const Eigen::ArrayXd>& weights);

// Visible mean of every ring, [q]; not-a-number where nothing is visible.
Eigen::ArrayXd radial_mean(const Eigen::Ref<const PlaneF>& polar,
                           const Eigen::Ref<const PlaneF>& weights);

// By how much the undiffracted beam lies off the assumed centre, (x, y) in 1/Angstrom, from the
// one-fold modulation that this gives the rings of a mean pattern: least squares on
//   I(q, theta) = <I>(q) - <I>'(q) (dx cos theta + dy sin theta).
// Linear: good while it is small against the width of the rings.
Vector2d centre_shift(const PolarGrid& grid, const Eigen::Ref<const PlaneF>& polar,
                      const Eigen::Ref<const PlaneF>& weights);

}  // namespace vitrobeam
