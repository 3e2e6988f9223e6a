// Systems of linear equations in double precision. Eigen's decompositions are compiled here and
// nowhere else: in every file that names one, they take seconds of compiling.
#pragma once
#include <Eigen/Core>

namespace vitrobeam {

// x of a x = b, for a symmetric `a` [n, n] (Cholesky with pivots, so that it may be singular to
// rounding); `b` [n] or [n, columns].
Eigen::VectorXd solve_symmetric(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);
Eigen::MatrixXd solve_symmetric(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

// x of a x = b, for any `a` [n, n] that has an inverse; `b` [n, columns].
Eigen::MatrixXd solve_square(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

// x [terms] that makes |design x - values| least; `design` [points, terms], of full rank.
Eigen::VectorXd solve_least_squares(const Eigen::MatrixXd& design, const Eigen::VectorXd& values);
// The shortest such x, where the design does not determine it.
Eigen::VectorXd shortest_least_squares(const Eigen::MatrixXd& design,
                                       const Eigen::VectorXd& values);

Eigen::MatrixXd inverse_of(const Eigen::MatrixXd& a);

}  // namespace vitrobeam
