// The engines that carry the wave of every scan point through the slices, one after another:
// multislice, and what is left of it without multiple scattering or without propagation.
#pragma once
#include <memory>

#include "multislice/engine.hpp"
#include "multislice/engine_cost.hpp"

namespace vitrobeam {

struct Multislice {
  static constexpr bool kScattersOnce = false, kPropagates = true, kHasSlices = true;
};
// Single scattering on the curved Ewald sphere: what has scattered is kept apart and does not
// scatter again.
struct CurvedBorn {
  static constexpr bool kScattersOnce = true, kPropagates = true, kHasSlices = true;
};
struct FlatBorn {
  static constexpr bool kScattersOnce = true, kPropagates = false, kHasSlices = true;
};
struct PhaseObject {
  static constexpr bool kScattersOnce = false, kPropagates = false, kHasSlices = false;
};

template <typename Physics>
EngineCost wave_cost(const EngineRequest& request, const EngineSpeed& speed);
template <typename Physics>
EngineMemory wave_memory(const EngineRequest& request);
template <typename Physics, typename Real>
std::unique_ptr<PreparedEngine<Real>> prepare_waves(const EngineSetup<Real>& setup);

}  // namespace vitrobeam
