// Fourier transforms of several lines at once, one line per lane, in place. On the way into the
// other space values come in mixed order, on the way back in natural order again: nothing is ever
// reordered, and what is multiplied in between is kept in mixed order too
// (docs/decisions/0002-transforms-across-lanes.md). Results depend on nothing but the input.
#pragma once
#include <complex>
#include <vector>

#include "fourier/butterflies.hpp"
#include "fourier/fourier.hpp"

namespace vitrobeam {

// Decimation in frequency on the way there, in time on the way back (Gentleman and Sande 1966,
// Cooley and Tukey 1965). n even, prime factors up to 13. Not normalised. Lines are 64-byte
// aligned.
template <typename Real, Direction kThere>
class LaneTransform {
 public:
  explicit LaneTransform(int n);

  // order()[i] is the natural index (FFT order) of element i in the other space.
  const std::vector<int>& order() const { return order_; }

  void there(Lanes<Real>* line) const;  // natural -> mixed order, in direction kThere
  void back(Lanes<Real>* line) const;   // mixed -> natural order, in the other direction

  // There, `multiply(i, value)` for every element i of the other space, and back; half the passes
  // over the line of one after the other.
  template <typename Multiply>
  void there_and_back(Lanes<Real>* line, Multiply&& multiply) const {
    walk(line, 0, 0, multiply);
  }

 private:
  static constexpr int kSign = int(kThere);
  struct Stage {
    int radix, step;                           // of blocks of radix * step elements
    std::vector<std::complex<Real>> twiddles;  // exp(2 pi i j k / block), [k][j = 1 .. radix - 1]
  };
  void split(const Stage& stage, Lanes<Real>* block) const;  // a stage on the way there
  void join(const Stage& stage, Lanes<Real>* block) const;   // a stage on the way back

  // Block by block down to the last stage, so that what is at work stays in the first-level cache.
  template <typename Multiply>
  void walk(Lanes<Real>* line, std::size_t level, int first, Multiply&& multiply) const {
    const Stage& stage = stages_[level];
    if (level + 1 == stages_.size()) {
      if (stage.radix == 8) return turn<8>(line, first, multiply);
      if (stage.radix == 4) return turn<4>(line, first, multiply);
      return turn<2>(line, first, multiply);
    }
    split(stage, line);
    for (int j = 0; j < stage.radix; ++j)
      walk(line + j * stage.step, level + 1, first + j * stage.step, multiply);
    join(stage, line);
  }

  // The last stage there, the product and the first stage back, in registers.
  template <int kRadix, typename Multiply>
  [[gnu::always_inline]] static inline void turn(Lanes<Real>* block, int first,
                                                 Multiply&& multiply) {
    Lanes<Real> a[kRadix];
#pragma GCC unroll 8
    for (int j = 0; j < kRadix; ++j) a[j] = block[j];
    Butterfly<kRadix, kSign>::apply(a);
#pragma GCC unroll 8
    for (int j = 0; j < kRadix; ++j) multiply(first + j, a[j]);
    Butterfly<kRadix, -kSign>::apply(a);
#pragma GCC unroll 8
    for (int j = 0; j < kRadix; ++j) block[j] = a[j];
  }

  std::vector<Stage> stages_;  // the last has radix 2, 4 or 8 and step 1
  std::vector<int> order_;
};

}  // namespace vitrobeam
