#include "base/random.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <random>

namespace vitrobeam {
namespace {

constexpr double kPi = 3.14159265358979323846;

std::array<std::uint32_t, 4> bits4(std::uint64_t seed, std::uint64_t stream, std::uint64_t i) {
  const r123::Philox4x32::ctr_type counter{{std::uint32_t(i), std::uint32_t(i >> 32),
                                            std::uint32_t(stream), std::uint32_t(stream >> 32)}};
  const r123::Philox4x32::key_type key{{std::uint32_t(seed), std::uint32_t(seed >> 32)}};
  const auto r = r123::Philox4x32()(counter, key);
  return {r[0], r[1], r[2], r[3]};
}

}  // namespace

std::array<double, 4> uniform4(std::uint64_t seed, std::uint64_t stream, std::uint64_t i) {
  const auto b = bits4(seed, stream, i);
  std::array<double, 4> u;
  for (int k = 0; k < 4; ++k) u[k] = (b[k] + 0.5) * 0x1p-32;
  return u;
}

std::array<double, 4> normal4(std::uint64_t seed, std::uint64_t stream, std::uint64_t i) {
  const auto u = uniform4(seed, stream, i);
  std::array<double, 4> n;
  for (int k = 0; k < 4; k += 2) {
    const double r = std::sqrt(-2 * std::log(u[k])), phi = 2 * kPi * u[k + 1];
    n[k] = r * std::cos(phi);
    n[k + 1] = r * std::sin(phi);
  }
  return n;
}

double RandomSequence::uniform() {
  if (uniforms_left_ == 0) {
    uniform_ = uniform4(seed_, stream_, counter_++);
    uniforms_left_ = 4;
  }
  return uniform_[--uniforms_left_];
}

double RandomSequence::normal() {
  if (normals_left_ == 0) {
    normal_ = normal4(seed_, stream_, counter_++);
    normals_left_ = 4;
  }
  return normal_[--normals_left_];
}

std::uint64_t RandomSequence::below(std::uint64_t n) {
  return std::uint64_t(uniform() * double(n));
}

RandomSequence::result_type RandomSequence::operator()() {
  return bits4(seed_, stream_, counter_++)[0];
}

std::uint64_t RandomSequence::poisson(double mean) {
  return mean > 0 ? std::poisson_distribution<std::uint64_t>(mean)(*this) : 0;
}

double RandomSequence::gamma(double shape) {
  return shape > 0 ? std::gamma_distribution<double>(shape)(*this) : 0;
}

}  // namespace vitrobeam
