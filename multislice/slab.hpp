// The slices of a model as transmission functions: all of them at once, or a window at a time, so
// that memory does not grow with thickness.
#pragma once
#include <algorithm>
#include <complex>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "multislice/engine.hpp"
#include "multislice/propagation.hpp"

namespace vitrobeam {

template <typename Real>
class Slab {
 public:
  // Makes the transmission functions where they stay. `transform` must outlive it.
  Slab(const BandTransform<Real>& transform, std::shared_ptr<const PotentialSource<Real>> potential,
       double interaction_constant, TransmissionKind kind, const WorkingSet& at_once, int threads)
      : transform_(transform),
        potential_(std::move(potential)),
        interaction_constant_(interaction_constant),
        kind_(kind),
        at_once_(at_once) {
    const int step = slices_per_transform(*potential_);
    at_once_.slices = (at_once.slices + step - 1) / step * step;
    if (at_once.slices == 0 || at_once_.slices >= slices())
      all_.emplace(make(0, slices(), threads));
  }

  int slices() const { return potential_->slices(); }
  // The transmission functions of all slices, where they stay; else nullptr.
  const Transmission<Real>* all() const { return all_ ? &*all_ : nullptr; }
  // Waves that go through a window together, of `wanted`: groups of about one size.
  std::size_t waves_at_once(std::size_t wanted) const {
    const std::size_t most = std::max<std::size_t>(1, at_once_.waves);
    const std::size_t groups = std::max<std::size_t>(1, (wanted + most - 1) / most);
    return (wanted + groups - 1) / groups;
  }

  // `visit(t)` sees every slice once, in the order of the beam.
  template <typename Visit>
  void for_windows(int threads, Visit&& visit) const {
    if (all_) return visit(*all_);
    for (int first = 0; first < slices(); first += at_once_.slices)
      visit(make(first, std::min(slices(), first + at_once_.slices), threads));
  }

 private:
  Transmission<Real> make(int first, int last, int threads) const {
    return {transform_, *potential_, interaction_constant_, kind_, first, last, threads};
  }

  const BandTransform<Real>& transform_;
  std::shared_ptr<const PotentialSource<Real>> potential_;
  double interaction_constant_;
  TransmissionKind kind_;
  WorkingSet at_once_;
  std::optional<Transmission<Real>> all_;
};

// The plane wave (jx, jy) at the entrance face, of amplitude 1 in Fourier space.
template <typename Real>
void load_plane_wave(const BandTransform<Real>& transform, int jx, int jy, Lanes<Real>* wave,
                     typename BandTransform<Real>::Workspace& workspace) {
  const int ny = transform.grid().ny;
  transform.write_columns(wave, workspace, [&](int column_jx, std::complex<Real>* column) {
    if (column_jx == jx) column[(jy + ny) % ny] = std::complex<Real>(1);
    return column_jx == jx;
  });
}

// The recorded depths (slices above each, ascending) within a window: `advance(from, to)` carries
// waves through slices from .. to - 1, never beyond `end`; `at_depth(d)` has them at depths[d].
template <typename Real, typename Advance, typename AtDepth>
void walk(const Transmission<Real>& window, const std::vector<int>& depths, int end,
          Advance&& advance, AtDepth&& at_depth) {
  int done = window.first();
  for (std::size_t d = 0; d < depths.size() && done <= window.last(); ++d) {
    if (depths[d] <= window.first()) continue;  // recorded behind an earlier window
    const int next = std::min({depths[d], window.last(), end});
    advance(done, next);
    done = next;
    if (depths[d] > window.last()) return;
    at_depth(d);
  }
}

}  // namespace vitrobeam
