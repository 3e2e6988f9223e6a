// Laws of the detectors and of the pixels of a pattern: parts sum to the whole, engines agree,
// symmetric patterns give symmetric signals.
#include "multislice/detectors.hpp"

#include <limits>

#include "base/error.hpp"
#include "base/random.hpp"
#include "multislice/camera_pixels.hpp"
#include "multislice/simulation.hpp"
#include "potentials/projected_potential.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

constexpr double kWhole = std::numeric_limits<double>::infinity();

SimulationSettings settings(Engine engine = Engine::multislice) {
  SimulationSettings s;
  s.nx = 80;
  s.ny = 64;
  s.engine = engine;
  s.optics.semiangle_mrad = 8;
  s.recording.detectors = {{"ring", 12, 36},
                           {"rings", 12, 36, 6},
                           {"quarters", 12, 36, 1, 4, 0.3},
                           {"both", 12, 36, 3, 8, M_PI / 4},
                           {"com", 0, kWhole, 1, 1, 0, true},
                           {"inner com", 0, 10, 1, 1, 0, true}};
  return s;
}

ProbeResult<double> simulate(const Atoms& atoms, const SimulationSettings& s, const Vector2d& at) {
  ProbeResult<double> out;
  Simulation<double>(atoms, s).run({at}, 1,
                                   [&](std::size_t, const ProbeResult<double>& r) { out = r; });
  return out;
}

double sum(const std::vector<double>& v, int first, int count) {
  return std::accumulate(v.begin() + first, v.begin() + first + count, 0.0);
}

}  // namespace

TEST_CASE("rings, segments and both sum to the annulus; moments are those of the pattern") {
  const Atoms atoms = random_atoms({14, 11, 8}, 60, 3, {40, 29});
  for (const Engine engine :
       {Engine::multislice, Engine::scattering_matrix, Engine::kinematic, Engine::phase_object}) {
    CAPTURE(int(engine));
    const SimulationSettings s = settings(engine);
    const auto r = simulate(atoms, s, {4.3, 5.9});
    const auto& v = r.detectors;
    REQUIRE(v.size() == 1 + 6 + 4 + 24 + 3 + 3);
    CHECK(v[0] > 0);
    CHECK(sum(v, 1, 6) == approx(v[0]).epsilon(1e-12));
    CHECK(sum(v, 7, 4) == approx(v[0]).epsilon(1e-12));
    CHECK(sum(v, 11, 24) == approx(v[0]).epsilon(1e-12));
    CHECK(sum(v, 11, 8) == approx(v[1] + v[2]).epsilon(1e-12));
    const double mrad = 1e3 * s.optics.wavelength();
    double x = 0, y = 0, inner_x = 0;
    for (int j = 0; j < s.ny; ++j)
      for (int i = 0; i < s.nx; ++i) {
        const double tx = (i - s.nx / 2) / 14.0 * mrad, ty = (j - s.ny / 2) / 11.0 * mrad;
        x += tx * r.pattern(j, i);
        y += ty * r.pattern(j, i);
        if (std::hypot(tx, ty) < 10) inner_x += tx * r.pattern(j, i);
      }
    CHECK(v[35] == approx(x).epsilon(1e-10));
    CHECK(v[36] == approx(y).epsilon(1e-10));
    CHECK(v[37] == approx(r.intensity_out).epsilon(1e-12));
    CHECK(v[38] == approx(inner_x).epsilon(1e-10));
  }
}

TEST_CASE("scattering matrix and multislice agree on every channel, with every kind of beam") {
  const Atoms atoms = random_atoms({14, 11, 8}, 60, 3, {40, 29});
  for (const bool coherent : {true, false}) {
    SimulationSettings s = settings(), m = settings(Engine::scattering_matrix);
    for (auto* o : {&s.optics, &m.optics}) {
      o->specimen_tilt_mrad = {9, -4};
      o->aperture_ratio = 1.3;
      o->inner_mrad = 2;
      if (!coherent) {
        o->focal_spread = 60;
        o->source_fwhm = 0.9;
      }
    }
    const auto a = simulate(atoms, s, {4.3, 5.9}), b = simulate(atoms, m, {4.3, 5.9});
    CHECK((a.pattern - b.pattern).abs().sum() < 1e-10);
    for (std::size_t k = 0; k < a.detectors.size(); ++k)
      CHECK(std::abs(a.detectors[k] - b.detectors[k]) < 1e-9);
  }
}

TEST_CASE("a specimen with the symmetry of a square gives equal quarters and no centre of mass") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(12, 12, 4);
  for (const double x : {4.0, 8.0})
    for (const double y : {4.0, 8.0}) atoms.add(29, {x, y, 1});
  for (const double rotation : {0.0, M_PI / 4}) {
    SimulationSettings s = settings();
    s.nx = s.ny = 64;
    s.recording.detectors = {{"bright", 0, 20, 1, 4, rotation}, {"com", 0, kWhole, 1, 1, 0, true}};
    const auto v = simulate(atoms, s, {6, 6}).detectors;
    for (int k = 1; k < 4; ++k) CHECK(v[std::size_t(k)] == approx(v[0]).epsilon(1e-10));
    CHECK(std::abs(v[4]) < 1e-10);
    CHECK(std::abs(v[5]) < 1e-10);
  }
}

TEST_CASE("Ehrenfest: the centre of mass is the mean gradient of the phase under the probe") {
  // thin specimen: d<p>/dz = -grad V; sum theta I = lambda / 2 pi * sum |psi|^2 sigma dv/dx
  Atoms one;
  one.cell = Cell::orthogonal(16, 16, 1);
  one.add(6, {8, 8, 0.5});
  SimulationSettings s = settings(Engine::phase_object);
  s.nx = s.ny = 128;
  s.optics.semiangle_mrad = 10;
  s.recording.detectors = {{"com", 0, kWhole, 1, 1, 0, true}};
  const Vector2d at(7.2, 8.4);
  const auto measured = simulate(one, s, at).detectors;
  // the same from the real-space side, by what the moved specimen does to the phase
  Atoms nothing = one;
  nothing.numbers.clear();
  nothing.positions.clear();
  s.recording.exit_waves = true;
  const auto psi = simulate(nothing, s, at).exit_wave;
  const Grid g{128, 128, 16, 16};
  const auto c = ProjectedPotential<double>(g, s.potential.factors, {6})
                     .coefficients(assign_to_slices(one, 1)[0]);
  Vector2d gradient(0, 0);
  for (int j = 0; j < 128; ++j)
    for (int i = 0; i < 128; ++i) {
      std::complex<double> dx = 0, dy = 0;
      if (std::norm(psi(j, i)) < 1e-7) continue;
      for (int qy = -g.band_y(); qy <= g.band_y(); ++qy)
        for (int qx = 0; qx <= g.band_x(); ++qx) {
          const std::complex<double> v =
              c(qy + g.band_y(), qx) *
              std::polar(qx == 0 ? 1.0 : 2.0, 2 * M_PI * (qx * i + qy * j) / 128) *
              std::complex<double>(0, 2 * M_PI / 16);
          dx += double(qx) * v;
          dy += double(qy) * v;
        }
      gradient += std::norm(psi(j, i)) * Vector2d(dx.real(), dy.real());
    }
  gradient *= interaction_constant(200) * s.optics.wavelength() / (2 * M_PI) * 1e3;
  CHECK(gradient.norm() > 0.05);
  CHECK(measured[0] == approx(gradient.x()).epsilon(0.02));
  CHECK(measured[1] == approx(gradient.y()).epsilon(0.02));
  CHECK(measured[0] > 0);  // the atom stands at larger x and attracts
}

TEST_CASE("a detector beyond the band, or finer than the sampling, is refused") {
  const Grid g{80, 64, 14, 11};
  const double lambda = wavelength(200), limit = g.q_max() * lambda * 1e3;
  CHECK_THROWS_AS(check_detector({"a", 0, limit + 0.1, 2, 4}, g, lambda), Error);
  CHECK_THROWS_AS(check_detector({"a", 0, limit + 0.1, 1, 1, 0, true}, g, lambda), Error);
  CHECK_THROWS_AS(check_detector({"a", 0, 20, 40}, g, lambda), Error);
  CHECK_NOTHROW(check_detector({"a", 0, kWhole, 1, 1, 0, true}, g, lambda));
}

TEST_CASE("pixels: binning and a camera keep the sum, the beam stays in the middle") {
  const Atoms atoms = random_atoms({14, 11, 8}, 60, 3, {40, 29});
  SimulationSettings s = settings();
  const double whole = simulate(atoms, s, {4, 5}).pattern.sum();
  const auto check = [&](const SimulationSettings& with, double expected) {
    const Simulation<double> sim(atoms, with);
    const PlaneD p = simulate(atoms, with, {4, 5}).pattern;
    CHECK(p.sum() == approx(expected).epsilon(1e-12));
    CHECK(sim.q_x()[sim.q_x().size() / 2] == 0);
    CHECK(sim.q_y()[sim.q_y().size() / 2] == 0);
    CHECK(std::size_t(p.cols()) == sim.q_x().size());
    CHECK(std::size_t(p.rows()) == sim.q_y().size());
    return p;
  };
  for (const int bin : {2, 3, 5}) {
    CAPTURE(bin);
    SimulationSettings b = s;
    b.recording.bin = bin;
    const PlaneD p = check(b, whole);
    if (bin != 3) continue;
    // an odd bin takes whole samples
    const PlaneD fine = simulate(atoms, s, {4, 5}).pattern;
    CHECK(p(p.rows() / 2, p.cols() / 2 + 1) ==
          approx(fine.block(64 / 2 - 1, 80 / 2 + 2, 3, 3).sum()).epsilon(1e-12));
  }
  SimulationSettings camera = s;
  camera.recording.pixel_q = 0.113;
  check(camera, whole);
  camera.recording.camera_pixels = 16;
  const PlaneD p = simulate(atoms, camera, {4, 5}).pattern;
  CHECK(p.rows() == 16);
  CHECK(p.cols() == 16);
  CHECK(p.sum() < whole);
  camera.recording.camera_pixels = 64;
  CHECK_THROWS_AS(simulate(atoms, camera, {4, 5}), Error);  // beyond the band limit
  camera.recording.pixel_q = 0.05;
  CHECK_THROWS_AS(simulate(atoms, camera, {4, 5}), Error);  // finer than the grid
  // the engines give the same pixels
  SimulationSettings m = s;
  m.recording.bin = 2;
  const PlaneD a = simulate(atoms, m, {4, 5}).pattern;
  m.engine = Engine::scattering_matrix;
  CHECK((simulate(atoms, m, {4, 5}).pattern - a).abs().sum() < 1e-11);
}

TEST_CASE("every detector follows the depths") {
  const Atoms atoms = random_atoms({14, 11, 8}, 60, 3, {40, 29});
  SimulationSettings s = settings();
  s.recording.every_slices = 2;
  for (const Engine engine : {Engine::multislice, Engine::scattering_matrix}) {
    s.engine = engine;
    std::vector<std::vector<double>> rings;
    Simulation<double>(atoms, s).run({{4, 5}}, 1, [&](std::size_t, const ProbeResult<double>& r) {
      rings.push_back(r.detectors);
    });
    REQUIRE(rings.size() == 2);
    for (const auto& v : rings) CHECK(sum(v, 1, 6) == approx(v[0]).epsilon(1e-12));
    CHECK(rings[1][0] > rings[0][0]);
  }
}
