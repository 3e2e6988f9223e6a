#include "io/frame_configurations.hpp"

#include "base/error.hpp"
#include "models/plausibility.hpp"

namespace vitrobeam {
namespace {

// Frames are averaged, so all must have the model's cell.
void check_cell(const Trajectory& trajectory, std::size_t index, const Cell& frame,
                const Cell& model) {
  const double change = (frame.vectors - model.vectors).cwiseAbs().maxCoeff();
  if (change > 1e-6)
    fail(Fault::input,
         "{}: the cell of frame {} differs by {:.4g} Angstrom from that of the model (@frame); "
         "frames with unequal cells cannot be averaged",
         trajectory.path(), index, change);
}

}  // namespace

std::function<Atoms(int)> frames_of(std::shared_ptr<const Trajectory> trajectory,
                                    std::vector<std::size_t> frames, const Cell& cell, bool folds) {
  for (const std::size_t index : frames)
    check_cell(*trajectory, index, trajectory->frame(index).cell, cell);
  return [=](int number) {
    const std::size_t index = frames[std::size_t(number - 1)];
    Atoms atoms = trajectory->frame(index);
    if (folds) wrap(atoms);
    refuse_coincident(plausibility(atoms), fmt::format("{}, frame {}", trajectory->path(), index));
    return atoms;
  };
}

}  // namespace vitrobeam
