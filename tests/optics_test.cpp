// Laws of the lens and the source: limits that are exactly nothing, symmetries with every
// aberration on, averages against the sums that they stand for.
#include "multislice/optics.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "multislice/coherence.hpp"
#include "multislice/padding.hpp"
#include "multislice/simulation.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

SimulationSettings settings() {
  SimulationSettings s;
  s.nx = s.ny = 90;
  s.engine = Engine::multislice;
  s.optics.semiangle_mrad = 14;
  s.recording.detectors = {{"haadf", 30, 50}};
  return s;
}

ProbeResult<double> simulate(const Atoms& atoms, const SimulationSettings& s, const Vector2d& at) {
  ProbeResult<double> out;
  Simulation<double>(atoms, s).run({at}, 1,
                                   [&](std::size_t, const ProbeResult<double>& r) { out = r; });
  return out;
}

}  // namespace

TEST_CASE("mirror and quarter turn of model and aberrations do the same to the pattern") {
  const double edge = 14;
  const Atoms atoms = random_atoms({edge, edge, 8}, 80, 8, {40, 29});
  SimulationSettings s = settings();
  s.optics.aperture_ratio = 1.4;
  s.optics.aperture_angle = 0.6;
  s.optics.specimen_tilt_mrad = {4, -7};
  s.optics.aberrations = parse_aberrations(
      "C12=40,phi12=0.4,C21=900,phi21=1.1,C23=1500,phi23=-0.3,C32=3e4,phi32=0.7,C34=2e4,phi34=0.2,"
      "C41=1e6,phi41=0.9,C56=5e7,phi56=0.1");
  const Vector2d at(5.3, 6.1);
  const PlaneD p = simulate(atoms, s, at).pattern;
  Atoms turned = atoms, mirrored = atoms;  // (x, y) -> (L - y, x) and (L - x, y)
  for (auto& r : turned.positions) r = Vector3d(edge - r.y(), r.x(), r.z());
  for (auto& r : mirrored.positions) r = Vector3d(edge - r.x(), r.y(), r.z());
  SimulationSettings turn = s, mirror = s, wrong = s;
  turn.optics.aperture_angle += M_PI / 2;
  mirror.optics.aperture_angle = M_PI - s.optics.aperture_angle;
  turn.optics.specimen_tilt_mrad = {7, 4};
  mirror.optics.specimen_tilt_mrad = wrong.optics.specimen_tilt_mrad = {-4, -7};
  for (auto& a : turn.optics.aberrations) a.angle += M_PI / 2;
  for (auto& a : mirror.optics.aberrations) a.angle = M_PI - a.angle;
  const PlaneD t = simulate(turned, turn, {edge - at.y(), at.x()}).pattern,
               m = simulate(mirrored, mirror, {edge - at.x(), at.y()}).pattern,
               w = simulate(mirrored, wrong, {edge - at.x(), at.y()}).pattern;
  double turn_error = 0, mirror_error = 0, wrong_error = 0;
  for (int j = 1; j < 90; ++j)
    for (int i = 1; i < 90; ++i) {
      turn_error += std::abs(t(i, 90 - j) - p(j, i));
      mirror_error += std::abs(m(j, 90 - i) - p(j, i));
      wrong_error += std::abs(w(j, 90 - i) - p(j, i));
    }
  CHECK(turn_error < 1e-10);
  CHECK(mirror_error < 1e-10);
  CHECK(wrong_error > 0.05);  // aberrations that are not mirrored with the model show
}

TEST_CASE("astigmatism makes a line focus along its stated axis") {
  // C1 = -C12: no defocus at all along phi = phi12, twice as much across, so the probe is long
  // there
  Atoms vacuum;
  vacuum.cell = Cell::orthogonal(60, 60, 1);
  SimulationSettings s = settings();
  s.nx = s.ny = 256;
  s.recording.detectors.clear();
  s.recording.exit_waves = true;
  s.optics.semiangle_mrad = 10;
  s.optics.defocus = 300;  // C10 = -300
  s.optics.aberrations = {{1, 2, 300, 0.7}};
  const PlaneD i = simulate(vacuum, s, {30, 30}).exit_wave.abs2();
  Eigen::Matrix2d m = Eigen::Matrix2d::Zero();
  for (int y = 0; y < 256; ++y)
    for (int x = 0; x < 256; ++x) {
      const Vector2d r(x * 60 / 256.0 - 30, y * 60 / 256.0 - 30);
      if (r.norm() < 15) m += i(y, x) * r * r.transpose();
    }
  const Vector2d along(std::cos(0.7), std::sin(0.7)), across(-along.y(), along.x());
  CHECK(across.dot(m * across) > 3 * along.dot(m * along));
}

TEST_CASE("no focal spread, no source, a round aperture and no inner angle are exactly none") {
  const Atoms atoms = random_atoms({14, 14, 8}, 80, 8, {40, 29});
  const SimulationSettings s = settings();
  SimulationSettings t = s;
  t.optics.aperture_angle = 0.4;
  const auto a = simulate(atoms, s, {5, 6}), b = simulate(atoms, t, {5, 6});
  CHECK((a.pattern == b.pattern).all());
  CHECK(a.detectors == b.detectors);
  CHECK(Simulation<double>(atoms, s).modes().amplitudes.size() == 1);
}

TEST_CASE("an ellipse keeps the area and lies along its angle; an annulus is open outside only") {
  const Grid g{512, 512, 120, 120};
  Optics round, ellipse, ring;
  ellipse.aperture_ratio = 2;
  ellipse.aperture_angle = M_PI / 3;
  ring.inner_mrad = 2;
  const auto beams = aperture_beams(ellipse, g);
  CHECK(double(beams.size()) == approx(double(aperture_beams(round, g).size())).epsilon(0.03));
  Eigen::Matrix2d m = Eigen::Matrix2d::Zero();
  for (const auto& b : beams)
    m += std::norm(b.amplitude) * Vector2d(b.jx, b.jy) * Vector2d(b.jx, b.jy).transpose();
  const Vector2d along(std::cos(M_PI / 3), std::sin(M_PI / 3)), across(-along.y(), along.x());
  CHECK(along.dot(m * along) / across.dot(m * across) == approx(4).epsilon(0.03));
  const double q_inner = 2e-3 / ring.wavelength();
  double sum = 0;
  for (const auto& b : aperture_beams(ring, g)) {
    CHECK(std::hypot(b.jx, b.jy) / 120 > q_inner - 0.5 / 120);
    sum += std::norm(b.amplitude);
  }
  CHECK(sum == approx(1).epsilon(1e-12));
  Optics closed = ring;
  closed.inner_mrad = 3.29999;
  closed.edge = ApertureEdge::hard;
  CHECK_THROWS_AS(aperture_beams(closed, Grid{64, 64, 12, 12}), Error);
}

TEST_CASE("the modes of a partially coherent beam are the average over defocus and source") {
  const Atoms atoms = random_atoms({14, 14, 12}, 120, 8, {40, 29});
  SimulationSettings s = settings();
  s.recording.detectors = {{"haadf", 30, 50}};
  const Vector2d at(5, 6);
  // Gauss-Hermite points of weight exp(-x^2/2), 7 of them (Abramowitz and Stegun 25.10, scaled)
  const double x[] = {0, 1.154405394739968, 2.366759410734541, 3.750439717725742},
               w[] = {0.4571428571428571, 0.2401231786050127, 0.03075712396758651,
                      0.0005482688559722185};
  const auto average = [&](double focal_spread, double source) {
    PlaneD mean = PlaneD::Zero(90, 90);
    for (int a = -3; a <= 3; ++a)
      for (int b = (source > 0 ? -3 : 0); b <= (source > 0 ? 3 : 0); ++b) {
        SimulationSettings one = s;
        const auto point = [&](int k) { return (k < 0 ? -1 : 1) * x[std::abs(k)]; };
        Vector2d shift(0, 0);
        double weight = w[std::abs(a)];
        if (source > 0) {
          shift = source / 2.3548200450309493 * Vector2d(point(a), point(b));
          weight *= w[std::abs(b)];
        } else {
          one.optics.defocus += focal_spread * point(a);
        }
        mean += weight * simulate(atoms, one, at + shift).pattern;
      }
    return mean;
  };
  for (const bool is_source : {false, true}) {
    CAPTURE(is_source);
    const PlaneD expected = is_source ? average(0, 0.5) : average(30, 0);
    SimulationSettings t = s;
    (is_source ? t.optics.source_fwhm : t.optics.focal_spread) = is_source ? 0.5 : 30;
    const auto r = simulate(atoms, t, at);
    CHECK(difference(r.pattern, expected) < 1e-4);
    CHECK(difference(simulate(atoms, s, at).pattern, expected) > 0.005);  // and it does something
    const auto modes = Simulation<double>(atoms, t).modes();
    CHECK(modes.amplitudes.size() > 1);
    CHECK(modes.left_out < 1.01e-5);
    double sum = 0;
    for (const auto& mode : modes.amplitudes)
      for (const auto& a : mode) sum += std::norm(a);
    CHECK(sum == approx(1).epsilon(1e-12));
  }
}

TEST_CASE("a source of any size sees nothing in what is the same everywhere") {
  Atoms vacuum;
  vacuum.cell = Cell::orthogonal(20, 20, 10);
  SimulationSettings s = settings();
  s.recording.detectors = {{"bright", 0, 5}};
  const auto point = simulate(vacuum, s, {5, 6});
  s.optics.source_fwhm = 2;
  s.optics.focal_spread = 50;
  const auto wide = simulate(vacuum, s, {9, 1});
  CHECK(difference(wide.pattern, point.pattern) < 3e-5);
  CHECK(wide.detectors[0] == approx(point.detectors[0]).epsilon(3e-5));
  CHECK(wide.intensity_out == approx(1).epsilon(1e-12));
}

TEST_CASE("tilting the specimen is turning the model, and tilting the beam the other way") {
  // a cluster in vacuum, turned about its centre at half height
  const double edge = 24, height = 20, tilt = 15e-3;
  const Vector3d centre(edge / 2, edge / 2, height / 2);
  Atoms cluster, turned;
  cluster.cell = turned.cell = Cell::orthogonal(edge, edge, height);
  RandomSequence random(4, 0);
  for (int i = 0; i < 40; ++i) {
    const Vector3d r(8 * random.uniform() - 4, 8 * random.uniform() - 4, 14 * random.uniform() - 7);
    cluster.add(29, centre + r);
    // its z axis leans towards +x
    turned.add(29, centre + Vector3d(std::cos(tilt) * r.x() + std::sin(tilt) * r.z(), r.y(),
                                     -std::sin(tilt) * r.x() + std::cos(tilt) * r.z()));
  }
  SimulationSettings s = settings();
  s.nx = s.ny = 144;
  s.slice = 0.5;
  s.recording.detectors.clear();
  const Vector2d at = centre.head<2>();
  const PlaneD straight = simulate(cluster, s, at).pattern, model = simulate(turned, s, at).pattern;
  SimulationSettings tilted = s;
  tilted.optics.specimen_tilt_mrad = {1e3 * tilt, 0};
  const PlaneD specimen = simulate(cluster, tilted, at).pattern;
  const double effect = difference(straight, model);
  CHECK(effect > 0.005);
  CHECK(difference(specimen, model) < 0.2 * effect);
  tilted.optics.specimen_tilt_mrad = {0, 0};
  tilted.optics.tilt_mrad = {-1e3 * tilt, 0};
  const Vector2d entry = at + Vector2d(std::tan(tilt) * height / 2, 0);
  CHECK(difference(simulate(cluster, tilted, entry).pattern, specimen) < 1e-10);
}

TEST_CASE("a finite model gets the box that its probe needs, and no larger one") {
  Atoms cluster;
  cluster.cell.periodic = {false, false, false};
  cluster.add(29, {-2, 3, 1});
  cluster.add(29, {1, 5, 4});
  Optics o;  // 3.3 mrad
  Atoms boxed = cluster;
  const PaddedBox box = pad(boxed, {o}, 0.05, {});
  CHECK(box.changed);
  CHECK(wrapped_fraction(o, {512, 512, box.edges.x(), box.edges.y()}) <= 0.05);
  CHECK(wrapped_fraction(o, {512, 512, box.edges.x() - 3, box.edges.y() - 3}) > 0.05);
  CHECK(o.aperture_q() * box.edges.x() >= 2);
  CHECK(box.edges.z() == approx(7));
  const Vector3d middle = (boxed.positions[0] + boxed.positions[1]) / 2;
  CHECK((middle - box.edges / 2).norm() < 1e-12);
  CHECK((boxed.positions[1] - boxed.positions[0] - Vector3d(3, 2, 3)).norm() < 1e-12);
  // a cell that is large enough stays, one that is too small grows where it is open
  boxed.cell = Cell::orthogonal(60, 60, 7);
  boxed.cell.periodic = {false, false, false};
  CHECK(!pad(boxed, {o}, 0.05, {}).changed);
  boxed.cell = Cell::orthogonal(60, 20, 7);
  boxed.cell.periodic = {false, false, false};
  const PaddedBox grown = pad(boxed, {o}, 0.05, {});
  CHECK(grown.edges.x() == 60);
  CHECK(grown.edges.y() == box.edges.y());
  CHECK(grown.moved.x() == 0);
  // a wish is followed, a periodic cell left alone
  Atoms wish = cluster;
  CHECK(pad(wish, {o}, 0.05, 12.0).edges.isApprox(Vector3d(27, 26, 7)));
  boxed.cell = Cell::orthogonal(8, 8, 7);
  CHECK(!pad(boxed, {o}, 0.05, {}).changed);
}
