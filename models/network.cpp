#include "models/network.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "base/random.hpp"
#include "models/crystal.hpp"
#include "models/elements.hpp"
#include "models/fire.hpp"
#include "models/interaction.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

constexpr double kAlpha = 2.965, kBeta = 0.285 * kAlpha;  // eV/Angstrom^2
using Index = std::uint32_t;

Vector3d nearest(const Network& n, const Vector3d& d) { return nearest_image(d, n.box); }

// Energy of the bonds (half each) and angles of one atom; forces on it and its neighbours if
// wanted.
double energy_of(const Network& n, Index i, std::vector<Vector3d>* forces) {
  const double d2 = n.bond * n.bond, a = 3.0 / 16 * kAlpha / d2, b = 3.0 / 8 * kBeta / d2;
  std::array<Vector3d, 4> r;
  double energy = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const Index j = n.bonds[i][k];
    r[k] = nearest(n, n.positions[j] - n.positions[i]);
    const double s = r[k].squaredNorm() - d2;
    energy += a * s * s / 2;
    if (!forces) continue;
    const Vector3d f = 2 * a * s * r[k];  // half of 4 a s r: the other half comes from j
    (*forces)[i] += f;
    (*forces)[j] -= f;
  }
  for (std::size_t k = 0; k < 4; ++k)
    for (std::size_t m = 0; m < k; ++m) {
      const double s = r[k].dot(r[m]) + d2 / 3;
      energy += b * s * s;
      if (!forces) continue;
      const Vector3d on_k = -2 * b * s * r[m], on_m = -2 * b * s * r[k];
      (*forces)[n.bonds[i][k]] += on_k;
      (*forces)[n.bonds[i][m]] += on_m;
      (*forces)[i] -= on_k + on_m;
    }
  return energy;
}

bool bonded(const Network& n, Index a, Index b) {
  return std::find(n.bonds[a].begin(), n.bonds[a].end(), b) != n.bonds[a].end();
}

void replace(Network& n, Index of, Index from, Index to) {
  *std::find(n.bonds[of].begin(), n.bonds[of].end(), from) = to;
}

// Atoms within `steps` bonds of any of `from`.
std::vector<Index> around(const Network& n, const std::vector<Index>& from, int steps) {
  std::set<Index> all(from.begin(), from.end());
  std::vector<Index> edge = from;
  for (int s = 0; s < steps; ++s) {
    std::vector<Index> next;
    for (Index i : edge)
      for (Index j : n.bonds[i])
        if (all.insert(j).second) next.push_back(j);
    edge = next;
  }
  return {all.begin(), all.end()};
}

// Relaxes the atoms of `free`; `felt` are those whose terms move them. FIRE on a few dozen atoms.
void relax_some(Network& n, const std::vector<Index>& free, const std::vector<Index>& felt,
                int steps, double force, std::vector<Vector3d>& work) {
  std::vector<Vector3d> x, f(free.size());
  for (Index i : free) x.push_back(n.positions[i]);
  Fire fire(free.size(), 0.05, 0.25);
  for (int s = 0; s < steps; ++s) {
    for (Index i : felt) {
      work[i].setZero();
      for (Index j : n.bonds[i]) work[j].setZero();
    }
    for (Index i : felt) energy_of(n, i, &work);
    double most = 0;
    for (std::size_t k = 0; k < free.size(); ++k) {
      f[k] = work[free[k]];
      most = std::max(most, f[k].squaredNorm());
    }
    if (most < force * force) break;
    fire.move(x, f, 0.3);
    for (std::size_t k = 0; k < free.size(); ++k) n.positions[free[k]] = x[k];
  }
}

double energy_over(const Network& n, const std::vector<Index>& atoms) {
  double sum = 0;
  for (Index i : atoms) sum += energy_of(n, i, nullptr);
  return sum;
}

// A chain a-b-c-d whose outer bonds change hands: a-b, c-d become a-c, b-d.
struct Switch {
  Index a, b, c, d;
};

bool pick(const Network& n, RandomSequence& random, Switch& s) {
  s.b = Index(random.below(n.positions.size()));
  s.c = n.bonds[s.b][random.below(4)];
  s.a = n.bonds[s.b][random.below(4)];
  s.d = n.bonds[s.c][random.below(4)];
  if (s.a == s.c || s.d == s.b || s.a == s.d || bonded(n, s.a, s.c) || bonded(n, s.b, s.d))
    return false;
  // no triangles: a and c, or b and d, must not have another neighbour in common
  for (Index j : n.bonds[s.a])
    if (j != s.b && bonded(n, s.c, j)) return false;
  for (Index j : n.bonds[s.b])
    if (j != s.c && bonded(n, s.d, j)) return false;
  return true;
}

void apply(Network& n, const Switch& s) {
  replace(n, s.a, s.b, s.c);
  replace(n, s.c, s.d, s.a);
  replace(n, s.b, s.a, s.d);
  replace(n, s.d, s.c, s.b);
}

Network diamond(const NetworkSettings& s) {
  const double a = s.bond * 4 / std::sqrt(3.0);
  const Atoms unit = unit_cell(find_prototype("diamond"), {s.element}, a);
  Network n;
  n.bond = s.bond;
  n.box = Vector3d::Constant(a * s.cells);
  Cell cell = Cell::orthogonal(n.box.x(), n.box.y(), n.box.z());
  for (int x = 0; x < s.cells; ++x)
    for (int y = 0; y < s.cells; ++y)
      for (int z = 0; z < s.cells; ++z)
        for (const auto& r : unit.positions) n.positions.push_back(r + a * Vector3d(x, y, z));
  n.bonds.resize(n.positions.size());
  std::vector<std::size_t> count(n.positions.size(), 0);
  visit_neighbours(
      cell, n.positions, 1.2 * s.bond,
      [&](std::size_t i, std::size_t j, const Vector3d&) { n.bonds[i][count[i]++] = Index(j); });
  return n;
}

// One attempt: switch, relax nearby, keep by Metropolis' rule or put everything back.
bool try_switch(Network& n, double kT, RandomSequence& random, std::vector<Vector3d>& work) {
  Switch s{};
  if (!pick(n, random, s)) return false;
  const double allowance = -kT * std::log(random.uniform());
  apply(n, s);
  const auto free = around(n, {s.a, s.b, s.c, s.d}, 2), felt = around(n, free, 1);
  std::vector<Vector3d> before;
  for (Index i : felt) before.push_back(n.positions[i]);
  const auto put_back = [&] {
    for (std::size_t k = 0; k < felt.size(); ++k) n.positions[felt[k]] = before[k];
    apply(n, {s.a, s.c, s.b, s.d});  // its own inverse with the middle atoms exchanged
  };
  // energy of the old bonds at the old places
  apply(n, {s.a, s.c, s.b, s.d});
  const double old_energy = energy_over(n, felt);
  apply(n, s);
  relax_some(n, free, felt, 12, 0.3, work);
  // an attempt that is hopeless is not relaxed to the end (Barkema and Mousseau)
  if (energy_over(n, felt) - old_energy > allowance + 3.0) {
    put_back();
    return false;
  }
  relax_some(n, free, felt, 60, 0.05, work);
  if (energy_over(n, felt) - old_energy > allowance) {
    put_back();
    return false;
  }
  return true;
}

std::vector<Index> everyone(const Network& n) {
  std::vector<Index> all(n.positions.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = Index(i);
  return all;
}

void check_cells(const NetworkSettings& s) {
  if (s.cells < 2 || s.cells > 12)
    fail(Fault::usage, "{} cells of diamond are asked for; 2 to 12 are possible", s.cells);
}

// Bond switches that melt the crystal, then attempts while the temperature falls; how many were
// kept.
std::size_t anneal(Network& n, const NetworkSettings& s) {
  constexpr std::uint64_t kStream = 0x7777772e;
  RandomSequence random(s.seed, kStream);
  std::vector<Vector3d> work(n.positions.size(), Vector3d::Zero());
  const double atoms = double(n.positions.size());
  const auto all = everyone(n);
  for (std::size_t k = 0; k < std::size_t(s.randomise * atoms);) {
    Switch one{};
    if (!pick(n, random, one)) continue;
    apply(n, one);
    const auto free = around(n, {one.a, one.b, one.c, one.d}, 2);
    relax_some(n, free, around(n, free, 1), 20, 0.3, work);
    ++k;
  }
  relax_some(n, all, all, 300, 0.05, work);
  std::size_t kept = 0;
  const auto attempts = std::size_t(s.anneal * atoms);
  for (std::size_t k = 0; k < attempts; ++k) {
    const double share = double(k) / double(attempts);
    const double kT = s.hot_eV * std::pow(s.cold_eV / s.hot_eV, share);
    kept += try_switch(n, kT, random, work);
    if (k % (4 * n.positions.size()) == 0) relax_some(n, all, all, 60, 0.05, work);
  }
  relax_some(n, all, all, 2000, 1e-4, work);
  return kept;
}

// Places apart from each other for spheres in the cell.
std::vector<Vector3d> sphere_centres(const Vector3d& edges, double bond, const DensityClusters& s,
                                     RandomSequence& random) {
  if (2 * s.radius > 0.8 * edges.minCoeff())
    fail(Fault::physics, "clusters of {:g} Angstrom radius do not fit a cell of {:g} Angstrom",
         s.radius, edges.minCoeff());
  std::vector<Vector3d> centres;
  for (int attempt = 0; int(centres.size()) < s.count; ++attempt) {
    if (attempt > 20000)
      fail(Fault::physics,
           "{} clusters of {:g} Angstrom radius do not fit the cell apart from each other", s.count,
           s.radius);
    const Vector3d c(random.uniform() * edges.x(), random.uniform() * edges.y(),
                     random.uniform() * edges.z());
    if (std::all_of(centres.begin(), centres.end(), [&](const Vector3d& o) {
          return nearest_image(o - c, edges).norm() > 2 * s.radius + bond;
        }))
      centres.push_back(c);
  }
  return centres;
}

}  // namespace

double keating_energy(const Network& n) { return energy_over(n, everyone(n)); }

ModelSize expected_size(const NetworkSettings& s) {
  check_cells(s);
  return {8 * std::pow(s.cells, 3), Vector3d::Constant(s.bond * 4 / std::sqrt(3.0) * s.cells)};
}

NetworkModel random_network(const NetworkSettings& s) {
  check_cells(s);
  NetworkModel out;
  Network n = diamond(s);
  out.accepted = anneal(n, s);
  const double atoms = double(n.positions.size());
  out.energy = keating_energy(n) / atoms;
  double angles = 0, square = 0, lengths = 0, length2 = 0;
  for (std::size_t i = 0; i < n.positions.size(); ++i) {
    std::array<Vector3d, 4> r;
    for (std::size_t k = 0; k < 4; ++k) {
      r[k] = nearest(n, n.positions[n.bonds[i][k]] - n.positions[i]);
      lengths += r[k].norm() / (4 * atoms);
      length2 += r[k].squaredNorm() / (4 * atoms);
      for (std::size_t m = 0; m < k; ++m) {
        const double angle =
            std::acos(std::clamp(r[k].normalized().dot(r[m].normalized()), -1.0, 1.0)) * 180 /
            std::numbers::pi;
        angles += angle / (6 * atoms);
        square += angle * angle / (6 * atoms);
      }
    }
  }
  out.angle_deg = angles;
  out.angle_spread_deg = std::sqrt(std::max(0.0, square - angles * angles));
  out.bond_spread = std::sqrt(std::max(0.0, length2 / (lengths * lengths) - 1));
  out.atoms.cell = Cell::orthogonal(n.box.x(), n.box.y(), n.box.z());
  for (const auto& r : n.positions) out.atoms.add(s.element, r);
  wrap(out.atoms);
  out.network = std::move(n);
  return out;
}

Atoms with_density_clusters(const Atoms& network, double bond, const DensityClusters& s,
                            const RunControl& run) {
  constexpr std::uint64_t kStream = 0x64656e73;
  const Vector3d edges = network.cell.lengths();
  RandomSequence random(s.seed, kStream);
  const std::vector<Vector3d> centres = sphere_centres(edges, bond, s, random);
  const double bulk = number_density(network);
  Atoms out;
  out.cell = network.cell;
  std::vector<std::int64_t> label;
  std::vector<bool> fixed;
  for (std::size_t i = 0; i < network.size(); ++i)
    if (std::all_of(centres.begin(), centres.end(), [&](const Vector3d& c) {
          return nearest_image(network.positions[i] - c, edges).norm() > s.radius;
        })) {
      out.add(network.numbers[i], network.positions[i]);
      label.push_back(0);
      fixed.push_back(true);
    }
  for (std::size_t k = 0; k < centres.size(); ++k) {
    const double change = k % 2 ? s.loose : s.dense;
    const auto n = std::llround(bulk * (1 + change) * 4.18879020479 * std::pow(s.radius, 3));
    for (long long a = 0; a < n; ++a) {
      Vector3d d;
      do d = 2 * Vector3d(random.uniform(), random.uniform(), random.uniform()) - Vector3d::Ones();
      while (d.norm() > 1);
      out.add(network.numbers[0], centres[k] + (s.radius - bond / 4) * d);
      label.push_back(k % 2 ? -1 : 1);
      fixed.push_back(false);
    }
  }
  Contacts contacts;
  contacts.distance[{network.numbers[0], network.numbers[0]}] = bond;
  RelaxSettings settings;
  settings.force = 1e-3;
  settings.fixed = fixed;
  out = relax(out, contacts, settings, run).atoms;
  out.labels["density_cluster"].values = std::move(label);
  return out;
}

}  // namespace vitrobeam
