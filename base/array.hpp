// Row-major planes [y, x] and stacks of them: the array types that every layer exchanges.
#pragma once
#include <Eigen/Core>
#include <complex>
#include <cstddef>
#include <numeric>
#include <vector>

namespace vitrobeam {

template <typename T>
using Plane = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using PlaneF = Plane<float>;
using PlaneD = Plane<double>;
using PlaneC = Plane<std::complex<double>>;
using Eigen::Vector2d;
using Eigen::Vector3d;

// A dense row-major array of any rank that owns its values; the last axis is contiguous.
template <typename T>
struct Stack {
  std::vector<std::size_t> shape;
  std::vector<T> values;

  Stack() = default;
  explicit Stack(std::vector<std::size_t> s, T fill = T())
      : shape(std::move(s)), values(count(shape), fill) {}

  static std::size_t count(const std::vector<std::size_t>& s) {
    return std::accumulate(s.begin(), s.end(), std::size_t{1}, std::multiplies<>());
  }
  std::size_t size() const { return values.size(); }

  // The last two axes as a plane; `index` counts the leading axes flattened.
  Eigen::Map<Plane<T>> plane(std::size_t index) {
    const auto ny = shape[shape.size() - 2], nx = shape.back();
    return {values.data() + index * ny * nx, Eigen::Index(ny), Eigen::Index(nx)};
  }
  Eigen::Map<const Plane<T>> plane(std::size_t index) const {
    const auto ny = shape[shape.size() - 2], nx = shape.back();
    return {values.data() + index * ny * nx, Eigen::Index(ny), Eigen::Index(nx)};
  }
};

}  // namespace vitrobeam
