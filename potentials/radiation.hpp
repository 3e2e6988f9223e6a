// What an atom scatters of electrons, x-rays and neutrons: the weights of structure factors.
#pragma once
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

enum class Radiation { electron, xray, neutron };

// Amplitude of an atom at q = 1/d (1/Angstrom). Electrons: scattering_factor() of the table, the
// same as the simulator's, in Angstrom. X-rays: International Tables C (1992), Cromer-Mann
// coefficients, in electrons, without anomalous terms; for q up to 4. Neutrons: real part of the
// bound coherent scattering length in fm (Neutron News 3 (1992) 29). Error{input}: the element is
// not in the table.
double scattering_amplitude(Radiation radiation, Parametrisation table, int atomic_number,
                            double q);

}  // namespace vitrobeam
