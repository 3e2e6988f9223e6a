#include "drivers/machine_speed.hpp"

#include <fmt/format.h>

#include "options/version.hpp"
#include "runtime/user_cache.hpp"

namespace vitrobeam {

template <typename Real>
EngineSpeed machine_speed(const Grid& grid) {
  const std::string key = fmt::format("{} {} {} {}", version(),
                                      sizeof(Real) == 4 ? "single" : "double", grid.nx, grid.ny);
  const auto v = remembered("speeds", key, 5, [&] {
    const EngineSpeed s = measure_speed<Real>(grid);
    return std::vector{s.slice, s.record, s.potential, s.product, s.harmonic};
  });
  return {v[0], v[1], v[2], v[3], v[4]};
}

template EngineSpeed machine_speed<float>(const Grid&);
template EngineSpeed machine_speed<double>(const Grid&);

}  // namespace vitrobeam
