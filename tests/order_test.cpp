// Order of crystals, of the icosahedron and of a glass against their known values.
#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "io/structure_file.hpp"
#include "models/bond_order.hpp"
#include "models/chemical_order.hpp"
#include "models/column_density.hpp"
#include "models/common_neighbours.hpp"
#include "models/displacements.hpp"
#include "models/motifs.hpp"
#include "models/structure_factor.hpp"
#include "models/templates.hpp"
#include "models/voronoi.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const std::string kGlass =
    std::string(VITROBEAM_SOURCE_DIR) + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz";

// `n` cells along each axis, edges `a`; each basis atom has its own element.
Atoms crystal(const Eigen::Matrix3d& cell, const std::vector<Vector3d>& basis,
              const std::vector<int>& elements, int n) {
  Atoms atoms;
  atoms.cell.vectors = cell * n;
  for (int i = 0; i < n * n * n; ++i)
    for (std::size_t b = 0; b < basis.size(); ++b)
      atoms.add(elements[b % elements.size()],
                cell.transpose() * (basis[b] + Vector3d(i % n, i / n % n, i / n / n)));
  return atoms;
}

Eigen::Matrix3d cube(double a) { return Eigen::Matrix3d::Identity() * a; }

Atoms fcc(int n = 4) {
  return crystal(cube(4), {{0, 0, 0}, {.5, .5, 0}, {.5, 0, .5}, {0, .5, .5}}, {29}, n);
}
Atoms bcc(int n = 4) { return crystal(cube(3), {{0, 0, 0}, {.5, .5, .5}}, {29, 40}, n); }
Atoms hcp(int n = 4) {
  Eigen::Matrix3d cell;
  cell << 3, 0, 0, -1.5, 1.5 * std::sqrt(3.0), 0, 0, 0, 3 * std::sqrt(8.0 / 3);
  return crystal(cell, {{1. / 3, 2. / 3, .25}, {2. / 3, 1. / 3, .75}}, {40}, n);
}
Atoms icosahedron() { return build_motif(find_motif("icosahedron"), {{29, 40}, 2.8, 0}); }

void shake(Atoms& atoms, double u) {
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const auto n = normal4(3, 1, i);
    atoms.positions[i] += u * Vector3d(n[0], n[1], n[2]);
  }
}

NeighbourList neighbours(const Atoms& atoms, double cutoff) {
  return neighbours_within(atoms.cell, atoms.positions, cutoff);
}

}  // namespace

TEST_CASE("bond-orientational order of crystals and of the icosahedron") {
  struct Row {
    Atoms atoms;
    double cutoff, q4, q6, w4, w6;
  };
  constexpr double kNone = 1e9;  // w of a vanishing q is not defined
  const Row rows[] = {{fcc(), 3.4, .19094, .57452, -.159317, -.013161},
                      {hcp(), 3.6, .09722, .48476, .134097, -.012442},
                      {bcc(), 2.8, .50918, .62854, kNone, kNone},
                      {bcc(), 3.6, .03637, .51069, .159317, .013161},
                      {crystal(cube(3), {{0, 0, 0}}, {29}, 4), 3.5, .76376, .35355, kNone, kNone},
                      {icosahedron(), 2.9, 0, .66332, kNone, -.169754}};
  for (const Row& row : rows) {
    const auto list = neighbours(row.atoms, row.cutoff);
    const BondOrder four = bond_order(list, 4), six = bond_order(list, 6);
    CAPTURE(list.count(0));
    CHECK(std::abs(four.q[0] - row.q4) < 6e-6);
    CHECK(std::abs(six.q[0] - row.q6) < 6e-6);
    if (row.w4 < 1) CHECK(std::abs(four.w[0] - row.w4) < 6e-7);
    if (row.w6 < 1) CHECK(std::abs(six.w[0] - row.w6) < 6e-7);
    if (row.atoms.cell.vectors.isZero()) continue;
    // every atom of a lattice has the same q_lm, hcp's even l too: the average changes nothing
    CHECK(std::abs(six.q_averaged[0] - six.q[0]) < 1e-12);
  }
}

TEST_CASE("bond order does not change when the model turns; odd orders have no w") {
  Atoms atoms = read_structure(kGlass);
  atoms.cell = Cell{};  // a finite piece
  atoms.positions.resize(300);
  atoms.numbers.resize(300);
  Atoms turned = atoms;
  const Eigen::Matrix3d r =
      Eigen::AngleAxisd(1.1, Vector3d(1, -2, 0.5).normalized()).toRotationMatrix();
  for (auto& p : turned.positions) p = r * p;
  for (int l : {3, 4, 6, 8, 12}) {
    const BondOrder a = bond_order(neighbours(atoms, 3.7), l),
                    b = bond_order(neighbours(turned, 3.7), l);
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      CHECK(std::abs(a.q_averaged[i] - b.q_averaged[i]) < 1e-12);
      CHECK(std::abs(a.w[i] - b.w[i]) < 1e-9);
      if (l == 3) CHECK(a.w[i] == 0);
    }
  }
}

TEST_CASE(
    "common neighbours and templates tell crystals and icosahedra apart, at rest and shaken") {
  struct Row {
    Atoms atoms;
    LocalOrder order;
    std::size_t atoms_of_it;
  };
  std::vector<Row> rows = {{fcc(), LocalOrder::fcc, 256},
                           {hcp(), LocalOrder::hcp, 128},
                           {bcc(), LocalOrder::bcc, 128},
                           {icosahedron(), LocalOrder::icosahedral, 1}};
  for (double u : {0.0, 0.05})
    for (Row& row : rows) {
      Atoms atoms = row.atoms;
      shake(atoms, u);
      const auto list = neighbours(atoms, 6);
      CAPTURE(int(row.order));
      const auto classes = common_neighbour_classes(list);
      const auto count = std::size_t(std::count(classes.begin(), classes.end(), row.order));
      CHECK(count == row.atoms_of_it);
      const auto matches = template_matches(list);
      const auto fits = std::count_if(matches.begin(), matches.end(), [&](const TemplateMatch& m) {
        return m.order == row.order && m.rmsd < (u > 0 ? 0.1 : 1e-6);
      });
      CHECK(std::size_t(fits) == row.atoms_of_it);
    }
}

TEST_CASE("bonds: 421 in fcc, half 422 in hcp, 666 and 444 in bcc, 555 through an icosahedron") {
  CHECK(bond_signatures(neighbours(fcc(), 3.4)).at("421") == approx(1));
  const auto close_packed = bond_signatures(neighbours(hcp(), 3.6));
  CHECK(close_packed.at("421") == approx(0.5));
  CHECK(close_packed.at("422") == approx(0.5));
  const auto body = bond_signatures(neighbours(bcc(), 3.6));
  CHECK(body.at("666") == approx(8.0 / 14));
  CHECK(body.at("444") == approx(6.0 / 14));
  // 12 bonds of 42 run from the centre; on the shell a pair shares the centre and two vertices
  const auto rings = bond_signatures(neighbours(icosahedron(), 3.2));
  CHECK(rings.at("555") == approx(12.0 / 42));
  CHECK(rings.at("322") == approx(30.0 / 42));
}

TEST_CASE("Warren-Cowley: B2 has only unlike neighbours, a random alloy has no preference") {
  const Atoms ordered = bcc();
  const ChemicalOrder b2 = chemical_order(ordered.numbers, neighbours(ordered, 2.8));
  CHECK((b2.coordination.at({29, 40}) == approx(8)));
  CHECK((b2.warren_cowley.at({29, 40}) == approx(-1)));
  CHECK((b2.warren_cowley.at({29, 29}) == approx(1)));
  Atoms random = fcc(8);
  for (std::size_t i = 0; i < random.size(); ++i)
    random.numbers[i] = uniform4(7, 0, i)[0] < 0.3 ? 40 : 29;
  const ChemicalOrder none = chemical_order(random.numbers, neighbours(random, 3.4));
  for (const auto& [pair, alpha] : none.warren_cowley) CHECK(std::abs(alpha) < 0.03);
  CHECK(none.total_coordination.at(40) == approx(12));
}

TEST_CASE("column densities average to the density of the cell, whatever the beam") {
  Atoms atoms = read_structure(kGlass);
  ColumnWeight airy;
  airy.kind = ColumnWeight::Kind::airy;
  airy.aperture_radius = 0.14;
  for (const ColumnWeight& weight : {ColumnWeight{}, airy}) {
    const ColumnDensity map = column_density(atoms, weight, 24, 20);
    CHECK(map.density.mean() == approx(number_density(atoms)));
    CHECK(map.mass_density_g_cm3.mean() == approx(mass_density(atoms)));
    CHECK((map.share.at(29) + map.share.at(40) - 1).abs().maxCoeff() < 1e-12);
    CHECK((map.density - map.density.mean()).abs().maxCoeff() > 0.002);
  }
}

TEST_CASE("the column of one atom has the profile of the beam") {
  Atoms one;
  one.cell = Cell::orthogonal(60, 50, 10);
  one.add(29, {30, 25, 5});
  ColumnWeight gaussian;
  gaussian.fwhm = 4;
  const ColumnDensity g = column_density(one, gaussian, 100, 120);            // 0.5 Angstrom
  CHECK(g.density(50, 64) / g.density(50, 60) == approx(0.5).epsilon(1e-6));  // 2 Angstrom beside
  CHECK(g.density(46, 60) / g.density(50, 60) == approx(0.5).epsilon(1e-6));
  CHECK(g.density(50, 60) == approx(4 * std::log(2) / std::numbers::pi / 16 / 10).epsilon(1e-6));
  ColumnWeight airy;
  airy.kind = ColumnWeight::Kind::airy;
  airy.aperture_radius = 0.13;
  const ColumnDensity a = column_density(one, airy, 100, 120);
  CHECK(a.density.minCoeff() > -1e-12);                       // an intensity
  const double centre = std::numbers::pi * 0.13 * 0.13 / 10;  // pi (alpha/lambda)^2 over the height
  CHECK(a.density(50, 60) == approx(centre).epsilon(2e-2));   // 2 %: tails of the images
  for (int k = 1; k < 20; ++k) {
    const double x = 2 * std::numbers::pi * 0.13 * 0.5 * k;
    const double disk = std::pow(2 * std::cyl_bessel_j(1, x) / x, 2);
    CHECK(std::abs(a.density(50, 60 + k) / centre - disk) < 0.03);
  }
}

TEST_CASE("an affine deformation leaves no D2min and the strain that was applied") {
  Atoms before = read_structure(kGlass);
  Eigen::Matrix3d f;
  f << 1.01, 0.03, 0, 0, 0.99, 0, 0, 0, 1.02;
  Atoms after = before;
  after.cell.vectors = before.cell.vectors * f.transpose();
  for (auto& r : after.positions) r = f * r;
  const LocalDeformation d = local_deformation(before, after, 5);
  const Eigen::Matrix3d strain = (f.transpose() * f - Eigen::Matrix3d::Identity()) / 2;
  const double third = strain.trace() / 3;
  for (std::size_t i = 0; i < before.size(); i += 37) {
    CHECK(d.d2min[i] < 1e-20);
    CHECK(d.volumetric[i] == approx(third));
    CHECK(d.shear[i] ==
          approx(std::sqrt((strain - third * Eigen::Matrix3d::Identity()).squaredNorm() / 2)));
  }
  for (const auto& u : displacements(before, after)) CHECK(u.norm() < 1e-9);
}

TEST_CASE("one atom that jumps is found by D2min; wrapping through a face is no jump") {
  Atoms before = fcc(), after = before;
  after.positions[17] += Vector3d(0.6, 0, 0);
  for (auto& r : after.positions) r += Vector3d(0.1, 0.2, -0.3);  // drift
  wrap(after);
  const LocalDeformation d = local_deformation(before, after, 3.4);
  const auto most = std::max_element(d.d2min.begin(), d.d2min.end()) - d.d2min.begin();
  CHECK(most == 17);
  CHECK(d.d2min[17] == approx(0.36).epsilon(1e-9));  // a shell displaced as one: no F helps
  const auto u = displacements(before, after);
  CHECK(u[17].x() == approx(0.6 * (1 - 1.0 / 256)));
  CHECK(u[3].norm() < 0.01);
  Atoms fewer = before;
  fewer.positions.pop_back();
  fewer.numbers.pop_back();
  CHECK_THROWS_AS(displacements(before, fewer), Error);
  after.numbers[0] = 40;
  CHECK_THROWS_AS(displacements(before, after), Error);
}

TEST_CASE("the vibration of an Einstein solid is 3 u^2, its flexibility volume 3 u^2 a") {
  const Atoms rest = fcc(5);
  Vibration vibration;
  constexpr int kFrames = 200;
  for (int t = 0; t < kFrames; ++t) {
    Atoms frame = rest;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const auto n = normal4(11, std::uint64_t(t), i);
      frame.positions[i] += 0.1 * Vector3d(n[0], n[1], n[2]);
    }
    wrap(frame);
    vibration.add(frame);
  }
  const auto msd = vibration.mean_square();
  double mean = 0;
  for (double m : msd) mean += m / double(msd.size());
  const double expected = 3 * 0.01 * (1 - 1.0 / kFrames) * (1 - 1.0 / double(rest.size()));
  CHECK(mean == approx(expected).epsilon(0.01));
  CHECK(flexibility_volume({0.03}, {8})[0] == approx(0.06));
}

TEST_CASE(
    "S(q): no structure gives 1; g(r) and the sum over waves agree; weights cancel for one kind") {
  PairDistribution flat;
  for (int k = 0; k < 200; ++k) flat.r.push_back((k + 0.5) * 0.1);
  flat.total = flat.partials["Cu-Cu"] = std::vector<double>(200, 1.0);
  const StructureFactor none = structure_factor(flat, 0.06, {0.1, 0.4});
  for (double s : none.partials.at("Cu-Cu")) CHECK(s == approx(1));
  Atoms glass = read_structure(kGlass);
  std::fill(glass.numbers.begin(), glass.numbers.end(), 29);
  const double edge = glass.cell.vectors(0, 0);
  // The mean of |sum exp|^2 / N over the waves of one |h| and its neighbourhood.
  const auto direct = [&](double from, double to) {
    double sum = 0;
    int count = 0;
    const int most = int(std::ceil(to * edge));
    for (int h = 0; h <= most; ++h)
      for (int k = -most; k <= most; ++k)
        for (int l = -most; l <= most; ++l) {
          const double q = std::sqrt(double(h * h + k * k + l * l)) / edge;
          if (q < from || q >= to || (h * 7919 + k * 104729 + l * 1299709) % 40 != 0) continue;
          std::complex<double> f = 0;
          for (const auto& r : glass.positions)
            f += std::polar(1.0, 2 * std::numbers::pi * (h * r.x() + k * r.y() + l * r.z()) / edge);
          sum += std::norm(f) / double(glass.size());
          ++count;
        }
    REQUIRE(count > 20);
    return sum / count;
  };
  const PairDistribution g = pair_distribution(glass, 20, 0.02);
  for (double q : {0.35, 0.45, 0.6}) {
    std::vector<double> around;
    for (int k = 0; k < 20; ++k) around.push_back(q - 0.02 + 0.002 * (k + 0.5));
    double mean = 0;
    const StructureFactor near = structure_factor(g, number_density(glass), around, false);
    for (double s : near.partials.at("Cu-Cu")) mean += s / 20;
    CAPTURE(q);
    CHECK(mean == approx(direct(q - 0.02, q + 0.02)).epsilon(0.12));  // a fortieth of the waves
  }
  const StructureFactor s = structure_factor(g, number_density(glass), {0.45});
  CHECK(weighted_structure_factor(s, element_shares(glass), [](int, double q) {
          return 3 - q;
        })[0] == approx(s.partials.at("Cu-Cu")[0]));
}

TEST_CASE("peaks between samples; the first minimum of a glass and the gap of a crystal") {
  const Peak p = highest_peak({0, 1, 2, 3}, {1.04, 2.84, 2.64, 0.44}, 0, 3);  // 3 - (x - 1.4)^2
  CHECK(p.x == approx(1.4));
  CHECK(p.height == approx(3));
  const PairDistribution glass = pair_distribution(read_structure(kGlass), 8, 0.02);
  CHECK(std::abs(first_minimum(glass.r, glass.total) - 3.7) < 0.15);
  const PairDistribution crystal_g = pair_distribution(fcc(), 8, 0.02);
  CHECK(std::abs(first_minimum(crystal_g.r, crystal_g.total) - (2.828 + 4) / 2) < 0.15);
}

TEST_CASE(
    "pairs of a flat or straight piece are found: an open axis without height has no images") {
  Atoms line;
  for (int i = 0; i < 5; ++i) line.add(29, {1.5 * i, 0, 0});
  const auto list = neighbours(line, 1.6);
  CHECK(list.count(0) == 1);
  CHECK(list.count(2) == 2);
  CHECK(close_pairs(line) == 4);  // 1.5 is under 0.7 of twice 1.28
}
