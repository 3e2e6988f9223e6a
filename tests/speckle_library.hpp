// A motif library of made-up patterns: a ring with random modulation is a packing, one with a few
// harmonics a motif.
#pragma once
#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "patterns/library.hpp"

namespace vitrobeam::speckle_library {

inline constexpr int kSize = 48;
inline const Calibration kCamera = centred_calibration(kSize, kSize, 0.05, 0.05);

inline double envelope(double q) { return std::exp(-0.5 * std::pow((q - 0.6) / 0.15, 2)); }

// Smooth random modulation on a ring: the pattern of a random packing.
// On kSize * finer pixels along an edge, each seeing the share of the beam that falls on it.
inline PlaneF speckle(std::uint64_t seed, int finer = 1) {
  RandomSequence random(seed, 1);
  double a[9], b[9];
  for (int m = 1; m < 9; ++m) a[m] = random.normal(), b[m] = random.normal();
  const int n = kSize * finer;
  PlaneF image(n, n);
  for (int r = 0; r < n; ++r)
    for (int c = 0; c < n; ++c) {
      const double qy = (r - n / 2) * 0.05 / finer, qx = (c - n / 2) * 0.05 / finer,
                   q = std::hypot(qx, qy), t = std::atan2(qy, qx);
      double v = 4;
      for (int m = 1; m < 9; ++m) v += (a[m] * std::cos(m * t) + b[m] * std::sin(m * t)) / m;
      image(r, c) = float(1e-4 / (finer * finer) * envelope(q) * std::max(v, 0.0));
    }
  return image;
}

// A motif alone, of that order of rotation, turned towards +y.
inline PlaneF motif(int fold, double turn = 0) {
  PlaneF image(kSize, kSize);
  for (int r = 0; r < kSize; ++r)
    for (int c = 0; c < kSize; ++c) {
      const double qy = (r - 24) * 0.05, qx = (c - 24) * 0.05, q = std::hypot(qx, qy),
                   t = std::atan2(qy, qx);
      image(r, c) =
          float(1e-4 * envelope(q) *
                (1 + std::cos(fold * (t - turn)) + 0.5 * std::cos(2 * fold * (t - turn))));
    }
  return image;
}

inline void append(Stack<float>& stack, const PlaneF& image) {
  if (stack.shape.empty()) stack.shape = {0, kSize, kSize};
  ++stack.shape[0];
  stack.values.insert(stack.values.end(), image.data(), image.data() + image.size());
}

// Two motifs with a template each, 450 motif-free patterns of 9 packings, 40 planted ones.
inline MotifLibrary library() {
  MotifLibrary l;
  l.motif_names = {"five", "three"};
  l.pixel_qx = l.pixel_qy = 0.05;
  append(l.patterns, motif(5));
  append(l.patterns, motif(3));
  l.templates = {{0, Vector3d::UnitZ()}, {1, Vector3d::UnitZ()}};
  for (int i = 0; i < 450; ++i) {
    append(l.null_patterns, speckle(std::uint64_t(1000 + i)));
    l.null.push_back({.packing = i / 50});
  }
  for (int i = 0; i < 40; ++i) {
    append(l.planted_patterns, speckle(std::uint64_t(5000 + i)) + 1.5f * motif(i % 2 ? 3 : 5, i));
    l.planted.push_back({.motif = i % 2});
  }
  return l;
}

}  // namespace vitrobeam::speckle_library
