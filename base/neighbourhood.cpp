#include "base/neighbourhood.hpp"

#include <cmath>

namespace vitrobeam {

NeighbourhoodMean neighbourhood_mean(const PlaneD& map, int edge) {
  NeighbourhoodMean out{PlaneD(map.rows(), map.cols()), PlaneD(map.rows(), map.cols())};
  for (Eigen::Index row = 0; row < map.rows(); ++row)
    for (Eigen::Index column = 0; column < map.cols(); ++column) {
      double sum = 0, n = 0;
      for_neighbourhood(map.rows(), map.cols(), row, column, edge, [&](auto r, auto c) {
        if (std::isfinite(map(r, c))) sum += map(r, c), n += 1;
      });
      out.mean(row, column) = n > 0 && std::isfinite(map(row, column)) ? sum / n : NAN;
      out.count(row, column) = n;
    }
  return out;
}

}  // namespace vitrobeam
