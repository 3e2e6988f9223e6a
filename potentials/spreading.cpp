#include "potentials/spreading.hpp"

#include <cmath>

namespace vitrobeam {

namespace {

// With an oversampling of 1.5 at least.
Grid with_room(Grid grid) {
  const double band = grid.q_max();
  if (band > grid.nyquist() * (2.0 / 3 + 1e-9)) {
    grid.nx *= 2;
    grid.ny *= 2;
    grid.band_limit = band;
  }
  return grid;
}

}  // namespace

template <typename Real>
Spreading<Real>::Spreading(const Grid& grid)
    : grid_(with_room(grid)),
      x_(grid_.nx, grid_.lx, grid_.band_x()),
      y_(grid_.ny, grid_.ly, grid_.band_y()),
      transform_(grid_) {}

template <typename Real>
void Spreading<Real>::spread(const Positions& atoms, Plane<Real>& density) const {
  std::array<Real, kWidth> along_x, along_y;
  for (const Vector2d& r : atoms) {
    const int x = x_(r.x(), along_x.data()), y = y_(r.y(), along_y.data());
    const bool wraps = x < 0 || x + kWidth > grid_.nx;
    for (int j = 0; j < kWidth; ++j) {
      Real* row = density.data() + std::ptrdiff_t((y + j + grid_.ny) % grid_.ny) * grid_.nx;
      if (wraps)
        for (int i = 0; i < kWidth; ++i)
          row[(x + i + grid_.nx) % grid_.nx] += along_y[j] * along_x[i];
      else
        for (int i = 0; i < kWidth; ++i) row[x + i] += along_y[j] * along_x[i];
    }
  }
}

template <typename Real>
std::array<typename Spreading<Real>::StructureFactor, 2> Spreading<Real>::operator()(
    const Positions& first, const Positions& second) const {
  using Complex = std::complex<Real>;
  const int bx = grid_.band_x(), by = grid_.band_y();
  // two real densities share one complex transform: first + i second
  std::array<Plane<Real>, 2> density;
  for (auto& d : density) d.setZero(grid_.ny, grid_.nx);
  spread(first, density[0]);
  spread(second, density[1]);
  auto w = transform_.make_workspace();
  const auto wave = transform_.make_wave();
  transform_.write_rows(wave.get(), w, [&](int tile, Lanes<Real>* line) {
    constexpr int kLanes = Lanes<Real>::kCount;
    const int rows = std::min(kLanes, grid_.ny - tile * kLanes);
    for (int i = 0; i < grid_.nx; ++i) {
      const int x = transform_.x(i);
      line[i] = Lanes<Real>{};
      for (int lane = 0; lane < rows; ++lane) {
        const int y = tile * kLanes + lane;
        line[i].set(lane, {density[0](y, x), density[1](y, x)});
      }
    }
  });
  StructureFactor both(2 * bx + 1, 2 * by + 1);  // [jx, jy]: as the columns come
  transform_.read_columns(
      wave.get(), w, [](int, int, Lanes<Real>&) {},
      [&](int jx, const Complex* column) {
        for (int jy = -by; jy <= by; ++jy)
          both(jx + bx, jy + by) = column[jy < 0 ? jy + grid_.ny : jy];
      });
  std::array<StructureFactor, 2> factors;
  for (auto& f : factors) f.setZero(2 * by + 1, bx + 1);
  for (int jy = -by; jy <= by; ++jy)
    for (int jx = 0; jx <= bx; ++jx) {
      if (!grid_.inside_band(jx / grid_.lx, jy / grid_.ly)) continue;
      const Real correction = Real(x_.correction[jx] * y_.correction[std::abs(jy)] / 2);
      const Complex here = both(bx + jx, by + jy), there = std::conj(both(bx - jx, by - jy));
      factors[0](jy + by, jx) = correction * (here + there);
      factors[1](jy + by, jx) = correction * Complex(0, -1) * (here - there);
    }
  return factors;
}

bool spreading_is_cheaper(const Grid& grid, double atoms, int elements) {
  // Products take one operation per atom and sample, a transform of two elements log2(samples)
  // passes over the samples; the factor was measured on one core (validation/speed/atom_sums.cpp).
  constexpr double kAtomsPerPass = 45;
  const int pairs = (elements + 1) / 2;
  return atoms > kAtomsPerPass * pairs * std::log2(double(grid.nx) * grid.ny);
}

template class Spreading<float>;
template class Spreading<double>;

}  // namespace vitrobeam
