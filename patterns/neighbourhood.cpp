#include "patterns/neighbourhood.hpp"

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

}  // namespace vitrobeam
