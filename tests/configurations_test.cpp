// Thermal motion of single atoms, partial occupancy, and what a run does with configurations.
#include "base/error.hpp"
#include "models/occupancy.hpp"
#include "models/thermal.hpp"
#include "multislice/thermal_average.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Atoms row_of(int count, int number = 29) {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10.0 * count, 10, 10);
  for (int i = 0; i < count; ++i) atoms.add(number, {10.0 * i, 5, 5});
  return atoms;
}

Label label(int columns, std::vector<double> values) { return {columns, std::move(values)}; }

Fault fault(const auto& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.fault();
  }
  return Fault::machine;
}

}  // namespace

TEST_CASE("anisotropic motion has the covariance of its tensor, per atom") {
  Atoms atoms = row_of(2);
  const std::vector<double> u = {0.01, 0.02, 0.03, 0.005, -0.002, 0.004};  // xx yy zz xy xz yz
  std::vector<double> both(12, 0.0);
  std::copy(u.begin(), u.end(), both.begin() + 6);  // the first atom rests
  atoms.labels["U"] = label(6, both);
  const ThermalMotion motion = labelled_motion(atoms);
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  constexpr int kDraws = 40000;
  for (int c = 1; c <= kDraws; ++c) {
    const auto d = thermal_displacements(motion, 5, c);
    CHECK(d[0].norm() == 0);
    sum += d[1] * d[1].transpose() / kDraws;
  }
  Eigen::Matrix3d expected;
  expected << 0.01, 0.005, -0.002, 0.005, 0.02, 0.004, -0.002, 0.004, 0.03;
  CHECK((sum - expected).cwiseAbs().maxCoeff() < 4 * 0.03 * std::sqrt(2.0 / kDraws));
  // nine columns say the same
  Atoms nine = atoms;
  std::vector<double> rows(18, 0.0);
  for (int k = 0; k < 9; ++k) rows[9 + k] = expected(k / 3, k % 3);
  nine.labels["U"] = label(9, rows);
  CHECK((labelled_motion(nine)[1] - motion[1]).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("a sphere of motion is that of one number, bit for bit") {
  Atoms atoms = row_of(3);
  atoms.labels["u_rms"] = label(1, {0.08, 0.08, 0.08});
  const auto a = thermal_displacements(labelled_motion(atoms), 2, 9),
             b = thermal_displacements(atoms, {{29, 0.08}}, 2, 9);
  for (int i = 0; i < 3; ++i) CHECK(a[i] == b[i]);
  CHECK(mean_motion(atoms, labelled_motion(atoms)).at(29) == approx(0.08).epsilon(1e-12));
}

TEST_CASE("labels of motion that make no sense are refused with the atom") {
  Atoms atoms = row_of(1);
  CHECK_FALSE(has_motion_labels(atoms));
  for (const auto& wrong :
       {label(6, {0.01, 0.01, 0.01, 0.05, 0, 0}), label(6, {9, 9, 9, 0, 0, 0}),
        label(5, {0, 0, 0, 0, 0}), label(9, {0.01, 0.005, 0, 0, 0.01, 0, 0, 0, 0.01}),
        label(6, {NAN, 0, 0, 0, 0, 0})}) {
    atoms.labels["U"] = wrong;
    CHECK(fault([&] { labelled_motion(atoms); }) == Fault::input);
  }
  atoms.labels.erase("U");
  atoms.labels["u_rms"] = label(1, {-0.1});
  CHECK(fault([&] { labelled_motion(atoms); }) == Fault::input);
}

TEST_CASE("occupancy: the right share of draws, one atom per position, atoms draw for themselves") {
  Atoms atoms = row_of(4);
  atoms.positions[2] = atoms.positions[1];  // copper or zirconium in one place
  atoms.numbers[2] = 40;
  atoms.labels["occupancy"] = label(1, {1, 0.6, 0.3, 0.25});
  CHECK(has_partial_occupancy(atoms));
  constexpr int kDraws = 20000;
  std::vector<double> share(4, 0);
  double both = 0, together = 0;
  for (int c = 1; c <= kDraws; ++c) {
    std::vector<double> there(4, 0);
    for (const auto i : occupied_sites(atoms, 7, c)) there[i] = 1;
    for (int i = 0; i < 4; ++i) share[i] += there[i] / kDraws;
    both += there[1] * there[2];
    together += there[1] * there[3] / kDraws;
  }
  CHECK(share[0] == approx(1).epsilon(1e-12));
  const double error = 4 * 0.5 / std::sqrt(kDraws);
  CHECK(std::abs(share[1] - 0.6) < error);
  CHECK(std::abs(share[2] - 0.3) < error);
  CHECK(std::abs(share[3] - 0.25) < error);
  CHECK(both == 0);
  CHECK(std::abs(together - 0.15) < error);
  CHECK(occupied_sites(atoms, 7, 3) == occupied_sites(atoms, 7, 3));

  atoms.labels["occupancy"] = label(1, {1, 1, 1, 1});
  CHECK_FALSE(has_partial_occupancy(atoms));
  CHECK(occupied_sites(atoms, 7, 3).size() == 4);
  atoms.labels["occupancy"] = label(1, {1, 0.6, 0.5, 0.25});  // 1.1 in one place
  CHECK(fault([&] { has_partial_occupancy(atoms); }) == Fault::input);
  atoms.labels["occupancy"] = label(1, {1, 0.6, 0.3, 1.25});
  CHECK(fault([&] { has_partial_occupancy(atoms); }) == Fault::input);
}

TEST_CASE("standard errors and parts of the mean are those of the sample") {
  ThermalAverage<double> average;
  const double values[] = {1, 2, 4, 5};
  std::complex<double> mean_wave = 0;
  for (const double v : values) {
    ProbeResult<double> r;
    const std::complex<double> wave = std::polar(std::sqrt(v), v);
    r.pattern = PlaneD::Constant(1, 1, v);
    r.amplitude = PlaneC::Constant(1, 1, wave);
    r.detectors = {2 * v, 0};
    average.add(r);
    mean_wave += wave / 4.0;
  }
  const double error = std::sqrt(10.0 / 3 / 4);  // squares of the differences to 3 sum to 10
  CHECK(average.mean().pattern(0, 0) == approx(3).epsilon(1e-12));
  CHECK(average.pattern_error()(0, 0) == approx(error).epsilon(1e-12));
  CHECK(average.detector_errors()[0] == approx(2 * error).epsilon(1e-12));
  CHECK(average.relative_error({true, true}) == approx(error / 3).epsilon(1e-12));
  CHECK(average.elastic()(0, 0) == approx(std::norm(mean_wave)).epsilon(1e-12));
  CHECK(average.diffuse()(0, 0) == approx(3 - std::norm(mean_wave)).epsilon(1e-12));
  // goes on from its bytes as if nothing had happened
  ThermalAverage<double> half, rest;
  for (int k = 0; k < 4; ++k) {
    ProbeResult<double> r;
    r.pattern = PlaneD::Constant(2, 1, values[k]);
    r.detectors = {std::sqrt(values[k])};
    if (k == 2) {
      const auto bytes = half.state();
      CHECK(rest.restore(bytes.data()) == bytes.data() + bytes.size());
    }
    half.add(r);
    if (k >= 2) rest.add(r);
  }
  CHECK(rest.state() == half.state());
}
