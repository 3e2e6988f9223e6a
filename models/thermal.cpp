#include "models/thermal.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

constexpr double kLargest = 2;  // Angstrom, one-dimensional rms

const std::vector<double>* numbers(const Atoms& atoms, const char* name) {
  const auto found = atoms.labels.find(name);
  return found == atoms.labels.end() ? nullptr
                                     : std::get_if<std::vector<double>>(&found->second.values);
}

Eigen::Matrix3d root_of(const double* u, int columns, std::size_t atom, int number) {
  Eigen::Matrix3d tensor;
  if (columns == 6)
    tensor << u[0], u[3], u[4], u[3], u[1], u[5], u[4], u[5], u[2];
  else
    tensor << u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8];
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(tensor);
  const double lowest = solver.eigenvalues()[0], highest = solver.eigenvalues()[2];
  if (!tensor.allFinite() || (tensor - tensor.transpose()).cwiseAbs().maxCoeff() > 1e-9 ||
      lowest < -1e-9 || highest > kLargest * kLargest)
    fail(Fault::input,
         "label U of atom {} ({}): [{:g} {:g} {:g}; {:g} {:g} {:g}; {:g} {:g} {:g}] are no "
         "mean-square displacements; a symmetric, positive tensor up to {:g} Angstrom^2 is "
         "expected, as xx yy zz xy xz yz or row by row",
         atom + 1, symbol(number), tensor(0, 0), tensor(0, 1), tensor(0, 2), tensor(1, 0),
         tensor(1, 1), tensor(1, 2), tensor(2, 0), tensor(2, 1), tensor(2, 2), kLargest * kLargest);
  return solver.eigenvectors() * solver.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal() *
         solver.eigenvectors().transpose();
}

}  // namespace

ThermalMotion einstein_motion(const Atoms& atoms, const std::map<int, double>& u_rms) {
  ThermalMotion motion;
  motion.reserve(atoms.size());
  for (const int z : atoms.numbers) motion.emplace_back(u_rms.at(z) * Eigen::Matrix3d::Identity());
  return motion;
}

bool has_motion_labels(const Atoms& atoms) {
  return numbers(atoms, "U") != nullptr || numbers(atoms, "u_rms") != nullptr;
}

ThermalMotion labelled_motion(const Atoms& atoms) {
  ThermalMotion motion;
  motion.reserve(atoms.size());
  if (const auto* tensors = numbers(atoms, "U")) {
    const int columns = atoms.labels.at("U").columns;
    if (columns != 6 && columns != 9)
      fail(Fault::input,
           "label U has {} columns; 6 (xx yy zz xy xz yz, Angstrom^2) or 9 are expected", columns);
    for (std::size_t i = 0; i < atoms.size(); ++i)
      motion.push_back(
          root_of(tensors->data() + i * std::size_t(columns), columns, i, atoms.numbers[i]));
    return motion;
  }
  const auto* lengths = numbers(atoms, "u_rms");
  if (!lengths || atoms.labels.at("u_rms").columns != 1)
    fail(Fault::input, "the model has no label U, and no label u_rms of one column");
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const double u = (*lengths)[i];
    if (!(u >= 0 && u <= kLargest))
      fail(Fault::input, "label u_rms of atom {} ({}) is {:g}; 0 to {:g} Angstrom is expected",
           i + 1, symbol(atoms.numbers[i]), u, kLargest);
    motion.emplace_back(u * Eigen::Matrix3d::Identity());
  }
  return motion;
}

std::map<int, double> mean_motion(const Atoms& atoms, const ThermalMotion& motion) {
  std::map<int, std::pair<double, double>> sums;  // of <u^2> along one axis, and of atoms
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    auto& [sum, count] = sums[atoms.numbers[i]];
    sum += motion[i].squaredNorm() / 3;
    ++count;
  }
  std::map<int, double> u;
  for (const auto& [z, s] : sums) u[z] = std::sqrt(s.first / s.second);
  return u;
}

std::vector<Vector3d> thermal_displacements(const ThermalMotion& motion, std::uint64_t seed,
                                            std::uint64_t configuration) {
  std::vector<Vector3d> displacements;
  displacements.reserve(motion.size());
  for (std::size_t i = 0; i < motion.size(); ++i) {
    const auto n = normal4(seed, configuration, i);
    displacements.emplace_back(motion[i] * Vector3d(n[0], n[1], n[2]));
  }
  return displacements;
}

std::vector<Vector3d> thermal_displacements(const Atoms& atoms, const std::map<int, double>& u_rms,
                                            std::uint64_t seed, std::uint64_t configuration) {
  return thermal_displacements(einstein_motion(atoms, u_rms), seed, configuration);
}

}  // namespace vitrobeam
