// Memory for transforms, and whole planes through FFTW (fftw3.h stands in fourier.cpp only); the
// engines' own transforms are in fourier/lane_transform.hpp.
#pragma once
#include <complex>
#include <cstdlib>
#include <memory>

#include "base/array.hpp"

namespace vitrobeam {

enum class Direction { forward = -1, backward = +1 };  // sign of 2 pi i q x in the exponent

// Memory aligned for the vector units.
template <typename T>
struct AlignedFree {
  void operator()(T* p) const { std::free(p); }
};
template <typename T>
using AlignedArray = std::unique_ptr<T[], AlignedFree<T>>;
template <typename T>
AlignedArray<T> aligned_array(std::size_t count);  // zero-filled; throws std::bad_alloc

// In-place two-dimensional transform of a plane, not normalised; for set-up work, not for inner
// loops.
void transform_plane(PlaneC& plane, Direction direction);

}  // namespace vitrobeam
