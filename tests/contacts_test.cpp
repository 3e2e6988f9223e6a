// Contacts of spheres: a crystal has those of its shells, a sphere without four of them rattles,
// and a jammed random packing has the six of an isostatic one.
#include "models/contacts.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "models/crystal.hpp"
#include "models/event_driven.hpp"
#include "models/transform.hpp"
#include "tests/approx.hpp"
#include "tests/sanitized.hpp"

using namespace vitrobeam;

TEST_CASE("spheres of a crystal touch twelve others, and none when they are smaller than the gap") {
  Atoms fcc = repeated(unit_cell(find_prototype("fcc"), {29}, 4.0), {3, 3, 3});
  const double radius = 4 / std::sqrt(8.0);
  std::vector<double> radii(fcc.size(), radius);
  const auto touching = sphere_contacts(fcc.cell, fcc.positions, radii, 1e-6);
  CHECK(touching.mean == approx(12));
  CHECK(touching.rattling == 0);
  for (const auto n : touching.number) CHECK(n == 12);
  for (double& r : radii) r *= 0.99;
  CHECK(sphere_contacts(fcc.cell, fcc.positions, radii, 0.0100).rattling == 1);
  CHECK(sphere_contacts(fcc.cell, fcc.positions, radii, 0.0102).mean == approx(12));
  // one that shrinks rattles, and its neighbours lose a contact: 107 spheres, 12 of them with 11
  radii.assign(fcc.size(), radius);
  radii[5] = 0.9 * radius;
  const auto loose = sphere_contacts(fcc.cell, fcc.positions, radii, 1e-6);
  CHECK(loose.number[5] == 0);
  CHECK(loose.rattling == approx(1.0 / double(fcc.size())));
  CHECK(loose.mean == approx(12 - 12.0 / double(fcc.size() - 1)));
  CHECK(sphere_contacts({}, {}, {}, 0.1).mean == 0);
}

TEST_CASE("where equal spheres jam, six contacts hold each" * doctest::skip(kSanitized)) {
  constexpr std::size_t n = 500;
  HardSpheres s =
      random_gas(Vector3d::Constant(std::cbrt(double(n))), std::vector<double>(n, 1.0), 1);
  GrowthSettings g;
  g.fraction = 0.74;
  CHECK(grow(s, g, [](const HardSpheres&) { return true; }) == GrowthEnd::jammed);
  const Cell cell = Cell::orthogonal(s.box.x(), s.box.y(), s.box.z());
  const std::vector<double> radii(n, s.diameter / 2);
  const double z = contacts_at_no_gap(cell, s.positions, radii);
  MESSAGE("contacts extrapolated to no gap: " << z);
  CHECK(z > 5.6);
  CHECK(z < 6.4);
}
