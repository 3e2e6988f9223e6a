// Laws of the scattering engine: published constants, limits with a known answer, symmetries, fast
// equals naive.
#include "tests/approx.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/thermal.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/propagation.hpp"
#include "multislice/simulation.hpp"
#include "multislice/thermal_average.hpp"
#include "tests/naive.hpp"
#include "tests/simulate.hpp"

using namespace vitrobeam;

namespace {}  // namespace

TEST_CASE("wavelength and interaction constant, CODATA 2018") {
  // computed independently from the defining constants
  const double table[][3] = {{30, 0.069790816, 1.5432699e-3},
                             {80, 0.041757161, 1.0087066e-3},
                             {200, 0.025079340, 7.2884010e-4},
                             {300, 0.019687489, 6.5261614e-4}};
  for (const auto& [kV, lambda, sigma] : table) {
    CHECK(wavelength(kV) == approx(lambda).epsilon(2e-8));
    CHECK(interaction_constant(kV) == approx(sigma).epsilon(2e-8));
  }
  CHECK(kPotentialUnit == approx(47.877645).epsilon(1e-7));
}

TEST_CASE("scattering factors at q = 0, 0.4, 1, 2, 4 and their Rutherford tail") {
  const struct {
    int z;
    Parametrisation table;
    double f[5];
  } rows[] = {{29, Parametrisation::kirkland, {5.5807, 3.2702, 1.4643, 0.5225, 0.1505}},
              {29, Parametrisation::lobato, {5.6010, 3.2593, 1.4682, 0.5216, 0.1508}},
              {40, Parametrisation::kirkland, {12.1895, 5.1885, 1.8294, 0.6727, 0.2061}},
              {40, Parametrisation::lobato, {12.1788, 5.1925, 1.8269, 0.6727, 0.2070}},
              {78, Parametrisation::lobato, {11.1781, 7.0070, 3.0301, 1.1992, 0.3810}}};
  const double q[] = {0, 0.4, 1, 2, 4};
  for (const auto& r : rows)
    for (int i = 0; i < 5; ++i)
      CHECK(scattering_factor(r.table, r.z, q[i]) == approx(r.f[i]).epsilon(3e-4));
  // Mott-Bethe: q^2 f -> Z / (2 pi^2 a_0) = 0.0957346 Z
  for (int z = 1; z <= kElements; ++z)
    for (const auto table : {Parametrisation::kirkland, Parametrisation::lobato}) {
      CAPTURE(z);
      const double ratio = 36 * scattering_factor(table, z, 6) / (0.0957346 * z);
      CHECK(ratio > 0.75);
      CHECK(ratio < 1.05);
    }
}

TEST_CASE("the fast engine equals the loop as the equations state it") {
  struct Case {
    Vector3d box;
    int nx, ny;
    double semiangle, defocus, cs;
    ApertureEdge edge;
    Parametrisation table;
  };
  const Case cases[] = {
      {{12, 10, 6}, 60, 64, 12, 0, 0, ApertureEdge::hard, Parametrisation::kirkland},
      {{11, 13, 5}, 98, 90, 15, 80, 0.01, ApertureEdge::soft, Parametrisation::lobato},
      {{6, 7, 4}, 22, 26, 20, 0, 0, ApertureEdge::soft, Parametrisation::kirkland},
      {{5, 5, 4}, 16, 12, 18, 0, 0, ApertureEdge::soft, Parametrisation::kirkland}};
  for (const auto& c : cases) {
    CAPTURE(c.nx);
    const Atoms atoms = random_atoms(c.box, 30, 3);
    SimulationSettings s = settings(c.nx, c.ny, c.semiangle);
    s.optics.defocus = c.defocus;
    s.optics.cs_mm = c.cs;
    s.optics.edge = c.edge;
    s.potential.factors = c.table;
    const Vector2d at(3.1, 4.2);
    const PlaneD reference = naive::pattern(atoms, s, at);
    CHECK(difference(pattern(atoms, s, at), reference) < 1e-12);
    CHECK(difference(simulate<float>(atoms, s, {at})[0].pattern.cast<double>(), reference) < 2e-5);
  }
}

TEST_CASE("vacuum keeps the norm, exactly in every position") {
  Atoms vacuum;
  vacuum.cell = Cell::orthogonal(20, 24, 40);
  const auto r = simulate<double>(vacuum, settings(96, 120, 10), {{0, 0}, {3.3, 7.1}});
  for (const auto& p : r) {
    CHECK(p.intensity_out == approx(1).epsilon(1e-12));
    CHECK(p.pattern.sum() == approx(1).epsilon(1e-12));
  }
}

TEST_CASE("the mean of the projected potential is f(0) / area") {
  const Atoms atoms = random_atoms({12, 10, 2}, 7, 5);
  const Grid g{64, 60, 12, 10};
  const auto c = ProjectedPotential<double>(g, Parametrisation::kirkland, {29, 40})
                     .coefficients(assign_to_slices(atoms, 1)[0]);
  double expected = 0;
  for (const int z : atoms.numbers)
    expected += kPotentialUnit / 120 * scattering_factor(Parametrisation::kirkland, z, 0);
  CHECK(c(g.band_y(), 0).real() == approx(expected).epsilon(1e-12));
  CHECK(std::abs(c(g.band_y(), 0).imag()) < 1e-12);
}

TEST_CASE("every atom is in exactly one slice, that of its height, also on the faces") {
  Atoms atoms = random_atoms({12, 10, 8}, 500, 9);
  for (const double z : {0.0, 2.0, 4.0, 8.0}) atoms.add(29, {1 + 0.01 * z, 1, z});
  const auto slices = assign_to_slices(atoms, 4);
  std::size_t placed = 0;
  for (const auto& slice : slices)
    for (const auto& e : slice) placed += e.second.size();
  CHECK(placed == atoms.size());
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const Vector3d& r = atoms.positions[i];
    for (int s = 0; s < 4; ++s) {
      const auto element = slices[std::size_t(s)].find(atoms.numbers[i]);
      const auto count =
          element == slices[std::size_t(s)].end()
              ? 0
              : std::count(element->second.begin(), element->second.end(), Vector2d(r.head<2>()));
      CHECK(count == (s == std::min(3, int(r.z() / 2))));
    }
  }
  // and moved across the beam, an atom stays in the slice of its place at rest
  std::vector<Vector3d> moved(atoms.size(), Vector3d(0.1, 0.2, 1.9));
  const auto thermal = assign_to_slices(atoms, 4, moved);
  for (int s = 0; s < 4; ++s)
    for (const auto& [z, positions] : slices[std::size_t(s)])
      CHECK(thermal[std::size_t(s)].at(z).size() == positions.size());
}

TEST_CASE("shift, quarter turn and mirror of the model do the same to the pattern") {
  const double edge = 14;
  const Atoms atoms = random_atoms({edge, edge, 10}, 100, 8);
  SimulationSettings s = settings(96, 96, 12);
  s.optics.defocus = 60;
  s.optics.cs_mm = 0.02;
  const Vector2d at(5.3, 6.1), shift(5 * edge / 96, -11 * edge / 96);
  const PlaneD p = pattern(atoms, s, at);

  Atoms moved = atoms;
  for (auto& r : moved.positions) r += Vector3d(shift.x(), shift.y(), 0);
  wrap(moved);
  CHECK(difference(pattern(moved, s, at + shift), p) < 1e-10);
  // exp(i sigma v) has no band limit, so a shift by part of a pixel is exact to its sampling only
  for (auto& r : moved.positions) r += Vector3d(0.03, 0.05, 0);
  wrap(moved);
  CHECK(difference(pattern(moved, s, at + shift + Vector2d(0.03, 0.05)), p) < 1e-4);

  Atoms turned = atoms, mirrored = atoms;  // (x, y) -> (L - y, x) and (L - x, y)
  for (auto& r : turned.positions) r = Vector3d(edge - r.y(), r.x(), r.z());
  for (auto& r : mirrored.positions) r = Vector3d(edge - r.x(), r.y(), r.z());
  const PlaneD t = pattern(turned, s, {edge - at.y(), at.x()}),
               m = pattern(mirrored, s, {edge - at.x(), at.y()});
  double turn_error = 0, mirror_error = 0;
  for (int j = 1; j < 96; ++j)
    for (int i = 1; i < 96; ++i) {
      turn_error += std::abs(t(i, 96 - j) - p(j, i));
      mirror_error += std::abs(m(j, 96 - i) - p(j, i));
    }
  CHECK(turn_error < 1e-10);
  CHECK(mirror_error < 1e-10);
}

TEST_CASE(
    "an icosahedron along its five-fold axis scatters with five-fold symmetry, ten-fold only when "
    "flat") {
  Atoms ico;
  ico.cell = Cell::orthogonal(30, 30, 8);
  const double bond = 3.0, polar = std::atan(2.0);
  ico.add(40, {15, 15, 4});
  for (const double up : {1.0, -1.0}) {
    ico.add(40, {15, 15, 4 + up * bond});
    for (int k = 0; k < 5; ++k) {
      const double phi = 2 * M_PI * k / 5 + (up < 0 ? M_PI / 5 : 0);
      ico.add(40, Vector3d(15, 15, 4) + bond * Vector3d(std::sin(polar) * std::cos(phi),
                                                        std::sin(polar) * std::sin(phi),
                                                        up * std::cos(polar)));
    }
  }
  SimulationSettings s = settings(256, 256, 2);  // small discs: ten spots stand apart
  s.slice = 0.5;
  s.optics.edge = ApertureEdge::soft;
  const PlaneD p = pattern(ico, s, {15, 15});
  // angular Fourier components on the ring of the ten spots
  const auto power = [&](int n) {
    std::complex<double> sum = 0, mean = 0;
    constexpr int kAngles = 720;
    for (int a = 0; a < kAngles; ++a) {
      const double phi = 2 * M_PI * a / kAngles, x = 128 + 0.41 * 30 * std::cos(phi),
                   y = 128 + 0.41 * 30 * std::sin(phi);
      const int i = int(x), j = int(y);
      const double fx = x - i, fy = y - j;
      const double value = (1 - fy) * ((1 - fx) * p(j, i) + fx * p(j, i + 1)) +
                           fy * ((1 - fx) * p(j + 1, i) + fx * p(j + 1, i + 1));
      sum += value * std::polar(1.0, -n * phi);
      mean += value;
    }
    return std::norm(sum) / std::norm(mean);
  };
  CHECK(power(10) > 1e-3);
  CHECK(power(5) > 1e-4);
  CHECK(power(10) > 3 * power(5));
  for (const int n : {2, 3, 7, 9}) CHECK(power(n) < 0.1 * power(5));
}

TEST_CASE("detectors are the sums of the pattern") {
  const Atoms atoms = random_atoms({16, 12, 8}, 90, 2);
  SimulationSettings s = settings(120, 96, 10);
  const Grid g{120, 96, 16, 12};
  const double mrad = 1e3 * s.optics.wavelength(), limit = g.q_max() * mrad;
  s.recording.detectors = {{"bright", 0, 10}, {"haadf", 30, limit - 0.01}};
  const auto r = simulate<double>(atoms, s, {{4, 5}})[0];
  double bright = 0, haadf = 0;
  for (int j = 0; j < 96; ++j)
    for (int i = 0; i < 120; ++i) {
      const double angle = std::hypot((i - 60) / g.lx, (j - 48) / g.ly) * mrad;
      if (angle < 10) bright += r.pattern(j, i);
      if (angle >= 30 && angle < limit - 0.01) haadf += r.pattern(j, i);
    }
  CHECK(r.detectors[0] == approx(bright).epsilon(1e-12));
  CHECK(r.detectors[1] == approx(haadf).epsilon(1e-12));
  CHECK(r.pattern.sum() == approx(r.intensity_out).epsilon(1e-12));
}

TEST_CASE("a cropped pattern is the middle of the whole one") {
  const Atoms atoms = random_atoms({16, 12, 8}, 90, 2);
  SimulationSettings s = settings(120, 96, 10);
  const PlaneD whole = pattern(atoms, s, {4, 5});
  s.recording.q_max = 1.26;
  const Simulation<double> cropped(atoms, s);
  const PlaneD part = pattern(atoms, s, {4, 5});
  const int mx = int(1.26 * 16), my = int(1.26 * 12);
  REQUIRE(part.cols() == 2 * mx + 1);
  REQUIRE(part.rows() == 2 * my + 1);
  CHECK((part - whole.block(48 - my, 60 - mx, 2 * my + 1, 2 * mx + 1)).abs().maxCoeff() == 0);
  CHECK(cropped.q_x()[mx] == 0);
  CHECK(cropped.q_y().back() == approx(my / 12.0));
}

TEST_CASE("one thread and three give the same bytes") {
  const Atoms atoms = random_atoms({16, 12, 20}, 200, 2);
  SimulationSettings s = settings(120, 96, 10);
  s.recording.detectors = {{"haadf", 30, 60}};
  std::vector<Vector2d> at;
  for (int i = 0; i < 7; ++i) at.emplace_back(1.7 * i, 1.1 * i);
  const auto one = simulate<float>(atoms, s, at, 1), three = simulate<float>(atoms, s, at, 3);
  for (std::size_t i = 0; i < at.size(); ++i) {
    CHECK((one[i].pattern == three[i].pattern).all());
    CHECK(one[i].detectors == three[i].detectors);
    CHECK((simulate<float>(atoms, s, {at[i]})[0].pattern == one[i].pattern)
              .all());  // alone or in company
  }
}

TEST_CASE("the scattering matrix gives the numbers of multislice") {
  const Atoms atoms = random_atoms({16, 12, 12}, 130, 6);
  SimulationSettings s = settings(120, 96, 9);
  s.optics.defocus = 40;
  std::vector<Vector2d> at;
  for (int i = 0; i < 61; ++i) at.emplace_back(0.37 * i, 0.21 * i * i - 3);
  for (const bool cropped : {true, false}) {
    s.recording.q_max = cropped ? 1.3 : 0;
    s.recording.detectors = {
        {"bright", 0, 9}, {"ring", 20, 35}, {"wide", 5, 40}};  // overlapping ones too
    const auto run = [&]<typename Real>(Engine engine, int threads, Real) {
      std::vector<ProbeResult<Real>> out(at.size());
      SimulationSettings named = s;
      named.engine = engine;
      Simulation<Real>(atoms, named)
          .run(at, threads, [&](std::size_t i, const ProbeResult<Real>& r) { out[i] = r; });
      return out;
    };
    const auto reference = run(Engine::multislice, 1, 1.0),
               twice = run(Engine::scattering_matrix, 1, 1.0);
    const auto single = run(Engine::scattering_matrix, 1, 1.0f),
               threads = run(Engine::scattering_matrix, 3, 1.0f);
    for (std::size_t i = 0; i < at.size(); ++i) {
      CHECK(difference(twice[i].pattern, reference[i].pattern) < 1e-12);
      CHECK(difference(single[i].pattern.cast<double>(), reference[i].pattern) < 1e-5);
      CHECK(twice[i].intensity_out == approx(reference[i].intensity_out).epsilon(1e-12));
      for (int d = 0; d < 3; ++d) {
        CHECK(twice[i].detectors[d] == approx(reference[i].detectors[d]).epsilon(1e-11));
        CHECK(single[i].detectors[d] == approx(reference[i].detectors[d]).epsilon(1e-5));
      }
      CHECK((threads[i].pattern == single[i].pattern).all());
      CHECK(threads[i].detectors == single[i].detectors);
    }
    // a position's bytes do not depend on its company
    SimulationSettings same = s;
    same.engine = Engine::scattering_matrix;
    std::vector<ProbeResult<float>> alone(1);
    Simulation<float>(atoms, same).run({at[50]}, 1, [&](std::size_t, const ProbeResult<float>& r) {
      alone[0] = r;
    });
    CHECK((alone[0].pattern == single[50].pattern).all());
  }
}

TEST_CASE("the cheapest engine follows the number of positions and the memory") {
  SimulationSettings s = settings(120, 96, 9);
  EngineRequest r{{120, 96, 16, 12}, 6, {}, {}, 1, 1, 0, sizeof(float)};
  r.beams = aperture_beams(s.optics, r.grid);
  const EngineSpeed speed = typical_speed(r.grid, sizeof(float));
  CHECK(cheapest_engine(r, speed) == Engine::multislice);
  r.positions = 10000;
  CHECK(cheapest_engine(r, speed) == Engine::scattering_matrix);
  r.recording.memory_GiB = 3e-5;  // so many passes that it no longer pays
  CHECK(cheapest_engine(r, speed) == Engine::multislice);
  r.recording.memory_GiB = 4;
  r.recording.exit_waves = true;
  CHECK(cheapest_engine(r, speed) == Engine::multislice);
}

TEST_CASE("costs grow as the work does") {
  SimulationSettings s = settings(120, 96, 9);
  EngineRequest r{{120, 96, 16, 12}, 6, {}, {}, 100, 1, 0, sizeof(float)};
  r.beams = aperture_beams(s.optics, r.grid);
  const EngineSpeed speed = measure_speed<float>(r.grid);
  for (const double part :
       {speed.slice, speed.record, speed.potential, speed.product, speed.harmonic})
    CHECK(part > 0);
  EngineRequest twice = r;
  twice.positions = 200;
  for (const Engine e :
       {Engine::multislice, Engine::kinematic, Engine::flat_born, Engine::phase_object}) {
    CHECK(engine_cost(e, twice, speed).seconds ==
          approx(2 * engine_cost(e, r, speed).seconds).epsilon(1e-12));
    CHECK(engine_cost(e, twice, speed).operations ==
          approx(2 * engine_cost(e, r, speed).operations).epsilon(1e-12));
  }
  // a matrix in passes costs more, and never takes more than it may
  EngineRequest little = r;
  double before = engine_cost(Engine::scattering_matrix, r, speed).seconds;
  for (const double memory : {1e-3, 3e-4, 1e-4}) {
    little.recording.memory_GiB = memory;
    const EngineCost cost = engine_cost(Engine::scattering_matrix, little, speed, 0);
    CHECK(cost.bytes <= memory * (1 << 30));
    CHECK(cost.seconds >= before);
    before = cost.seconds;
  }
}

TEST_CASE("a scattering matrix in several passes gives the same numbers") {
  const Atoms atoms = random_atoms({16, 12, 8}, 90, 6);
  SimulationSettings s = settings(120, 96, 9);
  s.engine = Engine::scattering_matrix;
  s.recording.q_max = 1.3;
  s.recording.every_slices = 2;
  s.recording.detectors = {{"ring", 20, 35}};
  std::vector<Vector2d> at;
  for (int i = 0; i < 70; ++i) at.emplace_back(0.37 * i, 0.21 * (i / 10));
  const auto run = [&](double memory) {
    s.recording.memory_GiB = memory;
    std::vector<std::vector<ProbeResult<float>>> out(at.size(), std::vector<ProbeResult<float>>(2));
    Simulation<float>(atoms, s).run(at, 2, [&](std::size_t i, const ProbeResult<float>& r) {
      out[i][std::size_t(r.depth)] = r;
    });
    return out;
  };
  const auto whole = run(4);
  // the window stays, the rest in passes; the window in passes too
  for (const double memory : {6e-4, 1.2e-4}) {
    CAPTURE(memory);
    const auto parts = run(memory);
    for (std::size_t i = 0; i < at.size(); ++i)
      for (int d = 0; d < 2; ++d) {
        const auto &a = parts[i][std::size_t(d)], &b = whole[i][std::size_t(d)];
        CHECK((a.pattern == b.pattern).all());
        CHECK(a.detectors[0] == approx(b.detectors[0]).epsilon(1e-6));
        CHECK(a.intensity_out == approx(b.intensity_out).epsilon(1e-6));
      }
  }
  CHECK_THROWS_AS(run(1e-7), Error);
}

TEST_CASE("kinematic and phase object are the limits of multislice") {
  // weak scattering: the difference to multislice falls with the square of the strength
  Atoms atoms = random_atoms({16, 16, 20}, 4, 6, {3});
  SimulationSettings s = settings(128, 128, 9), k = s, flat = s;
  k.engine = Engine::kinematic;
  flat.engine = Engine::phase_object;
  const auto scattered = [](PlaneD p) {
    p.block(56, 56, 17, 17).setZero();  // beyond the central disc
    return p;
  };
  double before = 0;
  for (const double kV : {100.0, 3000.0}) {  // sigma falls by 1.9
    s.optics.energy_kV = k.optics.energy_kV = kV;
    const PlaneD exact = scattered(pattern(atoms, s, {8, 8}));
    const double now = difference(scattered(pattern(atoms, k, {8, 8})), exact);
    if (before > 0) CHECK(now < before);
    before = now;
  }
  CHECK(before < 0.05);
  // one thin slice: the phase object is multislice
  Atoms thin = random_atoms({16, 16, 1e-6}, 30, 6);
  s = settings(128, 128, 9);
  CHECK(difference(pattern(thin, flat, {8, 8}), pattern(thin, s, {8, 8})) < 1e-10);
  // and does not know where along the beam the atoms are
  Atoms deep = random_atoms({16, 16, 40}, 60, 6), shuffled = deep;
  for (auto& r : shuffled.positions) r.z() = 40 - r.z();
  CHECK(difference(pattern(shuffled, flat, {8, 8}), pattern(deep, flat, {8, 8})) < 1e-12);
  CHECK(difference(scattered(pattern(shuffled, s, {8, 8})), scattered(pattern(deep, s, {8, 8}))) >
        0.01);
}

TEST_CASE("what physics cannot answer is refused") {
  const Atoms atoms = random_atoms({16, 12, 8}, 20, 2);
  const auto fault = [&](const Atoms& a, const SimulationSettings& s) {
    try {
      Simulation<float> sim(a, s);
    } catch (const Error& e) {
      return e.fault();
    }
    return Fault::machine;
  };
  SimulationSettings s = settings(120, 96, 10);
  s.recording.detectors = {{"far", 60, 200}};
  CHECK(fault(atoms, s) == Fault::physics);
  s = settings(120, 96, 10);
  s.recording.q_max = 50;
  CHECK(fault(atoms, s) == Fault::physics);
  CHECK(fault(atoms, settings(120, 96, 150)) == Fault::physics);  // aperture beyond the band
  CHECK(fault(atoms, settings(120, 96, 0.5)) == Fault::physics);  // aperture under-sampled
  CHECK(fault(atoms, settings(121, 96, 10)) == Fault::usage);
  CHECK(fault(atoms, settings(34, 96, 10)) == Fault::usage);  // 34 = 2 x 17
  Atoms outside = atoms;
  outside.positions[3].z() = -0.5;
  CHECK(fault(outside, settings(120, 96, 10)) == Fault::physics);
  Atoms oblique = atoms;
  oblique.cell.vectors(1, 0) = 1;
  CHECK(fault(oblique, settings(120, 96, 10)) == Fault::physics);
}

TEST_CASE("thermal motion") {
  const Atoms atoms = random_atoms({16, 12, 12}, 400, 6);
  const std::map<int, double> u = {{29, 0.1}, {40, 0.05}};
  // variance and independence of (seed, configuration, atom)
  double sum[2] = {0, 0};
  for (int c = 1; c <= 50; ++c) {
    const auto d = thermal_displacements(atoms, u, 7, c);
    for (std::size_t i = 0; i < atoms.size(); ++i)
      sum[atoms.numbers[i] == 40] += d[i].squaredNorm() / 3;
  }
  CHECK(sum[0] / (50 * 200) == approx(0.01).epsilon(0.03));
  CHECK(sum[1] / (50 * 200) == approx(0.0025).epsilon(0.03));
  CHECK(thermal_displacements(atoms, u, 7, 3)[5] == thermal_displacements(atoms, u, 7, 3)[5]);
  CHECK(thermal_displacements(atoms, u, 7, 3)[5] != thermal_displacements(atoms, u, 7, 4)[5]);
  CHECK(thermal_displacements(atoms, u, 8, 3)[5] != thermal_displacements(atoms, u, 7, 3)[5]);

  // N configurations at rest are one static run, exactly
  SimulationSettings s = settings(120, 96, 10);
  s.recording.detectors = {{"haadf", 30, 60}};
  const auto at_rest = simulate<float>(atoms, s, {{4, 5}})[0];
  ThermalAverage<float> none, some;
  double plain_mean = 0;
  for (int c = 1; c <= 7; ++c) {
    const auto run = [&](const std::map<int, double>& motion, ThermalAverage<float>& average) {
      double detector = 0;
      Simulation<float>(atoms, s, 1, thermal_displacements(atoms, motion, 1, c))
          .run({{4, 5}}, 1, [&](std::size_t, const ProbeResult<float>& r) {
            average.add(r);
            detector = r.detectors[0];
          });
      return detector;
    };
    run({{29, 0.0}, {40, 0.0}}, none);
    plain_mean += run(u, some) / 7;
  }
  CHECK((none.mean().pattern == at_rest.pattern).all());
  CHECK(none.mean().detectors == at_rest.detectors);
  CHECK(none.detector_errors()[0] == 0);
  CHECK(some.mean().detectors[0] == approx(plain_mean).epsilon(1e-12));  // the mean, not the sum
  CHECK(some.detector_errors()[0] > 0);
  CHECK(difference(some.mean().pattern.cast<double>(), at_rest.pattern.cast<double>()) > 1e-3);
}

TEST_CASE("results at several depths are those of specimens that end there") {
  Atoms whole = random_atoms({16, 12, 12}, 130, 6);
  SimulationSettings s = settings(120, 96, 9);
  s.recording.detectors = {{"ring", 20, 35}};
  s.recording.every_slices = 2;  // 6 slices: behind 2, 4 and 6
  for (const Engine engine : {Engine::multislice, Engine::scattering_matrix}) {
    s.engine = engine;
    const Simulation<double> series(whole, s);
    REQUIRE(series.depths() == std::vector<int>{2, 4, 6});
    std::vector<ProbeResult<double>> at(3);
    series.run({{4, 5}}, 1, [&](std::size_t, const ProbeResult<double>& r) { at[r.depth] = r; });
    for (int d = 0; d < 3; ++d) {
      Atoms part;
      part.cell = Cell::orthogonal(16, 12, 4 * (d + 1));
      for (std::size_t i = 0; i < whole.size(); ++i)
        if (whole.positions[i].z() < 4 * (d + 1)) part.add(whole.numbers[i], whole.positions[i]);
      SimulationSettings single = s;
      single.recording.every_slices = 0;
      const auto expected = simulate<double>(part, single, {{4, 5}})[0];
      CHECK(difference(at[d].pattern, expected.pattern) < 1e-12);
      CHECK(at[d].detectors[0] == approx(expected.detectors[0]).epsilon(1e-11));
      CHECK(at[d].intensity_out == approx(expected.intensity_out).epsilon(1e-12));
    }
  }
}
