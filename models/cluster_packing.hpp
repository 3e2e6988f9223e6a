// Structural models of the literature that pack clusters: Miracle's efficient cluster packing,
// Dong's cluster-plus-glue-atom formulas, Gaskell's coordination polyhedra.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "models/packing.hpp"

namespace vitrobeam {

enum class Superlattice { fcc, hcp, icosahedral };

// Efficient cluster packing: D. B. Miracle, Nature Mater. 3 (2004) 697; Acta Mater. 54 (2006) 4317.
// Solutes alpha on a superlattice, smaller ones beta in its octahedral and gamma in its tetrahedral
// holes, solvent atoms without orientational order between them, so that every solute has as many
// as touch it.
struct EfficientPacking {
  int solvent = 40, alpha = 29;
  int beta = 0, gamma = 0;  // 0: the holes hold no solute
  Superlattice superlattice = Superlattice::fcc;
  int cells = 3;  // of the superlattice along each edge; the icosahedral one has 13 alpha in all
  double solvents_per_alpha =
      0;               // 0: from the coordination that the radii make, each shared by clusters
  double density = 0;  // atoms/Angstrom^3; 0: a packing fraction of 0.64
  std::uint64_t seed = 1;
};
struct ClusterModel {
  Atoms atoms;  // label site: alpha, beta, gamma, omega, or centre, shell, glue
  double coordination = 0,
         expected = 0;  // solvent atoms around alpha (to 1.25 contacts), and as the radii ask
  double closest = 0;   // least distance over the sum of the metallic radii
};
// Error{usage}: cells or density out of range. Of `run`: threads, stop.
ClusterModel efficient_packing(const EfficientPacking& settings, const RunControl& run = {});

ModelSize expected_size(const EfficientPacking& settings);  // the same errors

// Coordination number at which equal solvent spheres cover a solute of the radius ratio R = solute
// / solvent most efficiently: D. B. Miracle, W. S. Sanders and O. N. Senkov, Phil. Mag. 83 (2003)
// 2409.
int efficient_coordination(double radius_ratio);

// "[Cu-Zr12]Zr": a cluster (centre and shell) and its glue atoms, C. Dong et al., J. Phys. D 40
// (2007) R273.
// "[Cu8Zr5]Cu" is read as a centre of the first element, and the rest as its shell.
struct GlueFormula {
  int centre = 0;
  Composition shell;  // shares are numbers of atoms
  Composition glue;
  int shell_atoms() const;  // of one cluster, without its centre
  int glue_atoms() const;   // per cluster
};
GlueFormula parse_glue_formula(const std::string& text);  // Error{usage}

struct GluePacking {
  GlueFormula formula;
  Superlattice superlattice = Superlattice::fcc;
  int cells = 3;
  double density = 0;
  std::uint64_t seed = 1;
};
// Clusters of the shell's best polyhedron (Thomson), turned at random, on the superlattice; one
// glue atom per cluster in the octahedral holes, further ones in the tetrahedral ones. Labels motif
// and site.
ClusterModel glue_packing(const GluePacking& settings, const RunControl& run = {});
ModelSize expected_size(const GluePacking& settings);  // the same errors

}  // namespace vitrobeam
