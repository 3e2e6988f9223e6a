// Fourier transforms through FFTW (fftw3.h stands in fourier.cpp only). Plans are measured, which
// may choose another algorithm, and other last digits, in another process: a run that must repeat
// its bytes keeps transform_plans() (docs/decisions/0002-transform-plans.md).
#pragma once
#include <complex>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/array.hpp"

namespace vitrobeam {

enum class Direction { forward = -1, backward = +1 };  // sign of 2 pi i q x in the exponent

// Memory aligned for the vector units; FFTW plans expect it.
template <typename T>
struct AlignedFree {
  void operator()(T* p) const { std::free(p); }
};
template <typename T>
using AlignedArray = std::unique_ptr<T[], AlignedFree<T>>;
template <typename T>
AlignedArray<T> aligned_array(std::size_t count);  // zero-filled; throws std::bad_alloc

// Complex transform of one contiguous line of n values, out of place, not normalised. Lines must be
// 64-byte aligned.
template <typename Real>
class LineTransform {
 public:
  LineTransform(int n, Direction direction);
  ~LineTransform();
  LineTransform(const LineTransform&) = delete;
  LineTransform& operator=(const LineTransform&) = delete;
  void operator()(const std::complex<Real>* in, std::complex<Real>* out) const;

 private:
  void* plan_;
};

// Every plan made so far in this process, as text; and plans of an earlier process to be used from
// now on in place of those known (text that this FFTW does not understand is ignored: the plans are
// measured anew).
std::string transform_plans();
void use_transform_plans(const std::string& plans);

// In-place two-dimensional transform of a plane, not normalised; for set-up work, not for inner
// loops.
void transform_plane(PlaneC& plane, Direction direction);

}  // namespace vitrobeam
