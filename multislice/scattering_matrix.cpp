#include "multislice/scattering_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// sum over columns first .. last - 1 of conj(S_kq) w_q S_lq, [beam, beam], w = 1 where no weights
// are given; products in blocks of fixed size summed in double, so that neither threads nor
// rounding of long sums show.
template <typename Matrix>
PlaneC pair_sums(const Matrix& s, Eigen::Index first, Eigen::Index last, int threads,
                 const double* weights = nullptr) {
  using Real = typename Matrix::Scalar::value_type;
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
      Matrix product;
      if (weights) {
        const Eigen::VectorXd w = Eigen::Map<const Eigen::VectorXd>(weights + q, nq);
        const Matrix weighted = s.block(l, q, nl, nq) * w.cast<Real>().asDiagonal();
        product.noalias() = s.block(k, q, nk, nq).conjugate() * weighted.transpose();
      } else {
        product.noalias() = s.block(k, q, nk, nq).conjugate() * s.block(l, q, nl, nq).transpose();
      }
      sums.block(k, l, nk, nl) += product.array().template cast<std::complex<double>>();
    }
  }
  sums.matrix().template triangularView<Eigen::StrictlyUpper>() = sums.matrix().adjoint();
  return sums;
}

}  // namespace

BandSamples::BandSamples(const Grid& grid, const PatternWindow* window,
                         const std::vector<Detector>& detectors, double wavelength)
    : channels(std::size_t(channel_count(detectors))) {
  std::vector<bool> is_moment;  // by channel
  for (const auto& d : detectors)
    is_moment.insert(is_moment.end(), std::size_t(d.channels()), d.moments);
  std::map<std::vector<std::pair<int, double>>, std::size_t> known;
  for (int jx = -grid.band_x(); jx <= grid.band_x(); ++jx)
    for (int jy = -grid.band_y(); jy <= grid.band_y(); ++jy) {
      if (!grid.inside_band(jx / grid.lx, jy / grid.ly)) continue;
      std::vector<std::pair<int, double>> key;
      for (const auto& [channel, weight] : shares_of_sample(detectors, grid, wavelength, jx, jy))
        if (!is_moment[std::size_t(channel)]) key.emplace_back(channel, weight);
      const auto [at, is_new] = known.try_emplace(key, groups.size());
      if (is_new) {
        auto& shares = groups.emplace_back();
        for (const auto& [channel, weight] : key) shares.push_back({channel, weight});
      }
      samples.push_back({jx, jy, window && window->contains(jx, jy), at->second});
    }
  std::stable_sort(samples.begin(), samples.end(), [](const BandSample& a, const BandSample& b) {
    return std::pair(!a.in_window, a.group) < std::pair(!b.in_window, b.group);
  });
  std::vector<std::size_t> moment_of(channels, 0);
  for (std::size_t c = 0; c < channels; ++c)
    if (is_moment[c]) {
      moment_of[c] = moments.size();
      moments.push_back({c, std::vector<double>(samples.size(), 0.0)});
    }
  for (std::size_t i = 0; i < samples.size() && !moments.empty(); ++i)
    for (const auto& [channel, weight] :
         shares_of_sample(detectors, grid, wavelength, samples[i].jx, samples[i].jy))
      if (is_moment[std::size_t(channel)])
        moments[moment_of[std::size_t(channel)]].weights[i] = weight;
}

ScanSeries::ScanSeries(const std::vector<ApertureBeam>& beams, const Grid& grid,
                       const PlaneC& pairs, const PlaneC& incident)
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
      coefficients_(y + gy_, x) += incident(Eigen::Index(k), Eigen::Index(l)) *
                                   pairs(Eigen::Index(k), Eigen::Index(l)) * (x == 0 ? 1.0 : 2.0);
    }
}

void ScanSeries::add(const ScanSeries& other, double weight) {
  if (coefficients_.size() == 0) {
    *this = other;
    coefficients_ *= weight;
  } else {
    coefficients_ += weight * other.coefficients_;
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
ScatteringMatrix<Real>::ScatteringMatrix(const Grid& grid, const std::vector<ApertureBeam>& beams,
                                         const IncidentModes& modes, const BandSamples& band,
                                         Matrix exit, const PatternWindow* window, int threads)
    : grid_(grid), beams_(beams), modes_(modes), channels_(band.channels) {
  const auto& samples = band.samples;
  const Eigen::Index n = exit.rows();
  PlaneC incident = PlaneC::Zero(n, n);
  for (const auto& mode : modes.amplitudes) {
    const Eigen::Map<const Eigen::VectorXcd> a(mode.data(), n);
    incident.matrix() += a.conjugate() * a.transpose();
  }
  const auto series = [&](Eigen::Index first, Eigen::Index last, const double* weights = nullptr) {
    return ScanSeries(beams, grid, pair_sums(exit, first, last, threads, weights), incident);
  };
  // Sums over all samples that count for the same things, once; channels and the total are made of
  // them.
  Eigen::Index in_window = 0;
  for (Eigen::Index first = 0, end = 0; first < exit.cols(); first = end) {
    const BandSample& like = samples[std::size_t(first)];
    while (end < exit.cols() && samples[std::size_t(end)].group == like.group &&
           samples[std::size_t(end)].in_window == like.in_window)
      ++end;
    if (like.in_window) in_window = end;
    const ScanSeries part = series(first, end);
    total_.add(part, 1);
    for (const auto& [channel, weight] : band.groups[like.group])
      channels_[std::size_t(channel)].add(part, weight);
  }
  for (const auto& m : band.moments)
    channels_[m.channel] = series(0, exit.cols(), m.weights.data());

  if (!window) return;
  pattern_ny_ = window->ny;
  pattern_nx_ = window->nx;
  for (Eigen::Index i = 0; i < in_window; ++i)
    pattern_pixel_.push_back(Eigen::Index(samples[i].jy - window->first_y) * pattern_nx_ +
                             samples[i].jx - window->first_x);
  if (2 * in_window > exit.cols())
    exit_ = std::move(exit);
  else
    exit_ = exit.leftCols(in_window);
}

template <typename Real>
std::vector<double> ScatteringMatrix<Real>::channels(const Vector2d& r0) const {
  std::vector<double> values;
  for (const ScanSeries& c : channels_) values.push_back(c(r0));
  return values;
}

template <typename Real>
std::vector<ScatteringMatrix<Real>> scattering_matrices(
    const BandTransform<Real>& transform, const Transmission<Real>& transmission,
    const Propagator<Real>& propagator, const std::vector<ApertureBeam>& beams,
    const IncidentModes& modes, const std::vector<int>& depths, const PatternWindow* window,
    const std::vector<Detector>& detectors, double wavelength, int threads,
    const std::function<bool()>& stop) {
  using Complex = std::complex<Real>;
  using Matrix = typename ScatteringMatrix<Real>::Matrix;
  const Grid& grid = transform.grid();
  const BandSamples band(grid, window, detectors, wavelength);
  const auto& samples = band.samples;
  struct Place {
    int j;  // FFT order
    Eigen::Index column;
  };
  std::vector<std::vector<Place>> places(2 * grid.band_x() + 1);
  for (std::size_t i = 0; i < samples.size(); ++i)
    places[samples[i].jx + grid.band_x()].push_back(
        {(samples[i].jy + grid.ny) % grid.ny, Eigen::Index(i)});

  std::vector<Matrix> exits(depths.size(),
                            Matrix(Eigen::Index(beams.size()), Eigen::Index(samples.size())));
  const int slices = transmission.slices();
#pragma omp parallel num_threads(threads)
  {
    auto workspace = transform.make_workspace();
    const auto first_wave = transform.make_wave(), second_wave = transform.make_wave();
#pragma omp for schedule(dynamic)
    for (std::size_t k = 0; k < beams.size(); k += 2) {
      if (stop()) continue;
      std::vector<Lanes<Real>*> waves = {first_wave.get(), second_wave.get()};
      waves.resize(std::min<std::size_t>(2, beams.size() - k));
      for (std::size_t w = 0; w < waves.size(); ++w)
        transform.write_columns(waves[w], workspace, [&](int jx, Complex* column) {
          if (jx == beams[k + w].jx) column[(beams[k + w].jy + grid.ny) % grid.ny] = Complex(1);
          return jx == beams[k + w].jx;
        });
      for (std::size_t d = 0, done = 0; d < depths.size(); ++d) {
        const int next = std::min(depths[d], slices - 1);
        propagate(transform, transmission, propagator, int(done), next, waves, workspace);
        done = std::size_t(next);
        for (std::size_t w = 0; w < waves.size(); ++w) {
          const auto keep = [&](int jx, const Complex* psi) {
            for (const Place& p : places[jx + grid.band_x()])
              exits[d](Eigen::Index(k + w), p.column) = psi[p.j];
          };
          if (depths[d] == slices)
            finish_in_fourier_space(transform, transmission, propagator, slices - 1, waves[w],
                                    workspace, keep);
          else
            read_in_fourier_space(transform, waves[w], workspace, keep);
        }
      }
    }
  }
  std::vector<ScatteringMatrix<Real>> matrices;
  for (std::size_t d = 0; d < depths.size() && !stop(); ++d)
    matrices.emplace_back(grid, beams, modes, band, std::move(exits[d]), window, threads);
  return matrices.size() == depths.size() ? std::move(matrices)
                                          : std::vector<ScatteringMatrix<Real>>{};
}

template <typename Real>
std::vector<Plane<Real>> ScatteringMatrix<Real>::patterns(
    const std::vector<Vector2d>& positions) const {
  const auto count = Eigen::Index(pattern_pixel_.size()), beams = Eigen::Index(beams_.size());
  PlaneC turns = PlaneC::Zero(kTogether, beams);  // exp(-2 pi i q.r0)
  for (std::size_t i = 0; i < positions.size(); ++i)
    for (std::size_t k = 0; k < beams_.size(); ++k)
      turns(Eigen::Index(i), Eigen::Index(k)) =
          std::polar(1.0, -2 * M_PI *
                              (beams_[k].jx * positions[i].x() / grid_.lx +
                               beams_[k].jy * positions[i].y() / grid_.ly));
  std::vector<Plane<Real>> out(positions.size());
  for (auto& p : out) p.setZero(pattern_ny_, pattern_nx_);
  // in pieces whose waves stay in the second-level cache until their squares are taken
  constexpr Eigen::Index kSamples = 1024;
  Matrix waves;
  for (const auto& mode : modes_.amplitudes) {
    const Eigen::Map<const Eigen::ArrayXcd> amplitudes(mode.data(), beams);
    const Matrix probes =
        (turns.rowwise() * amplitudes.transpose()).template cast<Complex>().matrix();
    for (Eigen::Index q = 0; q < count; q += kSamples) {
      const Eigen::Index nq = std::min(kSamples, count - q);
      waves.noalias() = probes * exit_.middleCols(q, nq);
      for (std::size_t i = 0; i < positions.size(); ++i) {
        Real* pixels = out[i].data();
        for (Eigen::Index s = 0; s < nq; ++s)
          pixels[pattern_pixel_[q + s]] += std::norm(waves(Eigen::Index(i), s));
      }
    }
  }
  return out;
}

template class ScatteringMatrix<float>;
template class ScatteringMatrix<double>;
template std::vector<ScatteringMatrix<float>> scattering_matrices(
    const BandTransform<float>&, const Transmission<float>&, const Propagator<float>&,
    const std::vector<ApertureBeam>&, const IncidentModes&, const std::vector<int>&,
    const PatternWindow*, const std::vector<Detector>&, double, int, const std::function<bool()>&);
template std::vector<ScatteringMatrix<double>> scattering_matrices(
    const BandTransform<double>&, const Transmission<double>&, const Propagator<double>&,
    const std::vector<ApertureBeam>&, const IncidentModes&, const std::vector<int>&,
    const PatternWindow*, const std::vector<Detector>&, double, int, const std::function<bool()>&);

}  // namespace vitrobeam
