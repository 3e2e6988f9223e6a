#include "patterns/library_separation.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

double log_det(const Eigen::LLT<Eigen::MatrixXd>& root) {
  return 2 * root.matrixLLT().diagonal().array().log().sum();
}

double log_det(const HarmonicModel& model) {
  double sum = 0;
  for (const auto& k : model.covariance) sum += log_det(Eigen::LLT<Eigen::MatrixXd>(k));
  return sum;
}

double distance(const Eigen::LLT<Eigen::MatrixXd>& root, const Eigen::VectorXcd& d) {
  Eigen::MatrixXd both(d.size(), 2);
  both << d.real(), d.imag();
  return root.matrixL().solve(both).squaredNorm();
}

// What the errors of the mean add to the squared distance.
double excess(const Eigen::LLT<Eigen::MatrixXd>& root, const HarmonicModel& model, std::size_t m) {
  return model.mean_error.empty() ? 0 : root.solve(model.mean_error[m]).trace();
}

// The exponent at s, all harmonics, but for the determinants of a and b.
double exponent(const HarmonicModel& a, const HarmonicModel& b, double s) {
  double sum = 0;
  for (std::size_t m = 0; m < a.mean.size(); ++m) {
    const Eigen::LLT<Eigen::MatrixXd> root((1 - s) * a.covariance[m] + s * b.covariance[m]);
    const double apart =
        distance(root, a.mean[m] - b.mean[m]) - excess(root, a, m) - excess(root, b, m);
    sum += s * (1 - s) * apart + log_det(root);
  }
  return sum;
}

bool equal_covariance(const HarmonicModel& a, const HarmonicModel& b) {
  return std::equal(a.covariance.begin(), a.covariance.end(), b.covariance.begin(),
                    [](const auto& k, const auto& l) { return k == l; });
}

HarmonicModel turned(const HarmonicModel& model, double angle) {
  HarmonicModel out = model;
  for (std::size_t m = 0; m < out.mean.size(); ++m)
    out.mean[m] *= std::polar(1.0, -double(m + 1) * angle);
  return out;
}

// Pixels of the camera in a band of q.
double pixels_in_band(const MotifLibrary& l, int band) {
  const double dq = l.moment_grid.polar().dq(), q = l.moment_grid.polar().q(band);
  return 2 * std::numbers::pi * q * dq / (l.pixel_qx * l.pixel_qy);
}

// Variance of F_m(q) by counts and readout, the same at every harmonic: mean intensity per pixel
// over dose, over the number of pixels.
Eigen::VectorXd counting_variance(const MotifLibrary& l, const Eigen::VectorXd& ring_mean,
                                  const CountingNoise& noise) {
  Eigen::VectorXd v = Eigen::VectorXd::Zero(ring_mean.size());
  if (noise.dose <= 0) return v;
  for (Index i = 0; i < v.size(); ++i)
    v(i) = (std::max(ring_mean(i), 0.0) / noise.dose + std::pow(noise.readout / noise.dose, 2)) /
           pixels_in_band(l, int(i));
  return v;
}

Eigen::MatrixXd regular(Eigen::MatrixXd k, double samples) {
  const double shrinkage = double(k.rows()) / (double(k.rows()) + 2 * samples);
  const Eigen::VectorXd diagonal = k.diagonal();
  k *= 1 - shrinkage;
  k.diagonal() = diagonal.array() * 1.01 + 1e-9 * diagonal.mean() + 1e-30;
  return k;
}

Eigen::MatrixXd unpacked(const MotifLibrary& l, std::size_t t, std::size_t m) {
  const auto row = l.covariance.plane(t).row(Index(m));
  const Index n = l.moment_grid.n_q;
  Eigen::MatrixXd k(n, n);
  Index pair = 0;
  for (Index a = 0; a < n; ++a)
    for (Index b = a; b < n; ++b) k(a, b) = k(b, a) = double(row(pair++));
  return k;
}

}  // namespace

double chernoff_information(const HarmonicModel& a, const HarmonicModel& b) {
  const double log_a = log_det(a), log_b = log_det(b);
  const auto at = [&](double s) { return exponent(a, b, s) - (1 - s) * log_a - s * log_b; };
  if (equal_covariance(a, b)) return std::max(at(0.5), 0.0);
  // golden section: the exponent is concave in s, and flat at its top
  const double ratio = std::numbers::phi - 1;
  double low = 0, high = 1, s1 = high - ratio * (high - low), s2 = low + ratio * (high - low),
         f1 = at(s1), f2 = at(s2);
  for (int step = 0; step < 14; ++step) {
    if (f1 < f2) {
      low = s1;
      s1 = s2;
      f1 = f2;
      f2 = at(s2 = low + ratio * (high - low));
    } else {
      high = s2;
      s2 = s1;
      f2 = f1;
      f1 = at(s1 = high - ratio * (high - low));
    }
  }
  return std::max({f1, f2, 0.0});
}

namespace {

// Templates as vectors whose distance is in units of one covariance, to be compared at all angles.
class Whitened {
 public:
  // `covariance` by harmonic.
  explicit Whitened(const std::vector<Eigen::MatrixXd>& covariance) {
    for (const auto& k : covariance) roots_.emplace_back(k);
  }
  std::vector<Eigen::VectorXcd> operator()(const HarmonicModel& model) const {
    std::vector<Eigen::VectorXcd> out;
    for (std::size_t m = 0; m < roots_.size(); ++m) {
      Eigen::MatrixXd both(model.mean[m].size(), 2);
      both << model.mean[m].real(), model.mean[m].imag();
      const Eigen::MatrixXd white = roots_[m].matrixL().solve(both);
      out.emplace_back(white.col(0) + std::complex<double>(0, 1) * white.col(1));
    }
    return out;
  }

 private:
  std::vector<Eigen::LLT<Eigen::MatrixXd>> roots_;
};

std::vector<Eigen::MatrixXd> mean_covariance(const HarmonicModel& a, const HarmonicModel& b) {
  std::vector<Eigen::MatrixXd> mean;
  for (std::size_t m = 0; m < a.covariance.size(); ++m)
    mean.push_back(0.5 * (a.covariance[m] + b.covariance[m]));
  return mean;
}

struct Nearest {
  double distance = 1e300, angle = 0;  // squared; by which b is turned
};

Nearest nearest_angle(const std::vector<Eigen::VectorXcd>& a,
                      const std::vector<Eigen::VectorXcd>& b, int angles) {
  double own = 0;
  std::vector<std::complex<double>> cross;
  for (std::size_t m = 0; m < a.size(); ++m) {
    own += a[m].squaredNorm() + b[m].squaredNorm();
    cross.push_back(a[m].dot(b[m]));
  }
  Nearest best;
  for (int j = 0; j < angles; ++j) {
    const double phi = 2 * std::numbers::pi * j / angles;
    const std::complex<double> step = std::polar(1.0, -phi);
    std::complex<double> wave = step;
    double d = own;
    for (std::size_t m = 0; m < cross.size(); ++m, wave *= step) d -= 2 * (cross[m] * wave).real();
    if (d < best.distance) best = {d, phi};
  }
  return best;
}

}  // namespace

double chernoff_information_at_worst_angle(const HarmonicModel& a, const HarmonicModel& b,
                                           int angles) {
  const Whitened white(mean_covariance(a, b));
  return chernoff_information(a, turned(b, nearest_angle(white(a), white(b), angles).angle));
}

ConditionModel::ConditionModel(const MotifLibrary& l, const CountingNoise& noise) {
  const std::size_t n = l.null.size();
  if (n < 8)
    fail(Fault::input,
         "{} motif-free patterns under one condition; a plan needs at least 8 (library build "
         "@null)",
         n);
  const PolarTransform polar(Index(l.patterns.shape[1]), Index(l.patterns.shape[2]),
                             l.calibration(), l.moment_grid.polar());
  const auto of = [&](const auto& plane) { return harmonics(polar(plane), l.moment_grid); };
  std::vector<Plane<std::complex<float>>> samples;
  Eigen::VectorXd ring = Eigen::VectorXd::Zero(l.moment_grid.n_q);
  for (std::size_t i = 0; i < n; ++i) {
    samples.push_back(of(l.null_patterns.plane(i)));
    ring += samples.back().row(0).real().transpose().matrix().cast<double>() / double(n);
  }
  const Eigen::VectorXd counts = counting_variance(l, ring, noise);
  std::vector<Eigen::MatrixXd> speckle;  // covariance without counting, by harmonic
  for (Index m = 1; m <= l.moment_grid.m_max; ++m) {
    Eigen::MatrixXd k = Eigen::MatrixXd::Zero(l.moment_grid.n_q, l.moment_grid.n_q);
    for (const auto& s : samples) {
      const Eigen::VectorXcd f = s.row(m).transpose().matrix().cast<std::complex<double>>();
      k += (f * f.adjoint()).real() / double(n);
    }
    k = regular(k, double(n));
    speckle.push_back(k);
    k.diagonal() += counts;
    none_.covariance.push_back(k);
    none_.mean.push_back(Eigen::VectorXcd::Zero(l.moment_grid.n_q));
  }
  const bool embedded =
      l.condition().matrix != "none" && l.condition().realisations >= 2 && l.covariance.size() > 0;
  // one entry has few realisations: of all of a motif, how much more or less speckle than without
  // it
  const auto m_max = std::size_t(l.moment_grid.m_max);
  std::vector<std::vector<double>> scale(l.motif_names.size(), std::vector<double>(m_max, 0));
  std::vector<double> members(l.motif_names.size(), 0);
  for (std::size_t t = 0; embedded && t < l.templates.size(); ++t) {
    const auto motif = std::size_t(l.templates[t].motif);
    members[motif] += 1;
    for (std::size_t m = 0; m < m_max; ++m)
      scale[motif][m] +=
          (unpacked(l, t, m + 1).diagonal().array() / speckle[m].diagonal().array()).mean();
  }
  for (std::size_t t = 0; t < l.templates.size(); ++t) {
    const auto motif = std::size_t(l.templates[t].motif);
    HarmonicModel model;
    const auto f = of(l.patterns.plane(t));
    for (Index m = 1; m <= l.moment_grid.m_max; ++m)
      model.mean.push_back(f.row(m).transpose().matrix().cast<std::complex<double>>());
    model.covariance = none_.covariance;
    for (std::size_t m = 0; embedded && m < m_max; ++m) {
      const Eigen::MatrixXd own = speckle[m] * (scale[motif][m] / members[motif]);
      model.covariance[m] = own;
      model.covariance[m].diagonal() += counts;
      model.mean_error.push_back(own / l.condition().realisations);
    }
    motifs_.push_back(std::move(model));
  }
}

PlaneD separation(const MotifLibrary& l, const CountingNoise& noise) {
  const ConditionModel model(l, noise);
  const Index motifs = Index(l.motif_names.size());
  PlaneD c = PlaneD::Zero(motifs + 1, motifs + 1);
  PlaneD one_way = c;
  // the probe on the centre; depths and decorations count as directions do
  std::vector<std::size_t> centred;
  for (std::size_t t = 0; t < l.templates.size(); ++t)
    if (l.templates[t].offset.norm() < 1e-6) centred.push_back(t);
  std::vector<std::vector<std::size_t>> of(l.motif_names.size());
  for (const std::size_t t : centred) of[std::size_t(l.templates[t].motif)].push_back(t);
  for (Index a = 0; a < motifs; ++a) {
    const auto& own = of[std::size_t(a)];
    double weight = 0;
    for (const std::size_t t : own) {
      const double w = std::max(l.templates[t].solid_angle, 1e-9);
      weight += w;
      one_way(a, motifs) += w * chernoff_information(model.motif(t), model.none());
    }
    for (Index b = 0; b < motifs; ++b) {
      const auto& others = of[std::size_t(b)];
      if (b == a || own.empty() || others.empty()) continue;
      // the templates of a motif share a covariance
      const Whitened white(mean_covariance(model.motif(own[0]), model.motif(others[0])));
      std::vector<std::vector<Eigen::VectorXcd>> rivals;
      for (const std::size_t u : others) rivals.push_back(white(model.motif(u)));
      for (const std::size_t t : own) {
        const auto mine = white(model.motif(t));
        Nearest least;
        std::size_t at = 0;
        for (std::size_t k = 0; k < rivals.size(); ++k)
          if (const Nearest n = nearest_angle(mine, rivals[k], 72); n.distance < least.distance) {
            least = n;
            at = others[k];
          }
        one_way(a, b) += std::max(l.templates[t].solid_angle, 1e-9) *
                         chernoff_information(model.motif(t), turned(model.motif(at), least.angle));
      }
    }
    if (weight > 0) one_way.row(a) /= weight;
  }
  for (Index a = 0; a < motifs; ++a) {
    c(a, motifs) = c(motifs, a) = one_way(a, motifs);
    for (Index b = 0; b < motifs; ++b)
      if (b != a) c(a, b) = std::min(one_way(a, b), one_way(b, a));
  }
  return c;
}

namespace {

// Sums over masks from running sums over theta and q: [q + 1, 2 theta + 1].
class MaskSums {
 public:
  explicit MaskSums(const PlaneD& polar) : theta_(polar.cols()) {
    sums_ = PlaneD::Zero(polar.rows() + 1, 2 * theta_ + 1);
    for (Index i = 0; i < polar.rows(); ++i)
      for (Index j = 0; j < 2 * theta_; ++j)
        sums_(i + 1, j + 1) =
            sums_(i, j + 1) + sums_(i + 1, j) - sums_(i, j) + polar(i, j % theta_);
  }
  // Rows first .. last - 1; `sectors` sectors of `width` columns from `start` on.
  double operator()(Index first, Index last, Index start, Index width, Index sectors) const {
    double sum = 0;
    for (Index k = 0; k < sectors; ++k) {
      const Index j = (start + k * theta_ / sectors) % theta_;
      sum += sums_(last, j + width) - sums_(first, j + width) - sums_(last, j) + sums_(first, j);
    }
    return sum;
  }

 private:
  Index theta_;
  PlaneD sums_;
};

// Tries all masks of a grid for one view after the other.
class DetectorSearch {
 public:
  DetectorSearch(const MotifLibrary& l, int b, const CountingNoise& noise, const PolarGrid& grid)
      : library_(l),
        noise_(noise),
        grid_(grid),
        // A free cluster says what it adds around a ring, not what a packing's whole ring loses.
        embedded_(l.condition().matrix != "none"),
        // of the variance of a packing, what is left in the mean over realisations
        own_share_(embedded_ ? 1.0 / std::max(l.condition().realisations, 1) : 0),
        polar_(Index(l.patterns.shape[1]), Index(l.patterns.shape[2]), l.calibration(), grid),
        area_(grid.n_q) {
    for (int i = 0; i < grid.n_q; ++i)
      area_(i) = grid.q(i) * grid.dq() * grid.dtheta() / (l.pixel_qx * l.pixel_qy);
    PlaneD null_mean = PlaneD::Zero(grid.n_q, grid.n_theta);
    for (std::size_t i = 0; i < l.null.size(); ++i) {
      const PlaneD p = binned(l.null_patterns.plane(i));
      null_.emplace_back(p);
      null_mean += p / double(l.null.size());
    }
    background_.emplace_back(null_mean);
    for (std::size_t t = 0; t < l.templates.size(); ++t)
      if (b >= 0 && l.templates[t].motif == b && is_centred(t)) rival_.emplace_back(of_template(t));
  }

  bool is_centred(std::size_t t) const { return library_.templates[t].offset.norm() <= 1e-6; }

  // Into `best`, what is better for this template than that.
  void search(std::size_t view, VirtualDetector& best) const {
    const MaskSums signal(of_template(view));
    for (Index sectors = 1; sectors <= 6; ++sectors) {
      if (grid_.n_theta % sectors != 0) continue;
      const Index period = grid_.n_theta / sectors;
      for (Index width = 2; width <= period; width += 2)
        for (Index start = 0; start < (width == period ? 1 : period); start += 2)
          for (Index first = 0; first < grid_.n_q; ++first)
            for (Index last = first + 1; last <= grid_.n_q; ++last) {
              const Mask mask{first, last, start, width, sectors};
              if (const double d = distance(signal, mask); d > best.distance)
                best = detector(mask, view, d);
            }
    }
  }

 private:
  struct Mask {
    Index first, last, start, width, sectors;
  };

  static double sum(const MaskSums& of, const Mask& m) {
    return of(m.first, m.last, m.start, m.width, m.sectors);
  }
  // Intensity per bin: the mean over its area times the pixels in it.
  template <typename Image>
  PlaneD binned(const Image& image) const {
    return PlaneD(polar_(image).template cast<double>().colwise() * area_);
  }
  PlaneD of_template(std::size_t t) const {
    PlaneD p = binned(library_.patterns.plane(t));
    if (!embedded_) p.colwise() -= p.rowwise().mean().eval();
    return p;
  }

  // Mean and variance of the rival's signal over its directions and in-plane angles; without one
  // the mean is that of the motif-free patterns, where templates hold their surroundings.
  std::pair<double, double> rival_signal(const Mask& m, double under) const {
    constexpr Index kTurns = 12;
    double mean = 0, square = 0;
    std::size_t count = 0;
    for (const auto& r : rival_)
      for (Index k = 0; k < kTurns; ++k) {
        const double v = r(m.first, m.last, (m.start + k * grid_.n_theta / kTurns) % grid_.n_theta,
                           m.width, m.sectors);
        mean += v;
        square += v * v;
        ++count;
      }
    if (count == 0) return {embedded_ ? under : 0, 0};
    mean /= double(count);
    return {mean, std::max(square / double(count) - mean * mean, 0.0)};
  }

  // Of the signal of motif-free patterns, of a sample of them.
  double packing_variance(const Mask& m, double under) const {
    const std::size_t step = 1 + null_.size() / 64;
    double variance = 0;
    for (std::size_t i = 0; i < null_.size(); i += step)
      variance += std::pow(sum(null_[i], m) - under, 2);
    return variance / double((null_.size() + null_.size() / 64) / step);
  }

  // Of the two mean signals in standard deviations; what an embedded template's own speckle makes
  // of it by chance, four standard errors, is taken off.
  double distance(const MaskSums& signal, const Mask& m) const {
    const double own = sum(signal, m), under = sum(background_.front(), m);
    const auto [mean, unknown] = rival_signal(m, under);
    const double packing = packing_variance(m, under);
    double variance = unknown + packing;
    if (noise_.dose > 0)
      variance += std::max(own, under) / noise_.dose +
                  std::pow(noise_.readout / noise_.dose, 2) * double(m.sectors * m.width) *
                      area_.segment(m.first, m.last - m.first).sum();
    return std::max(std::abs(own - mean) - 4 * std::sqrt(packing * own_share_), 0.0) /
           std::sqrt(variance + 1e-30);
  }

  VirtualDetector detector(const Mask& m, std::size_t view, double distance) const {
    return {grid_.q_min + double(m.first) * grid_.dq(),
            grid_.q_min + double(m.last) * grid_.dq(),
            grid_.theta(int(m.start)) + (double(m.width) - 1) / 2 * grid_.dtheta(),
            double(m.width) / 2 * grid_.dtheta(),
            int(m.sectors),
            view,
            distance};
  }

  const MotifLibrary& library_;
  CountingNoise noise_;
  PolarGrid grid_;
  bool embedded_;
  double own_share_;
  PolarTransform polar_;
  Eigen::ArrayXd area_;  // of a bin by ring, in pixels
  std::vector<MaskSums> null_, rival_, background_;
};

}  // namespace

VirtualDetector best_virtual_detector(const MotifLibrary& l, int a, int b,
                                      const CountingNoise& noise, const PolarGrid& grid) {
  if (l.null.size() < 8)
    fail(Fault::input, "{} motif-free patterns; a virtual detector needs at least 8",
         l.null.size());
  const DetectorSearch search(l, b, noise, grid);
  VirtualDetector best;
  bool found = false;
  for (std::size_t t = 0; t < l.templates.size(); ++t) {
    if (l.templates[t].motif != a || !search.is_centred(t)) continue;
    found = true;
    search.search(t, best);
  }
  if (!found) fail(Fault::input, "the library has no template of that motif");
  return best;
}

double independent_step(double wavelength, double semiangle_rad) {
  double low = 0.1, high = 3.8;  // (2 J1(x) / x)^2 falls from 1 to 0
  while (high - low > 1e-9) {
    const double x = (low + high) / 2;
    (std::pow(2 * std::cyl_bessel_j(1, x) / x, 2) > std::exp(-1.0) ? low : high) = x;
  }
  return low * wavelength / (2 * std::numbers::pi * semiangle_rad);
}

}  // namespace vitrobeam
