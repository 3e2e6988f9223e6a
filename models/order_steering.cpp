#include "models/order_steering.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

struct Bonds {
  std::vector<std::vector<std::uint32_t>> of;  // neighbours of every atom
};

Bonds bonds(const Atoms& atoms, double cutoff) {
  Bonds out{std::vector<std::vector<std::uint32_t>>(atoms.size())};
  visit_neighbours(atoms.cell, atoms.positions, cutoff,
                   [&](std::size_t i, std::size_t j, const Vector3d&) {
                     out.of[i].push_back(std::uint32_t(j));
                   });
  return out;
}

// What alpha_ab is made of.
struct Counts {
  double ab = 0, a_any = 0, share_b = 0;
  double alpha() const { return 1 - ab / (a_any * share_b); }
};

Counts count(const Atoms& atoms, const Bonds& bonds, int a, int b) {
  Counts c;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    c.share_b += (atoms.numbers[i] == b) / double(atoms.size());
    if (atoms.numbers[i] != a) continue;
    for (auto j : bonds.of[i]) c.ab += atoms.numbers[j] == b;
    c.a_any += double(bonds.of[i].size());
  }
  if (c.share_b == 0 || c.a_any == 0)
    fail(Fault::physics, "no {} with a neighbour, or no {}: {}-{} has no order parameter",
         symbol(a), symbol(b), symbol(a), symbol(b));
  return c;
}

// Bonds from any a around `atom` and its own, to tell what a swap changes.
void add_around(const Atoms& atoms, const Bonds& bonds, std::size_t atom, int a, int b, double sign,
                Counts& c) {
  const int z = atoms.numbers[atom];
  if (z == a) c.a_any += sign * double(bonds.of[atom].size());
  for (auto j : bonds.of[atom]) {
    c.ab += sign * (z == a && atoms.numbers[j] == b);
    c.ab += sign * (z == b && atoms.numbers[j] == a);
  }
}

}  // namespace

Steered steer_order(const Atoms& atoms, int a, int b, double target, double cutoff,
                    std::uint64_t seed, double tolerance) {
  constexpr std::uint64_t kStream = 0x77617263;
  if (a == b) fail(Fault::usage, "swaps need two elements, not {} twice", symbol(a));
  const Bonds near = bonds(atoms, cutoff);
  Steered out{atoms};
  Atoms& model = out.atoms;
  std::vector<std::size_t> of_a, of_b;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (atoms.numbers[i] == a) of_a.push_back(i);
    if (atoms.numbers[i] == b) of_b.push_back(i);
  }
  Counts now = count(model, near, a, b);
  out.before = out.after = now.alpha();
  RandomSequence random(seed, kStream);
  const std::size_t patience = 40 * atoms.size() + 2000;
  for (std::size_t idle = 0; idle < patience && std::abs(out.after - target) > tolerance; ++idle) {
    std::size_t& p = of_a[random.below(of_a.size())];
    std::size_t& q = of_b[random.below(of_b.size())];
    // p and q may be neighbours: what they share is counted twice before and after alike
    Counts next = now;
    add_around(model, near, p, a, b, -1, next);
    add_around(model, near, q, a, b, -1, next);
    std::swap(model.numbers[p], model.numbers[q]);
    add_around(model, near, p, a, b, 1, next);
    add_around(model, near, q, a, b, 1, next);
    if (std::abs(next.alpha() - target) < std::abs(out.after - target)) {
      now = next;
      out.after = now.alpha();
      std::swap(p, q);
      ++out.swaps;
      idle = 0;
    } else {
      std::swap(model.numbers[p], model.numbers[q]);
    }
  }
  out.after = count(model, near, a, b).alpha();
  return out;
}

}  // namespace vitrobeam
