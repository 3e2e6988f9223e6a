#include "base/linear_algebra.hpp"

#include <Eigen/Dense>

namespace vitrobeam {

using Eigen::MatrixXd, Eigen::VectorXd;

VectorXd solve_symmetric(const MatrixXd& a, const VectorXd& b) { return a.ldlt().solve(b); }

MatrixXd solve_symmetric(const MatrixXd& a, const MatrixXd& b) { return a.ldlt().solve(b); }

MatrixXd solve_square(const MatrixXd& a, const MatrixXd& b) { return a.partialPivLu().solve(b); }

VectorXd solve_least_squares(const MatrixXd& design, const VectorXd& values) {
  return design.colPivHouseholderQr().solve(values);
}

VectorXd shortest_least_squares(const MatrixXd& design, const VectorXd& values) {
  return design.completeOrthogonalDecomposition().solve(values);
}

MatrixXd inverse_of(const MatrixXd& a) { return a.inverse(); }

}  // namespace vitrobeam
