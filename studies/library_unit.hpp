// What a unit of a library's build leaves in the journal.
#pragma once
#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace vitrobeam {

struct UnitResult {
  std::vector<float> patterns, mean, covariance;

  std::vector<std::byte> bytes() const;
  // Error{machine} for bytes that are cut off.
  static UnitResult from(const std::vector<std::byte>& bytes);
};

// The values of a plane, complex ones as pairs.
template <typename Plane>
void append(std::vector<float>& to, const Plane& plane) {
  const auto* data = reinterpret_cast<const float*>(plane.data());
  constexpr Eigen::Index kFloats = Eigen::NumTraits<typename Plane::Scalar>::IsComplex ? 2 : 1;
  to.insert(to.end(), data, data + kFloats * plane.size());
}

}  // namespace vitrobeam
