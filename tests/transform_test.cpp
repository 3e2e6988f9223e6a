// Cutting, padding, turning and neighbour search keep every atom where it belongs.
#include "models/transform.hpp"

#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/motifs.hpp"
#include "models/neighbours.hpp"
#include "models/rotations.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Atoms gas(std::size_t n, const Eigen::Matrix3d& vectors) {
  Atoms atoms;
  atoms.cell.vectors = vectors;
  std::vector<std::int64_t> id;
  for (std::size_t i = 0; i < n; ++i) {
    const auto u = uniform4(11, 0, i);
    atoms.add(29, vectors.transpose() * Vector3d(u[0], u[1], u[2]));
    id.push_back(std::int64_t(i));
  }
  atoms.labels["id"].values = id;
  return atoms;
}

// Ordered pairs by trying every image within two cells: slow and clear.
std::size_t count_pairs_naively(const Atoms& atoms, double cutoff, double& sum) {
  std::size_t pairs = 0;
  const auto& p = atoms.cell.periodic;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    for (std::size_t j = 0; j < atoms.size(); ++j)
      for (int a = -2 * p[0]; a <= 2 * p[0]; ++a)
        for (int b = -2 * p[1]; b <= 2 * p[1]; ++b)
          for (int c = -2 * p[2]; c <= 2 * p[2]; ++c) {
            const Vector3d r = atoms.positions[j] - atoms.positions[i] +
                               atoms.cell.vectors.transpose() * Vector3d(a, b, c);
            if (r.norm() > cutoff || (i == j && a == 0 && b == 0 && c == 0)) continue;
            ++pairs;
            sum += r.norm();
          }
  return pairs;
}

const Eigen::Matrix3d kTilted = (Eigen::Matrix3d() << 8, 0, 0, 3, 9, 0, -2, 1, 10).finished();

}  // namespace

TEST_CASE("linked cells find the pairs that trying every image finds") {
  for (const Eigen::Matrix3d& vectors :
       {Eigen::Matrix3d(Vector3d(9, 10, 30).asDiagonal()), kTilted})
    for (const auto& periodic :
         {std::array<bool, 3>{true, true, true}, std::array<bool, 3>{true, false, true},
          std::array<bool, 3>{false, false, false}})
      for (double cutoff : {1.0, 3.7, 11.0}) {
        Atoms atoms = gas(40, vectors);
        atoms.cell.periodic = periodic;
        atoms.positions[3] += 2 * vectors.row(0).transpose() * double(periodic[0]);  // outside
        Atoms inside = atoms;
        wrap(inside);
        double sum = 0, expected_sum = 0;
        std::size_t pairs = 0;
        visit_neighbours(atoms.cell, atoms.positions, cutoff,
                         [&](std::size_t, std::size_t, const Vector3d& r) {
                           ++pairs;
                           sum += r.norm();
                         });
        CHECK(pairs == count_pairs_naively(inside, cutoff, expected_sum));
        CHECK(sum == approx(expected_sum));
      }
}

TEST_CASE("the closest pair, across a border and in a finite piece") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10, 10, 10);
  atoms.add(29, {0.5, 5, 5});
  atoms.add(29, {5, 5, 5});
  atoms.add(29, {9.5, 5, 5.5});
  const ClosestPair pair = closest_pair(atoms);
  CHECK(pair.first == 0);
  CHECK(pair.second == 2);
  CHECK(pair.distance == approx(std::sqrt(1.25)));
  const Atoms ico = build_motif(find_motif("icosahedron"), {{29}, 2.5, 0});
  CHECK(closest_pair(ico).distance == approx(2.5));
}

TEST_CASE("cutting the whole cell changes nothing; half plus half is the whole") {
  const Atoms atoms = gas(100, Vector3d(10, 12, 14).asDiagonal());
  const Atoms whole = cut_box(atoms, {0, 0, 0}, {10, 12, 14});
  CHECK(whole.positions == atoms.positions);
  CHECK(whole.cell.periodic == std::array<bool, 3>{true, true, true});
  const Atoms low = cut_box(atoms, {0, 0, 0}, {10, 12, 6}),
              high = cut_box(atoms, {0, 0, 6}, {10, 12, 14});
  CHECK(low.size() + high.size() == 100);
  CHECK(low.cell.periodic == std::array<bool, 3>{true, true, false});
  CHECK(high.positions[0].z() <= 8);
  CHECK(high.labels.at("id").values.index() == 0);
}

TEST_CASE("a box larger than the cell holds its repetitions, a shifted one is wrapped") {
  const Atoms atoms = gas(50, Vector3d(10, 12, 14).asDiagonal());
  const Atoms two = cut_box(atoms, {0, 0, 0}, {20, 12, 14});
  CHECK(two.size() == 100);
  CHECK(two.cell.periodic[0]);
  const Atoms shifted = cut_box(atoms, {-3, 100, 5}, {7, 112, 19});
  CHECK(shifted.size() == 50);
  CHECK(number_density(shifted) == approx(number_density(atoms)));
  CHECK(cut_box(atoms, {0, 0, 0}, {15, 12, 14}).cell.periodic[0] == false);
}

TEST_CASE("a tilted cell is cut to an orthogonal box: distances stay, density stays") {
  Eigen::Matrix3d sheared = Vector3d(10, 10, 10).asDiagonal();
  sheared(1, 0) = 5;  // orthogonal again after two b - a
  const Atoms atoms = gas(60, sheared);
  const Atoms box = cut_box(atoms, {0, 0, 0}, {10, 20, 10});
  CHECK(box.size() == 120);
  CHECK(box.cell.is_orthogonal());
  CHECK(box.cell.periodic == std::array<bool, 3>{true, true, true});
  CHECK(closest_pair(box).distance == approx(closest_pair(atoms).distance));
}

TEST_CASE("an empty cut, a box that is too small and vacuum on a tilted cell are refused") {
  Atoms atoms = gas(20, Vector3d(10, 10, 10).asDiagonal());
  atoms.cell.periodic = {false, false, false};
  CHECK_THROWS_WITH_AS(cut_box(atoms, {20, 20, 20}, {30, 30, 30}),
                       doctest::Contains("holds no atoms"), Error);
  CHECK_THROWS_AS(centred_in_box(atoms, {5, 50, 50}), Error);
  CHECK_THROWS_AS(padded(gas(20, kTilted), {0, 0, 1}), Error);
}

TEST_CASE("vacuum opens its axis and moves the atoms by its thickness") {
  const Atoms atoms = gas(20, Vector3d(10, 10, 10).asDiagonal());
  const Atoms out = padded(atoms, {0, 0, 4});
  CHECK(out.cell.vectors(2, 2) == 18);
  CHECK(out.cell.periodic == std::array<bool, 3>{true, true, false});
  CHECK((out.positions[7] - atoms.positions[7]).isApprox(Vector3d(0, 0, 4)));
}

TEST_CASE("a turned piece keeps its distances; centred, its middle is the box's") {
  const Atoms ico = build_motif(find_motif("icosahedron"), {{29}, 2.5, 0});
  const Atoms turned = rotated(ico, rotation_to_beam({1, 2, 3}));
  for (std::size_t i = 0; i < 13; ++i)
    CHECK((turned.positions[i] - turned.positions[4]).norm() ==
          approx((ico.positions[i] - ico.positions[4]).norm()));
  const Atoms boxed = centred_in_box(ico, {20, 30, 40});
  CHECK(boxed.positions[0].isApprox(Vector3d(10, 15, 20)));
  CHECK(!boxed.cell.periodic[0]);
}

TEST_CASE("tensors and directions of atoms turn with them; a pure strain turns nothing") {
  Atoms atoms = gas(20, 9 * Eigen::Matrix3d::Identity());
  std::vector<double> six, nine, axis;
  std::vector<Eigen::Matrix3d> before;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const auto a = uniform4(3, 1, i), b = uniform4(3, 2, i);
    Eigen::Matrix3d m;
    m << 1 + a[0], 0.1 * a[1], 0.1 * a[2], 0.1 * a[1], 1 + a[3], 0.1 * b[0], 0.1 * a[2], 0.1 * b[0],
        1 + b[1];
    before.push_back(m);
    for (double v : {m(0, 0), m(1, 1), m(2, 2), m(0, 1), m(0, 2), m(1, 2)}) six.push_back(v);
    axis.insert(axis.end(), {a[0], a[1], a[2]});
  }
  atoms.labels["U"] = {6, six};
  atoms.labels["axis"] = {3, axis};
  const Eigen::Matrix3d turn = rotation_to_beam(Vector3d(1, 2, 3).normalized(), 0.7);
  // what a displacement along a direction is worth does not depend on the frame
  const auto tensor = [](const Atoms& a, std::size_t i) {
    const auto& u = std::get<std::vector<double>>(a.labels.at("U").values);
    const double* p = u.data() + 6 * i;
    return (Eigen::Matrix3d() << p[0], p[3], p[4], p[3], p[1], p[5], p[4], p[5], p[2]).finished();
  };
  const Vector3d along = Vector3d(2, -1, 0.5).normalized();
  for (const Atoms& turned : {rotated(atoms, turn), deformed(atoms, turn)})
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      const Vector3d there = turn * along;
      CHECK(there.dot(tensor(turned, i) * there) == approx(along.dot(before[i] * along)));
      const auto& v = std::get<std::vector<double>>(turned.labels.at("axis").values);
      const Vector3d d(v[3 * i], v[3 * i + 1], v[3 * i + 2]);
      CHECK((d - turn * Vector3d(axis[3 * i], axis[3 * i + 1], axis[3 * i + 2])).norm() < 1e-12);
    }
  Eigen::Matrix3d strain = Eigen::Matrix3d::Identity();
  strain(0, 0) = 1.1;
  strain(0, 1) = strain(1, 0) = 0.05;
  const Atoms strained = deformed(atoms, strain);
  for (std::size_t i = 0; i < atoms.size(); ++i)
    CHECK((tensor(strained, i) - before[i]).norm() < 1e-12);
}

TEST_CASE("the rotation between two directions takes one to the other by the least turn") {
  RandomSequence random(5, 0);
  const auto some = [&] { return Vector3d(random.normal(), random.normal(), random.normal()); };
  const auto check = [](const Vector3d& a, const Vector3d& b) {
    const Eigen::Matrix3d r = rotation_between(a, b);
    const Vector3d from = a.normalized(), to = b.normalized();
    CHECK((r * from - to).norm() < 1e-14);
    CHECK((r * r.transpose() - Eigen::Matrix3d::Identity()).norm() < 1e-14);
    CHECK(r.row(0).cross(r.row(1)).dot(r.row(2)) > 0);
    CHECK(std::abs(r.trace() - (1 + 2 * from.dot(to))) < 1e-14);  // 1 + 2 cos of the turn
  };
  for (int i = 0; i < 50; ++i) {
    const Vector3d a = some(), b = some();
    check(a, b);
    check(a, 3 * a);
    check(a, -2 * a);
    check(a, -a + 1e-9 * a.norm() * b);  // all but opposite
  }
  CHECK(rotation_between({0, 0, -1}, {0, 0, 1}) ==
        Eigen::Matrix3d(Vector3d(1, -1, -1).asDiagonal()));
}
