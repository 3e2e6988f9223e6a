// Contacts of packed spheres: the pairs nearer than a gap, without the spheres that rattle.
#pragma once
#include <cstdint>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

// Two spheres are counted whose surfaces are no more than `gap` times the sum of their radii apart.
// A sphere is supported by at least four others that are supported themselves; the rest rattle and
// are left out.
struct SphereContacts {
  double gap = 0;
  std::vector<std::int64_t> number;  // of every sphere; 0 for one that rattles
  double mean = 0;                   // over the supported spheres; 0 where none is
  double rattling = 0;               // share of all spheres
};
SphereContacts sphere_contacts(const Cell& cell, const std::vector<Vector3d>& positions,
                               const std::vector<double>& radii, double gap);

// Where contacts end and near neighbours begin, in a jammed packing: the Z of Z(gap) = Z + c
// gap^0.6 (A. Donev, S. Torquato and F. H. Stillinger, Phys. Rev. E 71 (2005) 011105: g ~
// gap^-0.4), by least squares over seven gaps from 0.001, where every contact has closed, to 0.03;
// the spheres that are supported at a gap of 0.001. Not-a-number where none is.
double contacts_at_no_gap(const Cell& cell, const std::vector<Vector3d>& positions,
                          const std::vector<double>& radii);

}  // namespace vitrobeam
