// Transforms across lanes (there, a product, and back) against FFTW's two measured transforms of
// one contiguous line, out of place, single precision, one thread; A B A B, medians, per line.
// Usage: lane_transform [SIZE ...]
#include "fourier/lane_transform.hpp"

#include <fftw3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

using namespace vitrobeam;

namespace {

double seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

void compare(int n) {
  constexpr int kLanes = Lanes<float>::kCount, kRepeats = 41;
  const LaneTransform<float, Direction::forward> transform(n);
  const auto lines = aligned_array<Lanes<float>>(n), factor = aligned_array<Lanes<float>>(n);
  for (int i = 0; i < n; ++i)
    for (int l = 0; l < kLanes; ++l) {
      lines[i].set(l, {float(i % 7), float(l)});
      factor[i].set(l, {1.0F / float(n), 0});
    }
  fftwf_complex *a = fftwf_alloc_complex(n), *b = fftwf_alloc_complex(n),
                *c = fftwf_alloc_complex(n);
  const unsigned flags = FFTW_MEASURE | FFTW_PRESERVE_INPUT;
  fftwf_plan forward = fftwf_plan_dft_1d(n, a, b, FFTW_FORWARD, flags);
  fftwf_plan backward = fftwf_plan_dft_1d(n, b, c, FFTW_BACKWARD, flags);
  for (int i = 0; i < n; ++i) a[i][0] = float(i % 7), a[i][1] = 1;
  const int rounds = std::max(8, 400000 / n) / kLanes;
  std::vector<double> lane_s, fftw_s;
  for (int r = 0; r < kRepeats; ++r) {
    double start = seconds();
    for (int k = 0; k < rounds; ++k)
      transform.there_and_back(lines.get(),
                               [&](int i, Lanes<float>& value) { value = value * factor[i]; });
    lane_s.push_back((seconds() - start) / rounds / kLanes);
    start = seconds();
    for (int k = 0; k < rounds * kLanes; ++k) {
      fftwf_execute(forward);
      fftwf_execute(backward);
    }
    fftw_s.push_back((seconds() - start) / rounds / kLanes);
  }
  for (auto* v : {&lane_s, &fftw_s}) std::sort(v->begin(), v->end());
  std::printf("%5d  lanes %7.3f us  FFTW %7.3f us per line  ratio %.2f\n", n,
              1e6 * lane_s[kRepeats / 2], 1e6 * fftw_s[kRepeats / 2],
              lane_s[kRepeats / 2] / fftw_s[kRepeats / 2]);
  fftwf_destroy_plan(forward);
  fftwf_destroy_plan(backward);
  for (fftwf_complex* p : {a, b, c}) fftwf_free(p);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));
  if (sizes.empty()) sizes = {64, 128, 256, 420, 480, 512, 572, 1024};
  for (const int n : sizes) compare(n);
}
