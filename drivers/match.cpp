// vitrobeam match: patterns + library -> motif map at a stated false-alarm rate.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/library_plan.hpp"
#include "drivers/match_conditions.hpp"
#include "drivers/match_judges.hpp"
#include "drivers/match_refinement.hpp"
#include "drivers/match_settings.hpp"
#include "drivers/match_summary.hpp"
#include "drivers/pattern_input.hpp"
#include "io/match_file.hpp"
#include "io/result_file.hpp"
#include "patterns/difference.hpp"

namespace vitrobeam {
namespace {

void store(const Finding& f, std::size_t at, const MotifLibrary& library, MatchResult& r) {
  const std::size_t motifs = r.motif_names.size();
  for (std::size_t m = 0; m < motifs; ++m) {
    r.score.values[at * motifs + m] = float(f.significance.motif_score[m]);
    r.p_value.values[at * motifs + m] = float(f.significance.motif_p[m]);
  }
  r.motif.values[at] = f.significance.motif;
  r.best_score.values[at] = float(f.significance.score);
  r.best_p_value.values[at] = float(f.significance.p);
  r.best_p_value_fit.values[at] = float(f.significance.p_fit);
  r.template_index.values[at] = f.template_index;
  r.mirrored.values[at] = f.mirrored;
  r.correlation.values[at] = float(f.correlation);
  r.in_plane_angle.values[at] = float(f.in_plane_angle);
  for (std::size_t k = 0; k < 3; ++k)
    r.direction.values[at * 3 + k] =
        float(library.templates[std::size_t(f.template_index)].direction[Eigen::Index(k)]);
}

void store(const ScanVerdict& v, std::size_t at, MatchResult& r) {
  if (v.view < 0) return;
  r.log_evidence.values[at] = float(v.log_evidence);
  const Posterior& p = v.posterior;
  if (p.motif.empty()) return;
  const std::size_t motifs = r.motif_names.size();
  for (std::size_t m = 0; m < motifs; ++m) r.posterior.values[at * motifs + m] = float(p.motif[m]);
  r.posterior_none.values[at] = float(p.motif[motifs]);
  r.axis_directions.values[at] = p.directions_90;
  r.axis_share.values[at] = float(p.solid_angle_90);
  r.depth.values[at] = float(p.depth);
  r.depth_error.values[at] = float(p.depth_deviation);
  for (std::size_t k = 0; r.view_posterior.size() > 0 && k < p.view.size(); ++k)
    r.view_posterior.values[at * p.view.size() + k] = float(p.view[k]);
}

void store(const std::vector<MixtureComponent>& found, std::size_t at, MatchResult& r) {
  for (std::size_t k = 0; k < found.size(); ++k) {
    const std::size_t i = at * r.component_template.shape[2] + k;
    r.component_template.values[i] = found[k].entry;
    r.component_amplitude.values[i] = float(found[k].amplitude);
    r.component_error.values[i] = float(found[k].amplitude_error);
    r.component_angle.values[i] = float(found[k].in_plane_angle);
    r.component_gain.values[i] = float(found[k].gain);
    r.component_p.values[i] = float(found[k].p);
  }
}

bool is_saturated(const Eigen::Ref<const PlaneF>& image, const PatternInput& input,
                  const MatchCommand& c) {
  const Calibration& k = input.calibration();
  const auto& hidden = input.source().hidden();
  for (Eigen::Index row = 0; row < image.rows(); ++row)
    for (Eigen::Index col = 0; col < image.cols(); ++col)
      if (image(row, col) >= float(c.saturation) && !(hidden.size() > 0 && hidden(row, col)) &&
          std::hypot((double(row) - k.centre_row) * k.pixel_qy,
                     (double(col) - k.centre_col) * k.pixel_qx) >= c.recognition.grid.q_min)
        return true;
  return false;
}

// Patterns of a part of the scan: polar, judged, recognised, stored. Contrasts for the likelihood
// by position of the part; empty where a pattern cannot be used.
std::vector<Harmonics> match_part(const PatternInput& input, const Stack<float>& images,
                                  std::size_t first, const Judges& judges,
                                  const MotifLibrary& library, const MatchCommand& c,
                                  MatchResult& result) {
  const std::size_t count = images.shape[0];
  std::vector<PlaneF> polar(count);
  std::vector<Harmonics> contrast(judges.scan ? count : 0);
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
  for (long k = 0; k < long(count); ++k) {
    const auto i = std::size_t(k);
    const auto image = images.plane(i);
    polar[i] = (*judges.matched)(image);
    PatternStatus status =
        judge(image, input.source().hidden(), polar[i], judges.matched->weights());
    if (c.saturation > 0 && status == PatternStatus::good && is_saturated(image, input, c))
      status = PatternStatus::saturated;
    if (status == PatternStatus::good) {
      const double of_speckle = speckle_contrast(polar[i], judges.matched->weights());
      result.contrast.values[first + i] = float(of_speckle);
      if (judges.null_contrast.is_far_above(of_speckle)) status = PatternStatus::smooth;
    }
    result.status.values[first + i] = static_cast<std::uint8_t>(status);
    if (status != PatternStatus::good)
      polar[i].setZero();
    else if (judges.scan)
      contrast[i] = judges.scan->contrast((*judges.likelihood)(image));
  }
  if (judges.mixture) {
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
    for (std::size_t i = 0; i < count; ++i)
      if (contrast[i].size() > 0)
        store((*judges.mixture)(contrast[i], c.components), first + i, result);
  }
  if (!judges.alone) return contrast;
  const std::vector<Finding> findings = (*judges.alone)(polar, c.common.threads);
  for (std::size_t i = 0; i < count; ++i)
    if (result.status.values[first + i] == 0) store(findings[i], first + i, library, result);
  return contrast;
}

ContrastScan scan_of(const std::vector<Harmonics>& contrast, std::size_t rows,
                     std::size_t columns) {
  ContrastScan scan{rows, columns, false, {}};
  for (const auto& h : contrast) scan.contrast.push_back(h.size() > 0 ? &h : nullptr);
  return scan;
}

std::vector<float> discovery_rates(const std::vector<float>& p, std::size_t first,
                                   std::size_t step) {
  std::vector<double> one;
  for (std::size_t i = first; i < p.size(); i += step) one.push_back(p[i]);
  const auto q = benjamini_hochberg(one);
  return {q.begin(), q.end()};
}

void decide(MatchResult& r) {
  const std::size_t motifs = r.motif_names.size();
  for (std::size_t m = 0; m < motifs; ++m) {
    const auto q = discovery_rates(r.p_value.values, m, motifs);
    for (std::size_t i = 0; i < q.size(); ++i) r.false_discovery_rate.values[i * motifs + m] = q[i];
  }
  r.best_false_discovery_rate.values = discovery_rates(r.best_p_value.values, 0, 1);
  for (std::size_t i = 0; i < r.motif.size(); ++i)
    if (!(r.best_false_discovery_rate.values[i] <= float(r.false_alarm))) r.motif.values[i] = -1;
}

// The strongest matches, accepted ones first, with their templates turned onto them.
void add_examples(const PatternInput& input, const MotifLibrary& library, const MatchCommand& c,
                  MatchResult& r) {
  const PatternSource& source = input.source();
  std::vector<std::size_t> order(r.motif.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::erase_if(order, [&](std::size_t i) { return r.status.values[i] != 0; });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const bool found_a = r.motif.values[a] >= 0, found_b = r.motif.values[b] >= 0;
    return found_a != found_b ? found_a : r.best_score.values[a] > r.best_score.values[b];
  });
  order.resize(std::min(order.size(), std::size_t(c.examples)));
  r.examples_calibration = input.calibration();
  for (const std::size_t at : order) {
    MatchExample e;
    e.scan_row = at / source.scan_columns();
    e.scan_column = at % source.scan_columns();
    const auto t = std::size_t(r.template_index.values[at]);
    e.motif = library.templates[t].motif;
    e.accepted = r.motif.values[at] >= 0;
    e.p_value = r.best_p_value.values[at];
    e.score = r.best_score.values[at];
    e.measured = input.patterns(input.thicknesses() - 1, e.scan_row, e.scan_column, 1).plane(0);
    e.library =
        turned_image(library.patterns.plane(t), library.calibration(), Eigen::Index(source.rows()),
                     Eigen::Index(source.columns()), input.calibration(),
                     r.in_plane_angle.values[at], r.mirrored.values[at] != 0);
    const Unexplained left =
        unexplained(e.measured, e.library, input.calibration(), source.hidden(),
                    c.recognition.grid.q_min, c.recognition.grid.q_max);
    e.difference = left.difference;
    e.amplitude = left.amplitude;
    e.unexplained = left.share;
    r.examples.push_back(std::move(e));
  }
}

// Every pattern judged; false when interrupted. `scan`: contrasts of all positions, where
// neighbours count together.
bool match_all(const PatternInput& input, Judges& judges, const MotifLibrary& library,
               const MatchCommand& c, MatchResult& result, std::vector<Harmonics>& scan) {
  const RunControl control = run_control(c.common);
  Stage progress(control, "patterns", input.positions());
  for_each_part(input.scan(), control, [&](const Stack<float>& images, std::size_t first) {
    std::vector<Harmonics> part = match_part(input, images, first, judges, library, c, result);
    if (judges.is_joint()) {
      std::move(part.begin(), part.end(), std::back_inserter(scan));
    } else if (judges.scan) {
      const auto verdicts = (*judges.scan)(scan_of(part, 1, part.size()), c.common.threads);
      for (std::size_t i = 0; i < verdicts.size(); ++i) store(verdicts[i], first + i, result);
    }
    progress.advance(images.shape[0]);
  });
  if (!judges.is_joint()) return true;
  const auto verdicts = (*judges.scan)(
      scan_of(scan, input.source().scan_rows(), input.source().scan_columns()), c.common.threads);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].finding) store(*verdicts[i].finding, i, library, result);
    store(verdicts[i], i, result);
  }
  return true;
}

void state_null(const Judges& judges, const MatchCommand& c, MatchResult& r) {
  const PlantedVerdicts& planted = judges.planted();
  r.dose = c.recognition.dose;
  r.neighbours = c.neighbours;
  r.smallest_p = judges.calibration().smallest_p();
  r.null_best = judges.calibration().best_null();
  r.training_patterns = judges.training_size();
  r.calibration_packings = judges.calibration_packings();
  r.power = planted.power(0.05);
  r.confusion = planted.confusion(0.05);
  for (int k = 0; k <= 100; ++k) r.roc_false_alarm.push_back(k / 100.0);
  r.roc = planted.roc(r.roc_false_alarm);
  for (const RocArea& a : planted.roc_area()) {
    r.roc_area.push_back(a.area);
    r.roc_error.push_back(a.error);
  }
  if (const ViewPosterior* p = judges.scan ? judges.scan->posterior() : nullptr) {
    r.tempering = p->tempering();
    r.view_tempering = p->view_tempering();
    r.lapse = p->lapse();
  }
  for (std::size_t m = 0; m < r.power.size(); ++m) {
    const double n = double(std::count(planted.motif().begin(), planted.motif().end(), int(m)));
    // of a share k / n under a flat prior: not 0 where all or none were found
    const double p = (r.power[m] * n + 1) / (n + 2);
    r.power_error.push_back(std::sqrt(p * (1 - p) / (n + 3)));
  }
}

// Views whose probabilities are kept at every position.
constexpr std::size_t kMostViews = 2048;

MatchResult empty_result(const PatternSource& source, const MotifLibrary& library,
                         const MatchCommand& c, const Judges& judges) {
  MatchResult r(source.scan_rows(), source.scan_columns(), library.motif_names);
  if (judges.mixture) r.expect_components(std::size_t(c.components));
  if (!judges.scan) return r;
  r.views = judges.scan->likelihood().views();
  if (r.views.size() <= kMostViews && !library.planted.empty())
    r.view_posterior =
        Stack<float>({source.scan_rows(), source.scan_columns(), r.views.size()}, std::nanf(""));
  return r;
}

}  // namespace

int run_match(const std::vector<std::string>& arguments) {
  MatchCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 2)
    fail(Fault::usage,
         "match: name the patterns and the library: vitrobeam match PATTERNS LIBRARY -o OUT.h5");
  const PatternInput input(settings.positional()[0], c.patterns, c.common.seed);
  const PatternSource& source = input.source();
  const MotifLibrary library = library_for(settings.positional()[1], source, c);
  c.recognition.grid.q_max = matched_q_max(input, library, c.q_max, c.rescale);
  check_match_settings(c.recognition.matching, c.recognition.grid);
  check_conditions(source, c, library);
  check_scale(input, c.rescale);
  if (c.common.dry_run) {
    std::cout << shape_summary(source, library);
    return 0;
  }
  std::vector<LibraryPlan> plans(library.origins.size());
  const auto is_used = [&](std::size_t origin) {
    return std::any_of(library.templates.begin(), library.templates.end(),
                       [&](const TemplateRecord& t) { return std::size_t(t.origin) == origin; });
  };
  for (std::size_t i = 0; i < plans.size(); ++i)
    if (c.refine > 0 && is_used(i)) plans[i] = plan_of(library.origins[i]);
  const RunRecord record =
      start_record(settings, c.common, {source.file(), settings.positional()[1]});
  if (!start_output(c.common, record)) return 0;
  if (source.thicknesses() > 1)
    inform("{} thicknesses in the file: the last one is matched", source.thicknesses());
  c.recognition.matched_filter = c.filter == Filter::matched;
  c.recognition.prior_none = c.prior_none;
  c.recognition.seed = c.common.seed;
  c.recognition.camera = {Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                          input.calibration(), source.hidden()};
  c.recognition.readout = c.patterns.readout;
  c.recognition.dose = c.null_dose ? *c.null_dose : matched_electrons(input, library, c);

  Judges judges = make_judges(input, library, c);
  MatchResult result = empty_result(source, library, c, judges);
  std::vector<Harmonics> scan;
  result.false_alarm = c.false_alarm_percent / 100;
  if (judges.is_blind()) {
    std::fill(result.status.values.begin(), result.status.values.end(),
              static_cast<std::uint8_t>(PatternStatus::hidden));
  } else {
    if (!match_all(input, judges, library, c, result, scan)) return nothing_written();
    decide(result);
    state_null(judges, c, result);
    result.null_contrast = judges.null_contrast;
    add_examples(input, library, c, result);
    if (c.refine > 0) refine_examples(input, plans, library, judges, scan, c, result);
  }

  Hdf5Writer file(c.common.output);
  write_match(file, result, library);
  input.carry_over(file);
  write_interchange(file, {}, record, "match");
  write_record(file, record);
  if (!c.csv.empty()) write_csv(c.csv, result);
  file.commit();
  summarise(result, c);
  print_refined(result);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
