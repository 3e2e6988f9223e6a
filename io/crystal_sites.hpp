// From the asymmetric unit of a crystallographic file to all atoms of the cell.
#pragma once
#include <gemmi/unitcell.hpp>

#include "io/crystal_symmetry.hpp"
#include "io/structure_formats.hpp"

namespace vitrobeam {

struct CrystalSite {
  int number = 0;
  Vector3d fraction = Vector3d::Zero();
  double occupancy = 1;
  double u_rms = 0;       // Angstrom, one-dimensional; 0: not given
  std::string name = {};  // for messages
  std::string kind = {};  // "Fe2+": sites of other kinds are no images of each other
  int multiplicity = 0;   // that the file states; 0: not given
};

struct FilledCell {
  Atoms atoms;
  std::vector<std::size_t> images;  // of every site, in the cell; 0: an image of another site
  std::size_t repeated = 0;         // sites that are images of others
};

// Every image of every site in [0, 1). Images of one site that are nearly at one place are one atom
// on a special position. A site that is the image of an earlier one of the same kind is not a new
// one: files list all atoms of the cell and state its symmetry as well. The cell has a along x and
// b in the xy plane. Error{input} where more atoms come into the cell than matter has; `place` is
// named.
FilledCell fill_cell(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                     const std::vector<gemmi::Op>& operations, const std::string& place);

// The choice of symmetry that fits the sites, where the file leaves it open, and the cell it fills.
// `contradictions` says what of the file's own statements a filled cell does not keep; choices
// without any stay. Error{input} names the contradictions of a single choice, or what is left open.
using Contradictions = std::vector<std::string>(const FilledCell&);
FilledCell fill_cell(const gemmi::UnitCell& cell, const std::vector<CrystalSite>& sites,
                     const SymmetryChoices& symmetry,
                     const std::function<Contradictions>& contradictions, const std::string& place,
                     const StructureReadOptions& options);

}  // namespace vitrobeam
