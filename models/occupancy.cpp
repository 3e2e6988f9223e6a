#include "models/occupancy.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {
namespace {

// Streams of random numbers apart from those of thermal motion.
constexpr std::uint64_t kStream = std::uint64_t(1) << 62;

const std::vector<double>* occupancy_label(const Atoms& atoms) {
  const auto found = atoms.labels.find("occupancy");
  if (found == atoms.labels.end() || found->second.columns != 1) return nullptr;
  return std::get_if<std::vector<double>>(&found->second.values);
}

// Of every atom the lowest index of its site: of the atoms that hang together by steps of at most
// kOnePlace; only atoms that are not always there count.
std::vector<std::size_t> sites(const Atoms& atoms, const std::vector<double>& occupancy) {
  std::vector<std::size_t> partial, site(atoms.size());
  std::vector<Vector3d> positions;
  const auto root = [&site](std::size_t i) {
    while (site[i] != i) i = site[i];
    return i;
  };
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    site[i] = i;
    if (occupancy[i] >= 1) continue;
    partial.push_back(i);
    positions.push_back(atoms.positions[i]);
  }
  visit_neighbours(atoms.cell, positions, kOnePlace,
                   [&](std::size_t i, std::size_t j, const Vector3d&) {
                     const std::size_t a = root(partial[i]), b = root(partial[j]);
                     site[std::max(a, b)] = std::min(a, b);
                   });
  for (std::size_t i = 0; i < site.size(); ++i) site[i] = root(i);
  return site;
}

}  // namespace

std::vector<double> occupancies(const Atoms& atoms) {
  const auto* label = occupancy_label(atoms);
  return label ? *label : std::vector<double>(atoms.size(), 1.0);
}

double atoms_in(const Atoms& atoms) {
  const auto* label = occupancy_label(atoms);
  return label ? std::accumulate(label->begin(), label->end(), 0.0) : double(atoms.size());
}

void require_full_occupancy(const Atoms& atoms, const std::string& what) {
  if (!has_partial_occupancy(atoms)) return;
  const auto occupancy = occupancies(atoms);
  const auto i =
      std::size_t(std::find_if(occupancy.begin(), occupancy.end(), [](double o) { return o < 1; }) -
                  occupancy.begin());
  fail(Fault::physics,
       "{}: sites of the model are partly occupied (occupancy {:g} of atom {}, {}), but an atom "
       "must be there or not; make a model in which every site is decided",
       what, occupancy[i], i + 1, symbol(atoms.numbers[i]));
}

bool has_partial_occupancy(const Atoms& atoms) {
  const auto* occupancy = occupancy_label(atoms);
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
  const auto* occupancy = occupancy_label(atoms);
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
