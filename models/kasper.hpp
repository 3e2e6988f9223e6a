// Neighbour shells of the Kasper and Bernal families: points on a sphere whose tangential (Voronoi)
// polyhedron has a wanted index. J. D. Bernal, Nature 183 (1959) 141; F. C. Frank and J. S. Kasper,
// Acta Cryst. 11 (1958) 184.
//
// The convex hull of the neighbours is dual to the Voronoi polyhedron of the centre: a neighbour
// with k hull edges makes a face with k edges. So a shell is made in three deterministic steps:
// the points of least Coulomb energy on the sphere (Thomson's problem); if their hull has other
// vertex degrees, the fewest edge flips that lead to a triangulation with the wanted ones; and the
// points of least energy under the condition that every edge of that triangulation stays convex.
// They are idealised members of families, not averages of a glass.
#pragma once
#include <array>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

using VoronoiIndex = std::array<int, 4>;

struct Shell {
  std::vector<Vector3d> points;  // unit vectors
  std::vector<int> degree;       // hull edges at each point = edges of its Voronoi face
};

// Local minimum of sum 1/|r_i - r_j| over unit vectors, the lowest of a few fixed starts: the known
// global minimum for 4 to 20 points. `energy` of it in units of 1/radius.
struct Thomson {
  std::vector<Vector3d> points;
  double energy = 0;
};
Thomson thomson(int points);

// The indices that are known here, in ascending order of the coordination number.
const std::vector<VoronoiIndex>& kasper_indices();

// Error{usage} if no convex shell has this index (with the reason) or none was found.
Shell kasper_shell(const VoronoiIndex& index);

}  // namespace vitrobeam
