// Mean over thermal configurations of what one probe position gives, with the standard error of its
// detectors.
#pragma once
#include <cmath>

#include "multislice/simulation.hpp"

namespace vitrobeam {

// Running mean (Welford 1962): equal results average to exactly themselves.
template <typename Real>
class ThermalAverage {
 public:
  void add(const ProbeResult<Real>& r) {
    depth_ = r.depth;
    if (count_++ == 0) {
      pattern_ = PlaneD::Zero(r.pattern.rows(), r.pattern.cols());
      detectors_.assign(r.detectors.size(), 0);
      squares_ = detectors_;
    }
    const double n = count_;
    pattern_ += (r.pattern.template cast<double>() - pattern_) / n;
    intensity_out_ += (r.intensity_out - intensity_out_) / n;
    for (std::size_t d = 0; d < detectors_.size(); ++d) {
      const double before = r.detectors[d] - detectors_[d];
      detectors_[d] += before / n;
      squares_[d] += before * (r.detectors[d] - detectors_[d]);
    }
  }

  ProbeResult<Real> mean() const {
    return {depth_, pattern_.template cast<Real>(), detectors_, intensity_out_, {}};
  }

  // Standard error of the mean of each detector; not a number with a single configuration.
  std::vector<double> detector_errors() const {
    std::vector<double> errors;
    for (const double s : squares_) errors.push_back(std::sqrt(s / (count_ - 1.0) / count_));
    return errors;
  }

 private:
  int count_ = 0, depth_ = 0;
  PlaneD pattern_;
  std::vector<double> detectors_, squares_;
  double intensity_out_ = 0;
};

}  // namespace vitrobeam
