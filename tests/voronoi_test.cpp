// Voronoi cells fill space and count faces as published.
#include "models/voronoi.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "io/structure_file.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const std::string kSource = VITROBEAM_SOURCE_DIR;

double total_volume(const Voronoi& v) {
  return std::accumulate(v.volume.begin(), v.volume.end(), 0.0);
}

Atoms random_gas(std::size_t n, const Eigen::Matrix3d& vectors) {
  Atoms atoms;
  atoms.cell.vectors = vectors;
  for (std::size_t i = 0; i < n; ++i) {
    const auto u = uniform4(5, 0, i);
    atoms.add(29, vectors.transpose() * Vector3d(u[0], u[1], u[2]));
  }
  return atoms;
}

}  // namespace

TEST_CASE("cells fill the box, tilted or not, periodic or not; neighbours are mutual") {
  Eigen::Matrix3d tilted;
  tilted << 3, 12, 1, 11, -2, 4, 2, 1, 13;  // neither lower triangular nor right-handed
  for (const Eigen::Matrix3d& vectors :
       {Eigen::Matrix3d(Vector3d(10, 12, 14).asDiagonal()), tilted}) {
    const Atoms atoms = random_gas(200, vectors);
    const Voronoi v = voronoi(atoms, 0);
    CHECK(total_volume(v) == approx(atoms.cell.volume()).epsilon(1e-8));
    for (std::size_t i = 0; i < atoms.size(); ++i)
      for (auto j : v.neighbours[i])
        CHECK(std::count(v.neighbours[j].begin(), v.neighbours[j].end(), i) > 0);
  }
  Atoms slab = random_gas(200, Vector3d(10, 12, 14).asDiagonal());
  slab.cell.periodic = {true, true, false};
  const Voronoi v = voronoi(slab);
  CHECK(total_volume(v) == approx(slab.cell.volume()).epsilon(1e-8));
  const auto at_surface = std::count(v.at_surface.begin(), v.at_surface.end(), true);
  CHECK(at_surface > 10);
  CHECK(at_surface < 150);
}

TEST_CASE("a tilted description of a lattice gives the same cells as the plain one") {
  Atoms plain = random_gas(100, Vector3d(10, 10, 10).asDiagonal());
  Atoms sheared = plain;
  sheared.cell.vectors(1, 0) = 10;  // b + a: the same lattice
  const Voronoi a = voronoi(plain), b = voronoi(sheared);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(a.index[i] == b.index[i]);
    CHECK(a.volume[i] == approx(b.volume[i]));
  }
}

TEST_CASE("bcc is <0,6,0,8> and every volume is the same") {
  Atoms bcc;
  bcc.cell = Cell::orthogonal(9, 9, 9);
  for (int i = 0; i < 27; ++i) {
    const Vector3d r(3 * (i % 3), 3 * (i / 3 % 3), 3 * (i / 9));
    bcc.add(29, r);
    bcc.add(40, r + Vector3d(1.5, 1.5, 1.5));
  }
  const Voronoi v = voronoi(bcc);
  CHECK(voronoi_fraction(bcc, v, {0, 6, 0, 8}) == 1);
  for (double volume : v.volume) CHECK(volume == approx(13.5));
  for (const auto& n : v.neighbours) CHECK(n.size() == 14);
}

TEST_CASE("15.8 % of the Cu centres of the glass at rest are icosahedral, as many when it moves") {
  const Atoms moving = read_structure(kSource + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  const Voronoi v = voronoi(moving);
  CHECK(total_volume(v) == approx(moving.cell.volume()).epsilon(1e-8));
  CHECK(std::abs(voronoi_fraction(moving, v, {0, 0, 12, 0}, 29) - 0.158) < 0.01);
  const std::string path =
      kSource + "/../shared/data/glass/Cu64.5Zr35.5_4000_glass_inherent.extxyz";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: ../shared/data is absent");
    return;
  }
  const Atoms at_rest = read_structure(path);
  // determined by an independent program for the energy-minimised glass
  CHECK(voronoi_fraction(at_rest, voronoi(at_rest), {0, 0, 12, 0}, 29) ==
        approx(0.158).epsilon(0.003));
}

TEST_CASE("a glass cooled at 1e10 K/s: 20.34 % of Cu, 13.12 % of all centres") {
  const std::string path =
      kSource + "/../shared/data/formats/init_config_Cu64.5Zr35.5_1.0e+10.lammps";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: ../shared/data is absent");
    return;
  }
  StructureReadOptions options;
  options.types = {29, 40};
  const Atoms glass = read_structure(path, options);
  const Voronoi v = voronoi(glass, 0);
  // MG_ElastLim's configuration, analysed independently without a face cut
  CHECK(voronoi_fraction(glass, v, {0, 0, 12, 0}, 29) == approx(0.2034).epsilon(0.001));
  CHECK(voronoi_fraction(glass, v, {0, 0, 12, 0}) == approx(0.1312).epsilon(0.001));
  CHECK(voronoi_fraction(glass, v, {0, 3, 6, 4}, 29) == approx(0.113).epsilon(0.01));
}

TEST_CASE("two atoms at one place and open tilted cells are refused") {
  Atoms twice = random_gas(10, Vector3d(9, 9, 9).asDiagonal());
  twice.add(40, twice.positions[4]);
  CHECK_THROWS_AS(voronoi(twice), Error);
  Atoms tilted = random_gas(10, (Eigen::Matrix3d() << 9, 0, 0, 3, 9, 0, 0, 0, 9).finished());
  tilted.cell.periodic[2] = false;
  CHECK_THROWS_AS(voronoi(tilted), Error);
}

TEST_CASE("radical cells fill the box too; equal radii are plain; the larger atom gets more") {
  const Atoms glass = read_structure(kSource + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  VoronoiSettings radical;
  radical.radii = {{29, 1.28}, {40, 1.60}};
  const Voronoi v = voronoi(glass, radical), plain = voronoi(glass);
  CHECK(total_volume(v) == approx(glass.cell.volume()).epsilon(1e-8));
  for (std::size_t i = 0; i < glass.size(); ++i)
    for (auto j : v.neighbours[i])
      if (std::count(v.neighbours[j].begin(), v.neighbours[j].end(), i) == 0)
        CHECK(v.area[i].size() != 0);  // only a cut can make neighbours one-sided
  const auto share_of_zr = [&](const Voronoi& cells) {
    double sum = 0;
    for (std::size_t i = 0; i < glass.size(); ++i)
      sum += glass.numbers[i] == 40 ? cells.volume[i] : 0;
    return sum / glass.cell.volume();
  };
  CHECK(share_of_zr(v) > share_of_zr(plain) + 0.02);
  radical.radii = {{29, 1.4}, {40, 1.4}};
  const Voronoi equal = voronoi(glass, radical);
  CHECK(equal.index == plain.index);
  for (std::size_t i = 0; i < glass.size(); ++i) CHECK(equal.volume[i] == approx(plain.volume[i]));
  radical.radii = {{29, 1.4}};
  CHECK_THROWS_AS(voronoi(glass, radical), Error);
}

TEST_CASE("a radical face stands where the power distances are equal") {
  Atoms two;
  two.cell = Cell::orthogonal(8, 6, 6);
  two.add(29, {0, 0, 0});
  two.add(40, {4, 0, 0});
  VoronoiSettings s;
  s.radii = {{29, 1}, {40, 2}};  // x^2 - 1 = (4 - x)^2 - 4, x = 13/8
  const Voronoi v = voronoi(two, s);
  CHECK(v.volume[0] == approx(2 * 13.0 / 8 * 36));
  CHECK(v.volume[1] == approx(2 * 19.0 / 8 * 36));
}

TEST_CASE("areas close the surface of a cell, five-fold share of the icosahedron is 1") {
  const Atoms gas = random_gas(1000, Vector3d(10, 10, 10).asDiagonal());
  const Voronoi v = voronoi(gas, 0);
  for (std::size_t i = 0; i < gas.size(); ++i) {
    double volume = 0;  // pyramids over the faces
    for (std::size_t k = 0; k < v.area[i].size(); ++k) {
      Vector3d d = gas.positions[v.neighbours[i][k]] - gas.positions[i];
      for (int c = 0; c < 3; ++c) d[c] -= 10 * std::round(d[c] / 10);
      volume += v.area[i][k] * d.norm() / 6;
    }
    CHECK(volume == approx(v.volume[i]).epsilon(1e-8));
  }
  Atoms motif;
  motif.add(29, {0, 0, 0});
  const double phi = (1 + std::sqrt(5.0)) / 2;
  for (double a : {-1.0, 1.0})
    for (double b : {-phi, phi}) {
      motif.add(40, {0, a, b});
      motif.add(40, {a, b, 0});
      motif.add(40, {b, 0, a});
    }
  const Voronoi ico = voronoi(motif);
  CHECK(ico.index[0] == std::array<int, 4>{0, 0, 12, 0});
  CHECK(five_fold_share(ico)[0] == 1);
}

TEST_CASE(
    "rebuilding without small faces leaves nothing below the cut that touches its neighbours") {
  const Atoms glass = read_structure(kSource + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  VoronoiSettings rebuild;
  rebuild.small_faces = SmallFaces::rebuild;
  const Voronoi v = voronoi(glass, rebuild), dropped = voronoi(glass), all = voronoi(glass, 0);
  for (std::size_t i = 0; i < glass.size(); ++i) {
    CHECK(v.neighbours[i] == dropped.neighbours[i]);
    CHECK(v.volume[i] == all.volume[i]);
    // the polyhedron is whole again: every corner joins three faces, sum (6 - edges) = 12
    int euler = 0;
    for (int e : v.edges[i]) euler += 6 - e;
    CHECK(euler == 12);
    if (dropped.edges[i].size() == all.edges[i].size()) CHECK(v.index[i] == all.index[i]);
  }
  rebuild.face_cut = 0;
  CHECK(voronoi(glass, rebuild).index == all.index);
  VoronoiSettings edges;
  edges.face_cut = 0;
  edges.edge_cut = 0.1;
  const Voronoi cut = voronoi(glass, edges);
  std::size_t fewer = 0;
  for (std::size_t i = 0; i < glass.size(); ++i)
    for (std::size_t k = 0; k < cut.edges[i].size(); ++k) {
      CHECK(cut.edges[i][k] <= all.edges[i][k]);
      fewer += cut.edges[i][k] < all.edges[i][k];
    }
  CHECK(fewer > 1000);
}

TEST_CASE("rounding that makes the indices of a crystal is found, and a cut of edges mends it") {
  // hcp: six faces in the plane, three above and three below, all with four edges
  Atoms hcp;
  hcp.cell.vectors << 16, 0, 0, -8, 8 * std::sqrt(3.0), 0, 0, 0, 15.675;
  for (int x = 0; x < 5; ++x)
    for (int y = 0; y < 5; ++y)
      for (int z = 0; z < 3; ++z)
        for (const Vector3d& f : {Vector3d(1. / 3, 2. / 3, .25), Vector3d(2. / 3, 1. / 3, .75)}) {
          const Vector3d g((f.x() + x) / 5, (f.y() + y) / 5, (f.z() + z) / 3);
          const Vector3d r = hcp.cell.vectors.transpose() * g;
          hcp.add(12, Vector3d((r * 1000).array().round().matrix() / 1000));
        }
  VoronoiSettings settings;
  CHECK(hangs_on_short_edges(voronoi(hcp, settings), settings));
  settings.edge_cut = 0.01;
  const Voronoi cut = voronoi(hcp, settings);
  CHECK(!hangs_on_short_edges(cut, settings));
  CHECK(voronoi_fraction(hcp, cut, {0, 12, 0, 0}) == 1);
  settings.edge_cut = 0;
  const Atoms glass = read_structure(kSource + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  const Voronoi cells = voronoi(glass, settings);
  CHECK(!hangs_on_short_edges(cells, settings));
  CHECK(cells.short_edges > 0);
}

TEST_CASE("a layer so thin that all its atoms are at the surface has no atoms inside") {
  for (const int layers : {1, 2}) {
    CAPTURE(layers);
    Atoms film;
    film.cell = Cell::orthogonal(4 * 3.6, 4 * 3.6, 24);
    for (int x = 0; x < 4; ++x)
      for (int y = 0; y < 4; ++y)
        for (int z = 0; z < layers; ++z)
          for (const double half : {0., .5})
            film.add(29, 3.6 * Vector3d(x + half + z % 2 * .5, y + half, 3 + z * .5));
    const Voronoi v = voronoi(film);
    CHECK(std::count(v.at_surface.begin(), v.at_surface.end(), true) == int(film.size()));
  }
}
