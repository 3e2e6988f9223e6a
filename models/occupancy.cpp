#include "models/occupancy.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

// Streams of random numbers apart from those of thermal motion.
constexpr std::uint64_t kStream = std::uint64_t(1) << 62;

const std::vector<double>* occupancies(const Atoms& atoms) {
  const auto found = atoms.labels.find("occupancy");
  if (found == atoms.labels.end() || found->second.columns != 1) return nullptr;
  return std::get_if<std::vector<double>>(&found->second.values);
}

// Of every atom the lowest index at its position; only atoms that are not always there count.
std::vector<std::size_t> sites(const Atoms& atoms, const std::vector<double>& occupancy) {
  constexpr double kSamePlace = 0.01;  // Angstrom
  std::vector<std::size_t> partial, site(atoms.size());
  std::vector<Vector3d> positions;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    site[i] = i;
    if (occupancy[i] >= 1) continue;
    partial.push_back(i);
    positions.push_back(atoms.positions[i]);
  }
  visit_neighbours(atoms.cell, positions, kSamePlace,
                   [&](std::size_t i, std::size_t j, const Vector3d&) {
                     site[partial[i]] = std::min(site[partial[i]], partial[j]);
                   });
  return site;
}

}  // namespace

bool has_partial_occupancy(const Atoms& atoms) {
  const auto* occupancy = occupancies(atoms);
  if (!occupancy) return false;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (!((*occupancy)[i] >= 0 && (*occupancy)[i] <= 1))
      fail(Fault::input, "label occupancy of atom {} ({}) is {:g}; 0 to 1 is expected", i + 1,
           symbol(atoms.numbers[i]), (*occupancy)[i]);
  if (std::all_of(occupancy->begin(), occupancy->end(), [](double o) { return o == 1; }))
    return false;
  const auto site = sites(atoms, *occupancy);
  std::vector<double> sum(atoms.size(), 0);
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (site[i] != i || (*occupancy)[i] < 1) {
      sum[site[i]] += (*occupancy)[i];
      if (sum[site[i]] > 1 + 1e-6)
        fail(Fault::input,
             "the occupancies at the position of atom {} ({}) sum to {:g} with atom {}; at most 1 "
             "is expected of what shares a position",
             site[i] + 1, symbol(atoms.numbers[site[i]]), sum[site[i]], i + 1);
    }
  return true;
}

std::vector<std::size_t> occupied_sites(const Atoms& atoms, std::uint64_t seed,
                                        std::uint64_t configuration) {
  std::vector<std::size_t> present;
  const auto* occupancy = occupancies(atoms);
  const auto site = occupancy ? sites(atoms, *occupancy) : std::vector<std::size_t>{};
  std::vector<double> before(site.size(), 0);  // of the probabilities at a site
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (occupancy && (*occupancy)[i] < 1) {
      const double chance = uniform4(seed, kStream + configuration, site[i])[0],
                   low = before[site[i]];
      before[site[i]] += (*occupancy)[i];
      if (chance < low || chance >= before[site[i]]) continue;
    }
    present.push_back(i);
  }
  return present;
}

}  // namespace vitrobeam
