// The square of positions about each position of a raster.
#pragma once
#include <algorithm>

#include "base/array.hpp"

namespace vitrobeam {

// Calls visit(row, column) for the square of `edge` positions (odd) about one position of a raster
// of rows x columns, cut at its borders, row by row.
template <typename Visit>
void for_neighbourhood(Eigen::Index rows, Eigen::Index columns, Eigen::Index row,
                       Eigen::Index column, int edge, Visit&& visit) {
  const Eigen::Index half = edge / 2;
  for (Eigen::Index r = std::max<Eigen::Index>(0, row - half); r <= std::min(rows - 1, row + half);
       ++r)
    for (Eigen::Index c = std::max<Eigen::Index>(0, column - half);
         c <= std::min(columns - 1, column + half); ++c)
      visit(r, c);
}

// Means of what is known (finite) over such squares, not-a-number where the position itself is not
// known; and how many known positions each is the mean of.
struct NeighbourhoodMean {
  PlaneD mean, count;
};
NeighbourhoodMean neighbourhood_mean(const PlaneD& map, int edge);

}  // namespace vitrobeam
