// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011, through Random123): a value
// depends on (seed, stream, counter) only, never on threads, ranks or the order of calls.
#pragma once
#include <array>
#include <cstdint>

namespace vitrobeam {

// Four independent uniform numbers in (0, 1), for counter `i` of stream `stream` (a purpose or a
// configuration).
std::array<double, 4> uniform4(std::uint64_t seed, std::uint64_t stream, std::uint64_t i);

// Four independent normal numbers of mean 0 and variance 1 (Box and Muller).
std::array<double, 4> normal4(std::uint64_t seed, std::uint64_t stream, std::uint64_t i);

// A sequence for algorithms that draw one after another in one thread; it begins at counter `first`
// of its stream, so that one stream can hold many sequences.
class RandomSequence {
 public:
  RandomSequence(std::uint64_t seed, std::uint64_t stream, std::uint64_t first = 0)
      : seed_(seed), stream_(stream), counter_(first) {}
  double uniform();                      // (0, 1)
  double normal();                       // mean 0, variance 1
  std::uint64_t below(std::uint64_t n);  // 0 .. n-1
  std::uint64_t poisson(double mean);    // a count
  double gamma(double shape);            // mean and variance `shape`

  using result_type = std::uint32_t;  // UniformRandomBitGenerator, for <algorithm> and <random>
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xffffffffu; }
  result_type operator()();

 private:
  std::uint64_t seed_, stream_, counter_;
  std::array<double, 4> uniform_{}, normal_{};
  int uniforms_left_ = 0, normals_left_ = 0;
};

}  // namespace vitrobeam
