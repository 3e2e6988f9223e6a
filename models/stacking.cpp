#include "models/stacking.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

constexpr std::uint64_t kStackingStream = 0x737461636b;
// From one pile of a seed to the next. Seeds that differ by a multiple of it share piles, which a
// stream of the pile's number would not; the published curves of `density calibrate` and `symmetry
// limit` were measured on these piles, so they stay.
constexpr std::uint64_t kSeedsApart = 7919;

// Axis k of the copy is axis `axis[k]` of the block, in the sense of `sign[k]`.
struct BoxOperation {
  std::array<int, 3> axis;
  std::array<int, 3> sign;
};

BoxOperation random_operation(const Vector3d& edges, RandomSequence& random) {
  constexpr double kEqual = 1e-6;
  std::vector<std::array<int, 3>> permutations;
  for (std::array<int, 3> p = {0, 1, 2};;) {
    if (std::abs(edges[p[0]] - edges[0]) < kEqual && std::abs(edges[p[1]] - edges[1]) < kEqual &&
        std::abs(edges[p[2]] - edges[2]) < kEqual)
      permutations.push_back(p);
    if (!std::next_permutation(p.begin(), p.end())) break;
  }
  BoxOperation op{permutations[random.below(permutations.size())], {}};
  for (int& s : op.sign) s = random.below(2) == 0 ? 1 : -1;
  return op;
}

}  // namespace

Atoms stacked(const Atoms& block, double height, std::uint64_t seed, std::uint64_t pile_number,
              double overlap) {
  const auto& periodic = block.cell.periodic;
  if (!block.cell.is_orthogonal() || !(periodic[0] && periodic[1] && periodic[2]))
    fail(Fault::physics,
         "blocks are stacked from a rectangular cell that is periodic along all axes; this one is "
         "not: give a bulk model");
  const Vector3d edges = block.cell.lengths();
  Atoms pile;
  pile.cell = Cell::orthogonal(edges.x(), edges.y(), height);
  pile.cell.periodic = {true, true, false};
  std::vector<int> layer;
  const int blocks = std::max(1, int(std::ceil(height / edges.z() - 1e-9)));
  for (int b = 0; b < blocks; ++b) {
    RandomSequence random(seed + kSeedsApart * pile_number, kStackingStream + std::uint64_t(b));
    const BoxOperation op = random_operation(edges, random);
    const Vector3d shift(random.uniform(), random.uniform(), random.uniform());
    for (std::size_t i = 0; i < block.size(); ++i) {
      Vector3d r;
      for (int k = 0; k < 3; ++k) {
        const auto a = std::size_t(k);
        const double fraction =
            op.sign[a] * block.positions[i][op.axis[a]] / edges[op.axis[a]] + shift[k];
        r[k] = (fraction - std::floor(fraction)) * edges[k];
        if (r[k] >= edges[k]) r[k] = 0;
      }
      r.z() += b * edges.z();
      if (r.z() >= height) continue;
      pile.add(block.numbers[i], r);
      layer.push_back(b);
    }
  }
  double largest = 0;
  for (const int z : block.numbers) largest = std::max(largest, metallic_radius(z));
  std::vector<bool> is_kept(pile.size(), true);
  visit_neighbours(
      pile.cell, pile.positions, 2 * largest * overlap,
      [&](std::size_t i, std::size_t j, const Vector3d& d) {
        if (layer[i] < layer[j] && d.norm() < overlap * (metallic_radius(pile.numbers[i]) +
                                                         metallic_radius(pile.numbers[j])))
          is_kept[j] = false;
      });
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < pile.size(); ++i)
    if (is_kept[i]) kept.push_back(i);
  const std::size_t removed = pile.size() - kept.size();
  Atoms result = select(pile, kept);
  result.cell = pile.cell;
  result.info["stacked_blocks"] = std::to_string(blocks);
  result.info["stacked_removed"] = std::to_string(removed);
  return result;
}

}  // namespace vitrobeam
