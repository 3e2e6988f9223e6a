#include "multislice/fine_planes.hpp"

#include <algorithm>

#include "multislice/potential_rows.hpp"
#include "multislice/propagation.hpp"

namespace vitrobeam {
namespace {

Grid finer(Grid grid, int times, double band_limit = 0) {
  grid.nx *= times;
  grid.ny *= times;
  grid.band_limit = band_limit;
  return grid;
}

}  // namespace

template <typename Real>
FinePlanes<Real>::FinePlanes(const Grid& grid, int times, double interaction_constant)
    : grid_(grid),
      interaction_constant_(interaction_constant),
      fine_(finer(grid, times)),
      narrow_(finer(grid, times, grid.q_max())),
      coarse_(grid) {}

template <typename Real>
Plane<std::complex<Real>> FinePlanes<Real>::operator()(const HalfPlane<Real>& potential,
                                                       const HalfPlane<Real>& absorption) const {
  using Complex = std::complex<Real>;
  const Real sigma = Real(interaction_constant_);
  auto w = fine_.make_workspace();
  const auto wave = fine_.make_wave();
  const bool absorbs = absorption.size() > 0;
  write_fields<Real>(potential, absorption, fine_, wave.get(), w);
  fine_.pass_rows(wave.get(), w, 0, fine_.row_tiles(), [&](int, int, Lanes<Real>& v) {
    const auto loss = v.im * sigma;
    v = phase_factor<Real>(v.re * sigma);
    if (absorbs) v = absorbed<Real>(v, loss);
  });
  // The columns of the narrow band stand at both ends of the wide one.
  const std::size_t half = narrow_.wave_size() / 2;
  const auto ends = narrow_.make_wave();
  std::copy_n(wave.get(), half, ends.get());
  std::copy_n(wave.get() + fine_.wave_size() - half, half, ends.get() + half);

  auto narrow_w = narrow_.make_workspace();
  const Propagator<Real> band(narrow_, 0, 0);
  const int by = grid_.band_y(), bx = grid_.band_x();
  Plane<Complex> t(2 * bx + 1, 2 * by + 1);  // [jx, jy]: as the columns come
  narrow_.read_columns(ends.get(), narrow_w, band, [&](int jx, const Complex* column) {
    for (int jy = -by; jy <= by; ++jy)
      t(jx + bx, jy + by) = column[jy < 0 ? jy + narrow_.grid().ny : jy];
  });
  return plane_of_coefficients<Real>(coarse_, t);
}

template class FinePlanes<float>;
template class FinePlanes<double>;

}  // namespace vitrobeam
