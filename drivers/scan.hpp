#pragma once
#include <vector>

#include "drivers/simulate_settings.hpp"

namespace vitrobeam {

// Where the probe stands, in scan order.
struct Scan {
  std::vector<Vector2d> positions;  // Angstrom
  std::vector<double> x, y;  // axes of a raster, or every position's own coordinates of a list
  bool is_list = true;
};

// Of --at, --scan, --positions; without them the centre of the cell.
Scan resolve_scan(const SimulateSettings& s, const Atoms& atoms);

}  // namespace vitrobeam
