#include "patterns/match_power.hpp"

#include <limits>

namespace vitrobeam {

using Eigen::Index;

DetectionPower::DetectionPower(const ScoreCalibration& calibration, const PlaneF& scores,
                               std::vector<int> motif)
    : free_(calibration.calibration_scores()), motif_(std::move(motif)) {
  for (Index i = 0; i < scores.rows(); ++i)
    significance_.push_back(calibration.assess(scores.row(i).transpose()));
}

std::vector<double> DetectionPower::power(double alpha) const {
  const auto motifs = std::size_t(free_.cols());
  std::vector<double> found(motifs, 0), tried(motifs, 0);
  for (std::size_t i = 0; i < significance_.size(); ++i) {
    const auto m = std::size_t(motif_[i]);
    tried[m] += 1;
    found[m] += significance_[i].motif_p[m] <= alpha;
  }
  for (std::size_t m = 0; m < motifs; ++m)
    found[m] = tried[m] > 0 ? found[m] / tried[m] : std::numeric_limits<double>::quiet_NaN();
  return found;
}

PlaneD DetectionPower::confusion(double alpha) const {
  const Index motifs = free_.cols();
  PlaneD share = PlaneD::Zero(motifs, motifs + 1);
  for (std::size_t i = 0; i < significance_.size(); ++i)
    share(motif_[i], significance_[i].p <= alpha ? significance_[i].motif : motifs) += 1;
  const Eigen::ArrayXd tried = share.rowwise().sum();
  return share.colwise() / tried;  // 0 / 0 where a motif was never planted
}

PlaneD DetectionPower::roc(const std::vector<double>& false_alarm) const {
  PlaneD found(free_.cols(), Index(false_alarm.size()));
  for (std::size_t k = 0; k < false_alarm.size(); ++k) {
    const std::vector<double> share = power(false_alarm[k]);
    for (std::size_t m = 0; m < share.size(); ++m) found(Index(m), Index(k)) = share[m];
  }
  return found;
}

std::vector<RocArea> DetectionPower::roc_area() const {
  std::vector<RocArea> areas;
  for (Index m = 0; m < free_.cols(); ++m) {
    std::vector<double> planted;
    for (std::size_t i = 0; i < significance_.size(); ++i)
      if (motif_[i] == m) planted.push_back(significance_[i].motif_score[std::size_t(m)]);
    const double none = std::numeric_limits<double>::quiet_NaN();
    areas.push_back(planted.empty()
                        ? RocArea{none, none}
                        : area_under_roc({free_.col(m).begin(), free_.col(m).end()}, planted));
  }
  return areas;
}

}  // namespace vitrobeam
