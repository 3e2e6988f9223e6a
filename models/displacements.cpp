#include "models/displacements.hpp"

#include <Eigen/LU>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/nearest_image.hpp"

namespace vitrobeam {
namespace {

void check_same(const Atoms& before, const Atoms& after) {
  if (before.size() != after.size())
    fail(Fault::input,
         "the frames have {} and {} atoms: displacements need the same atoms in every frame",
         before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before.numbers[i] != after.numbers[i])
      fail(
          Fault::input,
          "atom {} is another element in the other frame: displacements need the atoms in the same "
          "order (a LAMMPS dump with ids has it)",
          i + 1);
}

}  // namespace

std::vector<Vector3d> displacements(const Atoms& before, const Atoms& after) {
  check_same(before, after);
  const bool finite = before.cell.vectors.isZero() || after.cell.vectors.isZero();
  std::vector<Vector3d> out;
  Vector3d mean = Vector3d::Zero();
  const Eigen::Matrix3d edges = after.cell.vectors.transpose();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (finite)
      out.push_back(after.positions[i] - before.positions[i]);
    else
      out.push_back(edges * nearest_fraction(
                                edges.inverse() * after.positions[i] -
                                    before.cell.vectors.transpose().inverse() * before.positions[i],
                                before.cell.periodic));
    mean += out.back() / double(before.size());
  }
  for (auto& d : out) d -= mean;
  return out;
}

LocalDeformation local_deformation(const Atoms& before, const Atoms& after, double radius) {
  check_same(before, after);
  const NeighbourList list = neighbours_within(before.cell, before.positions, radius);
  // Steps in `after` = steps in `before`, deformed with the cell, and the difference of
  // displacements: no second search, and bonds that break are followed.
  const bool finite = before.cell.vectors.isZero();
  const Eigen::Matrix3d cell_change =
      finite ? Eigen::Matrix3d(Eigen::Matrix3d::Identity())
             : Eigen::Matrix3d(after.cell.vectors.transpose() *
                               before.cell.vectors.transpose().inverse());
  const std::vector<Vector3d> moved = displacements(before, after);
  LocalDeformation out;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < before.size(); ++i) {
    Eigen::Matrix3d x = Eigen::Matrix3d::Zero(), y = x;
    std::vector<Vector3d> now;
    for (auto k = list.first[i]; k < list.first[i + 1]; ++k) {
      now.push_back(cell_change * list.step[k] + moved[list.atom[k]] - moved[i]);
      x += now.back() * list.step[k].transpose();
      y += list.step[k] * list.step[k].transpose();
    }
    const Eigen::FullPivLU<Eigen::Matrix3d> lu(y);
    if (now.size() < 3 || lu.rcond() < 1e-9) {
      out.d2min.push_back(kNone);
      out.shear.push_back(kNone);
      out.volumetric.push_back(kNone);
      continue;
    }
    const Eigen::Matrix3d f = x * lu.inverse();
    double rest = 0;
    for (std::size_t k = 0; k < now.size(); ++k)
      rest += (now[k] - f * list.step[list.first[i] + k]).squaredNorm();
    const Eigen::Matrix3d e = (f.transpose() * f - Eigen::Matrix3d::Identity()) / 2;
    const double third = e.trace() / 3;
    const Eigen::Matrix3d deviator = e - third * Eigen::Matrix3d::Identity();
    out.d2min.push_back(rest / double(now.size()));
    out.shear.push_back(std::sqrt(deviator.squaredNorm() / 2));
    out.volumetric.push_back(third);
  }
  return out;
}

void Vibration::add(const Atoms& frame) {
  if (frames_ == 0) {
    reference_ = frame;
    sum_.assign(frame.size(), Vector3d::Zero());
    square_.assign(frame.size(), 0);
  }
  const double change = (frame.cell.vectors - reference_.cell.vectors).cwiseAbs().maxCoeff();
  if (change > 1e-6)
    fail(Fault::input,
         "the cell of a frame differs by {:.4g} Angstrom from that of the first; frames with "
         "unequal cells have no mean",
         change);
  const auto moved = displacements(reference_, frame);
  for (std::size_t i = 0; i < moved.size(); ++i) {
    sum_[i] += moved[i];
    square_[i] += moved[i].squaredNorm();
  }
  ++frames_;
}

std::vector<double> Vibration::mean_square() const {
  std::vector<double> out;
  const double n = double(std::max<std::size_t>(frames_, 1));
  for (std::size_t i = 0; i < sum_.size(); ++i)
    out.push_back(std::max(0.0, square_[i] / n - (sum_[i] / n).squaredNorm()));
  return out;
}

std::vector<double> flexibility_volume(const std::vector<double>& mean_square,
                                       const std::vector<double>& atomic_volume) {
  std::vector<double> out;
  for (std::size_t i = 0; i < mean_square.size(); ++i)
    out.push_back(mean_square[i] * std::cbrt(atomic_volume[i]));
  return out;
}

}  // namespace vitrobeam
