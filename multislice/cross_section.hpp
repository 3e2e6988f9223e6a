// What one atom scatters onto an annular detector, single scattering: the zeroth order of HAADF.
#pragma once
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// sigma = integral of 2 pi q |gamma lambda f_e(q)|^2 dq between the two angles, q = angle / lambda,
// in Angstrom^2: elastic and thermal diffuse scattering together, which is what an annulus beyond
// the rings of a disordered solid counts. A layer of n atoms per Angstrom^2 scatters n sigma of the
// beam onto it. Error{physics} where the table ends before the outer angle.
double annular_cross_section(const FactorTable& factors, int atomic_number, double energy_kV,
                             double inner_mrad, double outer_mrad);

}  // namespace vitrobeam
