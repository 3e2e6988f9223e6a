#include "fourier/fourier.hpp"

#include <fftw3.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "fourier/lanes.hpp"

namespace vitrobeam {
namespace {

constexpr std::size_t kAlignment = 64, kLargePage = 2 << 20;

// FFTW's planner is not thread-safe; executing a plan is.
std::mutex& planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

template <typename T>
AlignedArray<T> aligned_array(std::size_t count) {
  // large arrays on large pages, where the system has them: fewer address translations per row
  const std::size_t alignment = count * sizeof(T) < kLargePage / 8 ? kAlignment : kLargePage;
  const std::size_t bytes =
      std::max<std::size_t>(1, (count * sizeof(T) + alignment - 1) / alignment) * alignment;
  void* p = std::aligned_alloc(alignment, bytes);
  if (!p) throw std::bad_alloc();
  if (alignment == kLargePage) madvise(p, bytes, MADV_HUGEPAGE);
  std::memset(p, 0, bytes);
  return AlignedArray<T>(static_cast<T*>(p));
}
template AlignedArray<std::complex<float>> aligned_array(std::size_t);
template AlignedArray<std::complex<double>> aligned_array(std::size_t);
template AlignedArray<Lanes<float>> aligned_array(std::size_t);
template AlignedArray<Lanes<double>> aligned_array(std::size_t);

void transform_plane(PlaneC& plane, Direction direction) {
  fftw_complex* data = reinterpret_cast<fftw_complex*>(plane.data());
  fftw_plan plan = nullptr;
  {
    const std::lock_guard lock(planner_mutex());
    plan = fftw_plan_dft_2d(int(plane.rows()), int(plane.cols()), data, data, int(direction),
                            FFTW_ESTIMATE | FFTW_UNALIGNED);
  }
  fftw_execute(plan);
  const std::lock_guard lock(planner_mutex());
  fftw_destroy_plan(plan);
}

}  // namespace vitrobeam
