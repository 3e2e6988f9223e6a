// Scattering of a model in all orientations, by its pair distribution (Debye, Ann. Phys. 351 (1915)
// 809, in the form of Faber and Ziman for a periodic bulk).
#pragma once
#include <functional>
#include <vector>

#include "models/atoms.hpp"
#include "potentials/scattering_factors.hpp"

namespace vitrobeam {

// Means over the composition at every q: <f^2> and <f>^2, Angstrom^2.
struct MeanFactors {
  std::vector<double> squared, of_mean;
};
MeanFactors mean_factors(const std::vector<int>& elements, const std::vector<double>& shares,
                         const std::vector<double>& q,
                         Parametrisation table = Parametrisation::kirkland);
// Sum of the shares times f^2 at one q.
std::function<double(double q)> squared_factor(std::vector<int> elements,
                                               std::vector<double> shares,
                                               Parametrisation table = Parametrisation::kirkland);

struct DebyeScattering {
  std::vector<double> intensity;  // per atom, Angstrom^2
  MeanFactors factors;
  std::vector<double> r, weighted;  // g(r) weighted by the factors at `weight_q`
};

// I(q) = <f^2> + <f>^2 [S(q) - 1] with the weighted structure factor of the pairs up to r_max,
// under a window that is 1 up to half of it and falls as cos^2 to its end.
// Error{physics} without a cell.
DebyeScattering debye_scattering(const Atoms& atoms, const std::vector<double>& q, double r_max,
                                 Parametrisation table = Parametrisation::kirkland,
                                 double weight_q = 0.5);

}  // namespace vitrobeam
