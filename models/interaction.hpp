// Interatomic potentials: energy in eV, lengths in Angstrom; and relaxation by them.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/run_control.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

using ElementPair = std::pair<int, int>;  // atomic numbers, ascending

// Repulsion (1 - r / d)^2 / 2 below the distance d of each pair (an energy of no particular unit):
// moves atoms apart and holds nothing together.
struct Contacts {
  std::map<ElementPair, double> distance;
};
// Sums of the metallic radii, times `factor`.
Contacts metallic_contacts(const std::vector<int>& numbers, double factor = 1);

// 4 e ((s/r)^12 - (s/r)^6) and D ((1 - exp(-a (r - r0)))^2 - 1), both less their value and slope at
// the cutoff, beyond which they are nothing.
struct LennardJones {
  double depth = 0.4;                     // e, eV
  std::map<ElementPair, double> minimum;  // 2^(1/6) s, Angstrom
  double cutoff = 2.2;                    // times the minimum
};
struct Morse {
  double depth = 0.4, decay = 1.5;  // D in eV, a in 1/Angstrom
  std::map<ElementPair, double> minimum;
  double cutoff = 2.2;
};

// A table over equal steps from 0, interpolated by the cubics of LAMMPS' pair_style eam: slopes
// from five points, so that energies agree with it.
class CubicTable {
 public:
  CubicTable() = default;
  CubicTable(double step, const std::vector<double>& values);
  struct Value {
    double value, slope;
  };
  Value at(double x) const;  // beyond the last point: that point
  double last() const { return step_ * double(coefficients_.size() - 1); }

 private:
  double step_ = 1;
  std::vector<std::array<double, 4>> coefficients_;
};

// Embedded-atom method: E = sum_i F_i(rho_i) + 1/2 sum phi_ij(r), rho_i = sum_j density of j at i.
struct EmbeddedAtom {
  std::vector<int> elements;
  double cutoff = 0;
  std::vector<CubicTable> embedding;             // by element
  std::vector<std::vector<CubicTable>> density;  // [of][at], equal for all `at` in eam/alloy
  std::vector<std::vector<CubicTable>> pair;     // r phi(r), eV Angstrom
};

using Interaction = std::variant<Contacts, LennardJones, Morse, EmbeddedAtom>;

double reach(const Interaction& interaction);  // cutoff, Angstrom

struct EnergyAndForces {
  double energy = 0;
  std::vector<Vector3d> forces;  // eV/Angstrom
};
// Error{physics} if the interaction does not know an element.
void check_elements(const Interaction& interaction, const Atoms& atoms);
// The same error.
EnergyAndForces evaluate(const Interaction& interaction, const Atoms& atoms, int threads = 1);

struct RelaxSettings {
  double force = 1e-3;  // largest one left, eV/Angstrom
  int most_steps = 5000;
  std::vector<bool> fixed{};  // atoms that stay; empty: none
};
struct Relaxed {
  Atoms atoms;
  double energy_before = 0, energy = 0, largest_force = 0;
  int steps = 0;
};
// Moves atoms downhill in their cell by FIRE. Results do not depend on the number of threads. Of
// `run`: threads, stop.
Relaxed relax(const Atoms& atoms, const Interaction& interaction,
              const RelaxSettings& settings = {}, const RunControl& run = {});

}  // namespace vitrobeam
