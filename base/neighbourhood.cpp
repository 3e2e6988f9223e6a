#include "base/neighbourhood.hpp"

#include <cmath>

namespace vitrobeam {

std::vector<PlaneF> neighbourhood_mean(std::vector<PlaneF> planes, std::size_t columns, int size,
                                       int threads) {
  if (size == 1) return planes;
  std::vector<PlaneF> means(planes.size());
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
  for (std::size_t at = 0; at < planes.size(); ++at) {
    if (planes[at].size() == 0) continue;
    PlaneF sum = PlaneF::Zero(planes[at].rows(), planes[at].cols());
    float count = 0;
    for_neighbourhood(planes.size() / columns, columns, at, size, [&](std::size_t k) {
      if (planes[k].size() == 0) return;
      sum += planes[k];
      count += 1;
    });
    means[at] = sum / count;
  }
  return means;
}

NeighbourhoodMean neighbourhood_mean(const PlaneD& map, int size) {
  NeighbourhoodMean out{PlaneD(map.rows(), map.cols()), PlaneD(map.rows(), map.cols())};
  const double* values = map.data();
  for (std::size_t at = 0; at < std::size_t(map.size()); ++at) {
    double sum = 0, n = 0;
    for_neighbourhood(std::size_t(map.rows()), std::size_t(map.cols()), at, size,
                      [&](std::size_t k) {
                        if (std::isfinite(values[k])) sum += values[k], n += 1;
                      });
    out.mean.data()[at] = n > 0 && std::isfinite(values[at]) ? sum / n : NAN;
    out.count.data()[at] = n;
  }
  return out;
}

}  // namespace vitrobeam
