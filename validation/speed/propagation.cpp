// The fused, pruned loop against the plain loop (transmit, FFT, propagate, inverse FFT;
// FFTW_MEASURE, in place), both in single precision in this process, waves in turn A B A B; prints
// one line per grid and the ratio of the medians. Usage: propagation [THREADS] [GRID ...]
#include <fftw3.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include "base/random.hpp"
#include "multislice/optics.hpp"
#include "multislice/propagation.hpp"
#include "potentials/slice_potential.hpp"

using namespace vitrobeam;
using Complex = std::complex<float>;

namespace {

constexpr int kSlices = 20;
constexpr double kPixel = 0.08, kSlice = 2.0,
                 kDensity = 0.06;  // Angstrom, Angstrom, atoms per cubic Angstrom

// Processor time of this thread: other programs on the machine do not count.
double seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

Atoms random_atoms(const Grid& grid) {
  RandomSequence random(1, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(grid.lx, grid.ly, kSlices * kSlice);
  for (int i = 0; i < kDensity * atoms.cell.volume(); ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    atoms.add(i % 3 ? 29 : 40, atoms.cell.vectors.diagonal().cwiseProduct(Vector3d(x, y, z)));
  }
  return atoms;
}

void multiply_line(Complex* psi, const Complex* by, int n) {
  using Line = Eigen::Array<Complex, Eigen::Dynamic, 1>;
  Eigen::Map<Line> line(psi, n);
  line *= Eigen::Map<const Line>(by, n);
}

// The transmission functions as planes [y, x].
std::vector<std::vector<Complex>> planes(const BandTransform<float>& transform,
                                         const Transmission<float>& t) {
  const Grid& grid = transform.grid();
  std::vector<std::vector<Complex>> out(kSlices, std::vector<Complex>(grid.nx * grid.ny));
  for (int s = 0; s < kSlices; ++s)
    for (int y = 0; y < grid.ny; ++y)
      for (int i = 0; i < grid.nx; ++i)
        out[s][y * grid.nx + transform.x(i)] =
            t.tile(s, y / transform.kLanes)[i].get(y % transform.kLanes);
  return out;
}

// The loop that most programs run: four passes over whole planes per slice.
struct PlainLoop {
  int n;
  struct Free {
    void operator()(Complex* p) const { fftwf_free(p); }
  };
  std::unique_ptr<Complex[], Free> wave,
      propagator;  // FFTW's own allocation, as such programs have it
  fftwf_plan forward, backward;
  explicit PlainLoop(const Grid& grid)
      : n(grid.nx),
        wave(reinterpret_cast<Complex*>(fftwf_alloc_complex(n * n))),
        propagator(reinterpret_cast<Complex*>(fftwf_alloc_complex(n * n))) {
    auto* p = reinterpret_cast<fftwf_complex*>(wave.get());
    forward = fftwf_plan_dft_2d(n, n, p, p, FFTW_FORWARD, FFTW_MEASURE);
    backward = fftwf_plan_dft_2d(n, n, p, p, FFTW_BACKWARD, FFTW_MEASURE);
    for (int i = 0; i < n * n; ++i) {
      const double qx = grid.q_x(i % n), qy = grid.q_y(i / n);
      propagator[i] =
          grid.inside_band(qx, qy)
              ? Complex(std::polar(1.0 / n / n, -M_PI * 0.025 * kSlice * (qx * qx + qy * qy)))
              : 0;
    }
  }
  void run(const std::vector<std::vector<Complex>>& t) {
    std::fill_n(wave.get(), n * n, Complex(1));
    for (int s = 0; s < kSlices; ++s) {
      multiply_line(wave.get(), t[s].data(), n * n);
      fftwf_execute(forward);
      multiply_line(wave.get(), propagator.get(), n * n);
      fftwf_execute(backward);
    }
  }
  void transforms_only() {
    for (int s = 0; s < kSlices; ++s) {
      fftwf_execute(forward);
      fftwf_execute(backward);
    }
  }
};

void compare(int n, int threads) {
  const Grid grid{n, n, n * kPixel, n * kPixel};
  const BandTransform<float> transform(grid);
  const Transmission<float> t(
      transform, SlicePotential<float>(grid, {}, random_atoms(grid), kSlices),
      interaction_constant(200), TransmissionKind::exponential, 0, kSlices, threads);
  const Propagator<float> propagator(transform, wavelength(200), kSlice);
  const auto t_planes = planes(transform, t);
  std::vector<std::unique_ptr<PlainLoop>> plain;
  for (int i = 0; i < threads; ++i) plain.push_back(std::make_unique<PlainLoop>(grid));

  std::vector<double> plain_s, bare_s, fused_s, single_s;
  const int repeats = n >= 1024 ? 9 : 25;
  for (int r = 0; r < repeats; ++r) {
#pragma omp parallel num_threads(threads)
    {
      const int me = omp_get_thread_num();
      auto workspace = transform.make_workspace();
      const auto a = transform.make_wave(), b = transform.make_wave();
      const auto timed = [&](std::vector<double>& out, auto work) {
#pragma omp barrier
        const double start = seconds();
        work();
#pragma omp barrier
        if (me == 0) out.push_back((seconds() - start) / kSlices);
      };
      const auto load = [&](Lanes<float>* wave) {
        transform.write_columns(wave, workspace, [](int jx, Complex* column) {
          column[0] = 1;
          return jx == 0;
        });
      };
      timed(plain_s, [&] { plain[me]->run(t_planes); });
      timed(bare_s, [&] { plain[me]->transforms_only(); });
      load(a.get());
      load(b.get());
      timed(fused_s, [&] {
        propagate(transform, t, propagator, 0, kSlices, {a.get(), b.get()}, workspace);
      });
      load(a.get());
      timed(single_s,
            [&] { propagate(transform, t, propagator, 0, kSlices, {a.get()}, workspace); });
    }
  }
  const double p = median(plain_s) * 1e3, f = median(fused_s) * 1e3 / 2,
               one = median(single_s) * 1e3, bare = median(bare_s) * 1e3;
  std::printf(
      "%5d  plain %8.3f  its FFTs %8.3f  fused %8.3f  (one wave at a time %8.3f) ms per slice   "
      "fused/plain %.2f  fused/FFTs %.2f\n",
      n, p, bare, f, one, f / p, f / bare);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  std::vector<int> grids;
  for (int i = 2; i < argc; ++i) grids.push_back(std::atoi(argv[i]));
  if (grids.empty()) grids = {128, 256, 512, 1024};
  std::printf("%d thread(s), single precision, %d slices\n", threads, kSlices);
  for (const int n : grids) compare(n, threads);
}
