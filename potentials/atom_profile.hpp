// How the potential of one atom is distributed along the beam.
#pragma once
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// Part of f(q), in Angstrom, that lies farther than `distance` (Angstrom, >= 0) beyond the atom on
// one side of it:
//   integral from `distance` to infinity of  integral f(sqrt(q^2 + q_z^2)) exp(2 pi i q_z z) dq_z
//   dz,
// with the smearing exp(-2 pi^2 u^2 (q^2 + q_z^2)) of an atom that moves by `u_rms` along every
// axis. Half of f(q) at distance 0. Closed form; `factor` must have terms.
double factor_beyond(const ElementFactor& factor, double u_rms, double q, double distance);

}  // namespace vitrobeam
