// Where probes stand, and which of a series they are.
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

// The positions of a scan in their order, Angstrom, and the axes that a result has for them.
struct Scan {
  std::vector<Vector2d> positions;
  std::vector<double> x, y;  // axes of a raster, or every position's own coordinates of a list
  bool is_list = true;
};

inline Scan listed_scan(std::vector<Vector2d> positions) {
  Scan scan{std::move(positions), {}, {}, true};
  for (const Vector2d& p : scan.positions) {
    scan.x.push_back(p.x());
    scan.y.push_back(p.y());
  }
  return scan;
}

// nx by ny positions row by row, `to` excluded.
inline Scan raster_scan(int nx, int ny, const Vector2d& from, const Vector2d& to) {
  Scan scan{{}, {}, {}, false};
  for (int i = 0; i < nx; ++i) scan.x.push_back(from.x() + (to.x() - from.x()) * i / nx);
  for (int j = 0; j < ny; ++j) scan.y.push_back(from.y() + (to.y() - from.y()) * j / ny);
  for (const double y : scan.y)
    for (const double x : scan.x) scan.positions.emplace_back(x, y);
  return scan;
}

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
