// Partial structure factors from partial pair distributions, and their weighted sum.
#pragma once
#include <functional>

#include "models/pair_distribution.hpp"

namespace vitrobeam {

// Faber-Ziman partials S_ab(q) = 1 + 4 pi rho integral of r^2 (g_ab(r) - 1) W(r) sinc(2 pi q r) dr,
// q = 1/d. W(r) = sinc(pi r / r_max) (Lorch, J. Phys. C 2 (1969) 229) takes away the ripples of a
// g(r) that ends at r_max, at the price of peaks no sharper than about 0.6 / r_max.
struct StructureFactor {
  std::vector<double> q;                                // 1/Angstrom
  std::map<std::string, std::vector<double>> partials;  // "Cu-Zr", as in PairDistribution
};
StructureFactor structure_factor(const PairDistribution& g, double number_density,
                                 const std::vector<double>& q, bool lorch = true);

// S(q) = sum over a, b of c_a c_b f_a f_b S_ab / <f>^2 = 1 + (I/N - <f^2>) / <f>^2, with the
// amplitude f(element, q) of the radiation.
std::vector<double> weighted_structure_factor(
    const StructureFactor& s, const std::map<int, double>& composition,
    const std::function<double(int element, double q)>& amplitude);

// Number of each element over the number of atoms, by occupancy.
std::map<int, double> element_shares(const Atoms& atoms);

// Height and place of the first peak of a g(r), by a parabola: the first maximum that reaches 0.3
// of the highest, both smoothed over 0.1 Angstrom. And of the highest point of `y` between two x.
struct Peak {
  double x = 0, height = 0;
};
Peak first_peak(const std::vector<double>& r, const std::vector<double>& g);
Peak highest_peak(const std::vector<double>& x, const std::vector<double>& y, double from,
                  double to);

}  // namespace vitrobeam
