#include "multislice/scattering_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// A sample of the exit wave, and what it counts for: bit 0 the pattern's window, bit d + 1 detector
// d.
struct Sample {
  int jx, jy;
  std::uint64_t counts_for;
};

// Every sample inside the band, those of the window first, equal `counts_for` together.
std::vector<Sample> band_samples(const Grid& grid, const PatternWindow* window,
                                 const std::vector<AnnularDetector>& detectors, double wavelength) {
  std::vector<Sample> samples;
  for (int jx = -grid.band_x(); jx <= grid.band_x(); ++jx)
    for (int jy = -grid.band_y(); jy <= grid.band_y(); ++jy) {
      const double qx = jx / grid.lx, qy = jy / grid.ly;
      if (!grid.inside_band(qx, qy)) continue;
      std::uint64_t bits = window && window->contains(jx, jy) ? 1 : 0;
      for (std::size_t d = 0; d < detectors.size(); ++d)
        if (detectors[d].contains(std::hypot(qx, qy) * wavelength * 1e3))
          bits |= std::uint64_t{2} << d;
      samples.push_back({jx, jy, bits});
    }
  std::stable_sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) {
    return std::pair(~a.counts_for & 1, a.counts_for) < std::pair(~b.counts_for & 1, b.counts_for);
  });
  return samples;
}

// sum over columns first .. last - 1 of conj(S_kq) S_lq, [beam, beam]; products in blocks of fixed
// size summed in double, so that neither threads nor rounding of long sums show.
template <typename Matrix>
PlaneC pair_sums(const Matrix& s, Eigen::Index first, Eigen::Index last, int threads) {
  constexpr Eigen::Index kBeams = 64, kSamples = 2048;
  const Eigen::Index n = s.rows(), blocks = (n + kBeams - 1) / kBeams;
  PlaneC sums = PlaneC::Zero(n, n);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (Eigen::Index pair = 0; pair < blocks * blocks; ++pair) {
    const Eigen::Index k = pair / blocks * kBeams, l = pair % blocks * kBeams;
    if (l > k) continue;  // Hermitian
    const Eigen::Index nk = std::min(kBeams, n - k), nl = std::min(kBeams, n - l);
    for (Eigen::Index q = first; q < last; q += kSamples) {
      const Eigen::Index nq = std::min(kSamples, last - q);
      const Matrix product = s.block(k, q, nk, nq).conjugate() * s.block(l, q, nl, nq).transpose();
      sums.block(k, l, nk, nl) += product.array().template cast<std::complex<double>>();
    }
  }
  sums.matrix().template triangularView<Eigen::StrictlyUpper>() = sums.matrix().adjoint();
  return sums;
}

}  // namespace

ScanSeries::ScanSeries(const std::vector<ApertureBeam>& beams, const Grid& grid,
                       const PlaneC& pairs)
    : grid_(grid) {
  int jx = 0, jy = 0;
  for (const auto& b : beams) {
    jx = std::max(jx, std::abs(b.jx));
    jy = std::max(jy, std::abs(b.jy));
  }
  gx_ = 2 * jx;
  gy_ = 2 * jy;
  coefficients_.setZero(2 * gy_ + 1, gx_ + 1);
  // probe: sum_k A_k exp(-2 pi i q_k.r0); its form: conj(A_k) A_l M_kl exp(2 pi i (q_k - q_l).r0)
  for (std::size_t k = 0; k < beams.size(); ++k)
    for (std::size_t l = 0; l < beams.size(); ++l) {
      const int x = beams[k].jx - beams[l].jx, y = beams[k].jy - beams[l].jy;
      if (x < 0) continue;
      coefficients_(y + gy_, x) += std::conj(beams[k].amplitude) * beams[l].amplitude *
                                   pairs(Eigen::Index(k), Eigen::Index(l)) * (x == 0 ? 1.0 : 2.0);
    }
}

double ScanSeries::operator()(const Vector2d& r0) const {
  using Line = Eigen::ArrayXcd;
  const auto powers = [](int first, int last, double turn) {
    Line e(last - first + 1);
    for (int j = first; j <= last; ++j) e[j - first] = std::polar(1.0, 2 * M_PI * j * turn);
    return e;
  };
  const Line x = powers(0, gx_, r0.x() / grid_.lx), y = powers(-gy_, gy_, r0.y() / grid_.ly);
  const Eigen::VectorXcd rows = coefficients_.matrix() * x.matrix();
  return (rows.array() * y).real().sum();
}

template <typename Real>
std::size_t ScatteringMatrix<Real>::memory_bytes(const Grid& grid, std::size_t beams) {
  const double samples = M_PI * std::pow(grid.q_max(), 2) * grid.lx * grid.ly;
  // the matrix, its blocks under way, and the pair sums of the detectors
  return std::size_t(double(beams) * samples * 2 * sizeof(Real) +
                     3.0 * double(beams) * double(beams) * 16);
}

template <typename Real>
ScatteringMatrix<Real>::ScatteringMatrix(
    const BandTransform<Real>& transform, const Transmission<Real>& transmission,
    const Propagator<Real>& propagator, const std::vector<ApertureBeam>& beams,
    const PatternWindow* window, const std::vector<AnnularDetector>& detectors, double wavelength,
    int threads, const std::function<bool()>& stop)
    : grid_(transform.grid()), beams_(beams) {
  if (detectors.size() > 62)
    fail(Fault::usage, "--detector: at most 62 detectors in one run, not {}", detectors.size());
  const std::vector<Sample> samples = band_samples(grid_, window, detectors, wavelength);
  struct Place {
    int j;  // FFT order
    Eigen::Index column;
  };
  std::vector<std::vector<Place>> columns(2 * grid_.band_x() + 1);
  for (std::size_t i = 0; i < samples.size(); ++i)
    columns[samples[i].jx + grid_.band_x()].push_back(
        {(samples[i].jy + grid_.ny) % grid_.ny, Eigen::Index(i)});

  Matrix exit(Eigen::Index(beams.size()), Eigen::Index(samples.size()));
  const int last = transmission.slices() - 1;
#pragma omp parallel num_threads(threads)
  {
    auto workspace = transform.make_workspace();
    const auto first_wave = transform.make_wave(), second_wave = transform.make_wave();
#pragma omp for schedule(dynamic)
    for (std::size_t k = 0; k < beams.size(); k += 2) {
      if (stop()) continue;
      std::vector<Complex*> waves = {first_wave.get(), second_wave.get()};
      waves.resize(std::min<std::size_t>(2, beams.size() - k));
      for (std::size_t w = 0; w < waves.size(); ++w)
        transform.write_columns(waves[w], workspace, [&](int jx, Complex* column) {
          if (jx == beams[k + w].jx) column[(beams[k + w].jy + grid_.ny) % grid_.ny] = Complex(1);
          return jx == beams[k + w].jx;
        });
      propagate(transform, transmission, propagator, 0, last, waves, workspace);
      for (std::size_t w = 0; w < waves.size(); ++w)
        finish_in_fourier_space(transform, transmission, propagator, last, waves[w], workspace,
                                [&](int jx, const Complex* psi) {
                                  for (const Place& p : columns[jx + grid_.band_x()])
                                    exit(Eigen::Index(k + w), p.column) = psi[p.j];
                                });
    }
  }
  if (stop()) return;

  // Sums over all samples that count for the same things, once; detectors and the total are made of
  // them.
  PlaneC total = PlaneC::Zero(exit.rows(), exit.rows());
  std::vector<PlaneC> sums(detectors.size(), total);
  Eigen::Index in_window = 0;
  for (Eigen::Index first = 0, end = 0; first < exit.cols(); first = end) {
    const std::uint64_t bits = samples[first].counts_for;
    while (end < exit.cols() && samples[end].counts_for == bits) ++end;
    if (bits & 1) in_window = end;
    const PlaneC part = pair_sums(exit, first, end, threads);
    total += part;
    for (std::size_t d = 0; d < detectors.size(); ++d)
      if (bits >> (d + 1) & 1) sums[d] += part;
  }
  total_ = ScanSeries(beams, grid_, total);
  for (const PlaneC& s : sums) detectors_.emplace_back(beams, grid_, s);

  if (!window) return;
  pattern_ny_ = window->ny;
  pattern_nx_ = window->nx;
  exit_ = exit.leftCols(in_window);
  for (Eigen::Index i = 0; i < in_window; ++i)
    pattern_pixel_.push_back(Eigen::Index(samples[i].jy - window->first_y) * pattern_nx_ +
                             samples[i].jx - window->first_x);
}

template <typename Real>
std::vector<Plane<Real>> ScatteringMatrix<Real>::patterns(
    const std::vector<Vector2d>& positions) const {
  Matrix probes = Matrix::Zero(kTogether, Eigen::Index(beams_.size()));
  for (std::size_t i = 0; i < positions.size(); ++i)
    for (std::size_t k = 0; k < beams_.size(); ++k) {
      const double turn =
          beams_[k].jx * positions[i].x() / grid_.lx + beams_[k].jy * positions[i].y() / grid_.ly;
      probes(Eigen::Index(i), Eigen::Index(k)) =
          Complex(beams_[k].amplitude * std::polar(1.0, -2 * M_PI * turn));
    }
  std::vector<Plane<Real>> out(positions.size());
  for (auto& p : out) p.setZero(pattern_ny_, pattern_nx_);
  // in pieces whose waves stay in the second-level cache until their squares are taken
  constexpr Eigen::Index kSamples = 1024;
  Matrix waves;
  for (Eigen::Index q = 0; q < exit_.cols(); q += kSamples) {
    const Eigen::Index nq = std::min(kSamples, exit_.cols() - q);
    waves.noalias() = probes * exit_.middleCols(q, nq);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      Real* pixels = out[i].data();
      for (Eigen::Index s = 0; s < nq; ++s)
        pixels[pattern_pixel_[q + s]] = std::norm(waves(Eigen::Index(i), s));
    }
  }
  return out;
}

template class ScatteringMatrix<float>;
template class ScatteringMatrix<double>;

}  // namespace vitrobeam
