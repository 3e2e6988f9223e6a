#include "patterns/match_result.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/statistics.hpp"

namespace vitrobeam {
namespace {

// False-discovery rates of every `step`-th p-value from `first` on.
std::vector<float> discovery_rates(const std::vector<float>& p, std::size_t first,
                                   std::size_t step) {
  std::vector<double> one;
  for (std::size_t i = first; i < p.size(); i += step) one.push_back(p[i]);
  const auto q = benjamini_hochberg(one);
  return {q.begin(), q.end()};
}

}  // namespace

MatchResult::MatchResult(std::size_t scan_rows, std::size_t scan_columns,
                         std::vector<std::string> names)
    : motif_names(std::move(names)) {
  const float unknown = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::size_t> scan{scan_rows, scan_columns};
  const std::vector<std::size_t> by_motif{scan_rows, scan_columns, motif_names.size()};
  motif = template_index = Stack<std::int32_t>(scan, -1);
  status = mirrored = Stack<std::uint8_t>(scan, 0);
  score = p_value = false_discovery_rate = posterior = Stack<float>(by_motif, unknown);
  posterior_none = best_score = best_p_value = best_p_value_fit = Stack<float>(scan, unknown);
  best_false_discovery_rate = correlation = in_plane_angle = Stack<float>(scan, unknown);
  axis_share = depth = depth_error = log_evidence = Stack<float>(scan, unknown);
  axis_directions = Stack<std::int32_t>(scan, 0);
  contrast = Stack<float>(scan, unknown);
  direction = Stack<float>({scan_rows, scan_columns, 3}, unknown);
}

void MatchResult::expect_components(std::size_t most) {
  const std::vector<std::size_t> shape{motif.shape[0], motif.shape[1], most};
  component_template = component_motif = Stack<std::int32_t>(shape, -1);
  component_amplitude = component_error = component_angle = component_p = component_gain =
      Stack<float>(shape, std::numeric_limits<float>::quiet_NaN());
}

void MatchResult::set(std::size_t at, const Finding& f, const MotifLibrary& library) {
  const std::size_t motifs = motif_names.size();
  for (std::size_t m = 0; m < motifs; ++m) {
    score.values[at * motifs + m] = float(f.significance.motif_score[m]);
    p_value.values[at * motifs + m] = float(f.significance.motif_p[m]);
  }
  motif.values[at] = f.significance.motif;
  best_score.values[at] = float(f.significance.score);
  best_p_value.values[at] = float(f.significance.p);
  best_p_value_fit.values[at] = float(f.significance.p_fit);
  template_index.values[at] = f.template_index;
  mirrored.values[at] = f.mirrored;
  correlation.values[at] = float(f.correlation);
  in_plane_angle.values[at] = float(f.in_plane_angle);
  for (std::size_t k = 0; k < 3; ++k)
    direction.values[at * 3 + k] =
        float(library.templates[std::size_t(f.template_index)].direction[Eigen::Index(k)]);
}

void MatchResult::set(std::size_t at, const PositionEvidence& e) {
  if (e.view < 0) return;
  log_evidence.values[at] = float(e.log_evidence);
  const Posterior& p = e.posterior;
  if (p.motif.empty()) return;
  const std::size_t motifs = motif_names.size();
  for (std::size_t m = 0; m < motifs; ++m) posterior.values[at * motifs + m] = float(p.motif[m]);
  posterior_none.values[at] = float(p.motif[motifs]);
  axis_directions.values[at] = p.directions_90;
  axis_share.values[at] = float(p.solid_angle_90);
  depth.values[at] = float(p.depth);
  depth_error.values[at] = float(p.depth_deviation);
  for (std::size_t k = 0; view_posterior.size() > 0 && k < p.view.size(); ++k)
    view_posterior.values[at * p.view.size() + k] = float(p.view[k]);
}

void MatchResult::set(std::size_t at, const std::vector<MixtureComponent>& found,
                      const MotifLibrary& library) {
  for (std::size_t k = 0; k < found.size(); ++k) {
    const std::size_t i = at * component_template.shape[2] + k;
    component_template.values[i] = found[k].entry;
    component_motif.values[i] = library.templates[std::size_t(found[k].entry)].motif;
    component_amplitude.values[i] = float(found[k].amplitude);
    component_error.values[i] = float(found[k].amplitude_error);
    component_angle.values[i] = float(found[k].in_plane_angle);
    component_gain.values[i] = float(found[k].gain);
    component_p.values[i] = float(found[k].p);
  }
}

void MatchResult::decide() {
  const std::size_t motifs = motif_names.size();
  for (std::size_t m = 0; m < motifs; ++m) {
    const auto q = discovery_rates(p_value.values, m, motifs);
    for (std::size_t i = 0; i < q.size(); ++i) false_discovery_rate.values[i * motifs + m] = q[i];
  }
  best_false_discovery_rate.values = discovery_rates(deciding_p(), 0, 1);
  for (std::size_t i = 0; i < motif.size(); ++i)
    if (!(best_false_discovery_rate.values[i] <= float(false_alarm))) motif.values[i] = -1;
}

void MatchResult::use(const TailFit& fit) {
  tail = fit;
  if (!tail.holds()) return;
  for (std::size_t i = 0; i < motif.size(); ++i) {
    const double best = best_score.values[i];
    best_p_value_fit.values[i] =
        best > tail.threshold ? float(tail.p(best)) : best_p_value.values[i];
  }
}

double MatchResult::expected_false_positives() const {
  double largest = 0, matched = 0;
  for (std::size_t i = 0; i < motif.size(); ++i) {
    const float p = deciding_p()[i];
    if (!std::isfinite(p)) continue;
    matched += 1;
    if (motif.values[i] >= 0) largest = std::max(largest, double(p));
  }
  return matched * largest;
}

void MatchResult::set_power(const DetectionPower& planted) {
  constexpr double kAlpha = 0.05;
  power = planted.power(kAlpha);
  confusion = planted.confusion(kAlpha);
  for (int k = 0; k <= 100; ++k) roc_false_alarm.push_back(k / 100.0);
  roc = planted.roc(roc_false_alarm);
  for (const RocArea& a : planted.roc_area()) {
    roc_area.push_back(a.area);
    roc_error.push_back(a.error);
  }
  for (std::size_t m = 0; m < power.size(); ++m) {
    const double n = double(std::count(planted.motif().begin(), planted.motif().end(), int(m)));
    // of a share k / n under a flat prior: not 0 where all or none were found
    const double p = (power[m] * n + 1) / (n + 2);
    power_error.push_back(std::sqrt(p * (1 - p) / (n + 3)));
  }
}

std::size_t MatchResult::contradictions() const {
  constexpr float kSure = 0.9f, kUsual = 0.1f;
  std::size_t count = 0;
  for (std::size_t i = 0; i < motif.size(); ++i) {
    const float none = posterior_none.values[i];
    count += (none <= 1 - kSure && best_p_value.values[i] > kUsual) ||
             (none >= kSure && motif.values[i] >= 0);
  }
  return count;
}

double MatchResult::scan_contrast() const {
  return finite_median(
      Eigen::Map<const Eigen::ArrayXf>(contrast.values.data(), Eigen::Index(contrast.size()))
          .cast<double>());
}

bool MatchResult::is_like_null() const {
  const double median = scan_contrast();
  return !std::isfinite(median) || (median >= null_contrast.low && median <= null_contrast.high);
}

}  // namespace vitrobeam
