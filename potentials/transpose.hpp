// Transposes of blocks of complex numbers between rows of different pitch.
#pragma once
#include <complex>
#include <cstddef>

namespace vitrobeam {

namespace detail {

#if defined(__GNUC__)
// Four complex<float>, each moved as one 8-byte value: a portable vector type of the compiler, no
// intrinsics. 4 x 4 in registers costs a quarter of the element-wise loop.
typedef double FourComplex __attribute__((vector_size(32), aligned(8), may_alias));

inline void transpose_4x4(const std::complex<float>* in, std::size_t in_pitch,
                          std::complex<float>* out, std::size_t out_pitch) {
  const auto row = [&](int i) { return *reinterpret_cast<const FourComplex*>(in + i * in_pitch); };
  const auto put = [&](int i, FourComplex v) {
    *reinterpret_cast<FourComplex*>(out + i * out_pitch) = v;
  };
  const FourComplex a = row(0), b = row(1), c = row(2), d = row(3);
  const FourComplex ab_even = __builtin_shufflevector(a, b, 0, 4, 2, 6),
                    ab_odd = __builtin_shufflevector(a, b, 1, 5, 3, 7);
  const FourComplex cd_even = __builtin_shufflevector(c, d, 0, 4, 2, 6),
                    cd_odd = __builtin_shufflevector(c, d, 1, 5, 3, 7);
  put(0, __builtin_shufflevector(ab_even, cd_even, 0, 1, 4, 5));
  put(1, __builtin_shufflevector(ab_odd, cd_odd, 0, 1, 4, 5));
  put(2, __builtin_shufflevector(ab_even, cd_even, 2, 3, 6, 7));
  put(3, __builtin_shufflevector(ab_odd, cd_odd, 2, 3, 6, 7));
}
#endif

template <typename T>
void transpose_4x4(const T* in, std::size_t in_pitch, T* out, std::size_t out_pitch) {
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) out[c * out_pitch + r] = in[r * in_pitch + c];
}

}  // namespace detail

// out[c * out_pitch + r] = in[r * in_pitch + c] for r < rows, c < columns.
template <typename T>
void transpose(const T* in, std::size_t in_pitch, int rows, int columns, T* out,
               std::size_t out_pitch) {
  const int whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (int c = 0; c < whole_columns; c += 4)
    for (int r = 0; r < whole_rows; r += 4)
      detail::transpose_4x4(in + r * in_pitch + c, in_pitch, out + c * out_pitch + r, out_pitch);
  for (int r = 0; r < rows; ++r)
    for (int c = r < whole_rows ? whole_columns : 0; c < columns; ++c)
      out[c * out_pitch + r] = in[r * in_pitch + c];
}

}  // namespace vitrobeam
