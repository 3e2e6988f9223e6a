// The motifs of a library as its plan decorates them, and how they are placed in a slab.
#pragma once
#include <string>
#include <vector>

#include "base/random.hpp"
#include "models/motifs.hpp"
#include "studies/library_build.hpp"

namespace vitrobeam {

// One motif of one decoration.
struct Member {
  int motif, decoration;
  Atoms atoms;  // around the origin
  std::vector<BeamDirection> views;
};
// Error{physics} for one that is longer than a slab is thick.
std::vector<Member> members(const LibraryPlan& plan);

// Of a decoration's elements, centre first, the text that a library keeps, "Cu,Zr", and back:
// Error{input} for what is no element.
std::string decoration_text(const std::vector<int>& elements);
std::vector<int> decoration_elements(const std::string& text);

// The height of the motif's centre at `share` of the room that it has between the faces; the middle
// where it has none.
double depth_at(const Atoms& turned, double thickness, double share);

// A motif of random decoration, turned at random, at random depth.
struct Planting {
  const Member& member;
  Eigen::Matrix3d turn;
  Atoms turned;
  double depth;
};
Planting planting(const std::vector<Member>& members, int motif, double thickness,
                  RandomSequence& random);

// How that is seen along the beam, among the directions that look alike the one nearest to a view.
PlantedView view_of(const Planting& planting, const Motif& motif);

}  // namespace vitrobeam
