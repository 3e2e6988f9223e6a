// Frames of a trajectory as the configurations that a result is averaged over.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "io/structure_file.hpp"

namespace vitrobeam {

// What Configurations::frame takes: the frames with these indices, of a model in that cell, with
// which their cells are compared at once. `folds`: atoms outside of it are folded back.
// Error{input}: a frame has another cell. Error{physics}, later: atoms are at one place.
std::function<Atoms(int)> frames_of(std::shared_ptr<const Trajectory> trajectory,
                                    std::vector<std::size_t> frames, const Cell& cell, bool folds);

}  // namespace vitrobeam
