#include "models/chemical_order.hpp"

namespace vitrobeam {
namespace {

// `bonds(visit)` calls visit(i, j) for every neighbour j of every atom i.
template <typename Bonds>
ChemicalOrder order_of(const std::vector<int>& numbers, Bonds bonds) {
  std::map<int, double> count;
  for (int z : numbers) count[z] += 1;
  ChemicalOrder out;
  for (const auto& a : count)
    for (const auto& b : count) out.coordination[{a.first, b.first}] = 0;
  bonds([&](std::size_t i, std::size_t j) { out.coordination[{numbers[i], numbers[j]}] += 1; });
  for (auto& [pair, z] : out.coordination) {
    z /= count[pair.first];
    out.total_coordination[pair.first] += z;
  }
  for (const auto& [pair, z] : out.coordination) {
    const double all = out.total_coordination[pair.first];
    const double share = count[pair.second] / double(numbers.size());
    out.warren_cowley[pair] = all > 0 ? 1 - z / all / share : 0;
  }
  return out;
}

}  // namespace

ChemicalOrder chemical_order(const std::vector<int>& numbers, const NeighbourList& neighbours) {
  return order_of(numbers, [&](auto visit) {
    for (std::size_t i = 0; i < neighbours.size(); ++i)
      for (auto k = neighbours.first[i]; k < neighbours.first[i + 1]; ++k)
        visit(i, neighbours.atom[k]);
  });
}

ChemicalOrder chemical_order(const std::vector<int>& numbers,
                             const std::vector<std::vector<std::size_t>>& neighbours) {
  return order_of(numbers, [&](auto visit) {
    for (std::size_t i = 0; i < neighbours.size(); ++i)
      for (auto j : neighbours[i]) visit(i, j);
  });
}

}  // namespace vitrobeam
