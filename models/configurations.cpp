#include "models/configurations.hpp"

#include <algorithm>

#include "models/occupancy.hpp"

namespace vitrobeam {

bool Configurations::has_vacancies() const { return has_partial_occupancy(atoms); }

Configuration Configurations::operator()(int number) const {
  if (frame && number > 0) return {frame(number)};
  Configuration c{atoms};
  if (motion && number > 0)
    c.displacements = thermal_displacements(*motion, seed, std::uint64_t(number));
  if (!has_vacancies()) return c;
  const auto there = occupied_sites(atoms, seed, std::uint64_t(std::max(1, number)));
  c.atoms = select(atoms, there);
  std::vector<Vector3d> kept;
  if (!c.displacements.empty())
    for (const std::size_t i : there) kept.push_back(c.displacements[i]);
  c.displacements = std::move(kept);
  return c;
}

}  // namespace vitrobeam
