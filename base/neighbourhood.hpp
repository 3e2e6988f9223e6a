// Positions of a raster that count together: squares of N x N of them, cut at the border.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

// Calls work(position) for every position, row by row, that lies less than half of `size` (odd)
// rows and columns from `at` in a raster of that many rows and columns.
template <typename Work>
void for_neighbourhood(std::size_t rows, std::size_t columns, std::size_t at, int size,
                       Work&& work) {
  const auto half = std::size_t(size / 2), row = at / columns, column = at % columns;
  for (std::size_t r = row - std::min(row, half); r <= std::min(rows - 1, row + half); ++r)
    for (std::size_t c = column - std::min(column, half); c <= std::min(columns - 1, column + half);
         ++c)
      work(r * columns + c);
}

// Every plane becomes the mean of those in its neighbourhood that are not empty; an empty one stays
// so.
std::vector<PlaneF> neighbourhood_mean(std::vector<PlaneF> planes, std::size_t columns, int size,
                                       int threads);

// Every value of a map becomes the mean of the known (finite) ones in its neighbourhood, and stays
// not-a-number where it is not known itself; and how many known ones each is the mean of.
struct NeighbourhoodMean {
  PlaneD mean, count;
};
NeighbourhoodMean neighbourhood_mean(const PlaneD& map, int size);

}  // namespace vitrobeam
