// Transmission functions of a potential that is exponentiated before the limit of the band cuts it:
// every Fourier coefficient of exp(i sigma V - sigma V') inside the band is right, where the
// exponential of a potential that is limited already scatters some per cent too much
// (docs/decisions/0015-converged-transmission.md).
#pragma once
#include <memory>

#include "potentials/slice_potential.hpp"

namespace vitrobeam {

// The potential of a model on this grid; settings.oversampling says how it is
// exponentiated. `interaction_constant` in rad/(V Angstrom). Errors as of SlicePotential.
template <typename Real>
std::shared_ptr<const PotentialSource<Real>> make_potential(
    const Grid& grid, const PotentialSettings& settings, double interaction_constant,
    const Atoms& atoms, int slices, const std::vector<Vector3d>& displacements = {});

}  // namespace vitrobeam
