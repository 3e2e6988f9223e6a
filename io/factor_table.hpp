// A user's own electron scattering factors from a text file.
#pragma once
#include <string>

#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// One line per element or point, columns separated by commas or blanks, # begins a comment:
//   Cu,kirkland,a1,a2,a3,b1,b2,b3,c1,c2,c3,d1,d2,d3   sum a/(q^2 + b) + sum c exp(-d q^2)
//   Zr,lobato,a1,..,a5,b1,..,b5                       sum a (2 + b q^2)/(1 + b q^2)^2
//   Al,peng,a1,..,a5,b1,..,b5                         sum a exp(-b s^2), s = q/2
//   Ni,q,f                                            a point of f_e(q); q from 0, ascending
// q = 1/d in 1/Angstrom, f_e in Angstrom, not relativistic. Error{input} with file and line.
FactorTable read_factor_table(const std::string& path);

}  // namespace vitrobeam
