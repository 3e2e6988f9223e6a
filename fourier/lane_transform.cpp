#include "fourier/lane_transform.hpp"

#include <bit>
#include <cassert>
#include <cmath>
#include <type_traits>

namespace vitrobeam {
namespace {

// Odd factors first, then fours, then eights: the last stage needs no twiddles and is the one that
// is done in registers.
std::vector<int> radices(int n) {
  std::vector<int> out;
  for (const int odd : {13, 11, 7, 5, 3})
    for (; n % odd == 0; n /= odd) out.push_back(odd);
  const int twos = std::countr_zero(unsigned(n));
  assert(n == 1 << twos && twos > 0);
  if (twos == 1) return out.push_back(2), out;
  out.insert(out.end(), twos % 3 == 0 ? 0 : 3 - twos % 3, 4);
  out.insert(out.end(), twos / 3 - (twos % 3 == 1), 8);
  return out;
}

template <int kRadix, int kSign, typename Real>
void split_block(int step, const std::complex<Real>* twiddle, Lanes<Real>* x) {
  for (int k = 0; k < step; ++k, twiddle += kRadix - 1) {
    Lanes<Real> a[kRadix];
#pragma GCC unroll 16
    for (int m = 0; m < kRadix; ++m) a[m] = x[k + m * step];
    Butterfly<kRadix, kSign>::apply(a);
    x[k] = a[0];
#pragma GCC unroll 16
    for (int j = 1; j < kRadix; ++j)
      x[k + j * step] = kSign > 0 ? a[j] * twiddle[j - 1] : times_conjugate(a[j], twiddle[j - 1]);
  }
}

template <int kRadix, int kSign, typename Real>
void join_block(int step, const std::complex<Real>* twiddle, Lanes<Real>* x) {
  for (int k = 0; k < step; ++k, twiddle += kRadix - 1) {
    Lanes<Real> a[kRadix];
    a[0] = x[k];
#pragma GCC unroll 16
    for (int j = 1; j < kRadix; ++j) {
      const Lanes<Real> value = x[k + j * step];
      a[j] = kSign > 0 ? value * twiddle[j - 1] : times_conjugate(value, twiddle[j - 1]);
    }
    Butterfly<kRadix, kSign>::apply(a);
#pragma GCC unroll 16
    for (int m = 0; m < kRadix; ++m) x[k + m * step] = a[m];
  }
}

// Calls `stage(Radix)` with the radix as a compile-time constant.
template <typename Visit>
void with_radix(int radix, Visit&& visit) {
  switch (radix) {
    case 2:
      return visit(std::integral_constant<int, 2>());
    case 3:
      return visit(std::integral_constant<int, 3>());
    case 4:
      return visit(std::integral_constant<int, 4>());
    case 5:
      return visit(std::integral_constant<int, 5>());
    case 7:
      return visit(std::integral_constant<int, 7>());
    case 8:
      return visit(std::integral_constant<int, 8>());
    case 11:
      return visit(std::integral_constant<int, 11>());
    default:
      return visit(std::integral_constant<int, 13>());
  }
}

}  // namespace

template <typename Real, Direction kThere>
LaneTransform<Real, kThere>::LaneTransform(int n) : order_(n) {
  int block = n;
  for (const int radix : radices(n)) {
    Stage stage{radix, block / radix, {}};
    for (int k = 0; k < stage.step; ++k)
      for (int j = 1; j < radix; ++j)
        stage.twiddles.emplace_back(
            std::complex<Real>(std::polar(1.0, 2 * M_PI * double(j) * k / block)));
    block = stage.step;
    stages_.push_back(std::move(stage));
  }
  for (int i = 0; i < n; ++i) {
    int rest = i, weight = 1;
    for (const Stage& stage : stages_) {
      order_[i] += weight * (rest / stage.step);
      rest %= stage.step;
      weight *= stage.radix;
    }
  }
}

template <typename Real, Direction kThere>
void LaneTransform<Real, kThere>::there(Lanes<Real>* line) const {
  for (const Stage& stage : stages_)
    for (std::size_t b = 0; b < order_.size(); b += std::size_t(stage.radix) * stage.step)
      split(stage, line + b);
}

template <typename Real, Direction kThere>
void LaneTransform<Real, kThere>::back(Lanes<Real>* line) const {
  for (auto stage = stages_.rbegin(); stage != stages_.rend(); ++stage)
    for (std::size_t b = 0; b < order_.size(); b += std::size_t(stage->radix) * stage->step)
      join(*stage, line + b);
}

template <typename Real, Direction kThere>
void LaneTransform<Real, kThere>::split(const Stage& stage, Lanes<Real>* block) const {
  with_radix(stage.radix, [&](auto radix) {
    split_block<radix, kSign>(stage.step, stage.twiddles.data(), block);
  });
}

template <typename Real, Direction kThere>
void LaneTransform<Real, kThere>::join(const Stage& stage, Lanes<Real>* block) const {
  with_radix(stage.radix, [&](auto radix) {
    join_block<radix, -kSign>(stage.step, stage.twiddles.data(), block);
  });
}

template class LaneTransform<float, Direction::forward>;
template class LaneTransform<float, Direction::backward>;
template class LaneTransform<double, Direction::forward>;
template class LaneTransform<double, Direction::backward>;

}  // namespace vitrobeam
