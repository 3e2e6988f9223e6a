#include "patterns/match_neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// Kinds of incomplete neighbourhoods that get a null of their own; positions of further kinds count
// alone.
constexpr std::size_t kMostMasks = 64;

void check_layout(const MotifLibrary& library, const Patch& patch) {
  const ScanLayout& l = library.layout;
  if (l.null_edge == 0)
    fail(
        Fault::input,
        "the library's motif-free patterns are single positions, and neighbours can only be ranked "
        "against neighbours; build it with @scan_step {:.4g} and @offset_range",
        patch.step);
  if (std::abs(l.step - patch.step) > 0.02 * patch.step)
    fail(Fault::input,
         "the scan has steps of {:.4g} Angstrom, the library's motif-free packings were scanned in "
         "steps of {:.4g}; build a library with @scan_step {:.4g} (a whole part of @box)",
         patch.step, l.step, patch.step);
  double farthest = 0, reach = 0;
  for (const auto& member : patch.members)
    farthest = std::max(farthest, patch.step * std::hypot(member[0], member[1]));
  for (const auto& t : library.templates) reach = std::max(reach, t.offset.norm());
  if (reach < farthest - patch.step / 2)
    fail(Fault::input,
         "neighbours at up to {:.4g} Angstrom are to count, the library's templates reach {:.4g} "
         "off the motif; build it with @offset_range {:.4g}",
         farthest, reach, farthest);
}

void append_rows(PlaneF& to, const PlaneF& rows) {
  const Index n = to.rows();
  to.conservativeResize(n + rows.rows(), rows.cols());
  to.bottomRows(rows.rows()) = rows;
}

}  // namespace

PolarGrid likelihood_grid(const PolarGrid& matched) {
  PolarGrid grid = matched;
  grid.n_q = std::min(grid.n_q, 32);
  return grid;
}

ScanRecognition::ScanRecognition(const MotifLibrary& library, const PlaneF& weights,
                                 const RecognitionSettings& settings, const Patch& patch,
                                 int threads)
    : motifs_(int(library.motif_names.size())),
      prior_none_(settings.prior_none),
      joint_(patch.members.size() > 1) {
  if (joint_) check_layout(library, patch);
  const PolarGrid grid = likelihood_grid(settings.grid);
  const PolarTransform camera(Index(library.patterns.shape.at(1)),
                              Index(library.patterns.shape.at(2)), library.calibration(), grid);
  const NullParts parts = null_parts(library);
  training_size_ = parts.training.size();
  calibration_packings_ = parts.calibration_packings;
  std::vector<std::size_t> all(library.null.size());
  std::iota(all.begin(), all.end(), std::size_t(0));
  const auto null = noisy_polar(library.null_patterns, all, camera, settings, kNullStream, threads);
  std::vector<bool> trains(null.size(), false);
  for (const std::size_t i : parts.training) trains[i] = true;
  const auto training = noisy_polar(library.null_patterns, parts.training, camera,
                                    with_model_noise(settings), kNullStream, threads);
  background_.emplace(grid, weights,
                      EvidenceSettings{settings.matching.m_max, settings.matching.gamma}, training);
  likelihood_.emplace(*background_, library, camera, patch, 72, threads);
  add_null_scans(library, null, trains);
  add_planted_scans(library, camera, settings, threads);
  whole_mask_ =
      patch.members.size() == 64 ? ~PatchMask(0) : (PatchMask(1) << patch.members.size()) - 1;
  add_rankings({whole_mask_}, threads);
}

void ScanRecognition::add_null_scans(const MotifLibrary& library, const std::vector<PlaneF>& null,
                                     const std::vector<bool>& trains) {
  for (const auto& p : null) null_.push_back(contrast(p));
  const std::size_t edge = joint_ ? std::size_t(library.layout.null_edge) : 1;
  for (std::size_t i = 0; i < null_.size(); i += edge * edge) {
    Motifless m{{edge, edge, joint_, {}}, trains[i]};
    for (std::size_t k = 0; k < edge * edge; ++k) {
      m.scan.contrast.push_back(&null_[i + k]);
      m.scan.relative_intensity.push_back(background_->relative_intensity(null[i + k]));
    }
    null_scans_.push_back(std::move(m));
  }
}

void ScanRecognition::add_planted_scans(const MotifLibrary& library, const PolarTransform& camera,
                                        const RecognitionSettings& settings, int threads) {
  std::vector<std::size_t> planted = planted_centres(library);
  for (const std::size_t i : planted) {
    const PlantedRecord& p = library.planted[i];
    planted_motif_.push_back(p.motif);
    planted_view_.push_back(nearest_view(likelihood_->views(), p.motif, p.view));
  }
  const std::size_t each = joint_ ? library.layout.patch() : 1;
  if (joint_) {
    planted.resize(library.planted.size());
    std::iota(planted.begin(), planted.end(), std::size_t(0));
  }
  for (const auto& p :
       noisy_polar(library.planted_patterns, planted, camera, settings, kPlantedStream, threads))
    planted_.push_back(contrast(p));
  const auto side = std::size_t(std::lround(std::sqrt(double(each))));
  for (std::size_t i = 0; i < planted_.size(); i += each) {
    ContrastScan scan{side, side, false, {}};
    for (std::size_t k = 0; k < each; ++k) scan.contrast.push_back(&planted_[i + k]);
    planted_scans_.push_back(std::move(scan));
  }
}

ScanRecognition::Ranking ScanRecognition::ranking_of(const PlaneF& training,
                                                     const PlaneF& calibrating,
                                                     const PlaneF& planted) const {
  std::vector<int> motif;
  for (const auto& v : likelihood_->views()) motif.push_back(v.motif);
  Ranking j;
  j.calibration.emplace(training, calibrating, motif, motifs_);
  j.planted = DetectionPower(*j.calibration, planted, planted_motif_);
  if (planted.rows() > 0)
    j.posterior.emplace(likelihood_->views(), motifs_, calibrating, planted, planted_motif_,
                        planted_view_, prior_none_);
  return j;
}

// The null and the planted motifs seen with those neighbours only.
void ScanRecognition::add_rankings(const std::vector<PatchMask>& masks, int threads) {
  const Index views = Index(likelihood_->views().size());
  const std::size_t n = masks.size();
  std::vector<PlaneF> training(n, PlaneF(0, views)), calibrating = training, planted = training;
  if (!joint_) {
    std::vector<const Harmonics*> train, calibrate, plant;
    for (const auto& m : null_scans_)
      (m.trains ? train : calibrate).push_back(m.scan.contrast.front());
    for (const auto& p : planted_scans_) plant.push_back(p.contrast.front());
    const auto evidence = [&](const std::vector<const Harmonics*>& list) -> PlaneF {
      const std::vector<PatchMask> mask(list.size(), 1);
      return (*likelihood_)({list.size(), 1, false, list}, mask, threads).log_evidence;
    };
    rankings_.emplace(masks.front(),
                      ranking_of(evidence(train), evidence(calibrate), evidence(plant)));
    return;
  }
  for (const auto& m : null_scans_) {
    const auto found = likelihood_->under_masks(m.scan, masks, threads);
    for (std::size_t k = 0; k < n; ++k)
      append_rows(m.trains ? training[k] : calibrating[k], found[k]);
  }
  for (const auto& p : planted_scans_) {
    const auto found = likelihood_->under_masks(p, masks, threads);
    for (std::size_t k = 0; k < n; ++k)
      append_rows(planted[k], found[k].row(Index(p.contrast.size() / 2)));
  }
  for (std::size_t k = 0; k < n; ++k)
    rankings_.emplace(masks[k], ranking_of(training[k], calibrating[k], planted[k]));
}

PositionEvidence ScanRecognition::evidence_at(const ScanLikelihood& l, Index position,
                                              const Ranking& ranking) const {
  PositionEvidence v;
  const Eigen::ArrayXf evidence = l.log_evidence.row(position).transpose();
  Index best = 0;
  if (joint_) {
    Finding f;
    f.significance = ranking.calibration->assess(evidence);
    best = f.significance.motif_template[std::size_t(f.significance.motif)];
    v.finding = f;
  } else {
    evidence.maxCoeff(&best);
  }
  v.view = int(best);
  v.entry = l.entry(position, best);
  v.in_plane_angle = likelihood_->angle(l.angle(position, best));
  v.log_evidence = evidence(best);
  if (v.finding) {
    v.finding->template_index = v.entry;
    v.finding->in_plane_angle = v.in_plane_angle;
    v.finding->correlation = NAN;
  }
  if (ranking.posterior) v.posterior = (*ranking.posterior)(evidence);
  return v;
}

std::vector<ContrastScan> ScanRecognition::motif_free() const {
  std::vector<ContrastScan> out;
  for (const auto& m : null_scans_) out.push_back(m.scan);
  return out;
}

std::vector<const Harmonics*> ScanRecognition::ranking_patterns() const {
  std::vector<const Harmonics*> out;
  for (const auto& m : null_scans_)
    if (!m.trains) out.insert(out.end(), m.scan.contrast.begin(), m.scan.contrast.end());
  return out;
}

std::vector<PositionEvidence> ScanRecognition::operator()(const ContrastScan& scan, int threads) {
  std::vector<PatchMask> masks = likelihood_->masks(scan);
  std::set<PatchMask> known, wanted;
  for (const auto& [mask, ranking] : rankings_) known.insert(mask);
  for (auto& mask : masks) {
    if (mask == 0 || known.contains(mask) || wanted.contains(mask)) continue;
    if (known.size() + wanted.size() >= kMostMasks) mask = 1;
    if (!known.contains(mask)) wanted.insert(mask);
  }
  if (!wanted.empty()) add_rankings({wanted.begin(), wanted.end()}, threads);
  const ScanLikelihood l = (*likelihood_)(scan, masks, threads);
  std::vector<PositionEvidence> out(masks.size());
#pragma omp parallel for schedule(dynamic, 64) num_threads(std::max(threads, 1))
  for (std::size_t i = 0; i < masks.size(); ++i)
    if (masks[i] != 0) out[i] = evidence_at(l, Index(i), rankings_.at(masks[i]));
  return out;
}

}  // namespace vitrobeam
