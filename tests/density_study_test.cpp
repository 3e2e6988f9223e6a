// Laws of the calibration of HAADF against density, and of reading densities by it.
#include "studies/density_study.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "studies/density_analysis.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

// Carbon without order, which scatters so little that hardly anything scatters twice.
Atoms carbon(int count) { return random_atoms({20, 20, 20}, count, 5, {6}); }

DensityPlan small_plan() {
  DensityPlan p;
  p.change = {-0.25, 0, 0.3};
  p.thickness = {20, 40};
  p.positions = 36;
  p.piles = 4;
  p.terms = 1;
  p.pixel = 0.2;
  p.simulation.optics.semiangle_mrad = 10;
  p.simulation.slice = 2;
  Detector ring;
  ring.name = "haadf";
  ring.inner_mrad = 20;
  ring.outer_mrad = 38;
  p.simulation.recording.detectors = {ring};
  return p;
}

const DensityCalibration& calibration() {
  static const DensityCalibration c = calibrate_density(small_plan(), {carbon(600)}, {});
  return c;
}

// Of [glass 0, change, thickness, detector 0].
double value(const Stack<double>& values, std::size_t change, std::size_t thickness) {
  return values.values[change * 2 + thickness];
}

}  // namespace

TEST_CASE("a weak scatterer: twice the thickness scatters twice as much") {
  const DensityCalibration& c = calibration();
  for (std::size_t change = 0; change < c.change.size(); ++change) {
    // each over the density of the columns that it was taken in
    const double thin = value(c.intensity, change, 0) / value(c.density, change, 0),
                 thick = value(c.intensity, change, 1) / value(c.density, change, 1);
    CHECK(thick / thin == approx(2).epsilon(0.05));
  }
}

TEST_CASE("a change of density that is scaled into a weak scatterer comes back as that change") {
  const DensityCalibration& c = calibration();
  for (std::size_t t = 0; t < c.thickness.size(); ++t) {
    for (std::size_t change = 0; change < c.change.size(); ++change) {
      const double columns = value(c.density, change, t) / value(c.density, 1, t) - 1;
      CHECK(std::abs(columns - c.change[change]) < 0.04);
      CHECK(std::abs(value(c.contrast, change, t) - columns) < 0.04);
    }
    CHECK(value(c.contrast, 1, t) == 0);  // against itself
    CHECK(value(c.contrast_error, 1, t) == 0);
  }
}

TEST_CASE("a slab of known density calibrates to itself") {
  const DensityCalibration& c = calibration();
  const auto samples = Eigen::Index(c.sample_intensity.size() / (c.change.size() * 2));
  DensitySettings settings;
  settings.calibration = c;
  settings.calibration->detectors[0].curve.x_most = 0;  // single positions may lie beyond it
  for (std::size_t t = 0; t < c.thickness.size(); ++t) {
    HaadfImage image;  // every sample of the slab as it is made is a position
    image.is_fraction = true;
    image.inner_mrad = c.detectors[0].inner_mrad;
    image.outer_mrad = c.detectors[0].outer_mrad;
    image.energy_kV = c.energy_kV;
    image.semiangle_mrad = c.semiangle_mrad;
    image.thickness = c.thickness[t];
    image.intensity = PlaneD(1, samples);
    for (Eigen::Index j = 0; j < samples; ++j)
      image.intensity(0, j) =
          c.sample_intensity.values[(2 + t) * std::size_t(samples) + std::size_t(j)];
    const DensityResult r = analyse_density(image, settings, {});
    REQUIRE(r.absolute.isFinite().all());
    const double known = value(c.density, 1, t),
                 error = r.curve.position_error * known / std::sqrt(double(samples));
    CHECK(error < 0.03 * known);
    CHECK(std::abs(r.absolute.mean() - known) < 3 * error);
    CHECK((r.absolute * c.thickness[t] - r.areal).abs().maxCoeff() < 1e-10 * known);
  }
}

TEST_CASE("what a study cannot do is refused before any of it is done") {
  const std::vector<Atoms> glass{carbon(10)};
  const auto refuses = [&](auto change) {
    DensityPlan p = small_plan();
    change(p);
    CHECK_THROWS_AS(check_study(p, glass), Error);
  };
  refuses([](DensityPlan& p) { p.thickness = {20, 50}; });
  refuses([](DensityPlan& p) { p.thickness = {40, 20}; });
  refuses([](DensityPlan& p) { p.simulation.recording.detectors[0].outer_mrad = 200; });
  refuses([](DensityPlan& p) { p.simulation.recording.detectors[0].segments = 4; });
  refuses([](DensityPlan& p) { p.simulation.optics.semiangle_mrad = 0.1; });
  check_study(small_plan(), glass);
}

TEST_CASE("a study that is asked to stop does so") {
  RunControl run;
  run.stop = [] { return true; };
  CHECK_THROWS_AS(calibrate_density(small_plan(), {carbon(10)}, run), Interrupted);
}
