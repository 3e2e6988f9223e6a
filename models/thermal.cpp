#include "models/thermal.hpp"

#include "base/random.hpp"

namespace vitrobeam {

std::vector<Vector3d> thermal_displacements(const Atoms& atoms, const std::map<int, double>& u_rms,
                                            std::uint64_t seed, std::uint64_t configuration) {
  std::vector<Vector3d> displacements;
  displacements.reserve(atoms.size());
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const auto n = normal4(seed, configuration, i);
    displacements.push_back(u_rms.at(atoms.numbers[i]) * Vector3d(n[0], n[1], n[2]));
  }
  return displacements;
}

}  // namespace vitrobeam
