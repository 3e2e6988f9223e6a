// What a motif library covers: how many directions, decorations, depths, offsets and motif-free
// patterns it has.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "patterns/library.hpp"

namespace vitrobeam {

// Of one motif under one condition.
struct MotifCoverage {
  std::size_t templates = 0;
  std::size_t directions = 0, decorations = 0, depths = 0, offsets = 0;  // that differ
  std::size_t depths_of_view = 1;  // the room differs from direction to direction
  std::size_t planted = 0;         // motifs; of a raster each has layout.patch() patterns
};

struct ConditionCoverage {
  std::size_t null_patterns = 0, packings = 0;
  std::vector<MotifCoverage> motifs;  // [motif]
};

// Of the condition with that index; records alone suffice.
ConditionCoverage coverage(const MotifLibrary& records, std::size_t condition);

// How many entries each of the library's builds made, and from which seed, as its plan states it.
struct OriginCoverage {
  std::string program, seed;
  std::size_t templates = 0, null_patterns = 0, planted = 0;
};
std::vector<OriginCoverage> coverage_of_origins(const MotifLibrary& records);

}  // namespace vitrobeam
