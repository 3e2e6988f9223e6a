// The input of a melt-quench by LAMMPS: a melt, a quench at constant pressure, a hold and an energy
// minimum, whose atoms go into quenched.dump.
#pragma once
#include <cstdint>
#include <string>

#include "models/atoms.hpp"

namespace vitrobeam {

struct MeltQuench {
  std::string composition = "Cu64.5Zr35.5";
  std::string potential = "/usr/share/lammps/potentials/CuZr_mm.eam.fs", style = "eam/fs";
  int atoms = 4000;               // rounded to a cube of fcc cells
  double melt = 2000, end = 300;  // K
  double rate = 10;               // K/ps
  double melt_ps = 15, hold_ps = 10, step_fs = 3;
};

// Of the fcc crystal that is melted.
ModelSize starting_size(const MeltQuench& quench);

// Error{usage} for a composition that is none.
std::string melt_quench_script(const MeltQuench& quench, std::uint64_t seed);

}  // namespace vitrobeam
