#include "multislice/potential_rows.hpp"

#include <algorithm>
#include <complex>
#include <vector>

namespace vitrobeam {
namespace {

template <typename Real>
using AtTile = std::function<void(int, const Lanes<Real>*)>;

// The rows of fields given as samples.
template <typename Real>
void rows_of_samples(const Plane<Real>& first, const Plane<Real>& second,
                     const BandTransform<Real>& transform, const AtTile<Real>& at_tile) {
  constexpr int kLanes = Lanes<Real>::kCount;
  const Grid& grid = transform.grid();
  std::vector<Lanes<Real>> line(std::size_t(grid.nx));
  for (int tile = 0; tile < transform.row_tiles(); ++tile) {
    const int rows = std::min(kLanes, grid.ny - tile * kLanes);
    for (int i = 0; i < grid.nx; ++i) {
      line[std::size_t(i)] = Lanes<Real>{};
      for (int lane = 0; lane < rows; ++lane) {
        const int y = tile * kLanes + lane, x = transform.x(i);
        line[std::size_t(i)].set(lane, {first(y, x), second.size() > 0 ? second(y, x) : Real(0)});
      }
    }
    at_tile(tile, line.data());
  }
}

}  // namespace

template <typename Real>
void write_fields(const HalfPlane<Real>& first, const HalfPlane<Real>& second,
                  const BandTransform<Real>& transform, Lanes<Real>* wave,
                  typename BandTransform<Real>::Workspace& workspace) {
  using Complex = std::complex<Real>;
  const Grid& grid = transform.grid();
  const int by = grid.band_y();
  transform.write_columns(wave, workspace, [&](int jx, Complex* column) {
    const auto coefficient = [&](const HalfPlane<Real>& c, int jy) {
      return jx >= 0 ? c(jy + by, jx) : std::conj(c(-jy + by, -jx));
    };
    for (int jy = -by; jy <= by; ++jy) {
      Complex value = coefficient(first, jy);
      if (second.size() > 0) value += Complex(0, 1) * coefficient(second, jy);
      column[jy < 0 ? jy + grid.ny : jy] = value;
    }
    return true;
  });
}

template <typename Real>
Plane<std::complex<Real>> plane_of_coefficients(const BandTransform<Real>& transform,
                                                const Plane<std::complex<Real>>& coefficients) {
  using Complex = std::complex<Real>;
  constexpr int kLanes = Lanes<Real>::kCount;
  const Grid& grid = transform.grid();
  const int bx = grid.band_x(), by = grid.band_y();
  auto w = transform.make_workspace();
  const auto wave = transform.make_wave();
  transform.write_columns(wave.get(), w, [&](int jx, Complex* column) {
    for (int jy = -by; jy <= by; ++jy)
      column[jy < 0 ? jy + grid.ny : jy] = coefficients(jx + bx, jy + by);
    return true;
  });
  Plane<Complex> out(grid.ny, grid.nx);
  transform.read_rows(wave.get(), w, [&](int tile, const Lanes<Real>* line) {
    for (int lane = 0; lane < std::min(kLanes, grid.ny - tile * kLanes); ++lane)
      for (int i = 0; i < grid.nx; ++i)
        out(tile * kLanes + lane, transform.x(i)) = line[i].get(lane);
  });
  return out;
}

template <typename Real>
void potential_rows(const PotentialSource<Real>& potential, const BandTransform<Real>& transform,
                    int slice, const AtTile<Real>& at_tile) {
  const SliceField<Real> first = potential.field(slice);
  const bool pair = slice + 1 < potential.slices();
  const SliceField<Real> second = potential.absorbs() ? potential.absorbed_field(slice)
                                  : pair              ? potential.field(slice + 1)
                                                      : SliceField<Real>();
  if (const auto* coefficients = std::get_if<HalfPlane<Real>>(&first)) {
    auto w = transform.make_workspace();
    const auto wave = transform.make_wave();
    write_fields(*coefficients, std::get<HalfPlane<Real>>(second), transform, wave.get(), w);
    transform.read_rows(wave.get(), w, at_tile);
    return;
  }
  const auto* samples = std::get_if<Plane<Real>>(&second);
  rows_of_samples(std::get<Plane<Real>>(first), samples ? *samples : Plane<Real>(), transform,
                  at_tile);
}

template <typename Real>
std::array<Plane<Real>, 2> potential_planes(const PotentialSource<Real>& potential,
                                            const BandTransform<Real>& transform, int slice) {
  constexpr int kLanes = Lanes<Real>::kCount;
  const Grid& grid = transform.grid();
  Plane<Real> first(grid.ny, grid.nx), second(grid.ny, grid.nx);
  potential_rows<Real>(potential, transform, slice, [&](int tile, const Lanes<Real>* v) {
    for (int lane = 0; lane < std::min(kLanes, grid.ny - tile * kLanes); ++lane)
      for (int i = 0; i < grid.nx; ++i) {
        first(tile * kLanes + lane, transform.x(i)) = v[i].re[lane];
        second(tile * kLanes + lane, transform.x(i)) = v[i].im[lane];
      }
  });
  return {std::move(first), std::move(second)};
}

#define VITROBEAM_INSTANTIATE(Real)                                                           \
  template void potential_rows(const PotentialSource<Real>&, const BandTransform<Real>&, int, \
                               const AtTile<Real>&);                                          \
  template void write_fields(const HalfPlane<Real>&, const HalfPlane<Real>&,                  \
                             const BandTransform<Real>&, Lanes<Real>*,                        \
                             BandTransform<Real>::Workspace&);                                \
  template Plane<std::complex<Real>> plane_of_coefficients(const BandTransform<Real>&,        \
                                                           const Plane<std::complex<Real>>&); \
  template std::array<Plane<Real>, 2> potential_planes(const PotentialSource<Real>&,          \
                                                       const BandTransform<Real>&, int);
VITROBEAM_INSTANTIATE(float)
VITROBEAM_INSTANTIATE(double)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
