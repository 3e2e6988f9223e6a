#pragma once
#include <optional>
#include <vector>

#include "drivers/symmetry_settings.hpp"
#include "io/symmetry_file.hpp"

namespace vitrobeam {

// Everything that is kept of the patterns of a scan.
class SymmetryScan {
 public:
  SymmetryScan(const SymmetryCommand& c, const PatternInput& input);

  const PolarTransform& transform() const { return transform_; }
  const AngularAnalysis& analysis() const { return analysis_; }
  SymmetryResult& result() { return result_; }
  std::size_t good() const { return good_; }
  PlaneF mean_image() const {
    return (mean_image_ / double(std::max<std::size_t>(good_, 1))).cast<float>();
  }
  const PlaneD& variance() const { return variance_; }
  const PlaneD& opposite() const { return opposite_; }
  // Squared mean of the rings, cleared of noise: [position, ring].
  const PlaneD& mean_squared() const { return mean_squared_; }

  // Patterns `first` and on; on all threads.
  void add(const Stack<float>& images, std::size_t first);

 private:
  PlaneD add_one(const Eigen::Ref<const PlaneF>& image, std::size_t at);

  const SymmetryCommand& c_;
  const PatternInput& input_;
  PolarTransform transform_;
  AngularAnalysis analysis_;
  std::vector<AngularAnalysis> friedel_;  // none or one
  SymmetryResult result_;
  PlaneD variance_, opposite_, mean_squared_, mean_image_;
  std::size_t good_ = 0;
};

// Mean and standard error over the patterns of every order and ring; `power` is scan rows x scan
// columns x orders x rings.
void average(const Stack<float>& power, PlaneD& mean, PlaneD& error);

// Correlation of Friedel pairs of all patterns together, its jackknife error, the thickness that it
// means. `opposite` and `variance`: position by ring, not finite where there is none.
void pool_friedel(const PlaneD& opposite, const PlaneD& variance, std::optional<double> energy_kV,
                  SymmetryResult& r);

// Of r.map, one per order.
void make_histograms(SymmetryResult& r);

}  // namespace vitrobeam
