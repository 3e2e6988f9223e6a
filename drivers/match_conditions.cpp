#include "drivers/match_conditions.hpp"
#include "drivers/log.hpp"

#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "drivers/library_plan.hpp"
#include "io/result_file.hpp"
#include "multislice/optics.hpp"
#include "patterns/preparation.hpp"

namespace vitrobeam {
namespace {

void check_quantity(const char* what, const char* unit, std::optional<double> measured,
                    double library, double tolerance, const char* option, bool rescale) {
  if (!measured) {
    warn("the patterns do not state their {}; taken as the library's {} {} (--{} states it)", what,
         library, unit, option);
  } else if (std::abs(*measured - library) > tolerance * library) {
    if (rescale) {
      warn(
          "{}: {} {} of the patterns, {} {} of the library: templates are compared at equal q = "
          "1/d; "
          "their curvature and disc size are the library's, and so is its error rate",
          what, *measured, unit, library, unit);
      return;
    }
    fail(Fault::physics,
         "{}: {} {} of the patterns, {} {} of the library; build a library for these patterns, "
         "correct --{}, or match all the same with --rescale",
         what, *measured, unit, library, unit, option);
  }
}

// Underfocus that a result file of patterns states, Angstrom.
std::optional<double> stated_defocus(const PatternSource& source) {
  if (!source.is_result()) return {};
  const Hdf5Reader file(source.file());
  if (!file.exists("/parameters") || !file.has_attribute("/parameters", "defocus")) return {};
  const AttributeValue said = file.attribute("/parameters", "defocus");
  if (const auto* number = std::get_if<double>(&said)) return *number;
  return {};
}

// The condition of the library that is nearest to that of the patterns: beam before thickness.
std::size_t nearest_condition(const PatternSource& source, const MotifLibrary& library,
                              const MatchCommand& c) {
  if (c.condition >= int(library.conditions.size()))
    fail(Fault::usage, "--condition {}: the library has {} (0 to {})", c.condition,
         library.conditions.size(), library.conditions.size() - 1);
  if (c.condition >= 0) return std::size_t(c.condition);
  const std::optional<double> focus = stated_defocus(source);
  const auto apart = [](std::optional<double> measured, double of_library) {
    return measured ? std::abs(*measured - of_library) / of_library : 0;
  };
  std::size_t best = 0, equal = 0;
  double least = 1e300;
  for (std::size_t i = 0; i < library.conditions.size(); ++i) {
    const LibraryConditions& l = library.conditions[i];
    const double distance = 1e4 * apart(source.energy_kV, l.energy_kV) +
                            1e2 * apart(source.semiangle_mrad, l.semiangle_mrad) +
                            apart(source.thickness, l.thickness) +
                            (focus ? 1e-6 * std::abs(*focus - l.defocus) : 0);
    if (distance == least) ++equal;
    if (distance < least) {
      least = distance;
      best = i;
      equal = 1;
    }
  }
  if (equal > 1)
    warn(
        "{} conditions of the library are equally near to the patterns; condition {} is taken "
        "(library info lists them, --condition chooses)",
        equal, best);
  return best;
}

// Patterns whose whole circles end before this share of the library's range hold less than half of
// what its motifs are told apart by.
constexpr double kLeastRange = 0.7;

}  // namespace

MotifLibrary library_for(const std::string& path, const PatternSource& source,
                         const MatchCommand& c) {
  const MotifLibrary library = LibraryFile(path, simulation_of_plan).read();
  if (!library.is_whole())
    warn(
        "{} holds {} of the {} units of its build (interrupted, or a shard): what is missing "
        "cannot "
        "be found; 'library build --resume' or 'library merge' makes it whole",
        path, library.units.size(), library.planned_units);
  const MotifLibrary one = under_condition(library, nearest_condition(source, library, c));
  // a merged library need not have every motif under every condition
  std::vector<std::string> known;
  for (std::size_t m = 0; m < one.motif_names.size(); ++m)
    if (std::any_of(one.templates.begin(), one.templates.end(),
                    [m](const TemplateRecord& t) { return t.motif == int(m); }))
      known.push_back(one.motif_names[m]);
  if (known.size() == one.motif_names.size()) return one;
  if (known.empty())
    fail(Fault::input, "{}: holds no template under the condition of the patterns", path);
  inform("under the condition of the patterns the library knows {} only",
         fmt::format("{}", fmt::join(known, ", ")));
  return with_motifs(one, known);
}

void check_conditions(const PatternSource& source, const MatchCommand& c,
                      const MotifLibrary& library) {
  const LibraryConditions& l = library.condition();
  check_quantity("energy", "kV", source.energy_kV, l.energy_kV, 0.005, "energy", c.rescale);
  check_quantity("convergence", "mrad", source.semiangle_mrad, l.semiangle_mrad, 0.02, "semiangle",
                 c.rescale);
  const auto thickness = source.thickness;
  if (!thickness)
    warn(
        "the thickness of the specimen is not known; the library's error rate holds for {:.4g} "
        "Angstrom",
        l.thickness);
  else if (std::abs(*thickness - l.thickness) > 0.2 * l.thickness)
    warn(
        "thickness: {:.4g} Angstrom of the specimen, {:.4g} of the library; its error rate does "
        "not hold for this specimen",
        *thickness, l.thickness);
  const double aperture = l.semiangle_mrad * 1e-3 / wavelength(l.energy_kV);
  if (c.recognition.grid.q_min <= aperture)
    fail(Fault::physics,
         "--q-min {} 1/Angstrom lies inside the central disc of {:.4f}; start beyond it",
         c.recognition.grid.q_min, aperture);
}

double matched_q_max(const PatternInput& input, const MotifLibrary& library, double asked,
                     bool rescale) {
  const double circles =
      largest_full_circle(Eigen::Index(input.source().rows()),
                          Eigen::Index(input.source().columns()), input.calibration());
  if (asked == 0) {
    const double of_library = std::min(kMatchedQ, reach(library));
    if (circles < kLeastRange * of_library && !rescale)
      fail(Fault::physics,
           "q-range: whole circles of the patterns end at {:.4g} 1/Angstrom, the library is for "
           "{:.4g}; "
           "correct --pixel-q {:.4g} or --centre, match up to there with --q-max {:.4g}, or all "
           "the same "
           "with --rescale",
           circles, of_library, input.calibration().pixel_qx, std::floor(1000 * circles) / 1000);
    if (circles < 0.95 * of_library)
      inform(
          "whole circles of the patterns end at {:.4g} 1/Angstrom, those of the library at {:.4g}: "
          "matched "
          "up to there, with the error rates of that range",
          circles, of_library);
    return std::min(circles, of_library);
  }
  if (asked > circles && input.source().hidden().size() == 0)
    warn(
        "the patterns hold whole circles only up to {:.4g} 1/Angstrom; of those up to --q-max {} "
        "the visible part is used",
        circles, asked);
  return asked;
}

void check_scale(const PatternInput& input, bool rescale) {
  constexpr double kTolerance = 0.25, kSmallest = 3;  // of the pixel; pixels of radius
  const PatternSource& source = input.source();
  const Calibration& k = input.calibration();
  if (!source.energy_kV || !source.semiangle_mrad) return;
  Disc disc;
  try {
    disc = central_disc(sample_mean(input.scan()), source.hidden());
  } catch (const Error&) {
    return;  // behind a beam stop, or larger than the image
  }
  if (disc.radius < kSmallest ||
      std::hypot(disc.row - k.centre_row, disc.col - k.centre_col) > disc.radius)
    return;
  const double pixel = *source.semiangle_mrad * 1e-3 / wavelength(*source.energy_kV) / disc.radius;
  if (std::abs(pixel / k.pixel_qx - 1) <= kTolerance) return;
  if (!rescale)
    fail(Fault::physics,
         "scale: pixels of {:.4g} 1/Angstrom are stated, but a central disc of {:.3g} pixels "
         "radius at {} mrad has "
         "pixels of {:.4g}; correct --pixel-q or --semiangle, or match all the same with --rescale",
         k.pixel_qx, disc.radius, *source.semiangle_mrad, pixel);
  warn("scale: pixels of {:.4g} 1/Angstrom as stated, {:.4g} by the central disc", k.pixel_qx,
       pixel);
}

}  // namespace vitrobeam
