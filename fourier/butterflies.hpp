// Discrete Fourier transforms of 2 to 13 values on lanes: the steps of potentials/lane_transform.
// kSign is that of 2 pi i j m / n in the exponent; not normalised, in place.
#pragma once
#include <array>
#include <cmath>

#include "fourier/lanes.hpp"

namespace vitrobeam {

// a + kSign i b
template <int kSign, typename Real>
[[gnu::always_inline]] inline Lanes<Real> add_turned(const Lanes<Real>& a, const Lanes<Real>& b) {
  if constexpr (kSign > 0) return {a.re - b.im, a.im + b.re};
  return {a.re + b.im, a.im - b.re};
}

template <int kSize>
struct Circle {
  std::array<double, kSize> cosine, sine;
};
template <int kSize>
inline const Circle<kSize> kCircle = [] {
  Circle<kSize> c;
  for (int j = 0; j < kSize; ++j) {
    c.cosine[j] = std::cos(2 * M_PI * j / kSize);
    c.sine[j] = std::sin(2 * M_PI * j / kSize);
  }
  return c;
}();

// An odd number of values, by sums and differences of the pairs j, kSize - j.
template <int kSize, int kSign>
struct Butterfly {
  template <typename Real>
  [[gnu::always_inline]] static inline void apply(Lanes<Real>* a) {
    constexpr int kHalf = kSize / 2;
    static_assert(kSize % 2 == 1);
    Lanes<Real> sum[kHalf], difference[kHalf];
    const Lanes<Real> first = a[0];
#pragma GCC unroll 8
    for (int j = 0; j < kHalf; ++j) {
      sum[j] = a[j + 1] + a[kSize - 1 - j];
      difference[j] = a[j + 1] - a[kSize - 1 - j];
      a[0] = a[0] + sum[j];
    }
#pragma GCC unroll 8
    for (int k = 1; k <= kHalf; ++k) {
      Lanes<Real> even = first, odd = {};
#pragma GCC unroll 8
      for (int j = 0; j < kHalf; ++j) {
        even = even + sum[j] * Real(kCircle<kSize>.cosine[(j + 1) * k % kSize]);
        odd = odd + difference[j] * Real(kCircle<kSize>.sine[(j + 1) * k % kSize]);
      }
      a[k] = add_turned<kSign>(even, odd);
      a[kSize - k] = add_turned<-kSign>(even, odd);
    }
  }
};

template <int kSign>
struct Butterfly<2, kSign> {
  template <typename Real>
  [[gnu::always_inline]] static inline void apply(Lanes<Real>* a) {
    const auto difference = a[0] - a[1];
    a[0] = a[0] + a[1];
    a[1] = difference;
  }
};

template <int kSign>
struct Butterfly<4, kSign> {
  template <typename Real>
  [[gnu::always_inline]] static inline void apply(Lanes<Real>* a) {
    const auto s0 = a[0] + a[2], d0 = a[0] - a[2], s1 = a[1] + a[3], d1 = a[1] - a[3];
    a[0] = s0 + s1;
    a[2] = s0 - s1;
    a[1] = add_turned<kSign>(d0, d1);
    a[3] = add_turned<-kSign>(d0, d1);
  }
};

template <int kSign>
struct Butterfly<8, kSign> {
  template <typename Real>
  [[gnu::always_inline]] static inline void apply(Lanes<Real>* a) {
    const Real c = Real(0.70710678118654752440);  // cos 45 degrees
    const auto s0 = a[0] + a[4], d0 = a[0] - a[4], s1 = a[1] + a[5], d1 = a[1] - a[5];
    const auto s2 = a[2] + a[6], d2 = a[2] - a[6], s3 = a[3] + a[7], d3 = a[3] - a[7];
    const auto e0 = s0 + s2, e1 = s0 - s2, o0 = s1 + s3, o1 = s1 - s3;
    a[0] = e0 + o0;
    a[4] = e0 - o0;
    a[2] = add_turned<kSign>(e1, o1);
    a[6] = add_turned<-kSign>(e1, o1);
    const auto p = add_turned<kSign>(d0, d2), q = add_turned<kSign>(d1, d3);
    const auto r = add_turned<-kSign>(d0, d2), t = add_turned<-kSign>(d1, d3);
    const auto u = add_turned<kSign>(q, q);   // (1 +- i) q
    const auto v = add_turned<-kSign>(t, t);  // -(-1 +- i) t
    a[1] = p + u * c;
    a[5] = p - u * c;
    a[3] = r - v * c;
    a[7] = r + v * c;
  }
};

}  // namespace vitrobeam
