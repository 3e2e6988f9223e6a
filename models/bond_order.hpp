// Bond-orientational order of every atom: q_l and w_l (Steinhardt, Nelson and Ronchetti, Phys. Rev.
// B 28 (1983) 784) and their averages over the first shell (Lechner and Dellago, J. Chem. Phys. 129
// (2008) 114707).
#pragma once
#include "models/neighbours.hpp"

namespace vitrobeam {

// q_lm(i) = mean of Y_lm over the bonds of i; q_l = sqrt(4 pi / (2l+1) sum |q_lm|^2); w_l = sum of
// (l l l; m1 m2 m3) q_lm1 q_lm2 q_lm3 over (sum |q_lm|^2)^(3/2). Averaged: the same of the mean of
// q_lm over the atom itself and its neighbours. Atoms without neighbours have 0.
struct BondOrder {
  std::vector<double> q, w, q_averaged, w_averaged;
};

// `l` from 1 to 12; w_l is 0 for odd l.
BondOrder bond_order(const NeighbourList& neighbours, int l);

// (j1 j2 j3; m1 m2 m3), Racah's formula; j up to 12.
double wigner_3j(int j1, int j2, int j3, int m1, int m2, int m3);

}  // namespace vitrobeam
