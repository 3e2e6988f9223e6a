// The slices of a model as transmission functions: all of them at once, or a window at a time, so
// that memory does not grow with thickness.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "multislice/propagation.hpp"

namespace vitrobeam {

// What is held at a time. Results do not depend on it, bit for bit.
struct Held {
  int slices = 0;         // transmission functions; 0: all, and they stay
  std::size_t waves = 2;  // that go through each window of slices together
};

template <typename Real>
class Slab {
 public:
  // Makes the transmission functions where they stay. `transform` must outlive it.
  Slab(const BandTransform<Real>& transform, std::shared_ptr<const PotentialSource<Real>> potential,
       double interaction_constant, TransmissionKind kind, const Held& held, int threads)
      : transform_(transform),
        potential_(std::move(potential)),
        interaction_constant_(interaction_constant),
        kind_(kind),
        held_(held) {
    const int together = potential_->together();
    held_.slices = (held.slices + together - 1) / together * together;
    if (held.slices == 0 || held_.slices >= slices()) all_.emplace(make(0, slices(), threads));
  }

  int slices() const { return potential_->slices(); }
  // The transmission functions of all slices, where they stay; else nullptr.
  const Transmission<Real>* all() const { return all_ ? &*all_ : nullptr; }
  // Waves that go through a window together, of `wanted`: groups of about one size.
  std::size_t waves_at_once(std::size_t wanted) const {
    const std::size_t most = std::max<std::size_t>(1, held_.waves);
    const std::size_t groups = std::max<std::size_t>(1, (wanted + most - 1) / most);
    return (wanted + groups - 1) / groups;
  }

  // `visit(t)` sees every slice once, in the order of the beam.
  template <typename Visit>
  void for_windows(int threads, Visit&& visit) const {
    if (all_) return visit(*all_);
    for (int first = 0; first < slices(); first += held_.slices)
      visit(make(first, std::min(slices(), first + held_.slices), threads));
  }

 private:
  Transmission<Real> make(int first, int last, int threads) const {
    return {transform_, *potential_, interaction_constant_, kind_, first, last, threads};
  }

  const BandTransform<Real>& transform_;
  std::shared_ptr<const PotentialSource<Real>> potential_;
  double interaction_constant_;
  TransmissionKind kind_;
  Held held_;
  std::optional<Transmission<Real>> all_;
};

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
