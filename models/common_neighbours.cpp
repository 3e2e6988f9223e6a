#include "models/common_neighbours.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

struct Signature {
  int common, bonds, chain;
  bool operator==(const Signature&) const = default;
};

// The most edges that one walk without repeated edges takes through a graph of few vertices.
int longest_walk(const std::vector<std::uint64_t>& graph, std::size_t at,
                 std::vector<std::uint64_t>& used) {
  int longest = 0;
  for (std::uint64_t open = graph[at] & ~used[at]; open; open &= open - 1) {
    const auto next = std::size_t(std::countr_zero(open));
    used[at] |= std::uint64_t{1} << next;
    used[next] |= std::uint64_t{1} << at;
    longest = std::max(longest, 1 + longest_walk(graph, next, used));
    used[at] &= ~(std::uint64_t{1} << next);
    used[next] &= ~(std::uint64_t{1} << at);
  }
  return longest;
}

// `bonded[a]`: bits of the vertices bonded with a; `common`: bits of the common neighbours.
Signature signature_of(const std::vector<std::uint64_t>& bonded, std::uint64_t common) {
  Signature s{std::popcount(common), 0, 0};
  std::vector<std::uint64_t> graph(bonded.size(), 0), used(bonded.size(), 0);
  for (std::uint64_t left = common; left; left &= left - 1) {
    const auto a = std::size_t(std::countr_zero(left));
    graph[a] = bonded[a] & common;
    s.bonds += std::popcount(graph[a]);
  }
  s.bonds /= 2;
  if (s.bonds > 12) {  // a clump of close atoms: no crystal; the walk would take too long
    s.chain = s.bonds;
    return s;
  }
  for (std::uint64_t left = common; left; left &= left - 1)
    s.chain = std::max(s.chain, longest_walk(graph, std::size_t(std::countr_zero(left)), used));
  return s;
}

// Which of these points are closer to each other than `cutoff`.
std::vector<std::uint64_t> bonds_among(const std::vector<Vector3d>& points, double cutoff) {
  std::vector<std::uint64_t> out(points.size(), 0);
  for (std::size_t a = 0; a < points.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if ((points[a] - points[b]).squaredNorm() <= cutoff * cutoff) {
        out[a] |= std::uint64_t{1} << b;
        out[b] |= std::uint64_t{1} << a;
      }
  return out;
}

std::array<int, 5> count_kinds(const std::vector<Vector3d>& points, double cutoff) {
  constexpr std::array<Signature, 5> kKinds = {
      {{4, 2, 1}, {4, 2, 2}, {5, 5, 5}, {6, 6, 6}, {4, 4, 4}}};
  const auto bonded = bonds_among(points, cutoff);
  std::array<int, 5> out{};
  for (const std::uint64_t common : bonded) {
    const auto found = std::find(kKinds.begin(), kKinds.end(), signature_of(bonded, common));
    if (found != kKinds.end()) ++out[std::size_t(found - kKinds.begin())];
  }
  return out;
}

LocalOrder class_of(const std::vector<Vector3d>& nearest) {
  const auto mean = [&](std::size_t from, std::size_t to) {
    double sum = 0;
    for (auto k = from; k < to; ++k) sum += nearest[k].norm();
    return sum / double(to - from);
  };
  const double between = (1 + std::sqrt(2.0)) / 2;  // first and second shell of fcc
  if (nearest.size() >= 12) {
    const auto n = count_kinds({nearest.begin(), nearest.begin() + 12}, between * mean(0, 12));
    if (n[0] == 12) return LocalOrder::fcc;
    if (n[0] == 6 && n[1] == 6) return LocalOrder::hcp;
    if (n[2] == 12) return LocalOrder::icosahedral;
  }
  if (nearest.size() >= 14) {
    const double edge = (mean(0, 8) * 2 / std::sqrt(3.0) * 8 + mean(8, 14) * 6) / 14;
    const auto n = count_kinds({nearest.begin(), nearest.begin() + 14}, between * edge);
    if (n[3] == 8 && n[4] == 6) return LocalOrder::bcc;
  }
  return LocalOrder::other;
}

}  // namespace

std::map<std::string, double> bond_signatures(const NeighbourList& neighbours) {
  std::map<std::array<int, 3>, std::size_t> counts;
  std::size_t bonds = 0;
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const auto first = neighbours.first[i];
    const auto n = std::min<std::size_t>(neighbours.count(i), 64);
    std::vector<Vector3d> points(neighbours.step.begin() + std::ptrdiff_t(first),
                                 neighbours.step.begin() + std::ptrdiff_t(first + n));
    std::vector<std::uint64_t> bonded(n, 0);
    for (std::size_t a = 0; a < n; ++a) {
      const auto j = neighbours.atom[first + a];
      for (auto k = neighbours.first[j]; k < neighbours.first[j + 1]; ++k)
        for (std::size_t b = 0; b < n; ++b)
          if (neighbours.atom[k] == neighbours.atom[first + b] &&
              (points[a] + neighbours.step[k] - points[b]).squaredNorm() < 1e-12)
            bonded[a] |= std::uint64_t{1} << b;
    }
    for (std::size_t a = 0; a < n; ++a) {
      const Signature s = signature_of(bonded, bonded[a]);
      ++counts[{s.common, s.bonds, s.chain}];
      ++bonds;
    }
  }
  std::map<std::string, double> out;
  for (const auto& [kind, count] : counts) {
    const auto [common, among, chain] = kind;
    const bool short_name = common < 10 && among < 10 && chain < 10;
    out[short_name ? fmt::format("{}{}{}", common, among, chain)
                   : fmt::format("{}-{}-{}", common, among, chain)] = double(count) / double(bonds);
  }
  return out;
}

std::vector<LocalOrder> common_neighbour_classes(const NeighbourList& neighbours) {
  std::vector<LocalOrder> out;
  for (std::size_t i = 0; i < neighbours.size(); ++i)
    out.push_back(class_of(nearest_steps(neighbours, i, 14)));
  return out;
}

}  // namespace vitrobeam
