// Electron scattering factors of neutral atoms, 103 elements, in two parametrisations.
#pragma once
#include <vector>

namespace vitrobeam {

enum class Parametrisation { kirkland, lobato };

// f_e(q) in Angstrom at q = 1/d in 1/Angstrom. Kirkland: Advanced Computing in Electron Microscopy
// (2010), appendix C. Lobato and Van Dyck: Acta Cryst. A70 (2014) 636. Not relativistic: multiply
// by gamma for a cross section.
double scattering_factor(Parametrisation table, int atomic_number, double q);

// V_q = kPotentialUnit / area * f_e(q): h^2 / (2 pi m e) = 2 pi a_0 e in V Angstrom^2 (CODATA
// 2018).
extern const double kPotentialUnit;

}  // namespace vitrobeam
