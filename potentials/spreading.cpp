#include "potentials/spreading.hpp"

#include <cmath>
#include <utility>

namespace vitrobeam {
namespace {

// exp(beta (sqrt(1 - s^2) - 1)), s = -1 .. 1 over the width.
double bump_value(double beta, double s) {
  const double inside = 1 - s * s;
  return inside <= 0 ? 0 : std::exp(beta * (std::sqrt(inside) - 1));
}

struct Node {
  double at, weight;
};

// Gauss-Legendre rule on -1 .. 1 (Newton's method from the usual start, Numerical Recipes 4.5).
std::vector<Node> gauss_legendre(int n) {
  std::vector<Node> nodes(n);
  for (int i = 0; i < n; ++i) {
    double x = std::cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int step = 0; step < 100; ++step) {
      double p = 1, before = 0;
      for (int k = 1; k <= n; ++k)
        before = std::exchange(p, ((2 * k - 1) * x * p - (k - 1) * before) / k);
      slope = n * (x * p - before) / (x * x - 1);
      const double change = p / slope;
      x -= change;
      if (std::abs(change) < 1e-15) break;
    }
    nodes[i] = {x, 2 / ((1 - x * x) * slope * slope)};
  }
  return nodes;
}

}  // namespace

template <typename Real>
Spreading<Real>::Axis::Axis(int samples, double edge, int band)
    : n(samples),
      length(edge),
      // Barnett et al., equation 4.5 and below: slightly less than what would put all error into
      // aliasing
      beta(0.98 * M_PI * kWidth * (1 - double(band) / samples)) {
  // transform = width / 2 * integral of the bump times cos(pi width (j / n) s); with s = sin(a) the
  // integrand is smooth
  static const std::vector<Node> rule = gauss_legendre(96);
  for (int j = 0; j <= band; ++j) {
    double sum = 0;
    for (const Node& node : rule) {
      const double a = M_PI / 2 * node.at;
      sum += node.weight * std::exp(beta * (std::cos(a) - 1)) * std::cos(a) *
             std::cos(M_PI * kWidth * j / n * std::sin(a));
    }
    correction.push_back(1 / (kWidth / 2.0 * M_PI / 2 * sum));
  }
}

template <typename Real>
int Spreading<Real>::Axis::bump(double x, Real* values) const {
  const double at = (x / length - std::floor(x / length)) * n;  // in samples, 0 .. n
  const int first = int(std::ceil(at - kWidth / 2.0));
  for (int i = 0; i < kWidth; ++i)
    values[i] = Real(bump_value(beta, (first + i - at) / (kWidth / 2.0)));
  return first;
}

template <typename Real>
Spreading<Real>::Spreading(const Grid& grid)
    : grid_(grid),
      x_(grid.nx, grid.lx, grid.band_x()),
      y_(grid.ny, grid.ly, grid.band_y()),
      transform_(grid) {}

template <typename Real>
void Spreading<Real>::spread(const Positions& atoms, Plane<Real>& density) const {
  std::array<Real, kWidth> along_x, along_y;
  for (const Vector2d& r : atoms) {
    const int x = x_.bump(r.x(), along_x.data()), y = y_.bump(r.y(), along_y.data());
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
