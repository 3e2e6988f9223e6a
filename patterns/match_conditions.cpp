#include "patterns/match_conditions.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "patterns/library_patterns.hpp"
#include "patterns/preparation.hpp"

namespace vitrobeam {
namespace {

// Patterns whose whole circles end before this share of the library's range hold less than half of
// what its motifs are told apart by.
constexpr double kLeastRange = 0.7;

// `field`: the name of the setting that states the quantity.
void check_quantity(const char* what, const char* unit, const char* field,
                    std::optional<double> measured, double library, double tolerance, bool rescale,
                    const RunControl& run) {
  const std::string setting = Message::marked(std::string("@") + field);
  if (!measured) {
    run.warn("the patterns do not state their {}; taken as the library's {} {} ({} states it)",
             what, library, unit, setting);
  } else if (std::abs(*measured - library) > tolerance * library) {
    if (!rescale)
      fail(Fault::physics,
           "{}: {} {} of the patterns, {} {} of the library; build a library for these patterns, "
           "correct {}, or match all the same with @rescale",
           what, *measured, unit, library, unit, setting);
    run.warn(
        "{}: {} {} of the patterns, {} {} of the library: templates are compared at equal q = 1/d; "
        "their curvature and disc size are the library's, and so is its error rate",
        what, *measured, unit, library, unit);
  }
}

// The condition of the library that is nearest to that of the patterns: beam before thickness.
std::size_t nearest_condition(const PatternScan& scan, const MotifLibrary& library,
                              const RunControl& run) {
  const auto apart = [](std::optional<double> measured, double of_library) {
    return measured ? std::abs(*measured - of_library) / of_library : 0;
  };
  std::size_t best = 0, equal = 0;
  double least = 1e300;
  for (std::size_t i = 0; i < library.conditions.size(); ++i) {
    const LibraryConditions& l = library.conditions[i];
    const double distance =
        1e4 * apart(scan.energy_kV, l.energy_kV) +
        1e2 * apart(scan.semiangle_mrad, l.semiangle_mrad) + apart(scan.thickness, l.thickness) +
        (scan.stated_defocus ? 1e-6 * std::abs(*scan.stated_defocus - l.defocus) : 0);
    if (distance == least) ++equal;
    if (distance < least) {
      least = distance;
      best = i;
      equal = 1;
    }
  }
  if (equal > 1)
    run.warn(
        "{} conditions of the library are equally near to the patterns; condition {} is taken "
        "(library info lists them, @condition chooses)",
        equal, best);
  return best;
}

}  // namespace

MotifLibrary library_for(const PatternScan& scan, const MotifLibrary& library, int condition,
                         const RunControl& run) {
  if (condition >= int(library.conditions.size()))
    fail(Fault::usage, "@condition {}: the library has {} (0 to {})", condition,
         library.conditions.size(), library.conditions.size() - 1);
  const MotifLibrary one = under_condition(
      library, condition >= 0 ? std::size_t(condition) : nearest_condition(scan, library, run));
  // a merged library need not have every motif under every condition
  std::vector<std::string> known;
  for (std::size_t m = 0; m < one.motif_names.size(); ++m)
    if (std::any_of(one.templates.begin(), one.templates.end(),
                    [m](const TemplateRecord& t) { return t.motif == int(m); }))
      known.push_back(one.motif_names[m]);
  if (known.size() == one.motif_names.size()) return one;
  if (known.empty())
    fail(Fault::input, "{}: holds no template under the condition of the patterns", library.name);
  run.inform("under the condition of the patterns the library knows {} only",
             fmt::format("{}", fmt::join(known, ", ")));
  return with_motifs(one, known);
}

void check_conditions(const PatternScan& scan, const MotifLibrary& library, double q_min,
                      bool rescale, const RunControl& run) {
  const LibraryConditions& l = library.condition();
  check_quantity("energy", "kV", "energy", scan.energy_kV, l.energy_kV, 0.005, rescale, run);
  check_quantity("convergence", "mrad", "semiangle", scan.semiangle_mrad, l.semiangle_mrad, 0.02,
                 rescale, run);
  if (!scan.thickness)
    run.warn(
        "the thickness of the specimen is not known; the library's error rate holds for {:.4g} "
        "Angstrom",
        l.thickness);
  else if (std::abs(*scan.thickness - l.thickness) > 0.2 * l.thickness)
    run.warn(
        "thickness: {:.4g} Angstrom of the specimen, {:.4g} of the library; its error rate does "
        "not hold for this specimen",
        *scan.thickness, l.thickness);
  const double aperture = l.semiangle_mrad * 1e-3 / wavelength(l.energy_kV);
  if (q_min <= aperture)
    fail(Fault::physics,
         "@q_min {} 1/Angstrom lies inside the central disc of {:.4f}; start beyond it", q_min,
         aperture);
}

double matched_q_max(const PatternScan& scan, const MotifLibrary& library, double asked,
                     bool rescale, const RunControl& run) {
  const double circles = largest_full_circle(scan.rows, scan.columns, scan.calibration);
  if (asked == 0) {
    const double of_library = std::min(kMatchedQ, reach(library));
    if (circles < kLeastRange * of_library && !rescale)
      fail(Fault::physics,
           "q-range: whole circles of the patterns end at {:.4g} 1/Angstrom, the library is for "
           "{:.4g}; correct @pixel_q {:.4g} or @centre, match up to there with @q_max {:.4g}, or "
           "all the same with @rescale",
           circles, of_library, scan.calibration.pixel_qx, std::floor(1000 * circles) / 1000);
    if (circles < 0.95 * of_library)
      run.inform(
          "whole circles of the patterns end at {:.4g} 1/Angstrom, those of the library at {:.4g}: "
          "matched up to there, with the error rates of that range",
          circles, of_library);
    return std::min(circles, of_library);
  }
  if (asked > circles && scan.hidden.size() == 0)
    run.warn(
        "the patterns hold whole circles only up to {:.4g} 1/Angstrom; of those up to @q_max {} "
        "the visible part is used",
        circles, asked);
  return asked;
}

void check_scale(const PatternScan& scan, bool rescale, const RunControl& run) {
  constexpr double kTolerance = 0.25, kSmallest = 3;  // of the pixel; pixels of radius
  const Calibration& k = scan.calibration;
  if (!scan.energy_kV || !scan.semiangle_mrad) return;
  Disc disc;
  try {
    disc = central_disc(sample_mean(scan), scan.hidden);
  } catch (const Error&) {
    return;  // behind a beam stop, or larger than the image
  }
  if (disc.radius < kSmallest ||
      std::hypot(disc.row - k.centre_row, disc.col - k.centre_col) > disc.radius)
    return;
  const double pixel = *scan.semiangle_mrad * 1e-3 / wavelength(*scan.energy_kV) / disc.radius;
  if (std::abs(pixel / k.pixel_qx - 1) <= kTolerance) return;
  if (!rescale)
    fail(Fault::physics,
         "scale: pixels of {:.4g} 1/Angstrom are stated, but a central disc of {:.3g} pixels "
         "radius at {} mrad has pixels of {:.4g}; correct @pixel_q or @semiangle, or match all the "
         "same with @rescale",
         k.pixel_qx, disc.radius, *scan.semiangle_mrad, pixel);
  run.warn("scale: pixels of {:.4g} 1/Angstrom as stated, {:.4g} by the central disc", k.pixel_qx,
           pixel);
}

}  // namespace vitrobeam
