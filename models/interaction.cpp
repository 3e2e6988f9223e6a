#include "models/interaction.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/fire.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

ElementPair pair_of(int a, int b) { return {std::min(a, b), std::max(a, b)}; }

// Neighbours of every atom in fixed order, each with the vector to it when the list was made.
struct Neighbour {
  std::uint32_t atom;
  Vector3d image;  // position of the neighbour relative to its wrapped one: a sum of cell edges
};

struct ForceList {
  double skin = 0.6;  // Angstrom
  std::vector<Vector3d> built_at;
  std::vector<std::size_t> first;  // of every atom, and the end
  std::vector<Neighbour> all;
};

ForceList find_neighbours(const Atoms& atoms, double cutoff) {
  ForceList list;
  list.built_at = atoms.positions;
  list.first.assign(atoms.size() + 1, 0);
  std::size_t now = 0;
  visit_neighbours(
      atoms.cell, atoms.positions, cutoff + list.skin,
      [&](std::size_t i, std::size_t j, const Vector3d& r) {
        while (now < i) list.first[++now] = list.all.size();
        list.all.push_back({std::uint32_t(j), r - (atoms.positions[j] - atoms.positions[i])});
      });
  while (now < atoms.size()) list.first[++now] = list.all.size();
  return list;
}

bool is_stale(const ForceList& list, const std::vector<Vector3d>& positions) {
  const double limit = list.skin * list.skin / 4;
  for (std::size_t i = 0; i < positions.size(); ++i)
    if ((positions[i] - list.built_at[i]).squaredNorm() > limit) return true;
  return false;
}

struct Term {
  double energy, slope;
};

// Pair energies by element pair, dense over the elements that the model has.
struct PairTerms {
  std::vector<int> kind_of;  // of atomic number
  std::size_t kinds = 0;
  std::vector<double> distance;  // [kind * kinds + kind]

  double at(std::size_t a, std::size_t b) const { return distance[a * kinds + b]; }
};

PairTerms pair_terms(const Atoms& atoms, const std::map<ElementPair, double>& table,
                     const char* name) {
  const std::set<int> elements(atoms.numbers.begin(), atoms.numbers.end());
  PairTerms out;
  out.kind_of.assign(kElements + 1, 0);
  const std::vector<int> order(elements.begin(), elements.end());
  out.kinds = order.size();
  for (std::size_t k = 0; k < order.size(); ++k) out.kind_of[std::size_t(order[k])] = int(k);
  for (int a : order)
    for (int b : order) {
      const auto found = table.find(pair_of(a, b));
      if (found == table.end())
        fail(Fault::physics, "the {} potential knows no pair {}-{}", name, symbol(a), symbol(b));
      out.distance.push_back(found->second);
    }
  return out;
}

Term contact(double r, double d) {
  if (r >= d) return {0, 0};
  const double overlap = 1 - r / d;
  return {overlap * overlap / 2, -overlap / d};
}

Term lennard_jones_bare(double r, double minimum, double depth) {
  const double s6 = std::pow(minimum / r, 6);
  return {depth * (s6 * s6 - 2 * s6), -12 * depth * (s6 * s6 - s6) / r};
}

Term morse_bare(double r, double minimum, double depth, double decay) {
  const double e = std::exp(-decay * (r - minimum));
  return {depth * ((1 - e) * (1 - e) - 1), 2 * depth * decay * (1 - e) * e};
}

// Less value and slope at the cutoff: energy and force vanish there together.
template <typename Bare>
Term shifted(double r, double cutoff, Bare&& bare) {
  if (r >= cutoff) return {0, 0};
  const Term here = bare(r), there = bare(cutoff);
  return {here.energy - there.energy - there.slope * (r - cutoff), here.slope - there.slope};
}

// Sums pair terms over the list: every atom for itself, so that threads do not matter.
template <typename PairEnergy>
EnergyAndForces sum_pairs(const Atoms& atoms, const ForceList& list, double cutoff, int threads,
                          PairEnergy&& term) {
  EnergyAndForces out;
  out.forces.assign(atoms.size(), Vector3d::Zero());
  std::vector<double> energies(atoms.size());
  const double cutoff2 = cutoff * cutoff;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    double energy = 0;
    Vector3d force = Vector3d::Zero();
    for (std::size_t n = list.first[i]; n < list.first[i + 1]; ++n) {
      const std::size_t j = list.all[n].atom;
      const Vector3d d = atoms.positions[j] - atoms.positions[i] + list.all[n].image;
      const double r2 = d.squaredNorm();
      if (r2 >= cutoff2 || r2 == 0) continue;
      const double r = std::sqrt(r2);
      const Term t = term(i, j, r);
      energy += t.energy / 2;
      force += t.slope / r * d;
    }
    energies[i] = energy;
    out.forces[i] = force;
  }
  out.energy = std::accumulate(energies.begin(), energies.end(), 0.0);
  return out;
}

// Each interaction with what it prepares once per model.
struct Prepared {
  const Interaction& interaction;
  PairTerms terms;
  std::vector<std::size_t> kind;  // of every atom
  double cutoff = 0;
};

Prepared prepare(const Interaction& interaction, const Atoms& atoms) {
  Prepared p{interaction, {}, {}, reach(interaction)};
  if (const auto* eam = std::get_if<EmbeddedAtom>(&interaction)) {
    for (int z : atoms.numbers) {
      const auto found = std::find(eam->elements.begin(), eam->elements.end(), z);
      if (found == eam->elements.end())
        fail(Fault::physics, "the embedded-atom potential knows no {}", symbol(z));
      p.kind.push_back(std::size_t(found - eam->elements.begin()));
    }
    return p;
  }
  if (const auto* c = std::get_if<Contacts>(&interaction))
    p.terms = pair_terms(atoms, c->distance, "contact");
  else if (const auto* lj = std::get_if<LennardJones>(&interaction))
    p.terms = pair_terms(atoms, lj->minimum, "Lennard-Jones");
  else
    p.terms = pair_terms(atoms, std::get<Morse>(interaction).minimum, "Morse");
  for (int z : atoms.numbers) p.kind.push_back(std::size_t(p.terms.kind_of[std::size_t(z)]));
  return p;
}

EnergyAndForces sum_embedded(const EmbeddedAtom& eam, const Atoms& atoms, const Prepared& p,
                             const ForceList& list, int threads) {
  std::vector<double> energies(atoms.size()), slopes(atoms.size());
  const double cutoff2 = p.cutoff * p.cutoff;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    double rho = 0;
    for (std::size_t n = list.first[i]; n < list.first[i + 1]; ++n) {
      const std::size_t j = list.all[n].atom;
      const double r2 = (atoms.positions[j] - atoms.positions[i] + list.all[n].image).squaredNorm();
      if (r2 < cutoff2) rho += eam.density[p.kind[j]][p.kind[i]].at(std::sqrt(r2)).value;
    }
    const CubicTable& f = eam.embedding[p.kind[i]];
    const auto [value, slope] = f.at(rho);
    energies[i] = value + (rho > f.last() ? slope * (rho - f.last()) : 0);
    slopes[i] = slope;
  }
  EnergyAndForces out = sum_pairs(
      atoms, list, p.cutoff, threads, [&](std::size_t i, std::size_t j, double r) -> Term {
        const auto rphi = eam.pair[p.kind[i]][p.kind[j]].at(r);
        const double phi = rphi.value / r;
        const double slope = rphi.slope / r - phi / r +
                             slopes[i] * eam.density[p.kind[j]][p.kind[i]].at(r).slope +
                             slopes[j] * eam.density[p.kind[i]][p.kind[j]].at(r).slope;
        return {phi, slope};
      });
  out.energy += std::accumulate(energies.begin(), energies.end(), 0.0);
  return out;
}

EnergyAndForces evaluate(const Prepared& p, const Atoms& atoms, const ForceList& list,
                         int threads) {
  const auto minimum = [&](std::size_t i, std::size_t j) {
    return p.terms.at(p.kind[i], p.kind[j]);
  };
  if (const auto* eam = std::get_if<EmbeddedAtom>(&p.interaction))
    return sum_embedded(*eam, atoms, p, list, threads);
  if (std::holds_alternative<Contacts>(p.interaction))
    return sum_pairs(atoms, list, p.cutoff, threads, [&](std::size_t i, std::size_t j, double r) {
      return contact(r, minimum(i, j));
    });
  if (const auto* lj = std::get_if<LennardJones>(&p.interaction))
    return sum_pairs(atoms, list, p.cutoff, threads, [&](std::size_t i, std::size_t j, double r) {
      const double m = minimum(i, j);
      return shifted(r, lj->cutoff * m,
                     [&](double x) { return lennard_jones_bare(x, m, lj->depth); });
    });
  const auto& morse = std::get<Morse>(p.interaction);
  return sum_pairs(atoms, list, p.cutoff, threads, [&](std::size_t i, std::size_t j, double r) {
    const double m = minimum(i, j);
    return shifted(r, morse.cutoff * m,
                   [&](double x) { return morse_bare(x, m, morse.depth, morse.decay); });
  });
}

double largest(const std::map<ElementPair, double>& table) {
  double most = 0;
  for (const auto& [pair, distance] : table) most = std::max(most, distance);
  return most;
}

}  // namespace

Contacts metallic_contacts(const std::vector<int>& numbers, double factor) {
  const std::set<int> elements(numbers.begin(), numbers.end());
  Contacts out;
  for (int a : elements)
    for (int b : elements)
      if (a <= b) out.distance[{a, b}] = factor * (metallic_radius(a) + metallic_radius(b));
  return out;
}

CubicTable::CubicTable(double step, const std::vector<double>& f) : step_(step) {
  const std::size_t n = f.size();
  if (n < 5) fail(Fault::input, "a table of {} values is too short; at least 5 are needed", n);
  std::vector<double> slope(n);
  slope[0] = f[1] - f[0];
  slope[1] = (f[2] - f[0]) / 2;
  slope[n - 2] = (f[n - 1] - f[n - 3]) / 2;
  slope[n - 1] = f[n - 1] - f[n - 2];
  for (std::size_t m = 2; m + 2 < n; ++m)
    slope[m] = ((f[m - 2] - f[m + 2]) + 8 * (f[m + 1] - f[m - 1])) / 12;
  for (std::size_t m = 0; m < n; ++m) {
    if (m + 1 == n) {
      coefficients_.push_back({f[m], slope[m], 0, 0});
      break;
    }
    const double rise = f[m + 1] - f[m];
    coefficients_.push_back({f[m], slope[m], 3 * rise - 2 * slope[m] - slope[m + 1],
                             slope[m] + slope[m + 1] - 2 * rise});
  }
}

CubicTable::Value CubicTable::at(double x) const {
  const double place = x / step_;
  const std::size_t m = std::min(std::size_t(std::max(place, 0.0)), coefficients_.size() - 2);
  const double p = std::clamp(place - double(m), 0.0, 1.0);
  const auto& c = coefficients_[m];
  return {((c[3] * p + c[2]) * p + c[1]) * p + c[0],
          ((3 * c[3] * p + 2 * c[2]) * p + c[1]) / step_};
}

double reach(const Interaction& interaction) {
  if (const auto* c = std::get_if<Contacts>(&interaction)) return largest(c->distance);
  if (const auto* lj = std::get_if<LennardJones>(&interaction))
    return lj->cutoff * largest(lj->minimum);
  if (const auto* m = std::get_if<Morse>(&interaction)) return m->cutoff * largest(m->minimum);
  return std::get<EmbeddedAtom>(interaction).cutoff;
}

void check_elements(const Interaction& interaction, const Atoms& atoms) {
  prepare(interaction, atoms);
}

EnergyAndForces evaluate(const Interaction& interaction, const Atoms& atoms, int threads) {
  const Prepared p = prepare(interaction, atoms);
  return evaluate(p, atoms, find_neighbours(atoms, p.cutoff), threads);
}

Relaxed relax(const Atoms& atoms, const Interaction& interaction, const RelaxSettings& settings,
              const RunControl& run) {
  const Prepared p = prepare(interaction, atoms);
  Relaxed out;
  out.atoms = atoms;
  ForceList list = find_neighbours(atoms, p.cutoff);
  const bool eV = !std::holds_alternative<Contacts>(interaction);
  // Forces of contacts are of the order of 1/Angstrom, those of atoms of 1 eV/Angstrom.
  Fire fire(atoms.size(), eV ? 0.05 : 0.3, eV ? 0.35 : 1.2);
  constexpr double kMostMove = 0.2;  // Angstrom in one step
  EnergyAndForces now = evaluate(p, out.atoms, list, run.threads);
  out.energy_before = now.energy;
  for (;; ++out.steps) {
    out.largest_force = 0;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      if (!settings.fixed.empty() && settings.fixed[i]) now.forces[i].setZero();
      out.largest_force = std::max(out.largest_force, now.forces[i].norm());
    }
    if (out.largest_force <= settings.force || out.steps >= settings.most_steps) break;
    run.check_stop();
    fire.move(out.atoms.positions, now.forces, kMostMove);
    if (is_stale(list, out.atoms.positions)) list = find_neighbours(out.atoms, p.cutoff);
    now = evaluate(p, out.atoms, list, run.threads);
  }
  out.energy = now.energy;
  wrap(out.atoms);
  return out;
}

}  // namespace vitrobeam
