// Laws of refinement: what a model was made with comes back, within its errors where there is
// noise.
#include "studies/motif_model.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "base/random.hpp"
#include "drivers/library_settings.hpp"
#include "models/packing.hpp"
#include "patterns/library_patterns.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

struct Fixture {
  LibraryPlan plan;
  MotifLibrary library;
  std::optional<PolarTransform> camera;
  std::optional<Background> background;

  Fixture() {
    plan.motifs = {"icosahedron"};
    plan.decorations = {{29, 40}};
    plan.bond = 2.75;
    plan.spacing_deg = 30;
    plan.box = 16;
    plan.thicknesses = {12};
    plan.null_patterns = 120;
    plan.planted_patterns = 0;
    plan.simulation.optics.semiangle_mrad = 5;
    plan.simulation.nx = plan.simulation.ny = 72;
    plan.simulation.recording.q_max = 1.45;
    std::vector<Atoms> packings;
    for (std::uint64_t i = 0; i < 3; ++i) {
      PackingSettings s;
      s.composition = parse_composition("Cu64.5Zr35.5");
      s.box = {plan.box, plan.box, 17};
      s.atoms = std::size_t(std::llround(0.0616 * s.box.prod()));
      s.density = double(s.atoms) / s.box.prod();
      s.seed = 1 + i;
      packings.push_back(random_packing(s).atoms);
    }
    library = build_library(
        plan, packings, [](std::size_t) {}, [] { return false; });
    const PolarGrid grid{0.35, 1.4, 16, 96};
    camera.emplace(Eigen::Index(library.patterns.shape[1]), Eigen::Index(library.patterns.shape[2]),
                   library.calibration(), grid);
    std::vector<PlaneF> free;
    RecognitionSettings noise;
    noise.dose = 1e5;
    std::vector<std::size_t> all(library.null.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    background.emplace(grid, camera->weights(), EvidenceSettings{24, 0.5},
                       noisy_polar(library.null_patterns, all, *camera, noise, kNullStream, 2));
  }
};

const Fixture& fixture() {
  static const Fixture f;
  return f;
}

const Speckle kAlone{Eigen::MatrixXd::Identity(1, 1), {}, 0};

Eigen::VectorXd truth(double angle) {
  Eigen::VectorXd p(MotifModel::kParameters);
  p << 0.04, -0.03, angle + 0.03, 0.3, -0.2, 0.15, 0.015;
  return p;
}

}  // namespace

TEST_CASE("at the library's own values the model is the library's template") {
  const Fixture& f = fixture();
  const MotifModel model(f.plan, f.library, 1, *f.background, *f.camera);
  // as thick as its own share more than the library: background as the library's
  Eigen::VectorXd p = model.settings(0).start;
  p(5) = std::log(1 + 2 * 1.4 * 2.75 / 12);
  const Harmonics expected = f.background->contrast_with((*f.camera)(f.library.patterns.plane(1)));
  CHECK((model(p)[0] - expected).abs().maxCoeff() < 1e-3f * expected.abs().maxCoeff());
}

TEST_CASE("planted values come back, and to within their errors under noise") {
  const Fixture& f = fixture();
  const MotifModel model(f.plan, f.library, 1, *f.background, *f.camera);
  RefinementSettings s = model.settings(0.8);
  const Eigen::VectorXd is = truth(0.8);
  const auto call = [&](const Eigen::VectorXd& p) { return model(p); };
  RefinementSettings free = s;
  free.prior *= 30;
  const Refined exact = refine(call, model(is), *f.background, kAlone, free);
  CHECK(exact.converged);
  CHECK(exact.gain > 0);
  for (int k = 0; k < MotifModel::kParameters; ++k)
    CHECK(std::abs(exact.value(k) - is(k)) < 0.1 * exact.error(k));

  // speckle of the null, added whole, which is harsher than a packing with a motif in it;
  // validation/analytic/refinement.cpp has the real thing
  const auto seen = [&](std::size_t i) {
    PlaneF image = f.library.null_patterns.plane(i);
    add_camera_noise(image, 1e5, 9, i);
    return f.background->contrast((*f.camera)(image));
  };
  std::vector<Harmonics> null;
  for (std::size_t i = 0; i < f.library.null_patterns.shape[0]; ++i) null.push_back(seen(i));
  Speckle patches = kAlone;
  for (const auto& h : null) patches.patches.push_back({&h});
  const Harmonics rings =
      f.background->contrast_with(PlaneF::Zero(f.camera->grid().n_q, f.camera->grid().n_theta));
  double square = 0, n = 0;
  for (std::size_t i = 4; i < null.size(); i += 9) {
    const Harmonics x = model(is)[0] + null[i] - rings;
    const Refined r = refine(call, {x}, *f.background, patches, s);
    for (const int k : {0, 1, 2, 5, 6}) {  // one pattern does not tell the offset
      square += std::pow((r.value(k) - is(k)) / r.error(k), 2);
      n += 1;
    }
  }
  MESSAGE("rms deviation in errors: " << std::sqrt(square / n));
  CHECK(std::sqrt(square / n) > 0.67);
  CHECK(std::sqrt(square / n) < 1.5);
}

TEST_CASE("what the pattern does not say stays at the prior") {
  const Fixture& f = fixture();
  RefinementSettings s;
  s.start = s.step = s.prior = Eigen::VectorXd::Constant(1, 0.5);
  const Harmonics x = f.background->contrast((*f.camera)(f.library.null_patterns.plane(0)));
  const Refined r =
      refine([&](const Eigen::VectorXd&) { return Contrasts{x}; }, {x}, *f.background, kAlone, s);
  CHECK(r.value(0) == approx(0.5));
  CHECK(r.error(0) == approx(0.5));
}

TEST_CASE("neighbouring positions tell the offset better, and correlated speckle less so") {
  const Fixture& f = fixture();
  std::vector<Vector2d> patch = {{0, 0}, {1.5, 0}, {-1.5, 0}, {0, 1.5}, {0, -1.5}};
  const MotifModel one(f.plan, f.library, 1, *f.background, *f.camera),
      five(f.plan, f.library, 1, *f.background, *f.camera, patch);
  RefinementSettings s = one.settings(0.8);
  s.prior *= 30;
  const Eigen::VectorXd is = truth(0.8);
  const auto errors = [&](const MotifModel& model, const Eigen::MatrixXd& correlation) {
    const Refined r = refine([&](const Eigen::VectorXd& p) { return model(p); }, model(is),
                             *f.background, {correlation, {}, 0}, s);
    for (int k = 0; k < MotifModel::kParameters; ++k)
      CHECK(std::abs(r.value(k) - is(k)) < 0.1 * r.error(k));
    return r.error;
  };
  const Eigen::MatrixXd independent = Eigen::MatrixXd::Identity(5, 5);
  // almost one and the same speckle everywhere: it cancels in differences, and the offset is known
  const Eigen::MatrixXd common = 0.05 * independent + 0.95 * Eigen::MatrixXd::Ones(5, 5);
  const Eigen::VectorXd alone = errors(one, kAlone.correlation), apart = errors(five, independent),
                        all_at_once = errors(five, common);
  for (int k = 3; k < 5; ++k) {
    CHECK(apart(k) < 0.6 * alone(k));
    CHECK(all_at_once(k) < apart(k));
  }
  CHECK(all_at_once(0) < alone(0));
}

TEST_CASE("the correlation of speckle between positions comes back") {
  const Fixture& f = fixture();
  RandomSequence r(8, 0);
  std::vector<Contrasts> rings;
  for (int ring = 0; ring < 8; ++ring) {
    constexpr int n = 20;
    Contrasts white, speckle;
    for (int k = 0; k < n; ++k) {
      Harmonics h(f.camera->grid().n_q, 24);
      for (Eigen::Index a = 0; a < h.size(); ++a) h(a) = {float(r.normal()), float(r.normal())};
      white.push_back(h);
    }
    for (int k = 0; k < n; ++k) speckle.push_back(2 * white[k] + white[(k + 1) % n]);
    rings.push_back(speckle);
  }
  std::vector<ContrastScan> scans;
  for (const auto& ring : rings) {
    scans.push_back({1, ring.size(), true, {}});
    for (const auto& h : ring) scans.back().contrast.push_back(&h);
  }
  const Eigen::MatrixXd c = speckle(scans, {{0, 0}, {0, 1}, {0, -1}}, *f.background).correlation;
  CHECK(c(0, 0) == approx(1.02).epsilon(0.03));
  CHECK(c(0, 1) == approx(0.4).epsilon(0.05));
  CHECK(c(2, 0) == approx(0.4).epsilon(0.05));
  CHECK(c(1, 0) == c(0, 1));
  CHECK(std::abs(c(1, 2)) < 0.03);
}

TEST_CASE("errors are how far fits to the motif-free patches themselves scatter") {
  const Fixture& f = fixture();
  RefinementSettings s;
  s.start = Eigen::VectorXd::Zero(1);
  s.step = Eigen::VectorXd::Constant(1, 0.1);
  s.prior = Eigen::VectorXd::Constant(1, 1e6);
  std::vector<Harmonics> free;
  for (std::size_t i = 0; i < f.library.null_patterns.shape[0]; ++i)
    free.push_back(f.background->contrast((*f.camera)(f.library.null_patterns.plane(i))));
  Speckle own = kAlone;
  for (const auto& h : free) own.patches.push_back({&h});
  const auto fit = [&](const Harmonics& x, const Speckle& patches) {
    return refine([&](const Eigen::VectorXd& p) { return Contrasts{float(p(0)) * free[0]}; }, {x},
                  *f.background, patches, s);
  };
  double square = 0;
  for (const auto& h : free) square += std::pow(fit(h, kAlone).value(0), 2) / double(free.size());
  CHECK(fit(free[0], own).error(0) == approx(std::sqrt(square)).epsilon(1e-3));
}

TEST_CASE("patches of a raster: their members, and how much their intensity differs") {
  const Fixture& f = fixture();
  std::vector<Harmonics> h(4, Harmonics::Ones(f.camera->grid().n_q, 24));
  const ContrastScan scan{1, 4, true, {&h[0], &h[1], &h[2], &h[3]}, {1, 1, 3, 3}};
  const Speckle s = speckle({scan}, {{0, 0}, {0, 1}}, *f.background);
  REQUIRE(s.patches.size() == 2);  // every other position
  CHECK(s.patches[1] == std::vector<const Harmonics*>{&h[2], &h[3]});
  CHECK(s.intensity_deviation == approx(std::log(3.0) / 2));
  CHECK(s.only({1}).patches[0] == std::vector<const Harmonics*>{&h[1]});
}

TEST_CASE("a plan comes back from what an entry says, or is asked for") {
  const LibraryPlan p = plan_of(
      {"vitrobeam 1", "# vitrobeam library build --config THIS_FILE -o OUTPUT\nbox = 23\n"});
  CHECK(p.box == 23);
  CHECK_THROWS_WITH_AS(
      plan_of(
          {"vitrobeam 0", "# vitrobeam library merge --config THIS_FILE -o OUTPUT\nseed = 1\n"}),
      doctest::Contains("built anew"), Error);
}
