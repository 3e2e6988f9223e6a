#include "patterns/moments.hpp"

#include <cassert>

namespace vitrobeam {

Plane<std::complex<float>> harmonics(const PlaneF& polar, const MomentGrid& grid) {
  const PolarGrid g = grid.polar();
  assert(polar.rows() == g.n_q && polar.cols() == g.n_theta);
  Eigen::MatrixXcf waves(g.n_theta, Eigen::Index(grid.harmonics()));
  for (Eigen::Index j = 0; j < waves.rows(); ++j)
    for (Eigen::Index m = 0; m < waves.cols(); ++m)
      waves(j, m) = std::complex<float>(std::polar(1.0 / g.n_theta, -double(m) * g.theta(int(j))));
  return (polar.matrix().cast<std::complex<float>>() * waves).transpose().array();
}

Moments::Moments(const MomentGrid& grid) : grid_(grid) {}

void Moments::add(const Plane<std::complex<float>>& harmonics) { samples_.push_back(harmonics); }

Plane<std::complex<float>> Moments::mean() const {
  Plane<std::complex<double>> sum =
      Plane<std::complex<double>>::Zero(Eigen::Index(grid_.harmonics()), grid_.n_q);
  for (const auto& s : samples_) sum += s.cast<std::complex<double>>();
  return (sum / std::complex<double>(double(std::max<std::size_t>(samples_.size(), 1))))
      .cast<std::complex<float>>();
}

PlaneF Moments::covariance() const {
  PlaneD sum = PlaneD::Zero(Eigen::Index(grid_.harmonics()), Eigen::Index(grid_.pairs()));
  if (samples_.size() < 2) return sum.cast<float>();
  const Plane<std::complex<double>> centre = mean().cast<std::complex<double>>();
  for (const auto& s : samples_) {
    const Plane<std::complex<double>> off = s.cast<std::complex<double>>() - centre;
    for (Eigen::Index m = 0; m < off.rows(); ++m) {
      Eigen::Index pair = 0;
      for (Eigen::Index a = 0; a < off.cols(); ++a)
        for (Eigen::Index b = a; b < off.cols(); ++b)
          sum(m, pair++) += (off(m, a) * std::conj(off(m, b))).real();
    }
  }
  return (sum / double(samples_.size() - 1)).cast<float>();
}

}  // namespace vitrobeam
