#include "studies/match_refinement.hpp"

#include <cmath>

#include "base/first_failure.hpp"
#include "studies/motif_model.hpp"

namespace vitrobeam {
namespace {

// What a match is refined by: its own pattern, or those of all neighbours that count with it.
struct RefinedFrom {
  std::vector<Eigen::Index> members = {0};  // of the patch
  Contrasts contrast;
};

RefinedFrom refined_from(const MatchExample& e, const MatchedScan& m) {
  RefinedFrom from;
  if (!m.recognition.is_joint()) {
    from.contrast = {m.recognition.contrast(m.transform(e.measured))};
    return from;
  }
  from.members.clear();
  const std::size_t rows = m.scan.scan_rows, columns = m.scan.scan_columns;
  const auto& steps = m.recognition.likelihood().patch().members;
  for (std::size_t d = 0; d < steps.size(); ++d) {
    const std::size_t row = e.scan_row + std::size_t(steps[d][0]),
                      column = e.scan_column + std::size_t(steps[d][1]);
    if (row >= rows || column >= columns || m.contrast[row * columns + column].size() == 0)
      continue;
    from.members.push_back(Eigen::Index(d));
    from.contrast.push_back(m.contrast[row * columns + column]);
  }
  return from;
}

RefinedMatch refined_match(const MatchExample& example, const RefinedFrom& from, std::size_t entry,
                           double in_plane_angle, const LibraryPlan& plan,
                           const MotifLibrary& library, const PolarTransform& camera,
                           const ScanRecognition& scan, const Speckle& speckle) {
  const Patch& patch = scan.likelihood().patch();
  std::vector<Vector2d> positions;
  for (const Eigen::Index d : from.members) {
    const auto& step = patch.members[std::size_t(d)];
    positions.push_back(patch.step * Vector2d(step[1], step[0]));
  }
  const MotifModel model(plan, library, entry, scan.background(), camera, positions);
  const Refined fit = model.fit(from.contrast, speckle.only(from.members), in_plane_angle);
  RefinedMatch m;
  m.scan_row = example.scan_row;
  m.scan_column = example.scan_column;
  m.motif = example.motif;
  m.converged = fit.converged;
  m.gain = fit.gain;
  RefinedMatch::Value* plain[] = {&m.tilt_x, &m.tilt_y, &m.in_plane_angle, &m.offset_x,
                                  &m.offset_y};
  for (Eigen::Index k = 0; k < 5; ++k) *plain[k] = {fit.value(k), fit.error(k)};
  const double thickness = library.condition().thickness * std::exp(fit.value(5));
  m.thickness = {thickness, thickness * fit.error(5)};
  m.size = {std::exp(fit.value(6)), std::exp(fit.value(6)) * fit.error(6)};
  return m;
}

std::vector<RefinedMatch> refined(const MatchedScan& m, const std::vector<LibraryPlan>& plans,
                                  int most, int threads) {
  const MotifLibrary& library = m.match.library;
  const MatchResult& r = m.result;
  const PolarTransform camera(Eigen::Index(library.patterns.shape[1]),
                              Eigen::Index(library.patterns.shape[2]), library.calibration(),
                              likelihood_grid(m.match.settings.recognition.grid));
  const auto position = [&](const MatchExample& e) {
    return e.scan_row * m.scan.scan_columns + e.scan_column;
  };
  std::vector<const MatchExample*> chosen;
  for (const auto& e : r.examples)
    if (int(chosen.size()) < most && r.mirrored.values[position(e)] == 0) chosen.push_back(&e);
  const Speckle motif_free =
      speckle(m.recognition.motif_free(), m.recognition.likelihood().patch().members,
              m.recognition.background());
  std::vector<RefinedMatch> out(chosen.size());
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t i = 0; i < chosen.size(); ++i)
    failure.guard([&] {
      const std::size_t at = position(*chosen[i]);
      const auto entry = std::size_t(r.template_index.values[at]);
      out[i] =
          refined_match(*chosen[i], refined_from(*chosen[i], m), entry, r.in_plane_angle.values[at],
                        plans[std::size_t(library.templates[entry].origin)], library, camera,
                        m.recognition, motif_free);
    });
  failure.rethrow();
  return out;
}

}  // namespace

Refinement refinement_by_simulation(std::vector<LibraryPlan> plans, int most) {
  return [plans = std::move(plans), most](const MatchedScan& m, const RunControl& run) {
    return refined(m, plans, most, run.threads);
  };
}

}  // namespace vitrobeam
