// Laws of electron scattering with an analytic or tabulated answer. The strength of scattering can
// be turned down, so that limits are reached and not only approached.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/thermal.hpp"
#include "multislice/engine_cost.hpp"
#include "multislice/simulation.hpp"
#include "multislice/thermal_average.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

// One element whose scattering factor is `strength` times the published one.
FactorTable scaled(Parametrisation table, int z, double strength) {
  ElementFactor f = FactorTable(table).element(z);
  for (auto* terms : {&f.lorentzians, &f.squared_lorentzians, &f.gaussians})
    for (auto& t : *terms) t.weight *= strength;
  return FactorTable(std::map<int, ElementFactor>{{z, f}});
}

SimulationSettings settings(int nx, int ny, double semiangle) {
  SimulationSettings s;
  s.nx = nx;
  s.ny = ny;
  s.optics.semiangle_mrad = semiangle;
  s.optics.plane_wave = semiangle == 0;
  if (semiangle == 0) s.optics.semiangle_mrad = 10;
  return s;
}

ProbeResult<double> simulate(const Atoms& atoms, const SimulationSettings& s,
                             const Vector2d& at = {0, 0},
                             const std::vector<Vector3d>& displaced = {}) {
  ProbeResult<double> out;
  Simulation<double>(atoms, s, 1, displaced)
      .run({at}, 1, [&](std::size_t, const ProbeResult<double>& r) { out = r; });
  return out;
}

// All but the disc of unscattered samples closer than `radius` to the middle.
PlaneD scattered(PlaneD p, int radius) {
  const auto j = p.rows() / 2, i = p.cols() / 2;
  p.block(j - radius, i - radius, 2 * radius + 1, 2 * radius + 1).setZero();
  return p;
}

// I(-q) on the samples that have a partner.
PlaneD inverted(const PlaneD& p) {
  PlaneD out = PlaneD::Zero(p.rows(), p.cols());
  out.bottomRightCorner(p.rows() - 1, p.cols() - 1) =
      p.bottomRightCorner(p.rows() - 1, p.cols() - 1).reverse();
  return out;
}

// Every line of the table of engines.
std::vector<Engine> all_engines() {
  std::vector<Engine> engines;
  for (std::size_t i = 0; i < engine_table().size(); ++i) engines.push_back(Engine(i));
  return engines;
}

const std::vector<Vector2d> kPlaces = {{5, 6}, {5.4, 6}, {1.3, 9.7}, {-0.2, 4}, {5, 6}};

// [point][depth]; counts how often each was handed over.
template <typename Real>
std::vector<std::vector<ProbeResult<Real>>> scan(const Atoms& atoms, const SimulationSettings& s,
                                                 int threads) {
  const Simulation<Real> simulation(atoms, s, threads);
  const std::size_t depths = simulation.depths().size();
  std::vector<std::vector<ProbeResult<Real>>> out(kPlaces.size(),
                                                  std::vector<ProbeResult<Real>>(depths));
  std::vector<std::atomic<int>> seen(kPlaces.size() * depths);
  simulation.run(kPlaces, threads, [&](std::size_t i, const ProbeResult<Real>& r) {
    ++seen[i * depths + std::size_t(r.depth)];
    out[i][std::size_t(r.depth)] = r;
  });
  for (const auto& n : seen) CHECK(n == 1);
  return out;
}

bool same_bytes(const ProbeResult<float>& a, const ProbeResult<float>& b) {
  return (a.pattern == b.pattern).all() && a.detectors == b.detectors &&
         a.intensity_out == b.intensity_out;
}

}  // namespace

TEST_CASE("engines have one name each, and are found by every name that they ever had") {
  std::set<std::string> names = {"auto"};
  for (const Engine e : all_engines()) {
    const EngineEntry& entry = entry_of(e);
    CHECK(names.insert(entry.name).second);
    CHECK(engine_named(entry.name) == e);
    CHECK(stated_engine(engine_statement(e)) == &entry);
    CHECK((engine_statement(e) == entry.name) == entry.is_exact);
    for (const auto& other : entry.other_names) {
      CHECK(names.insert(other).second);
      CHECK(engine_named(other) == e);
    }
  }
  CHECK(engine_named("auto") == Engine::automatic);
  CHECK(engine_named("curved-born") == Engine::kinematic);
  CHECK(engine_named("phase_grating") == Engine::phase_object);
  CHECK(stated_engine("kinematic, flat Ewald sphere (approximation)") ==
        &entry_of(Engine::flat_born));
  CHECK(stated_engine("smatrix, interpolation 4 (approximation)") ==
        &entry_of(Engine::scattering_matrix));
  CHECK(stated_engine("") == nullptr);
  CHECK_THROWS_AS(engine_named("multi"), Error);
}

TEST_CASE("every engine: threads, company and windows of slices change no bit") {
  const Atoms atoms = random_atoms({12, 12, 12}, 90, 5, {29, 40});
  SimulationSettings s = settings(96, 96, 9);
  s.recording.detectors = {{"ring", 20, 40}, {.name = "com", .outer_mrad = 30, .moments = true}};
  s.recording.every_slices = 2;
  for (const Engine e : all_engines()) {
    CAPTURE(engine_name(e));
    s.engine = e;
    s.working_set = {};
    const auto one = scan<float>(atoms, s, 1), three = scan<float>(atoms, s, 3);
    s.working_set = {1, 2};
    const auto windows = scan<float>(atoms, s, 2);
    CHECK(one[0].size() == (entry_of(e).has_one_slice ? 1 : 3));
    for (std::size_t i = 0; i < one.size(); ++i)
      for (std::size_t d = 0; d < one[i].size(); ++d) {
        CHECK(same_bytes(one[i][d], three[i][d]));
        CHECK(same_bytes(one[i][d], windows[i][d]));
        CHECK(same_bytes(one[0][d], one[4][d]));  // the same place twice
      }
  }
}

TEST_CASE("every engine leaves the beam as it is in vacuum, and scatters less from less") {
  SimulationSettings s = settings(96, 96, 9);
  Atoms atoms = random_atoms({12, 12, 12}, 60, 5, {29}), vacuum = atoms;
  vacuum.numbers.clear();
  vacuum.positions.clear();
  for (const Engine e : all_engines()) {
    CAPTURE(engine_name(e));
    s.engine = e;
    s.potential.factors = scaled(Parametrisation::kirkland, 29, 1);
    const auto empty = simulate(vacuum, s, {5, 6});
    CHECK(empty.intensity_out == approx(1).epsilon(1e-12));
    CHECK(scattered(empty.pattern, 5).sum() < 1e-12);
    // weak scattering grows with the square of the strength
    std::vector<double> sums;
    for (const double strength : {1e-3, 2e-3}) {
      s.potential.factors = scaled(Parametrisation::kirkland, 29, strength);
      sums.push_back(scattered(simulate(atoms, s, {5, 6}).pattern, 5).sum());
    }
    CHECK(sums[1] / sums[0] == approx(4).epsilon(1e-3));
  }
}

TEST_CASE("exact engines give the numbers of multislice, the others do not") {
  const Atoms atoms = random_atoms({12, 12, 24}, 180, 5, {29, 40});
  SimulationSettings s = settings(96, 96, 9);
  s.recording.detectors = {{"ring", 20, 40}};
  s.engine = Engine::multislice;
  const auto expected = scan<double>(atoms, s, 1);
  for (const Engine e : all_engines()) {
    CAPTURE(engine_name(e));
    s.engine = e;
    const auto found = scan<double>(atoms, s, 1);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto &a = found[i].back(), &b = expected[i].back();
      CHECK((difference(a.pattern, b.pattern) < 1e-11) == entry_of(e).is_exact);
      if (!entry_of(e).is_exact) continue;
      CHECK(a.detectors[0] == approx(b.detectors[0]).epsilon(1e-11));
      CHECK(a.intensity_out == approx(b.intensity_out).epsilon(1e-12));
    }
  }
}

TEST_CASE("every engine keeps waves or refuses to, and costs something") {
  const Atoms atoms = random_atoms({12, 12, 12}, 60, 5, {29});
  for (const Engine e : all_engines()) {
    CAPTURE(engine_name(e));
    SimulationSettings s = settings(96, 96, 9);
    s.engine = e;
    s.recording.exit_waves = true;
    if (entry_of(e).keeps_waves) {
      const auto r = simulate(atoms, s, {5, 6});
      CHECK(r.exit_wave.abs2().sum() == approx(r.intensity_out).epsilon(1e-10));
    } else {
      CHECK_THROWS_AS(simulate(atoms, s, {5, 6}), Error);
    }
    s.recording.exit_waves = false;
    const Grid grid{96, 96, 12, 12};
    const EngineRequest few = engine_request(s, grid, 6, 10, 4),
                        many = engine_request(s, grid, 6, 20, 4);
    const EngineSpeed speed = typical_speed(grid, 4);
    CHECK(engine_cost(e, few, speed).seconds > 0);
    CHECK(engine_cost(e, many, speed).seconds > engine_cost(e, few, speed).seconds);
    CHECK(engine_memory(e, few).wave > 0);
  }
}

TEST_CASE("a pure phase object below the band limit keeps the norm") {
  Atoms atoms = random_atoms({12, 12, 20}, 60, 3, {29});
  SimulationSettings s = settings(96, 96, 8);
  ElementFactor smooth;  // v = exp(-pi^2 r^2 / 3): exp(i sigma v) fades long before q = 2.67
  smooth.gaussians = {{6, 3}};
  s.potential.factors = FactorTable(std::map<int, ElementFactor>{{29, smooth}});
  const auto r = simulate(atoms, s, {5, 6});
  CHECK(r.intensity_out == approx(1).epsilon(1e-8));
  CHECK(scattered(r.pattern, 4).sum() > 0.003);  // and it does scatter
}

TEST_CASE(
    "weak-phase limit: multislice tends to the kinematic engine in proportion to the strength") {
  const Atoms atoms = random_atoms({14, 12, 24}, 100, 6, {29});
  SimulationSettings s = settings(112, 96, 9);
  std::vector<double> relative;
  for (const double strength : {0.02, 0.01}) {
    s.potential.factors = scaled(Parametrisation::kirkland, 29, strength);
    s.engine = Engine::multislice;
    const PlaneD exact = scattered(simulate(atoms, s, {5, 6}).pattern, 6);
    s.engine = Engine::kinematic;
    relative.push_back(difference(scattered(simulate(atoms, s, {5, 6}).pattern, 6), exact));
  }
  CHECK(relative[1] < 0.01);
  CHECK(relative[0] / relative[1] == approx(2).epsilon(0.05));
}

TEST_CASE("Friedel symmetry holds for a weak thin object and is broken by strength and thickness") {
  SimulationSettings s = settings(112, 112, 0);
  const auto asymmetry = [&](double thickness, double strength) {
    s.slice = 1;
    s.potential.factors = scaled(Parametrisation::kirkland, 29, strength);
    const Atoms atoms = random_atoms({14, 14, thickness}, int(12 * thickness), 4, {29});
    const PlaneD i = scattered(simulate(atoms, s).pattern, 0);
    return (i - inverted(i)).abs().sum() / i.sum();
  };
  const double weak = asymmetry(1, 1e-3), twice = asymmetry(1, 2e-3);
  CHECK(weak < 1e-3);
  CHECK(twice / weak == approx(2).epsilon(0.02));
  CHECK(asymmetry(1, 1) > 0.003);
  CHECK(asymmetry(40, 1e-3) > 0.1);  // the Ewald sphere is curved
}

TEST_CASE("shift, quarter turn and mirror, with astigmatism and coma turned and mirrored along") {
  const double edge = 14;
  const Atoms atoms = random_atoms({edge, edge, 10}, 100, 8, {29});
  SimulationSettings s = settings(96, 96, 12);
  const Vector2d at(5.3, 6.1), shift(5 * edge / 96, -11 * edge / 96);
  const auto lens = [&](double phi12, double phi21, double phi23) {
    s.optics.aberrations = parse_aberrations(fmt::format(
        "C10=-60,C12=80,phi12={},C21=900,phi21={},C23=700,phi23={},C30=1e5", phi12, phi21, phi23));
  };
  lens(0.4, 0.3, 1.1);
  const PlaneD p = simulate(atoms, s, at).pattern;
  Atoms moved = atoms, turned = atoms, mirrored = atoms;
  for (auto& r : moved.positions) r += Vector3d(shift.x(), shift.y(), 0);
  wrap(moved);
  CHECK(difference(simulate(moved, s, at + shift).pattern, p) < 1e-10);

  for (auto& r : turned.positions) r = Vector3d(edge - r.y(), r.x(), r.z());
  for (auto& r : mirrored.positions) r = Vector3d(edge - r.x(), r.y(), r.z());
  lens(0.4 + M_PI / 2, 0.3 + M_PI / 2, 1.1 + M_PI / 2);
  const PlaneD t = simulate(turned, s, {edge - at.y(), at.x()}).pattern;
  lens(M_PI - 0.4, M_PI - 0.3, M_PI - 1.1);
  const PlaneD m = simulate(mirrored, s, {edge - at.x(), at.y()}).pattern;
  lens(0, 0, 0);
  const PlaneD other = simulate(mirrored, s, {edge - at.x(), at.y()}).pattern;
  double turn_error = 0, mirror_error = 0, wrong_lens = 0;
  for (int j = 1; j < 96; ++j)
    for (int i = 1; i < 96; ++i) {
      turn_error += std::abs(t(i, 96 - j) - p(j, i));
      mirror_error += std::abs(m(j, 96 - i) - p(j, i));
      wrong_lens += std::abs(other(j, 96 - i) - p(j, i));
    }
  CHECK(turn_error < 1e-10);
  CHECK(mirror_error < 1e-10);
  CHECK(wrong_lens > 0.01);  // the angles do matter
}

TEST_CASE("reciprocity: source and detector change places, the crystal is turned over") {
  const double edge = 12, height = 24;
  Atoms atoms = random_atoms({edge, edge, height}, 40, 8, {29}), over = atoms;
  for (auto& r : atoms.positions) r.z() = 2 * std::floor(r.z() / 2) + 1;  // within slices
  over = atoms;
  for (auto& r : over.positions) r.z() = height - r.z();
  SimulationSettings s = settings(144, 144, 0);
  s.potential.factors = FactorTable(Parametrisation::kirkland).smeared({{29, 0.2}});
  // from q = from / edge to q = to / edge
  const auto intensity = [&](const Atoms& a, const Eigen::Vector2i& from,
                             const Eigen::Vector2i& to) {
    for (int k = 0; k < 2; ++k)
      s.optics.tilt_mrad[k] = 1e3 * std::atan(s.optics.wavelength() * from[k] / edge);
    const Eigen::Vector2i off = to - from;
    return simulate(a, s).pattern(72 + off.y(), 72 + off.x());
  };
  const Eigen::Vector2i source(3, -5), detector(-7, 2);
  const double forward = intensity(atoms, source, detector);
  CHECK(forward > 1e-7);
  CHECK(intensity(over, -detector, -source) == approx(forward).epsilon(1e-5));
  CHECK(std::abs(intensity(atoms, -detector, -source) / forward - 1) > 0.01);  // not turned over
}

TEST_CASE("one weak atom is its form factor, at every angle and in a detector") {
  Atoms one;
  one.cell = Cell::orthogonal(16, 16, 2);
  one.add(29, {7.3, 8.9, 1});
  SimulationSettings s = settings(192, 192, 0);
  s.potential.factors = scaled(Parametrisation::kirkland, 29, 1e-3);
  const PlaneD p = simulate(one, s).pattern;
  const double unit = interaction_constant(200) * kPotentialUnit / 256;
  for (int j = 1; j < 60; ++j)
    CHECK(p(96, 96 + j) ==
          approx(std::pow(unit * s.potential.factors(29, j / 16.0), 2)).epsilon(2e-4));
}

TEST_CASE("an annular dark field has the tail of Rutherford's law") {
  // a weak carbon atom between 6 and 9 1/Angstrom: f = 0.0957346 Z / q^2
  Atoms one;
  one.cell = Cell::orthogonal(10, 10, 1);
  one.add(6, {5, 5, 0.5});
  SimulationSettings s = settings(300, 300, 0);
  s.potential.factors = scaled(Parametrisation::lobato, 6, 1e-2);
  const double mrad = 1e3 * s.optics.wavelength();
  s.recording.detectors = {{"adf", 6 * mrad, 9 * mrad}};
  const double amplitude = interaction_constant(200) * kPotentialUnit * 0.0957346 * 6 * 1e-2,
               rutherford = M_PI * amplitude * amplitude * (1 / 36.0 - 1 / 81.0) / 100;
  CHECK(simulate(one, s).detectors[0] == approx(rutherford).epsilon(0.05));
}

TEST_CASE("two-beam thickness fringes have Howie and Whelan's period") {
  // silicon far from any zone, 220 in the Bragg condition; tilted about g so that other rows stay
  // weak; the period is the extinction distance pi / (sigma V_g)
  const double a = 5.4307, b = a / std::sqrt(2), g = 2 / b;  // 220 along y of a [110] cell
  Atoms atoms;
  constexpr int kPeriods = 500;
  atoms.cell = Cell::orthogonal(a, b, b * kPeriods);
  for (int k = 0; k < kPeriods; ++k) {
    const double z = b * k + 0.25 * b;
    atoms.add(14, {0, 0, z});
    atoms.add(14, {a / 4, b / 2, z});
    atoms.add(14, {a / 2, b / 2, z + b / 2});
    atoms.add(14, {3 * a / 4, 0, z + b / 2});
  }
  SimulationSettings s = settings(48, 36, 0);
  s.slice = b / 2;
  s.potential.factors = FactorTable(Parametrisation::kirkland).smeared({{14, 0.1}});
  s.recording.every_slices = 4;
  s.recording.q_max = 1.2;
  s.optics.tilt_mrad = {45, 1e3 * std::atan(-s.optics.wavelength() * g / 2)};
  std::vector<double> diffracted, direct;
  const Simulation<double> sim(atoms, s);
  sim.run({{0, 0}}, 1, [&](std::size_t, const ProbeResult<double>& r) {
    const auto j = r.pattern.rows() / 2, i = r.pattern.cols() / 2;
    diffracted.push_back(r.pattern(j + 2, i));
    direct.push_back(r.pattern(j, i));
  });
  const double v_g = 4 * kPotentialUnit * s.potential.factors(14, g) / (a * b * b),
               expected = M_PI / (interaction_constant(200) * v_g);
  // the period of sin^2(pi t / period) that fits best
  const auto misfit = [&](double period) {
    double sum = 0;
    for (std::size_t k = 0; k < diffracted.size(); ++k)
      sum += std::pow(diffracted[k] - std::pow(std::sin(2 * b * double(k + 1) * M_PI / period), 2),
                      2) /
             double(diffracted.size());
    return sum;
  };
  double period = 0;
  for (double p = 0.5 * expected; p < 2 * expected; p += 1e-3 * expected)
    if (period == 0 || misfit(p) < misfit(period)) period = p;
  CHECK(std::sqrt(misfit(period)) < 0.08);  // two beams, and weak ones beside
  CHECK(*std::max_element(diffracted.begin(), diffracted.end()) > 0.9);
  CHECK(*std::min_element(direct.begin(), direct.end()) < 0.05);
  CHECK(period == approx(expected).epsilon(0.03));
}

TEST_CASE("silicon along [110]: beams of an independent Bloch-wave calculation, at second order") {
  // 2-D projected potential, 200 kV, Lobato, B = 0.4668 Angstrom^2, matrix exponential over beams
  // up to 4.5 1/Angstrom; beams 00, 11 = 111, 02 = 220, 40 = 004, 31 = 113
  const struct {
    double thickness, beams[5];
  } rows[] = {{20, {.947235, .006366, .004150, .001484, .001310}},
              {50, {.708160, .038534, .026746, .008207, .008055}},
              {100, {.191713, .121000, .081140, .012187, .018979}},
              {200, {.405447, .105797, .034553, .006368, .001690}},
              {400, {.025356, .129275, .060731, .016803, .019625}}};
  const double a = 5.4307, b = a / std::sqrt(2);
  SimulationSettings s = settings(96, 72, 0);
  const auto beams = [&](double thickness, double slice) {
    const int slices = int(std::lround(thickness / slice));
    const double dz = thickness / slices;
    Atoms atoms;
    atoms.cell = Cell::orthogonal(a, b, thickness);
    for (int k = 0; k < slices; ++k) {
      const double z = (k + 0.5) * dz;
      for (const auto& r : {Vector3d(0, 0, z), Vector3d(a / 4, b / 2, z), Vector3d(a / 2, b / 2, z),
                            Vector3d(3 * a / 4, 0, z)})
        atoms.add(14, r);
    }
    s.slice = dz;
    s.potential.factors = scaled(Parametrisation::lobato, 14, dz / b)
                              .smeared({{14, std::sqrt(0.4668 / (8 * M_PI * M_PI))}});
    const PlaneD p = simulate(atoms, s).pattern;
    return std::vector<double>{p(36, 48), p(37, 49), p(38, 48), p(36, 52), p(37, 51)};
  };
  for (const auto& row : rows) {
    CAPTURE(row.thickness);
    // the error grows with the thickness: 4e-4 at 200 Angstrom in slices of 1
    const auto now = beams(row.thickness, row.thickness > 100 ? 100 / row.thickness : 1.0);
    for (int k = 0; k < 5; ++k) CHECK(std::abs(now[k] - row.beams[k]) < 2e-4);
  }
  const double coarse = beams(100, 100.0 / 26)[0] - .191713,
               fine = beams(100, 100.0 / 52)[0] - .191713;
  CHECK(std::log2(coarse / fine) == approx(2).epsilon(0.1));
  CHECK(coarse == approx(.193557 - .191713).epsilon(0.01));  // as that calculation's own multislice
}

TEST_CASE("what a single atom scatters: cross sections of an independent program, and unitarity") {
  // plane wave, 200 kV, 20 Angstrom cell, 512 x 512, Lobato; Angstrom^2
  const struct {
    int z;
    double cross_section, born;
  } rows[] = {{14, .018248, .018407}, {29, .037183, .038696}};
  for (const auto& row : rows) {
    Atoms one;
    one.cell = Cell::orthogonal(20, 20, 1);
    one.add(row.z, {10, 10, 0.5});
    SimulationSettings s = settings(512, 512, 0);
    s.potential.factors = Parametrisation::lobato;
    const auto r = simulate(one, s);
    const double lost = 1 - r.pattern(256, 256);
    CHECK(400 * lost == approx(row.cross_section).epsilon(1e-3));
    CHECK(400 * (r.intensity_out - r.pattern(256, 256)) ==
          approx(400 * lost).epsilon(1e-2));  // some leaves the band
    CHECK(row.born > 400 * lost);             // Born overestimates
  }
}

TEST_CASE("frozen phonons: the error of the mean falls as one over the root of their number") {
  const Atoms atoms = random_atoms({12, 12, 16}, 80, 2, {29});
  SimulationSettings s = settings(96, 96, 10);
  ThermalAverage<double> average;
  std::vector<double> errors;
  for (int c = 1; c <= 128; ++c) {
    average.add(simulate(atoms, s, {5, 6}, thermal_displacements(atoms, {{29, 0.1}}, 4, c)));
    if (c == 8 || c == 32 || c == 128)
      errors.push_back(std::sqrt(average.pattern_error().square().sum()));
  }
  // the spread of an estimate from 8 configurations is a quarter of it
  CHECK(errors[0] / errors[1] == approx(2).epsilon(0.4));
  CHECK(errors[1] / errors[2] == approx(2).epsilon(0.2));
}
