// The electron of the beam: wavelength and interaction constant at an accelerating voltage.
#pragma once

namespace vitrobeam {

double wavelength(double energy_kV);            // Angstrom, relativistic
double interaction_constant(double energy_kV);  // sigma in rad / (V Angstrom)
// Radius of the disc that a convergent beam makes of every reflection, 1/Angstrom.
double disc_radius(double semiangle_mrad, double energy_kV);

}  // namespace vitrobeam
