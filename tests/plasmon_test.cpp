// Plasmon losses: how many, by which angles, and what they make of patterns.
#include "multislice/plasmon.hpp"

#include <cmath>
#include <numeric>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "tests/approx.hpp"
#include "tests/simulate.hpp"

using namespace vitrobeam;

namespace {

constexpr double kRest_kV = 510.99895;

// Midpoints of many steps, an integral that shares nothing with the one under test. In the
// variable ln(1 + theta^2 / theta_E^2), in which one loss is uniform.
template <typename F>
double over_one_loss(const LossAngles& a, F&& f) {
  constexpr int kSteps = 200000;
  const double ratio = a.cutoff / a.characteristic, top = std::log1p(ratio * ratio);
  double sum = 0;
  for (int i = 0; i < kSteps; ++i)
    sum += f(a.characteristic * std::sqrt(std::expm1((i + 0.5) / kSteps * top)));
  return sum / kSteps;
}

// The density of angles itself, in the plane.
double integral_of_density(const LossAngles& a, double power) {
  constexpr int kSteps = 2000000;
  double sum = 0;
  const double step = a.cutoff / kSteps;
  for (int i = 0; i < kSteps; ++i) {
    const double angle = (i + 0.5) * step;
    sum += a.density(angle) * 2 * M_PI * std::pow(angle, 1 + power) * step;
  }
  return sum;
}

const PlasmonSettings kAluminium{1000, 15.8, 0, {}};
constexpr double kNoLimit = 1e9;  // %: the blur itself is under test

Grid small_grid() { return {36, 40, 13, 15}; }

PlaneD some_pattern(const Grid& grid) {
  PlaneD p = PlaneD::Zero(grid.ny, grid.nx);
  for (int y = -5; y <= 5; ++y)
    for (int x = -4; x <= 6; ++x)
      p(y + grid.ny / 2, x + grid.nx / 2) = 1 + 0.5 * std::sin(3 * x + y * y);
  return p / p.sum();
}

// The sum over losses as it is written: n foldings, each a loop over all pairs of samples.
PlaneD folded(const PlaneD& pattern, const Grid& grid, const PlasmonSettings& s, double energy_kV,
              double thickness, int most) {
  const LossAngles angles = loss_angles(s, energy_kV);
  const double dx = wavelength(energy_kV) / grid.lx, dy = wavelength(energy_kV) / grid.ly;
  PlaneD one = PlaneD::Zero(grid.ny, grid.nx);
  for (int y = -grid.ny / 2; y < grid.ny / 2; ++y)
    for (int x = -grid.nx / 2; x < grid.nx / 2; ++x)
      one((y + grid.ny) % grid.ny, (x + grid.nx) % grid.nx) = angles.share(x, y, dx, dy);
  one /= one.sum();
  PlaneD n_losses = pattern, sum = PlaneD::Zero(grid.ny, grid.nx);
  double share = std::exp(-thickness / s.mean_free_path);
  for (int n = 0; n <= most; ++n) {
    sum += share * n_losses;
    share *= thickness / s.mean_free_path / (n + 1);
    PlaneD next = PlaneD::Zero(grid.ny, grid.nx);
    for (int y = 0; y < grid.ny; ++y)
      for (int x = 0; x < grid.nx; ++x)
        for (int v = 0; v < grid.ny; ++v)
          for (int u = 0; u < grid.nx; ++u)
            next((y + v) % grid.ny, (x + u) % grid.nx) += n_losses(y, x) * one(v, u);
    n_losses = next;
  }
  return sum;
}

SimulationSettings glass_settings() {
  SimulationSettings s = settings(96, 96, 10);
  s.recording.detectors = {
      {"bright", 0, 12}, {"ring", 20, 40}, {"com", 0, INFINITY, 1, 1, 0, true}};
  s.recording.every_slices = 2;
  return s;
}

std::vector<ProbeResult<double>> at_depths(const Atoms& atoms, const SimulationSettings& s) {
  std::vector<ProbeResult<double>> out(2);
  Simulation<double>(atoms, s).run({{6, 5}}, 1, [&](std::size_t, const ProbeResult<double>& r) {
    out[std::size_t(r.depth)] = r;
  });
  return out;
}

Fault fault_of(const std::function<void()>& f, const std::string& words) {
  try {
    f();
  } catch (const Error& e) {
    const std::string message = e.what();
    CHECK_MESSAGE(message.find(words) != std::string::npos, message);
    return e.fault();
  }
  FAIL("nothing was refused: " << words);
  return Fault::machine;
}

}  // namespace

TEST_CASE("the characteristic angle is E_p / (p v), with its slow and its fast limit") {
  for (const double kV : {60.0, 200.0, 300.0}) {
    // by momentum and speed instead of energies
    const double gamma = 1 + kV / kRest_kV, beta2 = 1 - 1 / (gamma * gamma);
    CHECK(characteristic_angle(15, kV) == approx(15e-3 / (gamma * kRest_kV * beta2)).epsilon(1e-9));
  }
  CHECK(characteristic_angle(15, 1e-2) == approx(15 / (2 * 10.0)).epsilon(1e-4));
  CHECK(characteristic_angle(15, 1e9) == approx(15e-3 / 1e9).epsilon(1e-5));
  CHECK(characteristic_angle(30, 200) == approx(2 * characteristic_angle(15, 200)));
}

TEST_CASE("the cut-off of a free-electron gas is near what is tabulated") {
  // q_c of aluminium and silicon in 1/Angstrom: International Tables C (2006), table 4.3.4.3
  const double k = 2 * M_PI / wavelength(200);
  CHECK(free_electron_cutoff(15.0, 200) * k == approx(1.3).epsilon(0.15));
  CHECK(free_electron_cutoff(16.7, 200) * k == approx(1.1).epsilon(0.15));
}

TEST_CASE("the mean free path of silicon is the measured one") {
  // P. L. Potapov, Ultramicroscopy 147, 21 (2014): 150 nm at 200 kV, 179 nm at 300 kV
  CHECK(inelastic_mean_free_path(2.33, 200) == approx(1500).epsilon(0.02));
  CHECK(inelastic_mean_free_path(2.33, 300) == approx(1790).epsilon(0.02));
}

TEST_CASE("shares of losses are Poisson's") {
  for (const double t : {0.0, 0.05, 1.0, 8.0}) {
    const std::vector<double> shares = loss_shares(t, 60);
    CHECK(shares[0] == std::exp(-t));
    double sum = 0, mean = 0, squares = 0;
    for (std::size_t n = 0; n < shares.size(); ++n) {
      sum += shares[n];
      mean += double(n) * shares[n];
      squares += double(n * n) * shares[n];
    }
    CHECK(sum == approx(1).epsilon(1e-12));
    CHECK(mean == approx(t).epsilon(1e-12));
    CHECK(squares - mean * mean == approx(t).epsilon(1e-12));
  }
}

TEST_CASE("mean and variance of the angle of one loss are those of its density") {
  for (const double kV : {80.0, 300.0})
    for (const double cutoff_mrad : {0.0, 3.0, 15.0}) {
      const LossAngles a = loss_angles({1000, 16, cutoff_mrad, {}}, kV);
      CHECK(integral_of_density(a, 0) == approx(1).epsilon(1e-5));
      CHECK(integral_of_density(a, 1) == approx(a.mean()).epsilon(1e-5));
      CHECK(integral_of_density(a, 2) == approx(a.mean_square()).epsilon(1e-5));
      CHECK(over_one_loss(a, [](double x) { return x; }) == approx(a.mean()).epsilon(1e-6));
      CHECK(over_one_loss(a, [](double x) { return x * x; }) ==
            approx(a.mean_square()).epsilon(1e-6));
    }
}

TEST_CASE("shares of samples fill the disc of a loss, whatever their size") {
  const LossAngles a = loss_angles(kAluminium, 200);
  for (const auto& [dx, dy] : {std::pair{0.9e-3, 0.7e-3}, {0.02e-3, 0.3e-3}, {3e-3, 12e-3}}) {
    double sum = 0, first = 0;
    const int nx = int(a.cutoff / dx + 1), ny = int(a.cutoff / dy + 1);
    for (int y = -ny; y <= ny; ++y)
      for (int x = -nx; x <= nx; ++x) {
        const double share = a.share(x, y, dx, dy);
        CHECK(share >= 0);
        CHECK(share == approx(a.share(-x, -y, dx, dy)).epsilon(1e-12));
        sum += share;
        first += x * share;
      }
    CHECK(sum == approx(1).epsilon(1e-4));  // the rim of the disc costs 4e-5
    CHECK(std::abs(first) < 1e-9);
  }
  // where a sample is small the density times its area
  CHECK(a.share(30, 40, 0.02e-3, 0.02e-3) ==
        approx(a.density(1e-3) * 0.02e-3 * 0.02e-3).epsilon(1e-3));
}

TEST_CASE("the product in Fourier space is the sum over foldings with one loss") {
  const Grid grid = small_grid();
  const PlaneD pattern = some_pattern(grid);
  PlasmonSettings s{1000, 15.8, 0, {}, kNoLimit};
  const PlasmonBlur blur(s, grid, 100, {0, 700});
  const PlaneD all = folded(pattern, grid, s, 100, 700, 14);
  CHECK((blur(pattern, 1) - all).abs().maxCoeff() < 1e-12 * pattern.maxCoeff() + 1e-12);
  CHECK(blur(pattern, 1).sum() == approx(1).epsilon(1e-12));
  CHECK((blur(pattern, 0) - pattern).abs().maxCoeff() < 1e-15);  // no thickness, no loss
  CHECK((blur(pattern, 1) - pattern).abs().maxCoeff() > 0.05 * pattern.maxCoeff());

  for (const auto& [width, kept] : {std::pair{10.0, 0}, {31.5, 0}, {31.7, 1}, {95.0, 3}}) {
    s.filter_eV = width;
    CHECK(losses_kept(s) == kept);
    const PlasmonBlur filter(s, grid, 100, {0, 700});
    CHECK((filter(pattern, 1) - folded(pattern, grid, s, 100, 700, kept)).abs().maxCoeff() < 1e-14);
    CHECK(filter(pattern, 1).sum() == approx(filter.kept(1)).epsilon(1e-12));
    if (kept == 0) CHECK(filter.kept(1) == std::exp(-0.7));
  }
}

TEST_CASE("the variance of a pattern grows by that of its losses") {
  // fine samples: pixels do not add to it
  const Grid grid{400, 400, 150, 150};
  PlaneD spot = PlaneD::Zero(400, 400);
  spot(200, 200) = 1;
  const PlasmonSettings s{1000, 15.8, 0, {}, kNoLimit};
  const double thickness = 600, pixel = wavelength(100) / 150;
  const PlaneD blurred = PlasmonBlur(s, grid, 100, {thickness})(spot, 0);
  double squares = 0;
  for (int y = 0; y < 400; ++y)
    for (int x = 0; x < 400; ++x)
      squares += blurred(y, x) * ((x - 200) * (x - 200) + (y - 200) * (y - 200)) * pixel * pixel;
  CHECK(squares ==
        approx(thickness / s.mean_free_path * loss_angles(s, 100).mean_square()).epsilon(0.01));
}

TEST_CASE("detectors over a pattern are those over its wave") {
  const Atoms atoms = random_atoms({14, 12, 8}, 90, 3);
  SimulationSettings s = glass_settings();
  const auto elastic = at_depths(atoms, s);
  s.plasmons = PlasmonSettings{1e12, 15.8, 0, {}};
  const auto with = at_depths(atoms, s);
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::size_t c = 0; c < elastic[d].detectors.size(); ++c)
      CHECK(with[d].detectors[c] == approx(elastic[d].detectors[c]).epsilon(1e-9).scale(1));
    CHECK((with[d].pattern - elastic[d].pattern).abs().maxCoeff() < 1e-9);
    CHECK(with[d].intensity_out == elastic[d].intensity_out);
  }
}

TEST_CASE("cropped, binned and left out patterns and detectors are those of the whole pattern") {
  const Atoms atoms = random_atoms({14, 12, 8}, 90, 3);
  SimulationSettings s = glass_settings();
  s.plasmons = PlasmonSettings{20, 15.8, 0, {}};  // many losses in a thin model
  const auto whole = at_depths(atoms, s);
  CHECK(whole[0].intensity_out == approx(whole[0].pattern.sum()).epsilon(1e-9));
  CHECK(whole[0].detectors[0] > whole[1].detectors[0]);
  const Grid grid{96, 96, 14, 12};

  s.recording.q_max = 1;
  const auto cropped = at_depths(atoms, s);
  CHECK(cropped[1].detectors == whole[1].detectors);
  const PatternWindow window(grid, 1);
  CHECK((cropped[1].pattern -
         whole[1].pattern.block(window.first_y + 48, window.first_x + 48, window.ny, window.nx))
            .abs()
            .maxCoeff() == 0);
  s.recording.bin = 3;
  const auto binned = at_depths(atoms, s);
  CHECK(binned[1].detectors == whole[1].detectors);
  const CameraPixels pixels = pattern_pixels(grid, s.recording);
  CHECK(binned[1].pattern.rows() == Eigen::Index(pixels.q_y().size()));
  CHECK(binned[1].pattern(binned[1].pattern.rows() / 2, binned[1].pattern.cols() / 2) ==
        approx(whole[1].pattern.block(47, 47, 3, 3).sum()).epsilon(1e-9));

  s.recording.patterns = false;
  const auto without = at_depths(atoms, s);
  CHECK(without[1].pattern.size() == 0);
  CHECK(without[1].detectors == whole[1].detectors);
}

TEST_CASE("a filter for the zero loss scales the elastic pattern at every depth") {
  const Atoms atoms = random_atoms({14, 12, 8}, 90, 3);
  SimulationSettings s = glass_settings();
  const auto elastic = at_depths(atoms, s);
  s.plasmons = PlasmonSettings{20, 15.8, 0, 10};
  const auto filtered = at_depths(atoms, s);
  const std::vector<double> thickness = material_thickness(atoms, {4, 8});
  for (std::size_t d = 0; d < 2; ++d) {
    const double share = std::exp(-thickness[d] / 20);
    CHECK((filtered[d].pattern - share * elastic[d].pattern).abs().maxCoeff() < 1e-15);
    CHECK(filtered[d].intensity_out == approx(share * elastic[d].intensity_out).epsilon(1e-12));
  }
}

TEST_CASE("thickness is that of the material, not of the box") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10, 10, 60);
  atoms.add(29, {5, 5, 20});
  atoms.add(29, {5, 5, 40});
  CHECK(material_thickness(atoms, {10, 30, 60})[0] == 0);
  CHECK(material_thickness(atoms, {10, 30, 60})[1] == approx(11.25));
  CHECK(whole_thickness(atoms) == approx(22.5));
  atoms.positions = {{5, 5, 0.5}, {5, 5, 59}};
  CHECK(whole_thickness(atoms) == 60);  // a slab fills its cell
}

TEST_CASE("what means nothing is refused with the number") {
  const Grid grid = small_grid();
  const auto check = [&](PlasmonSettings s, double thickness = 100) {
    return [=] { check_plasmons(s, grid, 200, thickness); };
  };
  CHECK(fault_of(check({-5, 15, 0, {}}), "plasmon_mean_free_path -5") == Fault::usage);
  CHECK(fault_of(check({0, 15, 0, {}}), "plasmon_mean_free_path 0") == Fault::usage);
  CHECK(fault_of(check({1000, -15, 0, {}}), "plasmon_energy -15") == Fault::usage);
  CHECK(fault_of(check({1000, 500, 0, {}}), "plasmon_energy 500") == Fault::usage);
  CHECK(fault_of(check({1000, 15, -1, {}}), "plasmon_cutoff -1") == Fault::usage);
  CHECK(fault_of(check({1000, 15, 0.01, {}}), "plasmon_cutoff 0.01") == Fault::usage);
  CHECK(fault_of(check({1000, 15, 90, {}}), "plasmon_cutoff 90") == Fault::physics);
  CHECK(fault_of(check({1000, 15, 0, -2}), "energy_filter -2") == Fault::usage);
  CHECK(fault_of(check({50, 15, 0, {}}, 1000), "20 mean free paths") == Fault::physics);
  CHECK(fault_of(check({1000, 15, 0, {}}, 300), "300 Angstrom") == Fault::physics);
  CHECK(fault_of(check({1000, 15, 0, {}}, 300), "up to 3.2 %") == Fault::physics);
  check({1000, 15, 0, {}, 3.5}, 300)();
  check({1000, 15, 0, 20}, 300)();  // zero loss alone: nothing is folded
  check({1000, 15, 0, {}})();

  Atoms flat;
  flat.cell = Cell::orthogonal(10, 10, 10);
  flat.add(29, {5, 5, 5});
  flat.add(29, {2, 5, 5});
  CHECK(fault_of([&] { whole_thickness(flat); }, "2 atoms of the model lie in one plane") ==
        Fault::physics);

  SimulationSettings s = glass_settings();
  s.plasmons = kAluminium;
  s.recording.exit_waves = true;
  CHECK(fault_of([&] { check_settings(s); }, "exit_wave") == Fault::usage);
}
