// NumPy .npy arrays (NEP 1, format versions 1 to 3), as single precision.
#pragma once
#include <string>

#include "base/array.hpp"
#include "io/binary_file.hpp"

namespace vitrobeam {

// Where the values lie and what they are.
struct NpyArray {
  std::vector<std::size_t> shape;
  SampleType type = SampleType::uint8;
  bool big_endian = false, columns_first = false;  // Fortran order
  std::uint64_t offset = 0, left_over = 0;         // bytes before and behind the values
};
// Throws Error{input} for anything but real numbers and integers, or if the file is shorter than it
// states.
NpyArray open_npy(BinaryFile& file);

// Real and integer arrays in either byte order; Fortran order is turned into C order. Throws
// Error{input} for anything else.
Stack<float> read_npy(const std::string& path);

}  // namespace vitrobeam
