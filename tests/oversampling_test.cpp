// Transmission functions that are exponentiated on a finer grid than that of the waves.
#include <doctest/doctest.h>

#include <cmath>
#include <complex>

#include "base/quadrature.hpp"
#include "base/random.hpp"
#include "fourier/fourier.hpp"
#include "multislice/changed_slab.hpp"
#include "multislice/optics.hpp"
#include "multislice/oversampled_potential.hpp"
#include "multislice/simulation.hpp"
#include "potentials/radial_potential.hpp"

using namespace vitrobeam;

namespace {

using Complex = std::complex<double>;
constexpr double kSigma200 = 7.288e-4, kSigma60 = 1.1354e-3;  // rad/(V Angstrom) at 200, 60 kV

Atoms atoms_in(double lx, double ly, double lz, std::vector<int> numbers,
               std::vector<Vector3d> positions) {
  Atoms a;
  a.cell.vectors = Vector3d(lx, ly, lz).asDiagonal();
  a.numbers = std::move(numbers);
  a.positions = std::move(positions);
  return a;
}

Plane<Complex> transmission(const Grid& grid, const PotentialSettings& s, double sigma,
                            const Atoms& atoms) {
  return make_potential<double>(grid, s, sigma, atoms, 1)->transmission(0);
}

PotentialSettings oversampled(int times) {
  PotentialSettings s;
  s.oversampling = times;
  return s;
}

// Largest difference of Fourier coefficients over the largest coefficient of `wanted` - 1.
double error(Plane<Complex> t, Plane<Complex> wanted) {
  t -= wanted;
  wanted -= 1.0;
  transform_plane(t, Direction::forward);
  transform_plane(wanted, Direction::forward);
  return t.abs().maxCoeff() / wanted.abs().maxCoeff();
}

// Transform of exp(i sigma V) - 1 of one atom: what is left after its first order, by quadrature in
// log r, and the first order in closed form.
Complex quadrature(const ElementFactor& factor, double sigma, double q) {
  static const std::vector<QuadratureNode> rule = gauss_legendre(400);
  const RadialPotential v(factor);
  const double from = std::log(1e-7), to = std::log(9.0);
  Complex sum = Complex(0, sigma * kPotentialUnit * factor(q));
  for (const QuadratureNode& node : rule) {
    const double r = std::exp((from + to) / 2 + (to - from) / 2 * node.at);
    const double phase = sigma * v(r);
    const Complex rest = std::exp(Complex(0, phase)) - 1.0 - Complex(0, phase);
    sum += node.weight * (to - from) / 2 * r * r * 2 * M_PI * rest * j0(2 * M_PI * q * r);
  }
  return sum;
}

}  // namespace

TEST_CASE("The projected potential of an atom is the sum of its terms in closed form") {
  const FactorTable kirkland;
  for (const int z : {1, 14, 29, 79}) {
    const ElementFactor& f = kirkland.element(z);
    const RadialPotential v(f);
    for (const double r : {0.003, 0.05, 0.3, 1.0, 3.0}) {
      double wanted = 0;
      for (const auto& t : f.lorentzians)
        wanted += t.weight * 2 * M_PI * std::cyl_bessel_k(0, 2 * M_PI * std::sqrt(t.width) * r);
      for (const auto& t : f.gaussians)
        wanted += t.weight * M_PI / t.width * std::exp(-M_PI * M_PI * r * r / t.width);
      CHECK(v(r) == doctest::Approx(kPotentialUnit * wanted).epsilon(1e-8));
      const double h = 1e-4 * r * r;  // of the derivative with r^2
      const double slope = (v(std::sqrt(r * r + h)) - v(std::sqrt(r * r - h))) / (2 * h);
      CHECK(v.derivative(r, 1) == doctest::Approx(slope).epsilon(1e-5));
    }
  }
  // Lobato: 1 / (q^2 + b)^2 is (pi r / sqrt b) 2 pi K_1(2 pi sqrt(b) r)
  const ElementFactor& f = FactorTable(Parametrisation::lobato).element(29);
  double wanted = 0;
  for (const auto& t : f.lorentzians)
    wanted += t.weight * 2 * M_PI * std::cyl_bessel_k(0, 2 * M_PI * std::sqrt(t.width) * 0.2);
  for (const auto& t : f.squared_lorentzians)
    wanted += t.weight * 2 * M_PI * M_PI * 0.2 / std::sqrt(t.width) *
              std::cyl_bessel_k(1, 2 * M_PI * std::sqrt(t.width) * 0.2);
  CHECK(RadialPotential(f)(0.2) == doctest::Approx(kPotentialUnit * wanted).epsilon(1e-8));
}

TEST_CASE("A list of factors has the potential of the terms that it lists") {
  const FactorTable kirkland;
  ElementFactor list;
  constexpr double kU = 0.16;
  for (int i = 0; i <= 800; ++i) {
    list.q.push_back(0.01 * i);
    list.f.push_back(kirkland.element(29)(0.01 * i));
  }
  const RadialPotential listed(list, kU), terms(kirkland.element(29), kU);
  for (const double r : {0.01, 0.1, 0.3, 0.6})
    for (const int order : {0, 1, 4})
      CHECK(listed.derivative(r, order) ==
            doctest::Approx(terms.derivative(r, order)).epsilon(2e-4));
}

TEST_CASE("One atom of every element: the transmission function equals the quadrature") {
  const Grid grid{256, 256, 20.48, 20.48};
  const FactorTable table;
  for (int z = 1; z <= 103; ++z) {
    const Vector3d at(10.24 + 0.0371, 10.24 - 0.0153, 1);
    Plane<Complex> t = transmission(grid, oversampled(0), z % 2 ? kSigma200 : kSigma60,
                                    atoms_in(grid.lx, grid.ly, 2, {z}, {at})) -
                       1.0;
    transform_plane(t, Direction::forward);
    const double area = grid.lx * grid.ly, norm = area / (256.0 * 256.0);
    double largest = 0, worst = 0;
    for (const auto& [jx, jy] :
         {std::pair{0, 0}, {3, 1}, {10, -7}, {-25, 13}, {40, 22}, {-60, 55}}) {
      const double q = std::hypot(jx, jy) / grid.lx;
      const Complex turned = std::polar(1.0, 2 * M_PI * (jx * at.x() + jy * at.y()) / grid.lx) *
                             t((jy + 256) % 256, (jx + 256) % 256) * norm;
      const Complex wanted = quadrature(table.element(z), z % 2 ? kSigma200 : kSigma60, q);
      largest = std::max(largest, std::abs(wanted));
      worst = std::max(worst, std::abs(turned - wanted));
    }
    CAPTURE(z);
    CHECK(worst < 1e-4 * largest);
  }
}

TEST_CASE("Planes come near the patches as they become finer; a fine grid needs neither") {
  const Grid grid{96, 96, 7.68, 7.68};
  const Atoms atoms = atoms_in(7.68, 7.68, 2, {29, 40, 79}, {{2, 3, 1}, {5.1, 3.3, 1}, {4, 6, 1}});
  const Plane<Complex> patches = transmission(grid, oversampled(0), kSigma200, atoms);
  double before = 1;
  for (const int times : {2, 4, 8, 16}) {
    const double e = error(transmission(grid, oversampled(times), kSigma200, atoms), patches);
    CHECK(e < 0.6 * before);
    before = e;
  }
  CHECK(before < 3e-4);
}

TEST_CASE("Close and coinciding nuclei in one slice are exponentiated together") {
  const Grid grid{96, 96, 7.68, 7.68};
  for (const double apart : {0.0, 0.03, 0.1, 0.3}) {
    const Atoms atoms =
        atoms_in(7.68, 7.68, 4, {29, 79}, {{7.66, 0.011, 1}, {7.66 + apart, 0.011, 3}});
    CAPTURE(apart);
    CHECK(error(transmission(grid, oversampled(0), kSigma200, atoms),
                transmission(grid, oversampled(20), kSigma200, atoms)) < 1e-3);
    CHECK(error(transmission(grid, oversampled(1 + 1), kSigma200, atoms),
                transmission(grid, oversampled(20), kSigma200, atoms)) > 3e-3);
  }
}

TEST_CASE("Pixels that are not square, absorption, smearing and other tables converge too") {
  const Grid grid{90, 54, 7.2, 6.1};
  const Atoms atoms = atoms_in(7.2, 6.1, 2, {29, 40}, {{2, 3, 1}, {7.1, 5.9, 1}});
  PotentialSettings s = oversampled(0);
  const auto check = [&](double bound) {
    PotentialSettings fine = s;
    fine.oversampling = 16;
    CHECK(error(transmission(grid, s, kSigma200, atoms),
                transmission(grid, fine, kSigma200, atoms)) < bound);
  };
  check(4e-4);
  s.sum = AtomSum::spreading;
  check(4e-4);
  s.sum = AtomSum::product;
  s.factors = FactorTable(Parametrisation::lobato);
  check(4e-4);
  s.factors = FactorTable().smeared({{29, 0.08}, {40, 0.09}});
  check(1e-4);
  s.absorption = kSigma200;
  check(1e-4);
}

TEST_CASE("To first order in the phase nothing changes, and no slice amplifies") {
  const Grid grid{96, 96, 7.68, 7.68};
  const Atoms atoms = atoms_in(7.68, 7.68, 2, {29, 40}, {{2, 3, 1}, {5.1, 3.3, 1}});
  constexpr double kWeak = 1e-7;
  const Plane<Complex> weak = transmission(grid, oversampled(0), kWeak, atoms);
  const SlicePotential<double> plain(grid, {}, atoms, 1);
  const HalfPlane<double> v = plain.coefficients(0);
  Plane<Complex> first = (weak - 1.0) / Complex(0, kWeak);
  transform_plane(first, Direction::forward);
  for (const auto& [jx, jy] : {std::pair{0, 0}, {1, 2}, {7, 20}, {30, 5}}) {
    const Complex wanted = v(jy + grid.band_y(), jx);
    CHECK(std::abs(first(jy, jx) / (96.0 * 96.0) - wanted) < 2e-4 * std::abs(v(grid.band_y(), 0)));
  }
  const double mean = transmission(grid, oversampled(0), kSigma200, atoms).abs2().mean();
  CHECK(mean < 1);
  CHECK(mean > 0.95);
}

TEST_CASE("Engines agree on an oversampled potential, and a changed slab with its whole") {
  Atoms atoms = atoms_in(10, 11, 8, {}, {});
  for (int i = 0; i < 30; ++i) {
    const auto u = [&](int k) { return 0.5 + 0.5 * std::sin(12.9898 * i + 78.233 * k); };
    atoms.numbers.push_back(i % 3 ? 29 : 40);
    atoms.positions.emplace_back(10 * u(1), 11 * u(2), 0.1 + 7.8 * u(3));
  }
  SimulationSettings s;
  s.nx = s.ny = 120;
  s.optics.energy_kV = 200;
  s.optics.semiangle_mrad = 12;
  s.recording.q_max = 2;
  for (const int times : {0, 4}) {
    s.potential.oversampling = times;
    const auto pattern = [&](const Atoms& model, Engine engine) {
      s.engine = engine;
      PlaneD out;
      double total = 0;
      Simulation<double>(model, s).run(std::vector<Vector2d>{{4, 5}}, 1,
                                       [&](std::size_t, const auto& r) {
                                         out = r.pattern;
                                         total = r.intensity_out;
                                       });
      CHECK(total < 1);
      return out;
    };
    const PlaneD whole = pattern(atoms, Engine::multislice);
    const PlaneD matrix = pattern(atoms, Engine::scattering_matrix);
    CHECK((matrix - whole).abs().maxCoeff() < 1e-9 * whole.maxCoeff());

    Atoms less = atoms, added = atoms_in(10, 11, 8, {79}, {{3.9, 5.2, 3.3}});
    less.numbers.resize(28);
    less.positions.resize(28);
    Atoms more = less;
    more.numbers.push_back(79);
    more.positions.push_back(added.positions[0]);
    s.engine = Engine::multislice;
    const ChangedSlab<double> slab(atoms, s, {79}, std::vector<Vector2d>{{4, 5}});
    const auto scratch = slab.make_scratch();
    const auto changed = slab(added, {28, 29}, *scratch);
    const PlaneD wanted = pattern(more, Engine::multislice);
    CHECK((changed.back() - wanted).abs().maxCoeff() < 1e-8 * wanted.maxCoeff());
  }
}

TEST_CASE("Finite projection: patches give the slices of whole fine planes") {
  const Grid grid{64, 64, 5.12, 5.12};
  // 2 Angstrom slices; two nuclei are nearer to a boundary than a pixel
  const Atoms atoms =
      atoms_in(grid.lx, grid.ly, 6, {29, 40, 29, 40},
               {{1.31, 1.07, 1.0}, {3.6, 1.4, 2.06}, {1.2, 3.7, 3.4}, {3.9, 3.8, 4.03}});
  PotentialSettings patches = oversampled(0), planes = oversampled(12);
  patches.projection = planes.projection = Projection::finite;
  const auto a = make_potential<double>(grid, patches, kSigma200, atoms, 3),
             b = make_potential<double>(grid, planes, kSigma200, atoms, 3),
             c = make_potential<double>(grid, oversampled(0), kSigma200, atoms, 3);
  for (int slice = 0; slice < 3; ++slice) {
    CAPTURE(slice);
    const Plane<Complex> wanted = b->transmission(slice);
    CHECK(error(a->transmission(slice), wanted) < 2e-3);
    CHECK(error(c->transmission(slice), wanted) > 2e-2);  // the infinite projection is another
  }
}
