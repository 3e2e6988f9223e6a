// Where a probe stands, and which probe of a series it is.
#pragma once
#include <algorithm>
#include <vector>

#include "base/array.hpp"
#include "base/ranges.hpp"

namespace vitrobeam {

struct ScanPoint {
  Vector2d at;  // Angstrom
  std::size_t probe = 0;
};

// Calls work(part) for the parts of `piece` whose points have the same probe, in their order.
template <typename Work>
void for_each_probe(const std::vector<ScanPoint>& points, Range piece, Work&& work) {
  for (std::size_t first = piece.first; first < piece.last;) {
    std::size_t last = first + 1;
    while (last < piece.last && points[last].probe == points[first].probe) ++last;
    work(Range{first, last});
    first = last;
  }
}

inline std::vector<Vector2d> positions_of(const std::vector<ScanPoint>& points, Range range) {
  std::vector<Vector2d> positions;
  for (std::size_t i = range.first; i < range.last; ++i) positions.push_back(points[i].at);
  return positions;
}

}  // namespace vitrobeam
