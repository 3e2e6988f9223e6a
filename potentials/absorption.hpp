// What thermal diffuse scattering takes from the elastic wave: an imaginary potential of every atom
// in the Einstein model.
#pragma once
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// f'(q) in Angstrom, as a list up to `q_max` and, with fewer points, to `far`, of an atom with
// scattering factor f that moves by `u_rms` (Angstrom, one axis):
//   f'(q) = sigma K / 2 * integral of f(|q/2 + p|) f(|q/2 - p|)
//             [exp(-2 pi^2 u^2 q^2) - exp(-2 pi^2 u^2 (q^2/2 + 2 p^2))] d^2p
// over the plane (Hall and Hirsch, Proc. R. Soc. A 286 (1965) 158; Bird and King, Acta Cryst. A46
// (1990) 202; derived anew in docs/decisions). sigma is the interaction constant in rad/(V
// Angstrom), K = kPotentialUnit, sigma K = gamma lambda. The wave is multiplied by exp(i sigma v -
// sigma v') with v' of the coefficients K f'(q) / area, so 2 sigma K f'(0) is the cross section of
// thermal diffuse scattering. Thermal smearing is contained. `f` must be known at any q.
ElementFactor absorptive_factor(const ElementFactor& f, double u_rms, double interaction_constant,
                                double q_max, double far = 0);

}  // namespace vitrobeam
