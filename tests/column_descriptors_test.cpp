// Laws of the means over a column: what every atom has, the column has; a shift of the periodic
// model moves the map and changes nothing else; shares of all elements sum to one.
#include "models/column_descriptors.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"

using namespace vitrobeam;

namespace {

// 260 atoms of Cu and Zr at random places that keep their distance.
Atoms glass() {
  Atoms a;
  a.cell = Cell::orthogonal(17, 18, 16);
  RandomSequence random(7, 1);
  while (a.size() < 260) {
    const Vector3d r(17 * random.uniform(), 18 * random.uniform(), 16 * random.uniform());
    bool is_free = true;
    for (const auto& other : a.positions) {
      Vector3d step = r - other;
      for (int k = 0; k < 3; ++k)
        step[k] -= a.cell.lengths()[k] * std::round(step[k] / a.cell.lengths()[k]);
      is_free = is_free && step.norm() > 2.0;
    }
    if (is_free) a.add(a.size() % 3 ? 29 : 40, r);
  }
  return a;
}

ColumnWeight beam() {
  ColumnWeight w;
  w.kind = ColumnWeight::Kind::airy;
  w.aperture_radius = 0.13;
  return w;
}

const std::vector<double> kY{0, 3, 9.5}, kX{1, 2.5, 12, 16};

std::vector<PlaneD> columns(const Atoms& a, const std::string& names,
                            const std::vector<double>& y = kY, const std::vector<double>& x = kX) {
  const auto d = parse_descriptors(names);
  return column_descriptors(with_descriptors(a, d, 3.6), d, beam(), y, x);
}

}  // namespace

TEST_CASE("a label that is the same for all atoms is that of every column") {
  Atoms a = glass();
  a.labels["d2min"] = {1, std::vector<double>(a.size(), 0.37)};
  CHECK((columns(a, "d2min")[0] - 0.37).abs().maxCoeff() < 1e-9);
}

TEST_CASE("shares of the elements sum to one, that of a pure element is one") {
  Atoms a = glass();
  const auto both = columns(a, "share:Cu,share:Zr");
  CHECK((both[0] + both[1] - 1).abs().maxCoeff() < 1e-9);
  for (auto& z : a.numbers) z = 29;
  CHECK((columns(a, "share:Cu")[0] - 1).abs().maxCoeff() < 1e-9);
}

TEST_CASE("the density of the columns is the atoms by the area of the cell on average") {
  const Atoms a = glass();
  std::vector<double> y, x;
  for (int i = 0; i < 24; ++i) y.push_back(18.0 * i / 24), x.push_back(17.0 * i / 24);
  CHECK(columns(a, "density", y, x)[0].mean() == doctest::Approx(double(a.size()) / (17 * 18)));
}

TEST_CASE("moving the periodic model moves the map and changes nothing else") {
  const std::string all =
      "icosahedra,<0,3,6,4>,five_fold,faces,voronoi_volume,coordination,q4,q6,q4_averaged,"
      "q6_averaged,share:Zr,warren_cowley,density,thickness";
  const Atoms a = glass();
  Atoms moved = a;
  const Vector3d by(5.3, -7.1, 3.9);
  for (auto& r : moved.positions) r += by;
  wrap(moved);
  std::vector<double> y = kY, x = kX;
  for (auto& v : y) v += by.y();
  for (auto& v : x) v += by.x();
  const auto before = columns(a, all), after = columns(moved, all, y, x);
  REQUIRE(before.size() == 14);
  for (std::size_t k = 0; k < before.size(); ++k) {
    CAPTURE(k);
    CHECK((before[k] - after[k]).abs().maxCoeff() < 1e-7 * (1 + before[k].abs().maxCoeff()));
  }
}

TEST_CASE("the classes of all indices sum to one, and those of two centres to all") {
  const Atoms a = glass();
  std::set<std::string> names;
  for (const auto& index : voronoi(a).index) names.insert(voronoi_name(index));
  std::string list, of_copper, of_zirconium;
  for (const auto& n : names) {
    list += (list.empty() ? "" : ",") + n;
    of_copper += (of_copper.empty() ? "" : ",") + ("Cu" + n);
    of_zirconium += (of_zirconium.empty() ? "" : ",") + ("Zr" + n);
  }
  PlaneD sum = PlaneD::Zero(3, 4), parts = sum;
  for (const auto& p : columns(a, list)) sum += p;
  for (const auto& p : columns(a, of_copper)) parts += p;
  for (const auto& p : columns(a, of_zirconium)) parts += p;
  CHECK((sum - 1).abs().maxCoeff() < 1e-9);
  CHECK((parts - 1).abs().maxCoeff() < 1e-9);
}

TEST_CASE("a cut carries what the whole model says of its atoms") {
  const Atoms a = glass();
  const auto d = parse_descriptors("five_fold,voronoi_volume,q6");
  const Atoms known = with_descriptors(a, d, 3.6);
  // the whole cell as an open box has the same atoms, so the same columns
  const Atoms cut = turned_box(known, Eigen::Matrix3d::Identity(), {8.5, 9, 8}, {17, 18, 16});
  REQUIRE(cut.size() == a.size());
  const auto whole = column_descriptors(known, d, beam(), kY, kX),
             part = column_descriptors(cut, d, beam(), kY, kX);
  for (std::size_t k = 0; k < whole.size(); ++k)
    CHECK((whole[k] - part[k]).abs().maxCoeff() < 1e-9 * (1 + whole[k].abs().maxCoeff()));
}

TEST_CASE("names that are none are refused with what to write") {
  for (const char* text : {"", "icosahedra,", "<0,0,12>", "Qq<0,0,12,0>", "share:Qq", "a/b",
                           "five_fold,five_fold", "<0,0,-1,0>"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_descriptors(text), Error);
  }
  CHECK(parse_descriptors("Cu<0,0,12,0>,density").size() == 2);
  const auto unknown = parse_descriptors("nonsense");
  CHECK_THROWS_WITH(with_descriptors(glass(), unknown, 3.6),
                    doctest::Contains("nor a label of the model"));
}
