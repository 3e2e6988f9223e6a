// FFTW plans for the one-dimensional transforms of the engine (contiguous, out of place, aligned,
// single precision): time of a plan by FFTW_MEASURE over that of one by FFTW_ESTIMATE, in turn
// A B A B, medians; and the largest relative difference of their results. Usage: transform_plans
// [N ...]
#include <fftw3.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "base/random.hpp"
#include "potentials/fourier.hpp"

using Complex = std::complex<float>;

namespace {

// Processor time of this thread: other programs on the machine do not count.
double seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

fftwf_plan make_plan(int n, Complex* in, Complex* out, unsigned flags) {
  return fftwf_plan_dft_1d(n, reinterpret_cast<fftwf_complex*>(in),
                           reinterpret_cast<fftwf_complex*>(out), FFTW_FORWARD,
                           flags | FFTW_PRESERVE_INPUT);
}

void compare(int n) {
  const auto in = vitrobeam::aligned_array<Complex>(n), out = vitrobeam::aligned_array<Complex>(n),
             other = vitrobeam::aligned_array<Complex>(n);
  fftwf_forget_wisdom();  // or the estimate takes the plan that was measured
  const fftwf_plan estimated = make_plan(n, in.get(), other.get(), FFTW_ESTIMATE),
                   measured = make_plan(n, in.get(), out.get(), FFTW_MEASURE);
  vitrobeam::RandomSequence random(1, 0);
  for (int i = 0; i < n; ++i) in[i] = {float(random.normal()), float(random.normal())};
  const int repeats = 4'000'000 / n;
  std::vector<double> ratios;
  for (int round = 0; round < 25; ++round) {
    double times[2];
    for (int which = 0; which < 2; ++which) {
      const double start = seconds();
      for (int k = 0; k < repeats; ++k) fftwf_execute(which == 0 ? measured : estimated);
      times[which] = seconds() - start;
    }
    ratios.push_back(times[0] / times[1]);
  }
  std::sort(ratios.begin(), ratios.end());
  double difference = 0, size = 0;
  for (int i = 0; i < n; ++i) {
    difference = std::max(difference, double(std::abs(out[i] - other[i])));
    size = std::max(size, double(std::abs(out[i])));
  }
  std::printf("%5d   measured/estimated %.2f (quartiles %.2f %.2f)   difference %.1e\n", n,
              ratios[12], ratios[6], ratios[18], difference / size);
  fftwf_destroy_plan(measured);
  fftwf_destroy_plan(estimated);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));
  if (sizes.empty()) sizes = {128, 256, 270, 420, 512, 1024};
  for (const int n : sizes) compare(n);
}
