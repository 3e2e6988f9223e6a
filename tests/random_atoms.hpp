// Atoms without order, and how far patterns of them are apart.
#pragma once
#include "base/random.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

// In a periodic box; the elements take turns.
inline Atoms random_atoms(const Vector3d& box, int count, std::uint64_t seed,
                          const std::vector<int>& elements = {29, 40}) {
  RandomSequence random(seed, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  for (int i = 0; i < count; ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    atoms.add(elements[i % elements.size()], {x * box.x(), y * box.y(), z * box.z()});
  }
  return atoms;
}

// Of b's sum.
inline double difference(const PlaneD& a, const PlaneD& b) { return (a - b).abs().sum() / b.sum(); }

}  // namespace vitrobeam
