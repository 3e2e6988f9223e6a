// Motif or none at every position of a scan by likelihood: what is probable there (always), and how
// significant it is when neighbouring positions count together.
//
// The null is treated as the scan is: motif-free packings that were scanned in the same raster go
// through the same sums over the same neighbours. A position at the edge, or beside a pattern that
// cannot be used, has fewer neighbours; it is ranked against motif-free positions that are denied
// the same ones.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "patterns/library_patterns.hpp"
#include "patterns/match_alone.hpp"
#include "patterns/match_posterior.hpp"

namespace vitrobeam {

// The radial and angular bins that likelihoods are computed on: the matched range, at most 32
// radii.
PolarGrid likelihood_grid(const PolarGrid& matched);

struct PositionEvidence {
  std::optional<Finding> finding;  // of neighbours together; empty for a patch of one
  Posterior posterior;             // empty if the library has no planted patterns
  int view = -1, entry = -1;       // the most likely of all: view, and template of the library
  double in_plane_angle = 0, log_evidence = 0;
};

class ScanRecognition {
 public:
  // `weights` of the patterns to be matched, on likelihood_grid(settings.grid). Throws Error{input}
  // if a patch of several positions meets a library without scanned packings of that step, or
  // without templates at offsets.
  ScanRecognition(const MotifLibrary& library, const PlaneF& weights,
                  const RecognitionSettings& settings, const Patch& patch, int threads);

  Harmonics contrast(const PlaneF& polar) const { return background_->contrast(polar); }
  const Background& background() const { return *background_; }
  const MotifLikelihood& likelihood() const { return *likelihood_; }
  bool is_joint() const { return joint_; }
  // The motif-free packings, as rasters where neighbours count together.
  std::vector<ContrastScan> motif_free() const;
  // Contrasts of the motif-free patterns that rank.
  std::vector<const Harmonics*> ranking_patterns() const;

  // By position of the raster. The result does not depend on the number of threads.
  std::vector<PositionEvidence> operator()(const ContrastScan& scan, int threads);

  // Of positions with all neighbours.
  const ScoreCalibration& calibration() const { return *whole().calibration; }
  const DetectionPower& planted() const { return whole().planted; }
  const ViewPosterior* posterior() const {
    return whole().posterior ? &*whole().posterior : nullptr;
  }
  double tempering() const { return whole().posterior ? whole().posterior->tempering() : NAN; }
  std::size_t training_size() const { return training_size_; }
  int calibration_packings() const { return calibration_packings_; }

 private:
  // What positions with the same neighbours are ranked by.
  struct Ranking {
    std::optional<ScoreCalibration> calibration;
    std::optional<ViewPosterior> posterior;
    DetectionPower planted;
  };
  struct Motifless {
    ContrastScan scan;
    bool trains;
  };
  // Contrasts of the library's motif-free and planted patterns, as scans.
  void add_null_scans(const MotifLibrary& library, const std::vector<PlaneF>& null,
                      const std::vector<bool>& trains);
  void add_planted_scans(const MotifLibrary& library, const PolarTransform& camera,
                         const RecognitionSettings& settings, int threads);
  void add_rankings(const std::vector<PatchMask>& masks, int threads);
  Ranking ranking_of(const PlaneF& training, const PlaneF& calibrating,
                     const PlaneF& planted) const;
  const Ranking& whole() const { return rankings_.at(whole_mask_); }
  PositionEvidence evidence_at(const ScanLikelihood& l, Eigen::Index position,
                               const Ranking& ranking) const;

  int motifs_ = 0;
  double prior_none_ = 0.5;
  bool joint_ = false;
  std::optional<Background> background_;
  std::optional<MotifLikelihood> likelihood_;
  std::vector<Harmonics> null_, planted_;  // contrasts
  std::vector<Motifless> null_scans_;
  std::vector<ContrastScan> planted_scans_;
  std::vector<int> planted_motif_, planted_view_;  // [planted scan]
  PatchMask whole_mask_ = 1;
  std::map<PatchMask, Ranking> rankings_;
  std::size_t training_size_ = 0;
  int calibration_packings_ = 0;
};

}  // namespace vitrobeam
