// The patterns of one motif of a library with other values of what the library has on a grid: tilt,
// in-plane angle, offset, thickness of the specimen, size. Simulated anew with the library's own
// engine, grid and slices.
#pragma once
#include <memory>

#include "patterns/match_refinement.hpp"
#include "studies/library_build.hpp"

namespace vitrobeam {

// One motif of a library, simulated with other values of what the library has on a grid. `plan`:
// that of the build which made the entry. Throws Error{input} for a library that names an element
// which does not exist.
class MotifModel {
 public:
  // Parameters, in this order: tilt about x and y (radian, after the turn in the plane), in-plane
  // angle (radian), offset of the probe from the motif along x and y (Angstrom), log of the
  // specimen's thickness over the library's (the background grows with what is left of it beside
  // the motif), log of the motif's size over the library's.
  static constexpr int kParameters = 7;
  static const char* name(int parameter);

  // `positions` of the probe beside the one in question, Angstrom, which is the first: (0, 0).
  MotifModel(const LibraryPlan& plan, const MotifLibrary& library, std::size_t entry,
             const Background& background, const PolarTransform& camera,
             const std::vector<Vector2d>& positions = {Vector2d(0, 0)});
  ~MotifModel();

  Atoms placed(const Eigen::VectorXd& parameters) const;          // in the library's box
  Contrasts operator()(const Eigen::VectorXd& parameters) const;  // one thread at a time
  // What fits the patterns at the positions best, from the library's own values turned by
  // `in_plane_angle`. The error of the thickness includes that the background beside the motif
  // differs from place to place. One position does not tell the offset: that stays the library's,
  // with the error of any place between its templates.
  Refined fit(const Contrasts& x, const Speckle& speckle, double in_plane_angle) const;
  // From the library's own values, turned by `in_plane_angle`; priors are half of what a library
  // leaves open.
  RefinementSettings settings(double in_plane_angle) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vitrobeam
