// Complex numbers of several lines side by side in one vector: one operation for all of them.
#pragma once
#include <complex>

namespace vitrobeam {

// kCount complex numbers, real parts first: one cache line. The compiler's own portable vector
// types, 32 bytes each (one AVX register); no intrinsics.
template <typename Real>
struct alignas(64) Lanes {
  static constexpr int kCount = 32 / sizeof(Real);
  typedef Real Vector __attribute__((vector_size(32)));
  Vector re, im;

  std::complex<Real> get(int lane) const { return {re[lane], im[lane]}; }
  void set(int lane, std::complex<Real> value) {
    re[lane] = value.real();
    im[lane] = value.imag();
  }
};

template <typename Real>
[[gnu::always_inline]] inline Lanes<Real> operator+(const Lanes<Real>& a, const Lanes<Real>& b) {
  return {a.re + b.re, a.im + b.im};
}
template <typename Real>
[[gnu::always_inline]] inline Lanes<Real> operator-(const Lanes<Real>& a, const Lanes<Real>& b) {
  return {a.re - b.re, a.im - b.im};
}
template <typename Real>
[[gnu::always_inline]] inline Lanes<Real> operator*(const Lanes<Real>& a, const Lanes<Real>& b) {
  return {a.re * b.re - a.im * b.im, a.im * b.re + a.re * b.im};
}
template <typename Real>
[[gnu::always_inline]] inline Lanes<Real> operator*(const Lanes<Real>& a, std::complex<Real> b) {
  const Real re = b.real(), im = b.imag();
  return {a.re * re - a.im * im, a.im * re + a.re * im};
}
template <typename Real>
[[gnu::always_inline]] inline Lanes<Real> times_conjugate(const Lanes<Real>& a,
                                                          std::complex<Real> b) {
  const Real re = b.real(), im = b.imag();
  return {a.re * re + a.im * im, a.im * re - a.re * im};
}
template <typename Real>
[[gnu::always_inline]] inline Lanes<Real> operator*(const Lanes<Real>& a, Real b) {
  return {a.re * b, a.im * b};
}

// sum += a b, each product added by itself: the same rounding wherever it is inlined.
template <typename Real>
[[gnu::always_inline]] inline void add_product(Lanes<Real>& sum, const Lanes<Real>& a,
                                               std::complex<Real> b) {
  sum.re += a.re * b.real();
  sum.re -= a.im * b.imag();
  sum.im += a.im * b.real();
  sum.im += a.re * b.imag();
}

namespace detail {

template <typename Vector>  // 8 x 8 floats, or 4 x 4 doubles
[[gnu::always_inline]] inline void transpose_square(Vector* r) {
  if constexpr (sizeof(r[0][0]) == 8) {
    const Vector a = __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6),
                 b = __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7),
                 c = __builtin_shufflevector(r[2], r[3], 0, 4, 2, 6),
                 d = __builtin_shufflevector(r[2], r[3], 1, 5, 3, 7);
    r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    r[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
  } else {
    Vector a[8], b[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
      a[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
      a[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4)
#pragma GCC unroll 2
      for (int k = 0; k < 2; ++k) {
        b[i + 2 * k] = __builtin_shufflevector(a[i + k], a[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        b[i + 2 * k + 1] =
            __builtin_shufflevector(a[i + k], a[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
      }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      r[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
      r[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
  }
}

}  // namespace detail

// out[c] lane r = in[r] lane c, for a square of kCount by kCount numbers.
template <typename Real>
void transpose(const Lanes<Real>* in, Lanes<Real>* out) {
  constexpr int kCount = Lanes<Real>::kCount;
  typename Lanes<Real>::Vector square[kCount];
#pragma GCC unroll 8
  for (int i = 0; i < kCount; ++i) square[i] = in[i].re;
  detail::transpose_square(square);
#pragma GCC unroll 8
  for (int i = 0; i < kCount; ++i) out[i].re = square[i];
#pragma GCC unroll 8
  for (int i = 0; i < kCount; ++i) square[i] = in[i].im;
  detail::transpose_square(square);
#pragma GCC unroll 8
  for (int i = 0; i < kCount; ++i) out[i].im = square[i];
}

}  // namespace vitrobeam
