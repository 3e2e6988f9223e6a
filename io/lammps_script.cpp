#include "io/lammps_script.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/packing.hpp"

namespace vitrobeam {
namespace {

constexpr double kStartLattice = 4.0;  // Angstrom

int cells_of(const MeltQuench& q) {
  return std::max(3, int(std::lround(std::cbrt(q.atoms / 4.0))));
}

}  // namespace

ModelSize starting_size(const MeltQuench& q) {
  const int cells = cells_of(q);
  return {4 * std::pow(cells, 3), Vector3d::Constant(kStartLattice * cells)};
}

std::string melt_quench_script(const MeltQuench& q, std::uint64_t seed) {
  const Composition c = parse_composition(q.composition);
  const int cells = cells_of(q);
  const double dt = q.step_fs / 1000;  // ps
  const auto steps = [&](double ps) { return std::max(1L, std::lround(ps / dt)); };
  const double quench_ps = (q.melt - q.end) / q.rate;
  const int lammps_seed = int(seed % 900000000) + 1;
  const auto counts =
      atom_counts(c, 4 * std::size_t(cells) * std::size_t(cells) * std::size_t(cells));
  std::string names, set, mass;
  for (std::size_t k = 0; k < c.elements.size(); ++k) {
    names += fmt::format(" {}", symbol(c.elements[k]));
    mass += fmt::format("mass {} {}\n", k + 1, atomic_mass(c.elements[k]));
    if (k > 0)
      set +=
          fmt::format("set type 1 type/subset {} {} {}\n", k + 1, counts[k], lammps_seed + int(k));
  }
  return fmt::format(
      "# melt-quench of {composition}: {melt} K for {melt_ps} ps, to {end} K at {rate} K/ps, "
      "{hold_ps} ps there, energy minimum\n"
      "units metal\natom_style atomic\nboundary p p p\nlattice fcc {lattice:.1f}\n"
      "region b block 0 {cells} 0 {cells} 0 {cells}\n"
      "create_box {kinds} b\ncreate_atoms 1 box\n{set}{mass}"
      "pair_style {style}\npair_coeff * * {potential}{names}\n"
      "neighbor 1.0 bin\nneigh_modify delay 2 every 2 check yes\ntimestep {dt}\nthermo 1000\n"
      "velocity all create {hot} {seed} dist gaussian\n"
      "fix 1 all npt temp {melt} {melt} 0.2 iso 0 0 2.0\nrun {melt_steps}\nunfix 1\n"
      "fix 1 all npt temp {melt} {end} 0.2 iso 0 0 2.0\nrun {quench_steps}\nunfix 1\n"
      "fix 1 all npt temp {end} {end} 0.2 iso 0 0 2.0\nrun {hold_steps}\nunfix 1\n"
      "min_style cg\nminimize 1e-10 1e-6 1000 5000\n"
      "write_dump all custom quenched.dump id type element x y z modify element{names} sort id\n",
      fmt::arg("composition", q.composition), fmt::arg("melt", q.melt),
      fmt::arg("melt_ps", q.melt_ps), fmt::arg("end", q.end), fmt::arg("rate", q.rate),
      fmt::arg("hold_ps", q.hold_ps), fmt::arg("cells", cells), fmt::arg("lattice", kStartLattice),
      fmt::arg("kinds", c.elements.size()), fmt::arg("set", set), fmt::arg("mass", mass),
      fmt::arg("style", q.style), fmt::arg("potential", q.potential), fmt::arg("names", names),
      fmt::arg("dt", dt), fmt::arg("hot", 1.5 * q.melt), fmt::arg("seed", lammps_seed),
      fmt::arg("melt_steps", steps(q.melt_ps)), fmt::arg("quench_steps", steps(quench_ps)),
      fmt::arg("hold_steps", steps(q.hold_ps)));
}

}  // namespace vitrobeam
