#include "patterns/match_scan.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <iterator>
#include <memory>
#include <numeric>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "patterns/difference.hpp"
#include "patterns/match_alignment.hpp"
#include "patterns/match_conditions.hpp"

namespace vitrobeam {
namespace {

constexpr std::size_t kMostViews = 2048;  // whose probabilities are kept at every position

using Eigen::Index;

// What positions are matched by. Alone, patterns are matched with all templates at all angles, and
// their likelihoods only make the posterior; neighbours are matched by their likelihoods together.
struct Methods {
  std::optional<Recognition> alone;
  std::unique_ptr<ScanRecognition> scan;  // stays where it is: the mixture refers to it
  std::optional<PolarTransform> matched, likelihood;
  std::optional<MixtureSearch> mixture;
  ContrastRange null_contrast;

  // Every pixel of the matched range is hidden: there is nothing to match, and no method.
  bool is_blind() const { return !(matched->weights() > 0).any(); }
  bool is_joint() const { return scan && scan->is_joint(); }
};

PolarTransform transform_of(const MotifLibrary& library, const PolarGrid& grid) {
  return {Index(library.patterns.shape[1]), Index(library.patterns.shape[2]), library.calibration(),
          grid};
}

MixtureSearch make_mixture(const MotifLibrary& library, const ScanRecognition& scan,
                           const PolarGrid& grid, int threads) {
  const PolarTransform camera = transform_of(library, likelihood_grid(grid));
  std::vector<PlaneF> templates;
  for (std::size_t t = 0; t < library.templates.size(); ++t)
    templates.push_back(camera(library.patterns.plane(t)));
  return {scan.background(), scan.likelihood(), templates, scan.ranking_patterns(), threads};
}

Methods make_methods(const PatternScan& scan, const MotifLibrary& library, const MatchSettings& s,
                     bool refines, int threads) {
  const auto transform = [&](const PolarGrid& grid) {
    return PolarTransform(scan.rows, scan.columns, scan.calibration, grid, scan.hidden);
  };
  const RecognitionSettings& r = s.recognition;
  Methods m;
  m.matched.emplace(transform(r.grid));
  if (m.is_blind()) return m;
  m.null_contrast = null_contrast(library, m.matched->weights(), r, threads);
  const Patch patch = s.neighbours > 0 ? Patch::within(s.neighbours, s.step) : Patch();
  if (s.neighbours > 0 && patch.members.size() == 1)
    fail(Fault::usage, "@neighbours {}: the next position is {:.4g} Angstrom away", s.neighbours,
         patch.step);
  const bool joint = patch.members.size() > 1;
  if (!joint) m.alone.emplace(library, m.matched->weights(), r, threads);
  if (joint || !library.planted.empty() || s.components > 1 || refines) {
    m.likelihood.emplace(transform(likelihood_grid(r.grid)));
    m.scan = std::make_unique<ScanRecognition>(library, m.likelihood->weights(), r, patch, threads);
  }
  if (s.components > 1) m.mixture.emplace(make_mixture(library, *m.scan, r.grid, threads));
  return m;
}

// A scan on its way to its result.
class ScanMatcher {
 public:
  ScanMatcher(const PatternScan& scan, const PreparedMatch& prepared, bool refines, int threads)
      : scan_(scan),
        library_(prepared.library),
        settings_(prepared.settings),
        threads_(threads),
        methods_(make_methods(scan, library_, settings_, refines, threads)),
        result_(empty_result()) {}

  const Methods& methods() const { return methods_; }
  const std::vector<Harmonics>& contrast() const { return contrast_; }
  MatchResult& result() { return result_; }

  void match_all(const RunControl& run);
  void fit_null_tail(const RunControl& run);
  void state_null();
  void add_examples();

 private:
  MatchResult empty_result() const;
  PatternStatus status_of(const Eigen::Ref<const PlaneF>& image, const PlaneF& polar,
                          std::size_t at);
  bool is_saturated(const Eigen::Ref<const PlaneF>& image) const;
  std::vector<Harmonics> match_part(const Stack<float>& images, std::size_t first);
  MatchExample example_at(std::size_t at) const;

  const PatternScan& scan_;
  const MotifLibrary& library_;
  const MatchSettings& settings_;
  int threads_;
  Methods methods_;
  MatchResult result_;
  std::vector<Harmonics> contrast_;  // of all positions, where neighbours count together
};

MatchResult ScanMatcher::empty_result() const {
  MatchResult r(scan_.scan_rows, scan_.scan_columns, library_.motif_names);
  r.condition = library_.condition();
  r.false_alarm = settings_.false_alarm;
  if (methods_.mixture) r.expect_components(std::size_t(settings_.components));
  if (!methods_.scan) return r;
  r.views = methods_.scan->likelihood().views();
  if (r.views.size() <= kMostViews && !library_.planted.empty())
    r.view_posterior =
        Stack<float>({scan_.scan_rows, scan_.scan_columns, r.views.size()}, std::nanf(""));
  return r;
}

bool ScanMatcher::is_saturated(const Eigen::Ref<const PlaneF>& image) const {
  const Calibration& k = scan_.calibration;
  const auto& hidden = scan_.hidden;
  for (Index row = 0; row < image.rows(); ++row)
    for (Index col = 0; col < image.cols(); ++col)
      if (image(row, col) >= float(settings_.saturation) &&
          !(hidden.size() > 0 && hidden(row, col)) &&
          std::hypot((double(row) - k.centre_row) * k.pixel_qy,
                     (double(col) - k.centre_col) * k.pixel_qx) >= settings_.recognition.grid.q_min)
        return true;
  return false;
}

PatternStatus ScanMatcher::status_of(const Eigen::Ref<const PlaneF>& image, const PlaneF& polar,
                                     std::size_t at) {
  const PlaneF& weights = methods_.matched->weights();
  const PatternStatus status = pattern_status(image, scan_.hidden, polar, weights);
  if (status != PatternStatus::good) return status;
  if (settings_.saturation > 0 && is_saturated(image)) return PatternStatus::saturated;
  const double speckle = speckle_contrast(polar, weights);
  result_.contrast.values[at] = float(speckle);
  return methods_.null_contrast.is_far_above(speckle) ? PatternStatus::smooth : status;
}

// Patterns of a part of the scan, from position `first` on: polar, their status, matched, stored.
// Contrasts for the likelihood by position of the part; empty where a pattern cannot be used.
std::vector<Harmonics> ScanMatcher::match_part(const Stack<float>& images, std::size_t first) {
  const std::size_t count = images.shape[0];
  std::vector<PlaneF> polar(count);
  std::vector<Harmonics> contrast(methods_.scan ? count : 0);
#pragma omp parallel for schedule(dynamic) num_threads(threads_)
  for (std::size_t i = 0; i < count; ++i) {
    const auto image = images.plane(i);
    polar[i] = (*methods_.matched)(image);
    const PatternStatus status = status_of(image, polar[i], first + i);
    result_.status.values[first + i] = static_cast<std::uint8_t>(status);
    if (status != PatternStatus::good)
      polar[i].setZero();
    else if (methods_.scan)
      contrast[i] = methods_.scan->contrast((*methods_.likelihood)(image));
  }
  if (methods_.mixture) {
#pragma omp parallel for schedule(dynamic) num_threads(threads_)
    for (std::size_t i = 0; i < count; ++i)
      if (contrast[i].size() > 0)
        result_.set(first + i, (*methods_.mixture)(contrast[i], settings_.components), library_);
  }
  if (!methods_.alone) return contrast;
  const std::vector<Finding> findings = (*methods_.alone)(polar, threads_);
  for (std::size_t i = 0; i < count; ++i)
    if (result_.status.values[first + i] == 0) result_.set(first + i, findings[i], library_);
  return contrast;
}

ContrastScan scan_of(const std::vector<Harmonics>& contrast, std::size_t rows,
                     std::size_t columns) {
  ContrastScan scan{rows, columns, false, {}};
  for (const auto& h : contrast) scan.contrast.push_back(h.size() > 0 ? &h : nullptr);
  return scan;
}

void ScanMatcher::match_all(const RunControl& run) {
  const auto set = [&](const ContrastScan& part, std::size_t first) {
    const auto found = (*methods_.scan)(part, threads_);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].finding) result_.set(first + i, *found[i].finding, library_);
      result_.set(first + i, found[i]);
    }
  };
  Stage progress(run, "patterns", scan_.positions());
  for_each_part(scan_, run, [&](const Stack<float>& images, std::size_t first) {
    std::vector<Harmonics> part = match_part(images, first);
    if (methods_.is_joint())
      std::move(part.begin(), part.end(), std::back_inserter(contrast_));
    else if (methods_.scan)
      set(scan_of(part, 1, part.size()), first);
    progress.advance(images.shape[0]);
  });
  if (methods_.is_joint()) set(scan_of(contrast_, scan_.scan_rows, scan_.scan_columns), 0);
}

void ScanMatcher::fit_null_tail(const RunControl& run) {
  result_.fitted = settings_.fitted_tail;
  TailFit fit =
      TailFit::none("neighbours count together, whose scores of one packing are no sample");
  if (methods_.alone) {
    const Eigen::ArrayXd best =
        methods_.alone->calibration().calibration_scores().rowwise().maxCoeff();
    fit = fit_tail({best.begin(), best.end()}, methods_.alone->packing_of_calibration(),
                   settings_.recognition.seed);
  }
  result_.use(fit);
  if (settings_.fitted_tail && !fit.holds())
    run.warn("@tail fitted: refused ({}); the counted p-values decide", fit.refused);
}

void ScanMatcher::state_null() {
  MatchResult& r = result_;
  r.null_contrast = methods_.null_contrast;
  r.dose = settings_.recognition.dose;
  r.neighbours = settings_.neighbours;
  const auto from = [&r](const auto& method) {
    r.smallest_p = method.calibration().smallest_p();
    r.null_best = method.calibration().best_null();
    r.training_patterns = method.training_size();
    r.calibration_packings = method.calibration_packings();
    r.set_power(method.planted());
  };
  methods_.alone ? from(*methods_.alone) : from(*methods_.scan);
  if (const ViewPosterior* p = methods_.scan ? methods_.scan->posterior() : nullptr) {
    r.tempering = p->tempering();
    r.view_tempering = p->view_tempering();
    r.lapse = p->lapse();
  }
}

MatchExample ScanMatcher::example_at(std::size_t at) const {
  const MatchResult& r = result_;
  MatchExample e;
  e.scan_row = at / scan_.scan_columns;
  e.scan_column = at % scan_.scan_columns;
  const auto t = std::size_t(r.template_index.values[at]);
  e.motif = library_.templates[t].motif;
  e.accepted = r.motif.values[at] >= 0;
  e.p_value = r.best_p_value.values[at];
  e.score = r.best_score.values[at];
  e.measured = scan_.read(e.scan_row, e.scan_column, 1, 1).plane(0);
  e.library =
      turned_image(library_.patterns.plane(t), library_.calibration(), scan_.rows, scan_.columns,
                   scan_.calibration, r.in_plane_angle.values[at], r.mirrored.values[at] != 0);
  const PolarGrid& grid = settings_.recognition.grid;
  const Unexplained left =
      unexplained(e.measured, e.library, scan_.calibration, scan_.hidden, grid.q_min, grid.q_max);
  e.difference = left.difference;
  e.amplitude = left.amplitude;
  e.unexplained = left.share;
  return e;
}

// The strongest matches, accepted ones first, with their templates turned onto them.
void ScanMatcher::add_examples() {
  MatchResult& r = result_;
  std::vector<std::size_t> order(r.motif.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::erase_if(order, [&](std::size_t i) { return r.status.values[i] != 0; });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const bool found_a = r.motif.values[a] >= 0, found_b = r.motif.values[b] >= 0;
    return found_a != found_b ? found_a : r.best_score.values[a] > r.best_score.values[b];
  });
  order.resize(std::min(order.size(), std::size_t(settings_.examples)));
  r.examples_calibration = scan_.calibration;
  for (const std::size_t at : order) r.examples.push_back(example_at(at));
}

}  // namespace

double matched_electrons(const PatternScan& scan, const MotifLibrary& library,
                         const PolarGrid& grid, int threads) {
  if (scan.gain == 0 || scan.stated_electrons) return electrons_per_pattern(scan);
  const PolarTransform camera(scan.rows, scan.columns, scan.calibration, grid, scan.hidden),
      of_library = transform_of(library, grid);
  const Stack<float> sample =
      scan.read(scan.scan_rows / 2, 0, std::min<std::size_t>(scan.scan_columns, 64), threads);
  std::vector<double> seen;
  for (std::size_t i = 0; i < sample.shape[0]; ++i)
    if (const double mean = visible_mean(camera(sample.plane(i)), camera.weights());
        std::isfinite(mean) && mean > 0)
      seen.push_back(mean);
  double expected = 0;
  for (std::size_t i = 0; i < library.null.size(); ++i)
    expected += visible_mean(of_library(library.null_patterns.plane(i)), camera.weights());
  expected *= scan.calibration.pixel_qx * scan.calibration.pixel_qy /
              (library.pixel_qx * library.pixel_qy * double(library.null.size()));
  if (seen.empty() || !(expected > 0)) return electrons_per_pattern(scan);
  return finite_median(Eigen::Map<const Eigen::ArrayXd>(seen.data(), Index(seen.size()))) /
         scan.gain / expected;
}

std::size_t most_kept_views(const MotifLibrary& library) {
  return library.planted.empty() ? 0 : std::min(library.templates.size(), kMostViews);
}

PreparedMatch prepare_match(const PatternScan& scan, const MotifLibrary& library,
                            const MatchSettings& settings, const RunControl& run) {
  PreparedMatch p{library_for(scan, library, settings.condition, run), settings};
  RecognitionSettings& r = p.settings.recognition;
  r.grid.q_max = matched_q_max(scan, p.library, settings.q_max, settings.rescale, run);
  check_correlation_settings(r.matching, r.grid);
  check_conditions(scan, p.library, r.grid.q_min, settings.rescale, run);
  check_scale(scan, settings.rescale, run);
  PatternScan moved = scan;
  moved.calibration = aligned_calibration(
      scan, p.library, {r.grid.q_min, r.grid.q_max, settings.as_stated, settings.rescale}, run);
  r.grid.q_max = matched_q_max(moved, p.library, settings.q_max, settings.rescale, {});
  r.camera = {scan.rows, scan.columns, moved.calibration, scan.hidden};
  return p;
}

MatchResult match_scan(const PatternScan& stated, PreparedMatch prepared, const RunControl& run,
                       const Refinement& refine) {
  PreparedMatch& p = prepared;
  RecognitionSettings& r = p.settings.recognition;
  PatternScan scan = stated;
  scan.calibration = r.camera.calibration;
  r.dose = p.settings.null_dose ? *p.settings.null_dose
                                : matched_electrons(scan, p.library, r.grid, run.threads);
  ScanMatcher matcher(scan, p, bool(refine), run.threads);
  MatchResult& result = matcher.result();
  const Methods& methods = matcher.methods();
  if (methods.is_blind()) {
    std::fill(result.status.values.begin(), result.status.values.end(),
              static_cast<std::uint8_t>(PatternStatus::hidden));
    return result;
  }
  matcher.match_all(run);
  matcher.fit_null_tail(run);
  result.decide();
  matcher.state_null();
  matcher.add_examples();
  if (refine)
    result.refined =
        refine({scan, p, *methods.scan, *methods.likelihood, matcher.contrast(), result}, run);
  return result;
}

namespace {

// What other programs on the machine take is not counted, as far as it can be told: seconds by the
// clock, or of all processors where that is less.
struct RunTime {
  std::chrono::steady_clock::time_point clock = std::chrono::steady_clock::now();
  std::clock_t processor = std::clock();

  double since(const RunTime& start) const {
    const std::chrono::duration<double> by_clock = clock - start.clock;
    return std::min(by_clock.count(), double(processor - start.processor) / CLOCKS_PER_SEC);
  }
};

}  // namespace

double match_seconds(const PatternScan& scan, PreparedMatch prepared, const RunControl& run) {
  constexpr std::size_t kEdge = 6;
  PatternScan corner = scan;
  corner.scan_rows = std::min(scan.scan_rows, kEdge);
  corner.scan_columns = std::min(scan.scan_columns, kEdge * kEdge / corner.scan_rows);
  const RunTime start;
  RunTime begin = start, end = start;
  RunControl timed;
  timed.threads = run.threads;
  timed.stop = run.stop;
  timed.progress = [&](const RunControl::Step& step) {
    if (step.what != "patterns") return;
    if (step.ended)
      end = RunTime();
    else if (step.done == 0)
      begin = RunTime();
  };
  match_scan(corner, std::move(prepared), timed);
  const double once = begin.since(start) + RunTime().since(end);
  return once + end.since(begin) * double(scan.positions()) / double(corner.positions());
}

MatchResult match_scan(const PatternScan& scan, const MotifLibrary& library,
                       const MatchSettings& settings, const RunControl& run) {
  return match_scan(scan, prepare_match(scan, library, settings, run), run);
}

}  // namespace vitrobeam
