// The beam before the specimen: its size, aberrations, tilt, and what a cell must hold of it.
#include "base/error.hpp"
#include "multislice/optics.hpp"
#include "tests/approx.hpp"
#include "tests/simulate.hpp"

using namespace vitrobeam;

TEST_CASE("the probe is as narrow as diffraction allows: FWHM = 0.5145 lambda / alpha") {
  Atoms vacuum;
  vacuum.cell = Cell::orthogonal(80, 80, 1);
  SimulationSettings s = settings(512, 512, 3.58);
  s.recording.exit_waves = true;
  const PlaneD i = simulate<double>(vacuum, s, {{40, 40}})[0].exit_wave.abs2();
  int row = 0, column = 0;
  i.maxCoeff(&row, &column);
  CHECK(row == 256);
  CHECK(column == 256);
  int k = column;
  while (i(row, k) > i(row, column) / 2) ++k;
  const double half =
      k - 1 + (i(row, k - 1) - i(row, column) / 2) / (i(row, k - 1) - i(row, k)) - column;
  CHECK(2 * half * 80 / 512 ==
        approx(0.5145 * s.optics.wavelength() / 3.58e-3).epsilon(0.01));  // 3.60 Angstrom
}

TEST_CASE("an Airy probe of 3.3 mrad in a 40 Angstrom cell has 4 % beyond half the cell") {
  Optics o;
  // outside radius R: J0^2 + J1^2 at 2 pi R alpha / lambda = 16.53
  const double v = 2 * M_PI * 20 * o.aperture_q();
  const double expected =
      std::pow(std::cyl_bessel_j(0, v), 2) + std::pow(std::cyl_bessel_j(1, v), 2);
  o.edge = ApertureEdge::soft;
  CHECK(wrapped_fraction(o, {512, 512, 40, 40}) == approx(expected).epsilon(0.02));
  o.plane_wave = true;
  CHECK(wrapped_fraction(o, {512, 512, 40, 40}) == 0);
}

TEST_CASE("focal spread and source widen the probe that must fit the cell") {
  Optics o;
  o.semiangle_mrad = 20;
  const Grid cell{512, 512, 40, 40};
  // a source much larger than the probe: what a Gaussian leaves beyond 20 Angstrom
  o.source_fwhm = 30;
  const double rms = 30 / 2.3548200450309493;
  CHECK(wrapped_fraction(o, cell) == approx(std::exp(-200 / (rms * rms))).epsilon(0.03));
  // a spread of defocus: the mean over it, by Gauss and Hermite's points
  o.semiangle_mrad = 10;
  o.source_fwhm = 0;
  o.defocus = 300;
  double mean = 0;
  const double t[] = {0, 1.3556261799742659, 2.8569700138728056},
               w[] = {0.53333333333333333, 0.22207592200561266, 0.011257411327720689};
  for (int k = -2; k <= 2; ++k) {
    Optics one = o;
    one.defocus += (k < 0 ? -1 : 1) * 400 * t[std::abs(k)];
    mean += w[std::abs(k)] * wrapped_fraction(one, cell);
  }
  const double sharp = wrapped_fraction(o, cell);
  o.focal_spread = 400;
  CHECK(wrapped_fraction(o, cell) == approx(mean).epsilon(0.01));
  CHECK(wrapped_fraction(o, cell) > 1.02 * sharp);
  // both together are wider than either
  const double spread = wrapped_fraction(o, cell);
  o.source_fwhm = 10;
  CHECK(wrapped_fraction(o, cell) > spread);
}

TEST_CASE("aberrations: named terms are what the old ones are, and turn with the lens") {
  const Atoms atoms = random_atoms({14, 14, 6}, 60, 8);
  SimulationSettings s = settings(96, 96, 12), t = s;
  const Vector2d at(5.3, 6.1);
  s.optics.defocus = 60;
  s.optics.cs_mm = 0.02;
  t.optics.aberrations = parse_aberrations("C10=-60,C30=2e5");
  CHECK(difference(pattern(atoms, t, at), pattern(atoms, s, at)) < 1e-10);

  // two-fold astigmatism along x is a defocus of -C12 for beams along x and +C12 along y
  const Grid g{96, 96, 14, 14};
  Optics astigmatic, focused = astigmatic;
  astigmatic.semiangle_mrad = focused.semiangle_mrad = 12;
  astigmatic.aberrations = parse_aberrations("C12=40");
  const auto a = aperture_beams(astigmatic, g);
  for (const double sign : {-1.0, 1.0}) {
    focused.defocus = 40 * sign;
    const auto f = aperture_beams(focused, g);
    for (std::size_t i = 0; i < a.size(); ++i)
      if (sign < 0 ? a[i].jy == 0 : a[i].jx == 0)
        CHECK(std::abs(a[i].amplitude - f[i].amplitude) < 1e-12);
  }
  // coma turned by 90 degrees is the pattern of the turned model, turned
  t.optics.aberrations = parse_aberrations("C21=900,phi21=0.3");
  const PlaneD p = pattern(atoms, t, at);
  t.optics.aberrations = parse_aberrations(fmt::format("C21=900,phi21={}", 0.3 + M_PI / 2));
  Atoms turned = atoms;
  for (auto& r : turned.positions) r = Vector3d(14 - r.y(), r.x(), r.z());
  const PlaneD q = pattern(turned, t, {14 - at.y(), at.x()});
  double error = 0;
  for (int j = 1; j < 96; ++j)
    for (int i = 1; i < 96; ++i) error += std::abs(q(i, 96 - j) - p(j, i));
  CHECK(error < 1e-10);
  for (const char* wrong : {"C11=3", "C13=3", "C67=1", "D12=1", "C12", "C12=x", "phi12", "C1=2"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(parse_aberrations(wrong), Error);
  }
}

TEST_CASE("a tilted beam travels sideways: z tan(tilt) behind a distance z of vacuum") {
  Atoms vacuum;
  vacuum.cell = Cell::orthogonal(24, 24, 60);
  SimulationSettings s = settings(128, 128, 12);
  s.recording.exit_waves = true;
  s.optics.defocus = 60;  // in focus at the exit
  s.optics.tilt_mrad = {1e3 * std::atan(5 * 24.0 / 128 / 60), 0};
  const PlaneD i = simulate<double>(vacuum, s, {{12, 12}})[0].exit_wave.abs2();
  int row = 0, column = 0;
  i.maxCoeff(&row, &column);
  CHECK(row == 64);
  CHECK(column == 64 + 5);
}

TEST_CASE("convergence by beam size: 3.60 Angstrom at 200 kV is 3.58 mrad") {
  CHECK(semiangle_for_fwhm(200, 3.60) == approx(3.584).epsilon(1e-3));
  CHECK(diffraction_limited_fwhm(200, semiangle_for_fwhm(200, 3.6)) == approx(3.6).epsilon(1e-12));
}

TEST_CASE("a distance in vacuum is a defocus") {
  // exit wave after z in vacuum = exit wave of a thin cell whose probe is focused z lower (defocus
  // -z), psi ~ exp(-i pi lambda z q^2)
  Atoms thick, thin;
  thick.cell = Cell::orthogonal(20, 20, 50);
  thin.cell = Cell::orthogonal(20, 20, 1e-9);
  SimulationSettings s = settings(96, 96, 10);
  s.recording.exit_waves = true;
  const auto a = simulate<double>(thick, s, {{8, 9}})[0].exit_wave;
  s.optics.defocus = -50;
  const auto b = simulate<double>(thin, s, {{8, 9}})[0].exit_wave;
  CHECK((a - b).abs().maxCoeff() < 1e-10);
  CHECK(a.abs2().sum() == approx(1).epsilon(1e-12));
}
