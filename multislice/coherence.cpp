#include "multislice/coherence.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace vitrobeam {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// L with L L^T = C but for a trace of `left`, of a positive matrix given by its diagonal and its
// columns: Cholesky's factor with the largest remaining diagonal taken next (Harbrecht, Peters and
// Schneider 2012).
template <typename Column>
MatrixXd low_rank_factor(VectorXd diagonal, double left, const Column& column) {
  const Index n = diagonal.size();
  std::vector<VectorXd> factor;
  while (diagonal.sum() > left && Index(factor.size()) < n) {
    Index pivot = 0;
    const double largest = diagonal.maxCoeff(&pivot);
    if (!(largest > 0)) break;
    VectorXd next = column(pivot);
    for (const VectorXd& f : factor) next -= f * f[pivot];
    next /= std::sqrt(largest);
    diagonal = (diagonal - next.cwiseAbs2()).cwiseMax(0.0);
    diagonal[pivot] = 0;
    factor.push_back(std::move(next));
  }
  MatrixXd l(n, Index(factor.size()));
  for (Index m = 0; m < l.cols(); ++m) l.col(m) = factor[std::size_t(m)];
  return l;
}

}  // namespace

double coherence(const Optics& optics, const Grid& grid, const ApertureBeam& k,
                 const ApertureBeam& l) {
  const Vector2d qk(k.jx / grid.lx, k.jy / grid.ly), ql(l.jx / grid.lx, l.jy / grid.ly);
  const double focus =
      M_PI * optics.wavelength() * optics.focal_spread * (qk.squaredNorm() - ql.squaredNorm());
  const double source = 2 * M_PI * optics.source_rms();
  return std::exp(-0.5 * focus * focus - 0.5 * source * source * (qk - ql).squaredNorm());
}

IncidentModes incident_modes(const Optics& optics, const Grid& grid,
                             const std::vector<ApertureBeam>& beams) {
  IncidentModes modes;
  const auto n = Index(beams.size());
  if (optics.is_coherent() || n == 1) {
    modes.amplitudes.emplace_back();
    for (const auto& b : beams) modes.amplitudes[0].push_back(b.amplitude);
    return modes;
  }
  VectorXd size(n);
  for (Index k = 0; k < n; ++k) size[k] = std::abs(beams[std::size_t(k)].amplitude);
  const MatrixXd factor =
      low_rank_factor(size.cwiseAbs2(), kModesLeftOut / 10, [&](Index pivot) -> VectorXd {
        VectorXd column(n);
        for (Index k = 0; k < n; ++k)
          column[k] = size[k] * size[pivot] *
                      coherence(optics, grid, beams[std::size_t(k)], beams[std::size_t(pivot)]);
        return column;
      });
  // the same subspace by its eigenvectors: fewer modes for the same intensity
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(factor.transpose() * factor);
  const VectorXd weights = eigen.eigenvalues().reverse();
  const MatrixXd waves = factor * eigen.eigenvectors().rowwise().reverse();
  Index kept = 0;
  double intensity = 0;
  while (kept < weights.size() && (kept == 0 || 1 - intensity > kModesLeftOut))
    intensity += weights[kept++];
  modes.left_out = std::max(0.0, 1 - intensity);
  for (Index m = 0; m < kept; ++m) {
    auto& mode = modes.amplitudes.emplace_back();
    for (Index k = 0; k < n; ++k)
      mode.push_back(beams[std::size_t(k)].amplitude / size[k] * waves(k, m) /
                     std::sqrt(intensity));
  }
  return modes;
}

ProbeSeries probe_series(const std::vector<Optics>& probes, const Grid& grid) {
  ProbeSeries series;
  if (probes.size() == 1) {
    series.beams = aperture_beams(probes[0], grid);
    series.probes = {incident_modes(probes[0], grid, series.beams)};
    return series;
  }
  std::vector<std::vector<ApertureBeam>> own;
  std::map<std::pair<int, int>, std::size_t> place;  // by jy, jx, as aperture_beams() orders them
  for (const Optics& optics : probes)
    for (const ApertureBeam& b : own.emplace_back(aperture_beams(optics, grid)))
      place[{b.jy, b.jx}] = 0;
  for (auto& [index, at] : place) {
    at = series.beams.size();
    series.beams.push_back({index.second, index.first, 1.0});
  }
  for (std::size_t p = 0; p < probes.size(); ++p) {
    IncidentModes& modes = series.probes.emplace_back(incident_modes(probes[p], grid, own[p]));
    for (auto& mode : modes.amplitudes) {
      std::vector<std::complex<double>> all(series.beams.size(), 0.0);
      for (std::size_t k = 0; k < own[p].size(); ++k)
        all[place[{own[p][k].jy, own[p][k].jx}]] = mode[k];
      mode = std::move(all);
    }
  }
  return series;
}

}  // namespace vitrobeam
