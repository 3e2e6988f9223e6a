// Pictures of an atomic model: seen along the beam, from the side, its planted motifs, its g(r).
#pragma once
#include <vector>

#include "models/atoms.hpp"
#include "pictures/picture.hpp"

namespace vitrobeam {

// Atoms as discs of 0.6 metallic radii, coloured by element, the nearer ones in front: along the
// beam (what the beam meets first in front; planted motifs marked) and from the side, across y (the
// beam travels down); then the atoms of planted motifs alone, and g(r) with its partials where the
// cell has a volume.
std::vector<Panel> model_panels(const Atoms& atoms);

}  // namespace vitrobeam
