// A growing packing of spheres that was stopped, as a structure file with every number to its last
// bit, so that it goes on to the same end.
#pragma once
#include <cstdint>
#include <string>

#include "models/sphere_packing.hpp"

namespace vitrobeam {

// Error{machine}.
void write_packing_state(const HardSpheres& spheres, const std::vector<int>& numbers,
                         std::uint64_t seed, const std::string& path);

// Error{input}: no such state. Error{usage}: that of another packing.
HardSpheres read_packing_state(const std::string& path, const SphereSizes& sizes,
                               std::uint64_t seed);

}  // namespace vitrobeam
