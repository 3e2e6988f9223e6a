// Laws of the calibration of HAADF against density, and of reading densities by it.
#include "studies/density_study.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "studies/density_analysis.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

// Carbon of the density of a gas to that of a liquid: scatters so little that nothing scatters
// twice.
Atoms carbon(int count) { return random_atoms({20, 20, 20}, count, 5, {6}); }

DensityPlan small_plan() {
  DensityPlan p;
  p.change = {-0.1, 0, 0.05};
  p.thickness = {20, 40};
  p.positions = 4;
  p.piles = 3;
  p.pixel = 0.2;
  p.simulation.optics.semiangle_mrad = 10;
  p.simulation.slice = 2;
  Detector ring;
  ring.name = "haadf";
  ring.inner_mrad = 15;
  ring.outer_mrad = 38;
  p.simulation.recording.detectors = {ring};
  return p;
}

// Of [glass 0, change, thickness, detector 0].
double mean(const DensityCalibration& c, const Stack<double>& values, std::size_t change,
            std::size_t thickness) {
  return values.values[change * c.thickness.size() + thickness];
}

}  // namespace

TEST_CASE("a weak scatterer: intensity is x, twice the thickness gives twice of it") {
  const DensityCalibration c = calibrate_density(small_plan(), {carbon(100)}, {});
  const CalibratedDetector& d = c.detectors.front();
  CHECK(d.curve.k[0] == approx(1).epsilon(0.05));
  for (std::size_t change = 0; change < c.change.size(); ++change) {
    // each mean over the density of the columns that it was taken in
    const double thin = mean(c, c.intensity, change, 0) / mean(c, c.density, change, 0),
                 thick = mean(c, c.intensity, change, 1) / mean(c, c.density, change, 1);
    CHECK(thick / thin == approx(2).epsilon(0.03));
  }
}

TEST_CASE("a change of density that is scaled into the specimen comes back as that change") {
  const DensityCalibration c = calibrate_density(small_plan(), {carbon(100)}, {});
  for (std::size_t change = 0; change < c.change.size(); ++change)
    for (std::size_t t = 0; t < c.thickness.size(); ++t) {
      // in the specimen and in its columns, which are scaled with it
      CHECK(mean(c, c.density, change, t) / mean(c, c.density, 1, t) ==
            approx(1 + c.change[change]).epsilon(0.03));
      CHECK(mean(c, c.contrast, change, t) == approx(c.change[change]).epsilon(0.03));
    }
  CHECK(mean(c, c.contrast_error, 1, 0) == 0);  // against itself
}

TEST_CASE("a slab of known density calibrates to itself") {
  // dense and heavy enough for the curve to bend
  const Atoms glass = random_atoms({20, 20, 20}, 400, 7);
  DensityPlan plan = small_plan();
  plan.piles = 6;
  const DensityCalibration c = calibrate_density(plan, {glass}, {});
  const std::size_t samples = std::size_t(plan.piles) * 4;
  for (std::size_t t = 0; t < c.thickness.size(); ++t) {
    HaadfImage image;  // every sample of the slab as made is a position
    image.is_fraction = true;
    image.inner_mrad = 15;
    image.outer_mrad = 38;
    image.energy_kV = c.energy_kV;
    image.semiangle_mrad = c.semiangle_mrad;
    image.thickness = c.thickness[t];
    image.intensity = PlaneD(1, Eigen::Index(samples));
    for (std::size_t j = 0; j < samples; ++j)
      image.intensity(0, Eigen::Index(j)) =
          c.sample_intensity.values[(1 * c.thickness.size() + t) * samples + j];
    DensitySettings settings;
    settings.calibration = c;
    const DensityResult r = analyse_density(image, settings, {});
    REQUIRE(r.absolute.isFinite().all());
    const double error =
        3 * r.curve.position_error / std::sqrt(double(samples)) * mean(c, c.density, 1, t);
    CHECK(error < 0.1 * mean(c, c.density, 1, t));
    CHECK(std::abs(r.absolute.mean() - mean(c, c.density, 1, t)) < error);
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
  refuses([](DensityPlan& p) { p.simulation.optics.semiangle_mrad = 0.1; });
  check_study(small_plan(), glass);
}

TEST_CASE("a study that is asked to stop does so") {
  RunControl run;
  run.stop = [] { return true; };
  CHECK_THROWS_AS(calibrate_density(small_plan(), {carbon(10)}, run), Interrupted);
}
