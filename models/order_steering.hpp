// Chemical short-range order steered by swaps to a Warren-Cowley parameter, as chemical_order.hpp
// measures it.
#pragma once
#include <cstdint>

#include "models/atoms.hpp"

namespace vitrobeam {

struct Steered {
  Atoms atoms;
  double before = 0, after = 0;
  std::size_t swaps = 0;
};
// Swaps atoms of a and b (places stay, elements and nothing else move) while alpha_ab comes nearer
// to `target`, until it is within `tolerance` or no swap of many helps: `after` says what was
// reached.
Steered steer_order(const Atoms& atoms, int a, int b, double target, double cutoff,
                    std::uint64_t seed, double tolerance = 1e-3);

}  // namespace vitrobeam
