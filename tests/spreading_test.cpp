// Structure factors by spreading: equal to the sum over atoms as it is written down, within the
// stated error.
#include "potentials/spreading.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.hpp"
#include "potentials/slice_potential.hpp"

using namespace vitrobeam;

namespace {

std::vector<Vector2d> scattered_atoms(const Grid& grid, std::size_t count, std::uint64_t stream) {
  RandomSequence random(7, stream);
  std::vector<Vector2d> atoms;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = random.uniform();
    atoms.emplace_back(x * grid.lx, random.uniform() * grid.ly);
  }
  // on the edges of the cell and, as thermal motion may put them, beyond
  atoms.emplace_back(0, 0);
  atoms.emplace_back(grid.lx, grid.ly);
  atoms.emplace_back(-0.3 * grid.lx, 1.2 * grid.ly);
  return atoms;
}

// Root mean square difference from the sum over atoms, over its root mean square; both inside the
// band.
template <typename Real>
double error(const Grid& grid, const std::vector<Vector2d>& atoms,
             const Plane<std::complex<Real>>& fast) {
  const int bx = grid.band_x(), by = grid.band_y();
  double difference = 0, sum = 0;
  for (int jy = -by; jy <= by; ++jy)
    for (int jx = 0; jx <= bx; ++jx) {
      std::complex<double> exact = 0;
      if (grid.inside_band(jx / grid.lx, jy / grid.ly))
        for (const auto& r : atoms)
          exact += std::polar(1.0, -2 * M_PI * (jx * r.x() / grid.lx + jy * r.y() / grid.ly));
      difference += std::norm(exact - std::complex<double>(fast(jy + by, jx)));
      sum += std::norm(exact);
    }
  return std::sqrt(difference / sum);
}

}  // namespace

TEST_CASE_TEMPLATE("spread structure factors equal the sum over atoms", Real, float, double) {
  const double limit = sizeof(Real) == 4 ? 2e-6 : 1e-11;
  for (const Grid& grid : {Grid{96, 96, 12.0, 12.0}, Grid{120, 84, 15.0, 9.0}}) {
    CAPTURE(grid.nx);
    const Spreading<Real> spreading(grid);
    const auto first = scattered_atoms(grid, 60, 1), second = scattered_atoms(grid, 35, 2);
    const auto both = spreading(first, second);
    CHECK(error(grid, first, both[0]) < limit);
    CHECK(error(grid, second, both[1]) < limit);
    const auto alone = spreading(first, {});
    CHECK(error(grid, first, alone[0]) < limit);
    CHECK(alone[1].abs().maxCoeff() < limit * 60);
  }
}

TEST_CASE_TEMPLATE("a slice's potential is the same by spreading and by matrix products", Real,
                   float, double) {
  const Grid grid{108, 96, 14.0, 12.0};
  RandomSequence random(3, 1);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(grid.lx, grid.ly, 4);
  for (int i = 0; i < 90; ++i) {
    const double x = random.uniform(), y = random.uniform();
    atoms.positions.emplace_back(x * grid.lx, y * grid.ly, 4 * random.uniform());
    atoms.numbers.push_back(i % 3 == 0 ? 40 : i % 3 == 1 ? 29 : 13);
  }
  for (const Projection projection : {Projection::infinite, Projection::finite}) {
    PotentialSettings settings;
    settings.projection = projection;
    settings.sum = AtomSum::product;
    const SlicePotential<Real> product(grid, settings, atoms, 2);
    settings.sum = AtomSum::spreading;
    const SlicePotential<Real> spreading(grid, settings, atoms, 2);
    CHECK(spreading.sum() == AtomSum::spreading);
    for (int slice = 0; slice < 2; ++slice) {
      const HalfPlane<Real> exact = product.coefficients(slice);
      HalfPlane<Real> variation = exact;  // without the mean, which says nothing of the structure
      variation(grid.band_y(), 0) = 0;
      const double difference = (spreading.coefficients(slice) - exact).matrix().norm();
      CHECK(difference < (sizeof(Real) == 4 ? 2e-6 : 1e-11) * variation.matrix().norm());
      CHECK(difference > 0);
    }
  }
}

TEST_CASE("many atoms are spread, few are summed exactly") {
  const Grid grid{128, 128, 12.8, 12.8};
  Atoms atoms;
  atoms.cell = Cell::orthogonal(grid.lx, grid.ly, 2);
  const auto chosen = [&](std::size_t count) {
    atoms.positions.assign(count, Vector3d(1, 2, 1));
    atoms.numbers.assign(count, 29);
    return SlicePotential<float>(grid, {}, atoms, 1).sum();
  };
  CHECK(chosen(10) == AtomSum::product);
  CHECK(chosen(2000) == AtomSum::spreading);
}
