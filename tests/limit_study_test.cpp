// Laws of the study of symmetry limits, on a small structureless glass: what single scattering
// allows, where the law of Friedel pairs ends, what is found of a motif that stands out, and which
// plans are refused.
#include "studies/limit_study.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

Atoms glass() { return random_atoms({20, 20, 10}, 200, 3); }

LimitPlan small_plan() {
  LimitPlan p;
  p.thickness = {10, 30};
  p.depths = {0.5};
  p.tilts_deg = {0};
  p.doses = {0};
  p.elements = {atomic_number("Cu"), atomic_number("Zr")};
  p.positions = 8;
  p.null_positions = 20;
  p.ring = {0.385, 0.455};
  p.motif_ring = {0.38, 0.52};
  p.pixel = 0.4;
  p.simulation.optics.semiangle_mrad = 5;
  return p;
}

Fault refused(const LimitPlan& plan) {
  try {
    prepared(plan, glass());
  } catch (const Error& e) {
    return e.fault();
  }
  return Fault::machine;
}

}  // namespace

TEST_CASE("odd orders need more than one flat scattering, and grow with thickness") {
  const LimitPlan plan = small_plan();
  std::size_t done = 0, total = 0;
  RunControl run;
  run.progress = [&](const RunControl::Step& step) { done = step.done, total = step.total; };
  const LimitStudy study = study_limits(plan, glass(), run);
  REQUIRE(study.odd_even.size() == 4);
  CHECK(done == patterns_of_study(plan));
  CHECK(total == done);
  for (const OddEven& o : study.odd_even) {
    CAPTURE(engine_label(o.engine));
    REQUIRE(o.ratio.size() == 2);
    if (o.engine == Engine::flat_born)
      CHECK(std::abs(o.ratio[1]) < 1e-9);
    else
      CHECK(o.ratio[1] > 2 * o.ratio[0]);
    CHECK(o.error[1] > 0);
  }
  for (std::size_t t = 0; t < 2; ++t)
    CHECK(study.law[t] ==
          approx(odd_over_even(0.42, plan.thickness[t], plan.simulation.optics.wavelength())));
  const LimitLaw& law = study.by_ratio;
  for (std::size_t k = 0; k < law.ratio.size(); ++k) {
    CHECK(odd_over_even(0.42, law.of_beam[k], plan.simulation.optics.wavelength()) ==
          approx(law.ratio[k]));
    CHECK(law.thickness(1, Eigen::Index(k)) == approx(law.of_beam[k]));  // 200 kV
    CHECK(law.thickness(2, Eigen::Index(k)) > law.thickness(0, Eigen::Index(k)));
  }
}

TEST_CASE("a crystal along its axis is found in a thin glass, by any number of threads") {
  LimitPlan plan = small_plan();
  plan.targets = {{"fcc", "100", 4}};
  plan.engines = {Engine::multislice};
  plan.radius = 4.5;
  plan.doses = {0, 1e9};  // as good as none
  RunControl run;
  const LimitStudy one = study_limits(plan, glass(), run);
  REQUIRE(one.detections.size() == 1);
  const Detection& d = one.detections.front();
  REQUIRE(d.probability.size() == 4);
  CHECK(d.probability[0] > 0.7);
  CHECK(d.area[0] > 0.9);
  CHECK(d.planted_power[0] > 2 * d.null_power[0]);
  for (std::size_t k = 0; k < d.probability.size(); ++k) {
    CHECK(d.probability[k] * plan.positions == approx(std::round(d.probability[k] * 8)));
    CHECK(d.low[k] < d.high[k]);
  }
  CHECK(d.planted_power[1] == approx(d.planted_power[0]).epsilon(0.02));  // the dose alone differs
  run.threads = 3;
  CHECK(study_limits(plan, glass(), run).detections.front().planted_power == d.planted_power);
}

TEST_CASE("plans that mean nothing are refused") {
  LimitPlan p = small_plan();
  CHECK(refused(p) == Fault::machine);  // this one is good
  p.thickness = {10, 15};
  CHECK(refused(p) == Fault::usage);
  p = small_plan();
  p.depths = {1.5};
  CHECK(refused(p) == Fault::usage);
  p = small_plan();
  p.doses = {-1};
  CHECK(refused(p) == Fault::usage);
  p = small_plan();
  p.targets = {{"mackay", "5", 10}};
  p.shells = 2;
  CHECK(refused(p) == Fault::physics);  // higher than the glass
  p = small_plan();
  p.pixel = 1;
  CHECK(refused(p) == Fault::physics);  // the rings lie beyond the band limit
  p = small_plan();
  p.simulation.optics.semiangle_mrad = 12;
  CHECK(refused(p) == Fault::physics);  // and here inside the disc
}

TEST_CASE("a study that is asked to stop ends") {
  RunControl run;
  run.stop = [] { return true; };
  CHECK_THROWS_AS(study_limits(small_plan(), glass(), run), Interrupted);
}
