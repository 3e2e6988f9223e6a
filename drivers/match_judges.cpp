#include "drivers/match_judges.hpp"

#include <cmath>

#include "base/error.hpp"
#include "io/result_file.hpp"
#include "patterns/statistics.hpp"

namespace vitrobeam {
namespace {

// Between the positions of the scan, Angstrom.
double scan_step(const PatternInput& input, const MatchCommand& c) {
  if (c.step) return *c.step;
  const PatternSource& source = input.source();
  if (source.is_result()) {
    const DiffractionAxes axes = read_axes(Hdf5Reader(source.file()));
    if (axes.is_list)
      fail(Fault::input,
           "--neighbours: {} holds a list of positions; neighbours can only count "
           "together on a raster",
           source.file());
    const auto step = [](const std::vector<double>& v) {
      return v.size() > 1 ? (v.back() - v.front()) / double(v.size() - 1) : 0;
    };
    const double x = step(axes.scan_x), y = step(axes.scan_y);
    if (x > 0 && (y == 0 || std::abs(x - y) < 0.02 * x)) return x;
    if (x == 0 && y > 0) return y;
    if (x > 0 && y > 0)
      fail(Fault::input,
           "--neighbours: the scan has steps of {:.4g} Angstrom along x and {:.4g} along y; "
           "neighbours can only count together on a square raster",
           x, y);
  }
  fail(Fault::usage,
       "--neighbours {}: the file does not say how far apart its positions are; "
       "give --step",
       c.neighbours);
}

MixtureSearch make_mixture(const MotifLibrary& library, const ScanRecognition& scan,
                           const MatchCommand& c) {
  const PolarTransform camera(Eigen::Index(library.patterns.shape[1]),
                              Eigen::Index(library.patterns.shape[2]), library.calibration(),
                              likelihood_grid(c.recognition.grid));
  std::vector<PlaneF> templates;
  for (std::size_t t = 0; t < library.templates.size(); ++t)
    templates.push_back(camera(library.patterns.plane(t)));
  return {scan.background(), scan.likelihood(), templates, scan.ranking(), c.common.threads};
}

}  // namespace

double matched_electrons(const PatternInput& input, const MotifLibrary& library,
                         const MatchCommand& c) {
  if (input.gain() == 0 || input.scan().stated_electrons)
    return electrons_per_pattern(input.scan());
  const PatternSource& source = input.source();
  const PolarTransform camera(Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                              input.calibration(), c.recognition.grid, source.hidden());
  const PolarTransform of_library(Eigen::Index(library.patterns.shape[1]),
                                  Eigen::Index(library.patterns.shape[2]), library.calibration(),
                                  c.recognition.grid);
  const Stack<float> sample =
      input.patterns(input.thicknesses() - 1, source.scan_rows() / 2, 0,
                     std::min<std::size_t>(source.scan_columns(), 64), c.common.threads);
  std::vector<double> seen;
  for (std::size_t i = 0; i < sample.shape[0]; ++i)
    if (const double mean = visible_mean(camera(sample.plane(i)), camera.weights());
        std::isfinite(mean) && mean > 0)
      seen.push_back(mean);
  double expected = 0;
  for (std::size_t i = 0; i < library.null.size(); ++i)
    expected += visible_mean(of_library(library.null_patterns.plane(i)), camera.weights());
  expected *= input.calibration().pixel_qx * input.calibration().pixel_qy /
              (library.pixel_qx * library.pixel_qy * double(library.null.size()));
  if (seen.empty() || !(expected > 0)) return electrons_per_pattern(input.scan());
  return finite_median(Eigen::Map<const Eigen::ArrayXd>(seen.data(), Eigen::Index(seen.size()))) /
         input.gain() / expected;
}

Judges make_judges(const PatternInput& input, const MotifLibrary& library, const MatchCommand& c) {
  const PatternSource& source = input.source();
  const auto transform = [&](const PolarGrid& grid) {
    return PolarTransform(Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                          input.calibration(), grid, source.hidden());
  };
  Judges j;
  j.matched.emplace(transform(c.recognition.grid));
  if (j.is_blind()) return j;
  j.null_contrast = null_contrast(library, j.matched->weights(), c.recognition, c.common.threads);
  const Patch patch = c.neighbours > 0 ? Patch::within(c.neighbours, scan_step(input, c)) : Patch();
  if (c.neighbours > 0 && patch.members.size() == 1)
    fail(Fault::usage, "--neighbours {}: the next position is {:.4g} Angstrom away", c.neighbours,
         patch.step);
  if (patch.members.size() == 1)
    j.alone.emplace(library, j.matched->weights(), c.recognition, c.common.threads);
  if (patch.members.size() > 1 || !library.planted.empty() || c.components > 1 ||
      c.refine > 0) {
    j.likelihood.emplace(transform(likelihood_grid(c.recognition.grid)));
    j.scan = std::make_unique<ScanRecognition>(library, j.likelihood->weights(), c.recognition,
                                               patch, c.common.threads);
  }
  if (c.components > 1) j.mixture.emplace(make_mixture(library, *j.scan, c));
  return j;
}

}  // namespace vitrobeam
