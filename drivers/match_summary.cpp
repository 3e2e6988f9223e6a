#include "drivers/match_summary.hpp"
#include "drivers/log.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"

namespace vitrobeam {

namespace {

void print_tail(const MatchResult& r, std::ptrdiff_t good) {
  if (r.tail.holds())
    std::cout << fmt::format(
        "tail        Pareto of shape {:.3f} above {:.2f} standard deviations, goodness {:.2f}; p "
        "at the best null score {:.2g}, within a factor {:.2g}\n",
        r.tail.shape, r.tail.threshold, r.tail.goodness, r.tail.p(r.null_best.back()),
        std::exp(r.tail.log_error(r.null_best.back())));
  else
    std::cout << fmt::format("tail        none fitted: {}\n", r.tail.refused);
  std::cout << fmt::format(
      "expected    {:.2g} false positives in {} positions without motifs, at the p-values of those "
      "found ({})\n",
      r.expected_false_positives(), good, r.fitted && r.tail.holds() ? "fitted" : "counted");
}

void remark_on_trust(const MatchResult& r, std::ptrdiff_t good) {
  if (const std::size_t n = r.contradictions(); n > 0)
    inform(
        "at {} of {} positions posterior and p-value contradict each other; the map follows the "
        "p-values. These count how often packings score as much; the posterior assumes Gaussian "
        "speckle. Do not rely on either there",
        n, good);
  if (!r.is_like_null())
    warn(
        "the patterns are unlike the library's motif-free ones: the contrast of their speckle is "
        "{:.3g} in the median, that of the others {:.3g} ({:.3g} to {:.3g}); ranks among them are "
        "no error rates of this scan. Another thickness, convergence, coherence, dose or material, "
        "or a background, does that: build a library for this specimen and beam",
        r.scan_contrast(), r.null_contrast.median, r.null_contrast.low, r.null_contrast.high);
}

}  // namespace

void summarise(const MatchResult& r, double false_alarm_percent) {
  if (r.null_best.empty()) {
    warn(
        "every pixel of the matched range is hidden (--mask, or what the file says): no pattern "
        "was matched, none can be a motif");
    return;
  }
  const auto good = std::count(r.status.values.begin(), r.status.values.end(), 0);
  std::cout << fmt::format(
      "null        {} from {} rank the scores ({} more train them); smallest p-value {:.2g}\n",
      counted(r.null_best.size(), "motif-free pattern"), counted(r.calibration_packings, "packing"),
      r.training_patterns, r.smallest_p);
  if (r.neighbours > 0)
    std::cout << fmt::format(
        "neighbours  positions within {} Angstrom count together, in the null alike\n",
        r.neighbours);
  for (std::size_t m = 0; m < r.motif_names.size(); ++m) {
    const auto found = std::count(r.motif.values.begin(), r.motif.values.end(), int(m));
    std::cout << fmt::format("{:<11} {} of {} positions", r.motif_names[m], found, good);
    if (std::isfinite(r.power[m]))
      std::cout << fmt::format(
          "; planted ones are found at p <= 5 % in {:.0f} +- {:.0f} % of cases", 100 * r.power[m],
          100 * r.power_error[m]);
    std::cout << '\n';
  }
  if (r.component_template.size() > 0) {
    std::ptrdiff_t several = 0;
    for (std::size_t i = 0; i < r.motif.size(); ++i)
      several += r.component_p.values[i * r.component_template.shape[2]] <= 0.05f &&
                 r.component_p.values[i * r.component_template.shape[2] + 1] <= 0.05f;
    std::cout << fmt::format("components  a second one at p <= 5 % in {}\n",
                             counted(several, "position"));
  }
  std::cout << fmt::format("no motif    {} of {} positions, at a false-alarm rate of {} %\n",
                           std::count(r.motif.values.begin(), r.motif.values.end(), -1) -
                               (std::ptrdiff_t(r.motif.size()) - good),
                           good, false_alarm_percent);
  print_tail(r, good);
  if (good < std::ptrdiff_t(r.motif.size()))
    warn(
        "{} of {} patterns were not matched (not finite, empty, featureless, saturated, or with "
        "far less contrast than any motif-free pattern): /match/status",
        std::ptrdiff_t(r.motif.size()) - good, r.motif.size());
  remark_on_trust(r, good);
  // One true motif alone in the scan needs p <= rate / positions.
  const double needed = double(good) / (false_alarm_percent / 100);
  if (r.smallest_p > 1 / needed && !(r.fitted && r.tail.holds()))
    inform(
        "{} motif-free patterns cannot single out fewer than {:.0f} positions of {}; a library "
        "with --null {:.0f} could single out one, or --tail fitted",
        r.null_best.size(), std::ceil(r.smallest_p * needed), good, std::ceil(1.5 * needed));
}

std::string shape_summary(const PatternScan& scan, const MotifLibrary& library) {
  return fmt::format(
      "patterns    {} x {} positions of {} x {} pixels\n"
      "library     {}, {}\n"
      "pairs       {:.3g}\n",
      scan.scan_rows, scan.scan_columns, scan.rows, scan.columns,
      counted(library.templates.size(), "template"),
      counted(library.null.size(), "motif-free pattern"),
      double(scan.positions() + library.null.size()) * double(library.templates.size()));
}

void print_refined(const MatchResult& r) {
  for (const RefinedMatch& m : r.refined) {
    const double degree = 180 / M_PI;
    std::cout << fmt::format(
        "refined     row {}, column {}: {}, tilt {:.1f} +- {:.1f}, {:.1f} +- {:.1f} degrees, "
        "offset {:.2f} +- {:.2f}, {:.2f} +- {:.2f} Angstrom, thickness {:.1f} +- {:.1f} Angstrom, "
        "size {:.3f} +- {:.3f}{}\n",
        m.scan_row, m.scan_column, r.motif_names[std::size_t(m.motif)], degree * m.tilt_x.value,
        degree * m.tilt_x.error, degree * m.tilt_y.value, degree * m.tilt_y.error, m.offset_x.value,
        m.offset_x.error, m.offset_y.value, m.offset_y.error, m.thickness.value, m.thickness.error,
        m.size.value, m.size.error, m.converged ? "" : " (not converged)");
  }
  if (!r.refined.empty() && r.neighbours == 0)
    std::cout << "            one pattern does not tell the offset; neighbouring positions do: "
                 "--neighbours\n";
}

}  // namespace vitrobeam
