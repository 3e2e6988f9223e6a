// Mean over thermal configurations of what one probe position gives, with standard errors and, on
// request, the coherent part.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "multislice/simulation.hpp"

namespace vitrobeam {

// Running mean and sum of squares (Welford 1962): equal results average to exactly themselves.
template <typename Real>
class ThermalAverage {
 public:
  void add(const ProbeResult<Real>& r) {
    depth_ = r.depth;
    if (count_++ == 0) {
      pattern_ = PlaneD::Zero(r.pattern.rows(), r.pattern.cols());
      pattern_squares_ = pattern_;
      amplitude_ = PlaneC::Zero(r.amplitude.rows(), r.amplitude.cols());
      detectors_.assign(r.detectors.size(), 0);
      squares_ = detectors_;
    }
    const double n = count_;
    const PlaneD before = r.pattern.template cast<double>() - pattern_;
    pattern_ += before / n;
    pattern_squares_ += before * (r.pattern.template cast<double>() - pattern_);
    amplitude_ += (r.amplitude.template cast<std::complex<double>>() - amplitude_) / n;
    intensity_out_ += (r.intensity_out - intensity_out_) / n;
    for (std::size_t d = 0; d < detectors_.size(); ++d) {
      const double off = r.detectors[d] - detectors_[d];
      detectors_[d] += off / n;
      squares_[d] += off * (r.detectors[d] - detectors_[d]);
    }
  }

  int count() const { return count_; }
  int depth() const { return depth_; }  // of the results

  ProbeResult<Real> mean() const {
    return {depth_, pattern_.template cast<Real>(), detectors_, intensity_out_, {}, {}, 0};
  }

  // Standard errors of the mean; not a number with a single configuration.
  std::vector<double> detector_errors() const {
    std::vector<double> errors;
    for (const double s : squares_) errors.push_back(std::sqrt(s / (count_ - 1.0) / count_));
    return errors;
  }
  Plane<Real> pattern_error() const {
    return (pattern_squares_ / (count_ - 1.0) / count_).sqrt().template cast<Real>();
  }

  // |<psi>|^2, and what is left of the mean pattern: elastic and diffuse scattering. Of N
  // configurations the elastic part holds 1/N of the true diffuse one besides. Empty unless
  // amplitudes were recorded.
  Plane<Real> elastic() const { return amplitude_.abs2().template cast<Real>(); }
  Plane<Real> diffuse() const {
    if (amplitude_.size() == 0) return {};
    return (pattern_ - amplitude_.abs2()).cwiseMax(0).template cast<Real>();
  }

  // Largest standard error of the detectors that are counted as a share of their means; without
  // detectors that of the pattern, the root of its summed squares over that of its intensities'
  // squares. Infinite for less than two configurations.
  double relative_error(const std::vector<bool>& counted) const {
    if (count_ < 2) return INFINITY;
    const std::vector<double> errors = detector_errors();
    double worst = 0;
    for (std::size_t d = 0; d < errors.size(); ++d)
      if (counted[d] && errors[d] > 0) worst = std::max(worst, errors[d] / detectors_[d]);
    if (errors.empty() && pattern_.size() > 0)
      worst = std::sqrt(pattern_squares_.sum() / (count_ - 1.0) / count_ / pattern_.square().sum());
    return worst;
  }

  // Everything that add() goes on from, and back.
  std::vector<std::byte> state() const {
    std::vector<std::byte> bytes;
    const auto put = [&](const void* data, std::size_t size) {
      const auto* p = static_cast<const std::byte*>(data);
      bytes.insert(bytes.end(), p, p + size);
    };
    const std::int64_t head[] = {count_,           depth_,          std::int64_t(detectors_.size()),
                                 pattern_.rows(),  pattern_.cols(), amplitude_.rows(),
                                 amplitude_.cols()};
    put(head, sizeof head);
    put(&intensity_out_, sizeof intensity_out_);
    for (const auto* v : {&detectors_, &squares_}) put(v->data(), v->size() * sizeof(double));
    for (const auto* p : {&pattern_, &pattern_squares_})
      put(p->data(), std::size_t(p->size()) * sizeof(double));
    put(amplitude_.data(), std::size_t(amplitude_.size()) * sizeof(std::complex<double>));
    return bytes;
  }
  const std::byte* restore(const std::byte* bytes) {  // returns what follows
    const auto get = [&](void* data, std::size_t size) {
      std::copy_n(bytes, size, static_cast<std::byte*>(data));
      bytes += size;
    };
    std::int64_t head[7];
    get(head, sizeof head);
    count_ = int(head[0]);
    depth_ = int(head[1]);
    get(&intensity_out_, sizeof intensity_out_);
    for (auto* v : {&detectors_, &squares_}) {
      v->resize(std::size_t(head[2]));
      get(v->data(), v->size() * sizeof(double));
    }
    for (auto* p : {&pattern_, &pattern_squares_}) {
      p->resize(head[3], head[4]);
      get(p->data(), std::size_t(p->size()) * sizeof(double));
    }
    amplitude_.resize(head[5], head[6]);
    get(amplitude_.data(), std::size_t(amplitude_.size()) * sizeof(std::complex<double>));
    return bytes;
  }

 private:
  int count_ = 0, depth_ = 0;
  PlaneD pattern_, pattern_squares_;
  PlaneC amplitude_;
  std::vector<double> detectors_, squares_;
  double intensity_out_ = 0;
};

}  // namespace vitrobeam
