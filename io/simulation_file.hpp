// The datasets under /simulation, assembled from finished scan points (position_record.hpp) in scan
// order.
#pragma once
#include <functional>

#include "io/result_file.hpp"
#include "multislice/engine.hpp"

namespace vitrobeam {

struct SimulationLayout {
  DiffractionAxes axes;
  Recording recording;
  std::size_t depths = 1;
  int configurations = 0;  // 0: at rest
  Grid grid;               // of exit waves
};

// Of all points and depths, fractions of the incident beam inside the band.
struct IntensityRange {
  double lowest = 1e9, highest = 0, mean = 0;
};

// Patterns, exit waves, what stands beside them, detectors. `point(i)` gives the bytes of scan
// point i: all positions of one probe, then the next. Error{machine} for bytes that are cut off.
template <typename Real>
IntensityRange write_simulation(Hdf5Writer& file, const SimulationLayout& layout,
                                const std::function<std::vector<std::byte>(std::size_t)>& point);

}  // namespace vitrobeam
