#include "models/rotations.hpp"

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <cmath>
#include <numbers>

namespace vitrobeam {

Eigen::Matrix3d random_rotation(RandomSequence& random) {
  const double a = random.uniform(), b = 2 * std::numbers::pi * random.uniform(),
               c = 2 * std::numbers::pi * random.uniform();
  return Eigen::Quaterniond(std::sqrt(1 - a) * std::sin(b), std::sqrt(1 - a) * std::cos(b),
                            std::sqrt(a) * std::sin(c), std::sqrt(a) * std::cos(c))
      .toRotationMatrix();
}

Eigen::Matrix3d rotation_between(const Vector3d& a, const Vector3d& b) {
  const Vector3d from = a.normalized(), to = b.normalized();
  const double cosine = to.dot(from);
  if (cosine > -1 + 1e-12) {
    const double s = std::sqrt((1 + cosine) * 2);
    Eigen::Quaterniond q;
    q.vec() = from.cross(to) * (1 / s);
    q.w() = s * 0.5;
    return q.toRotationMatrix();
  }
  // Two reflections: one takes `from` to `to`, the other leaves `to` where it is.
  const auto reflection = [](const Vector3d& normal) -> Eigen::Matrix3d {
    return Eigen::Matrix3d::Identity() - 2 * normal * normal.transpose();
  };
  Eigen::Index axis = 0;
  to.cwiseAbs().minCoeff(&axis);
  const Vector3d across = to.cross(Vector3d(Vector3d::Unit(axis))).normalized();
  return reflection(across) * reflection((to - from).normalized());
}

Eigen::Matrix3d fitted_rotation(const std::vector<Vector3d>& a, const std::vector<Vector3d>& b) {
  Eigen::Matrix3d m = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < a.size(); ++i) m += b[i] * a[i].transpose();
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(m, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Eigen::Matrix3d keep = Eigen::Matrix3d::Identity();
  keep(2, 2) = (svd.matrixU() * svd.matrixV().transpose()).determinant() < 0 ? -1 : 1;
  return svd.matrixU() * keep * svd.matrixV().transpose();
}

}  // namespace vitrobeam
