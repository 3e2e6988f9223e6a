// The smooth bump that carries what lies between the samples of a grid onto them: the exponential
// of a semicircle (Barnett, Magland and af Klinteberg, SIAM J. Sci. Comput. 41 (2019) C479).
#pragma once
#include <vector>

namespace vitrobeam {

// Along one axis of `samples` samples over `edge` Angstrom, whose Fourier coefficients are wanted
// up to index `band`.
template <typename Real>
struct SpreadingBump {
  // Width of the bump in samples: the error is about exp(-pi width sqrt(1 - 1/1.5)).
  static constexpr int kWidth = sizeof(Real) == 4 ? 8 : 16;

  int n;
  double length, beta;
  std::vector<double> correction;  // 1 / transform of the bump, of |j| = 0 .. max(band, last)

  SpreadingBump(int samples, double edge, int band, int last = 0);
  // The bump at a distance of so many samples from its middle.
  double at(double samples) const;
  // Index of the first sample that the bump of an atom at `x` (Angstrom) reaches; its values.
  int operator()(double x, Real* values) const;
};

extern template struct SpreadingBump<float>;
extern template struct SpreadingBump<double>;

}  // namespace vitrobeam
