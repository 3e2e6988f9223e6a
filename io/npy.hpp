// NumPy .npy arrays (NEP 1, format versions 1 to 3), as single precision.
#pragma once
#include <string>

#include "base/array.hpp"

namespace vitrobeam {

// Real and integer arrays in C order, either byte order. Throws Error{input} for anything else.
Stack<float> read_npy(const std::string& path);

}  // namespace vitrobeam
