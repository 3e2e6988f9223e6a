// From the asymmetric unit of a crystallographic file to all atoms of the cell.
#pragma once
#include <gemmi/symmetry.hpp>
#include <gemmi/unitcell.hpp>

#include "io/structure_formats.hpp"

namespace vitrobeam {

struct CrystalSite {
  int number = 0;
  Vector3d fraction = Vector3d::Zero();
  double occupancy = 1;
  double u_rms = 0;  // Angstrom, one-dimensional; 0: not given
};

// Every image of every site in [0, 1); images of one site closer than 0.05 Angstrom are one atom on
// a special position. The cell has a along x and b in the xy plane.
Atoms fill_cell(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                const std::vector<gemmi::Op>& operations);

// All operations of a group, centring included.
std::vector<gemmi::Op> all_operations(const gemmi::GroupOps& group);

}  // namespace vitrobeam
