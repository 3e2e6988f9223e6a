// Fast inertial relaxation, FIRE: E. Bitzek et al., Phys. Rev. Lett. 97 (2006) 170201.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

inline double dot(const std::vector<Vector3d>& a, const std::vector<Vector3d>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i].dot(b[i]);
  return sum;
}

class Fire {
 public:
  Fire(std::size_t atoms, double first_step, double longest_step)
      : step_(first_step), longest_(longest_step), velocities_(atoms, Vector3d::Zero()) {}

  // Moves the positions along forces of unit mass, none farther than `most` (0: any).
  void move(std::vector<Vector3d>& positions, const std::vector<Vector3d>& forces,
            double most = 0) {
    const double power = dot(forces, velocities_);
    auto& v = velocities_;
    if (power > 0) {
      const double speed = mixing_ * std::sqrt(dot(v, v) / dot(forces, forces));
      for (std::size_t i = 0; i < v.size(); ++i) v[i] = (1 - mixing_) * v[i] + speed * forces[i];
      if (++downhill_ > 5) {
        step_ = std::min(1.1 * step_, longest_);
        mixing_ *= 0.99;
      }
    } else {
      for (auto& x : v) x.setZero();
      if (!first_) step_ *= 0.5;
      mixing_ = kMixing;
      downhill_ = 0;
    }
    first_ = false;
    for (std::size_t i = 0; i < v.size(); ++i) {
      v[i] += step_ * forces[i];
      Vector3d move = step_ * v[i];
      if (const double length = move.norm(); most > 0 && length > most) move *= most / length;
      positions[i] += move;
    }
  }

 private:
  static constexpr double kMixing = 0.1;
  double step_, longest_, mixing_ = kMixing;
  int downhill_ = 0;
  bool first_ = true;
  std::vector<Vector3d> velocities_;
};

}  // namespace vitrobeam
