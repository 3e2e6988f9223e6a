#include "potentials/fourier.hpp"

#include <fftw3.h>
#include <sys/mman.h>

#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

namespace vitrobeam {
namespace {

constexpr std::size_t kAlignment = 64, kLargePage = 2 << 20;
const std::string kSeparator = "\n--- double precision\n";

// FFTW's planner is not thread-safe; executing a plan is.
std::mutex& planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

// The two precisions of FFTW under one name.
template <typename Real>
struct Fftw;
template <>
struct Fftw<float> {
  using Plan = fftwf_plan;
  static fftwf_complex* cast(const std::complex<float>* p) {
    return reinterpret_cast<fftwf_complex*>(const_cast<std::complex<float>*>(p));
  }
  static Plan plan_1d(int n, std::complex<float>* in, std::complex<float>* out, int sign,
                      unsigned flags) {
    return fftwf_plan_dft_1d(n, cast(in), cast(out), sign, flags);
  }
  static void execute(void* plan, const std::complex<float>* in, std::complex<float>* out) {
    fftwf_execute_dft(static_cast<Plan>(plan), cast(in), cast(out));
  }
  static void destroy(void* plan) { fftwf_destroy_plan(static_cast<Plan>(plan)); }
};
template <>
struct Fftw<double> {
  using Plan = fftw_plan;
  static fftw_complex* cast(const std::complex<double>* p) {
    return reinterpret_cast<fftw_complex*>(const_cast<std::complex<double>*>(p));
  }
  static Plan plan_1d(int n, std::complex<double>* in, std::complex<double>* out, int sign,
                      unsigned flags) {
    return fftw_plan_dft_1d(n, cast(in), cast(out), sign, flags);
  }
  static void execute(void* plan, const std::complex<double>* in, std::complex<double>* out) {
    fftw_execute_dft(static_cast<Plan>(plan), cast(in), cast(out));
  }
  static void destroy(void* plan) { fftw_destroy_plan(static_cast<Plan>(plan)); }
};

template <typename T>
bool is_aligned(const T* p) {
  return reinterpret_cast<std::uintptr_t>(p) % kAlignment == 0;
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

template <typename Real>
LineTransform<Real>::LineTransform(int n, Direction direction) {
  const auto in = aligned_array<std::complex<Real>>(n), out = aligned_array<std::complex<Real>>(n);
  const std::lock_guard lock(planner_mutex());
  plan_ = Fftw<Real>::plan_1d(n, in.get(), out.get(), int(direction),
                              FFTW_MEASURE | FFTW_PRESERVE_INPUT);
}

template <typename Real>
LineTransform<Real>::~LineTransform() {
  const std::lock_guard lock(planner_mutex());
  Fftw<Real>::destroy(plan_);
}

template <typename Real>
void LineTransform<Real>::operator()(const std::complex<Real>* in, std::complex<Real>* out) const {
  assert(is_aligned(in) && is_aligned(out));
  Fftw<Real>::execute(plan_, in, out);
}

template class LineTransform<float>;
template class LineTransform<double>;

std::string transform_plans() {
  const std::lock_guard lock(planner_mutex());
  char *single = fftwf_export_wisdom_to_string(), *twice = fftw_export_wisdom_to_string();
  std::string plans = std::string(single) + kSeparator + twice;
  std::free(single);
  std::free(twice);
  return plans;
}

void use_transform_plans(const std::string& plans) {
  const auto cut = plans.find(kSeparator);
  if (cut == std::string::npos) return;
  const std::lock_guard lock(planner_mutex());
  fftwf_forget_wisdom();
  fftw_forget_wisdom();
  fftwf_import_wisdom_from_string(plans.substr(0, cut).c_str());
  fftw_import_wisdom_from_string(plans.substr(cut + kSeparator.size()).c_str());
}

void transform_plane(PlaneC& plane, Direction direction) {
  fftw_complex* data = Fftw<double>::cast(plane.data());
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
