// The scattering matrix as an engine: exact, or with fewer beams in a window of the cell
// (EngineSetup::interpolation).
#pragma once
#include <memory>

#include "multislice/engine.hpp"
#include "multislice/engine_cost.hpp"

namespace vitrobeam {

EngineCost matrix_cost(const EngineRequest& request, const EngineSpeed& speed);
// Tables of the samples of the band, bytes.
double matrix_tables(const EngineRequest& request);
EngineMemory matrix_memory_needs(const EngineRequest& request);
template <typename Real>
std::unique_ptr<PreparedEngine<Real>> prepare_matrix(const EngineSetup<Real>& setup);

}  // namespace vitrobeam
