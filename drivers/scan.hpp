#pragma once
#include "drivers/simulate_settings.hpp"
#include "multislice/scan.hpp"

namespace vitrobeam {

// Of --at, --scan, --positions; without them the centre of the cell.
Scan resolve_scan(const SimulateSettings& s, const Atoms& atoms);

}  // namespace vitrobeam
