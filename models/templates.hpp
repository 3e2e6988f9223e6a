// Template matching of the first shell: the ideal polyhedron that an atom's nearest neighbours fit
// best, after Larsen, Schmidt and Schiotz, Modelling Simul. Mater. Sci. Eng. 24 (2016) 055007, with
// the correspondence found by trying rotations instead of graphs.
#pragma once
#include "models/common_neighbours.hpp"

namespace vitrobeam {

// Root-mean-square deviation beyond which an atom is of no class; the mean bond is 1.
inline constexpr double kTemplateRmsd = 0.12;

struct TemplateMatch {
  LocalOrder order = LocalOrder::other;
  double rmsd = 0;  // of the best template, whether it was close enough or not; not-a-number: none
};

// Templates of 12 neighbours (fcc, hcp, icosahedral), 14 (bcc) and 6 (simple cubic). The list must
// reach the 14 nearest neighbours.
std::vector<TemplateMatch> template_matches(const NeighbourList& neighbours,
                                            double largest_rmsd = kTemplateRmsd, int threads = 1);

// Root-mean-square distance of `steps` from the equally many points of `shape`, both scaled to a
// mean length of 1, under the best rotation found; infinity if none puts each near its own point.
double shape_deviation(const std::vector<Vector3d>& shape, const std::vector<Vector3d>& steps);

}  // namespace vitrobeam
