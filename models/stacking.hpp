// Thick models from one periodic block, without repeating it along the beam: a repeated block
// scatters coherently with itself and makes a crystal of a glass.
#pragma once
#include <cstdint>

#include "models/atoms.hpp"

namespace vitrobeam {

// Copies of `block`, each shifted at random along all its axes and turned or mirrored at random by
// an operation that maps its box onto itself (axes of equal length exchanged, senses reversed),
// piled up along z and cut at `height`. Of two atoms on either side of a seam that are closer than
// `overlap` times the sum of their metallic radii the upper one goes; info stacked_blocks and
// stacked_removed say how many there were. Error{physics}: the block is not orthogonal or not
// periodic along all axes. `pile`: which of the many piles of one seed.
Atoms stacked(const Atoms& block, double height, std::uint64_t seed, std::uint64_t pile = 0,
              double overlap = 0.7);

}  // namespace vitrobeam
