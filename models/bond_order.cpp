#include "models/bond_order.hpp"

#include <array>
#include <cassert>
#include <cmath>
#include <complex>
#include <numbers>

namespace vitrobeam {
namespace {

using Complex = std::complex<double>;

double factorial(int n) { return std::tgamma(double(n) + 1); }

// Y_lm of a direction for m = 0 ... l; Y_l,-m = (-1)^m conj Y_lm.
void add_harmonics(int l, const Vector3d& step, Complex* sum) {
  const double r = step.norm();
  const double theta = std::acos(std::clamp(step.z() / r, -1.0, 1.0));
  const double in_plane = std::hypot(step.x(), step.y());
  const Complex turn = in_plane > 0 ? Complex(step.x(), step.y()) / in_plane : Complex(1);
  Complex phase = 1;
  for (int m = 0; m <= l; ++m, phase *= turn)
    sum[m] += std::sph_legendre(unsigned(l), unsigned(m), theta) * phase;
}

Complex at(const Complex* q, int m) {
  return m >= 0 ? q[m] : (m % 2 ? -std::conj(q[-m]) : std::conj(q[-m]));
}

double square_sum(int l, const Complex* q) {
  double sum = std::norm(q[0]);
  for (int m = 1; m <= l; ++m) sum += 2 * std::norm(q[m]);
  return sum;
}

struct Triple {
  int m1, m2, m3;
  double coefficient;
};

std::vector<Triple> triples(int l) {
  std::vector<Triple> out;
  if (l % 2) return out;  // odd l: the sum vanishes
  for (int m1 = -l; m1 <= l; ++m1)
    for (int m2 = std::max(-l, -l - m1); m2 <= std::min(l, l - m1); ++m2)
      out.push_back({m1, m2, -m1 - m2, wigner_3j(l, l, l, m1, m2, -m1 - m2)});
  return out;
}

// q and w of every atom from its q_lm.
void invariants(int l, const std::vector<Complex>& lm, const std::vector<Triple>& sums,
                std::vector<double>& q, std::vector<double>& w) {
  const std::size_t step = std::size_t(l) + 1, n = lm.size() / step;
  q.assign(n, 0);
  w.assign(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const Complex* c = lm.data() + i * step;
    const double square = square_sum(l, c);
    q[i] = std::sqrt(4 * std::numbers::pi / (2 * l + 1) * square);
    if (square < 1e-24) continue;
    Complex third = 0;
    for (const Triple& t : sums) third += t.coefficient * at(c, t.m1) * at(c, t.m2) * at(c, t.m3);
    w[i] = third.real() / std::pow(square, 1.5);
  }
}

}  // namespace

double wigner_3j(int j1, int j2, int j3, int m1, int m2, int m3) {
  if (m1 + m2 + m3 != 0 || std::abs(m1) > j1 || std::abs(m2) > j2 || std::abs(m3) > j3) return 0;
  if (j3 < std::abs(j1 - j2) || j3 > j1 + j2) return 0;
  double sum = 0;
  for (int k = 0; k <= j1 + j2 - j3; ++k) {
    const std::array<int, 6> n = {k,           j1 + j2 - j3 - k, j1 - m1 - k,
                                  j2 + m2 - k, j3 - j2 + m1 + k, j3 - j1 - m2 + k};
    double product = 1;
    bool exists = true;
    for (int f : n) {
      exists = exists && f >= 0;
      if (exists) product *= factorial(f);
    }
    if (exists) sum += (k % 2 ? -1 : 1) / product;
  }
  const double triangle = factorial(j1 + j2 - j3) * factorial(j1 - j2 + j3) *
                          factorial(-j1 + j2 + j3) / factorial(j1 + j2 + j3 + 1);
  const double turns = factorial(j1 + m1) * factorial(j1 - m1) * factorial(j2 + m2) *
                       factorial(j2 - m2) * factorial(j3 + m3) * factorial(j3 - m3);
  return ((j1 - j2 - m3) % 2 ? -1 : 1) * std::sqrt(triangle * turns) * sum;
}

BondOrder bond_order(const NeighbourList& neighbours, int l) {
  assert(l >= 1 && l <= 12);
  const std::size_t n = neighbours.size(), step = std::size_t(l) + 1;
  std::vector<Complex> lm(n * step, Complex(0)), mean(n * step, Complex(0));
  for (std::size_t i = 0; i < n; ++i) {
    Complex* c = lm.data() + i * step;
    for (auto k = neighbours.first[i]; k < neighbours.first[i + 1]; ++k)
      add_harmonics(l, neighbours.step[k], c);
    for (std::size_t m = 0; m < step; ++m)
      c[m] /= double(std::max<std::size_t>(neighbours.count(i), 1));
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t m = 0; m < step; ++m) {
      Complex sum = lm[i * step + m];
      for (auto k = neighbours.first[i]; k < neighbours.first[i + 1]; ++k)
        sum += lm[neighbours.atom[k] * step + m];
      mean[i * step + m] = sum / double(neighbours.count(i) + 1);
    }
  BondOrder out;
  const auto sums = triples(l);
  invariants(l, lm, sums, out.q, out.w);
  invariants(l, mean, sums, out.q_averaged, out.w_averaged);
  return out;
}

}  // namespace vitrobeam
