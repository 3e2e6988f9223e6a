// Specimens as microscopes get them: wedges, oxide skins, local strain. Shear bands:
// shear_band.hpp.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/run_control.hpp"
#include "models/packing.hpp"

namespace vitrobeam {

// Keeps what lies between the entrance face and t(x) = thin + x tan(angle) (radian), along x from
// the low face of the cell; the cell opens along x and z. Error{physics}: it would be thicker than
// the cell.
Atoms wedge(const Atoms& atoms, double thin, double angle);

struct OxideSkin {
  Composition oxide;      // with oxygen, e.g. ZrO2
  double density_g = 0;   // g/cm^3
  double thickness = 10;  // Angstrom, of each skin
  bool entrance = true, exit = true;
  std::uint64_t seed = 1;
};
// Amorphous skins on the faces that the beam meets: ions at random places, pushed apart to
// metal-oxygen distances of 0.93 of (metallic radius + 0.66), 2.6 for O-O and the metallic radii
// between metals; each begins at the plane where the glass, at the density of its middle, would end
// (Gibbs' dividing surface), and its ions settle by the same distances on the glass, which stays.
// The cell grows along z. Label oxide (0, 1).
// Error{usage}: no oxide. Error{physics}: a cell that is not orthogonal, a skin of under 8 ions. Of
// `run`: threads, stop.
Atoms with_oxide(const Atoms& atoms, const OxideSkin& skin, const RunControl& run = {});
ModelSize expected_size(const Atoms& atoms, const OxideSkin& skin);  // the same errors

// Displacement at `r` (from the centre) by a spherical inclusion of `radius` that would strain
// itself by `eigenstrain` if it were free, in an infinite isotropic medium: J. D. Eshelby, Proc. R.
// Soc. A 241 (1957) 376; as T. Mura, Micromechanics of Defects in Solids (1987), eq. 11.30.
Vector3d inclusion_displacement(const Vector3d& r, double radius,
                                const Eigen::Matrix3d& eigenstrain, double poisson);
// Every atom moved by it; periodic images of the inclusion are not seen. Label inclusion (0, 1).
Atoms with_inclusion(const Atoms& atoms, const Vector3d& centre, double radius,
                     const Eigen::Matrix3d& eigenstrain, double poisson);

}  // namespace vitrobeam
