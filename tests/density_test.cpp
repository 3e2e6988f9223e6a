// Laws of HAADF and density: cross sections, columns of a spreading beam, the curve and its
// inversion, planted densities and correlation lengths with their errors.
#include "maps/density.hpp"

#include <doctest/doctest.h>

#include <Eigen/LU>
#include <cmath>

#include "base/random.hpp"
#include "maps/contrast.hpp"
#include "multislice/cross_section.hpp"
#include "studies/density_study.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Eigen::VectorXd terms(const std::vector<double>& k) {
  return Eigen::Map<const Eigen::VectorXd>(k.data(), Eigen::Index(k.size()));
}

}  // namespace

TEST_CASE("annular cross sections: published values, additivity, exponents of the atomic number") {
  const FactorTable kirkland;
  // Angstrom^2 at 200 kV, Kirkland's factors, by an independent program
  CHECK(annular_cross_section(kirkland, 40, 200, 60, 200) == approx(6.24e-3).epsilon(2e-3));
  CHECK(annular_cross_section(kirkland, 29, 200, 60, 200) == approx(3.35e-3).epsilon(2e-3));
  CHECK(annular_cross_section(kirkland, 40, 200, 80, 250) == approx(3.81e-3).epsilon(2e-3));
  CHECK(annular_cross_section(kirkland, 29, 200, 80, 250) == approx(2.05e-3).epsilon(3e-3));
  CHECK(annular_cross_section(kirkland, 40, 200, 50, 70) +
            annular_cross_section(kirkland, 40, 200, 70, 90) ==
        approx(annular_cross_section(kirkland, 40, 200, 50, 90)));
  // exponent n of Z^n, least squares over elements from C to Au
  const auto exponent = [&](double inner, double outer) {
    double n = 0, sx = 0, sy = 0, xx = 0, xy = 0;
    for (const int z : {6, 13, 14, 28, 29, 40, 46, 78, 79}) {
      const double x = std::log(double(z)),
                   y = std::log(annular_cross_section(kirkland, z, 200, inner, outer));
      n += 1, sx += x, sy += y, xx += x * x, xy += x * y;
    }
    return (n * xy - sx * sy) / (n * xx - sx * sx);
  };
  CHECK(std::abs(exponent(20, 50) - 1.65) < 0.03);
  CHECK(std::abs(exponent(50, 200) - 1.85) < 0.03);
  CHECK(std::abs(exponent(100, 250) - 1.915) < 0.03);
}

TEST_CASE("a single atom scatters its cross section onto the annulus, whatever the beam's focus") {
  // the mean over all probe positions of a cell of area A is sigma / A
  Atoms atoms;
  atoms.cell = Cell::orthogonal(12, 12, 2);
  atoms.add(13, {5.3, 6.1, 1});
  for (const double defocus : {0.0, 30.0}) {
    SimulationSettings s;
    s.optics.semiangle_mrad = 10;
    s.optics.defocus = defocus;
    s.nx = s.ny = 144;
    s.recording.patterns = false;
    s.recording.detectors = {{"haadf", 50, 90}};
    const Simulation<double> simulation(atoms, s);
    std::vector<Vector2d> places;
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < 16; ++j) places.emplace_back(i * 0.75, j * 0.75);
    double sum = 0;
    simulation.run(places, 1, [&](std::size_t, const ProbeResult<double>& r) {
      sum += r.detectors[0] / double(places.size());
    });
    // multiple scattering within the atom and the beam's own angles: some per cent
    CHECK(sum * 144 == approx(annular_cross_section(FactorTable(), 13, 200, 50, 90)).epsilon(0.06));
  }
}

TEST_CASE("the column of a spreading beam: transform of the probe's intensity at every depth") {
  const double a = 0.4, lambda = 0.02508;
  ColumnWeight weight{ColumnWeight::Kind::airy, 4, a, lambda, 30};
  const ColumnWeight flat{ColumnWeight::Kind::airy, 4, a};
  for (const double g : {0.05, 0.2, 0.5, 0.75}) {
    CHECK(weight.transform(g, 30) == approx(flat.transform(g)));
    CHECK(weight.transform(g, 10) == approx(weight.transform(g, 50)));
    // by direct sum over the overlap of two apertures
    const double z = 130, n = 800;
    double sum = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        const double u = a * (2 * (i + 0.5) / n - 1), v = a * (2 * (j + 0.5) / n - 1);
        if (std::hypot(u - g / 2, v) < a && std::hypot(u + g / 2, v) < a)
          sum += std::cos(2 * M_PI * lambda * (z - 30) * g * u) * 4 * a * a / (n * n);
      }
    CHECK(std::abs(weight.transform(g, z) - sum / (M_PI * a * a)) < 2e-3);
  }
  CHECK(weight.transform(0, 500) == approx(1));
}

TEST_CASE(
    "columns: the mean over the cell is the density, equal values have that mean, a deep atom "
    "is seen from farther") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(20, 24, 120);
  RandomSequence random(4, 1);
  for (int i = 0; i < 300; ++i)
    atoms.add(i % 3 == 0 ? 40 : 29,
              {20 * random.uniform(), 24 * random.uniform(), 120 * random.uniform()});
  const ColumnWeight weight{ColumnWeight::Kind::airy, 4, 0.4, 0.02508, 0};
  std::vector<double> y, x;
  for (int i = 0; i < 24; ++i) y.push_back(i);
  for (int i = 0; i < 20; ++i) x.push_back(i);
  const ColumnDensity c = column_density(atoms, weight, y, x);
  CHECK(c.density.mean() == approx(300 / (20. * 24 * 120)));
  CHECK((c.share.at(40) + c.share.at(29) - 1).abs().maxCoeff() < 1e-9);
  std::vector<double> values(300, 7.5);
  values[5] = NAN;
  const PlaneD mean = column_mean(atoms, values, weight, y, x);
  CHECK((mean - 7.5).abs().maxCoeff() < 1e-6);
  Atoms high = atoms, deep = atoms;
  high = select(atoms, {0});
  high.positions[0] = {10, 12, 1};
  deep = high;
  deep.positions[0].z() = 119;
  CHECK(
      column_density(deep, weight, std::vector<double>{12}, std::vector<double>{10}).density(0, 0) <
      0.9 * column_density(high, weight, std::vector<double>{12}, std::vector<double>{10})
                .density(0, 0));
  CHECK(
      column_density(deep, weight, std::vector<double>{12}, std::vector<double>{14}).density(0, 0) >
      2 * column_density(high, weight, std::vector<double>{12}, std::vector<double>{14})
              .density(0, 0));
}

TEST_CASE(
    "the curve: a fit returns the terms it was made of, the inverse undoes it, a bend ends it") {
  const Eigen::ArrayXd x = Eigen::ArrayXd::LinSpaced(12, 0.005, 0.12);
  DensityCurve curve;
  curve.k = terms({0.98, -1.7, 2.1});
  Eigen::ArrayXd intensity(12);
  for (int i = 0; i < 12; ++i) intensity[i] = curve.intensity(x[i]);
  const Eigen::VectorXd k = fit_density_curve(x, intensity, 3);
  for (int j = 0; j < 3; ++j) CHECK(k[j] == approx(curve.k[j]).epsilon(1e-9));
  curve.x_most = 0.12;
  for (int i = 0; i < 12; ++i) CHECK(curve.inverse(intensity[i]) == approx(x[i]));
  CHECK(std::isnan(curve.inverse(curve.intensity(0.14))));
  DensityCurve bent;
  bent.k = terms({1, -1});  // largest, 1/4, at x = 1/2
  CHECK(std::isnan(bent.inverse(0.26)));
  CHECK(bent.inverse(0.24) == approx(0.4));
  CHECK_THROWS(fit_density_curve(x.head(2), intensity.head(2), 3));
}

TEST_CASE("planted densities come back; errors cover two thirds; thickness looks like density") {
  constexpr int kRows = 60, kCols = 80;
  DensityCurve curve;
  curve.k = terms({0.95, -1.2});
  curve.x_most = 0.1;
  PlaneD truth = PlaneD::Ones(kRows, kCols);
  truth.block(0, 30, 30, 10) = 1.06;
  truth.block(30, 30, 30, 10) = 0.90;
  const double x_one = 0.05, dose = 2e4, scatter = 0.04;
  DensityInput in;
  in.reference = Plane<unsigned char>::Zero(kRows, kCols);
  in.reference.leftCols(30) = 1;
  in.intensity = truth.unaryExpr([&](double r) { return curve.intensity(r * x_one); });
  const DensityMap exact = relative_density(in, curve);
  CHECK((exact.relative - truth).abs().maxCoeff() < 1e-9);
  CHECK(exact.error.maxCoeff() == 0);

  // an image in unknown units, whose reference is known
  DensityInput units = in;
  units.intensity *= 37.5;
  units.x_reference = x_one;
  CHECK((relative_density(units, curve).relative - truth).abs().maxCoeff() < 1e-9);

  // the same image by a thicker place, and what a map of the thickness makes of it
  DensityInput thick = in;
  thick.thickness = truth * 100;
  CHECK((relative_density(thick, curve).relative - 1).abs().maxCoeff() < 1e-9);

  // counts and the scatter of single positions
  RandomSequence random(3, 9);
  in.position_error = scatter;
  in.variance = PlaneD::Zero(kRows, kCols);
  for (Eigen::Index i = 0; i < truth.size(); ++i) {
    const double mean = curve.intensity(truth.data()[i] * x_one * (1 + scatter * random.normal()));
    in.intensity.data()[i] = double(random.poisson(mean * dose)) / dose;
    in.variance.data()[i] = in.intensity.data()[i] / dose;
  }
  const DensityMap noisy = relative_density(in, curve);
  const PlaneD pull = (noisy.relative - truth) / noisy.error;
  const double covered = double((pull.abs() <= 1).count()) / double(pull.size());
  CHECK(std::abs(covered - 0.683) < 0.03);
  const auto mean_pull = [&](int row) {
    return (noisy.relative.block(row, 30, 30, 10) - truth.block(row, 30, 30, 10)).mean() /
           (noisy.error.block(row, 30, 30, 10).mean() / std::sqrt(300.));
  };
  CHECK(std::abs(mean_pull(0)) < 3.5);
  CHECK(std::abs(mean_pull(30)) < 3.5);
  CHECK(noisy.scale_error < 0.005);

  DensityInput none = in;
  none.intensity.leftCols(30) = NAN;
  CHECK_THROWS(relative_density(none, curve));
}

TEST_CASE(
    "a planted field: contrast and correlation length within 15 %, noise and probe taken off") {
  // autocorrelation exp(-r^2 / (4 s^2)), 1/e at 2 s positions
  const auto field = [](double s, std::uint64_t stream) {
    constexpr int kEdge = 128;
    const int reach = int(std::ceil(4 * s));
    PlaneD white(kEdge + 2 * reach, kEdge + 2 * reach), out(kEdge, kEdge);
    RandomSequence random(8, stream);
    for (double& v : white.reshaped()) v = random.normal();
    Eigen::ArrayXd kernel(2 * reach + 1);
    for (int k = -reach; k <= reach; ++k) kernel[k + reach] = std::exp(-0.5 * k * k / (s * s));
    kernel /= std::sqrt(kernel.square().sum());
    for (int r = 0; r < kEdge; ++r)
      for (int c = 0; c < kEdge; ++c) {
        double sum = 0;
        for (int i = 0; i < kernel.size(); ++i)
          sum +=
              kernel[i] * (white.row(r + i).segment(c, kernel.size()).transpose() * kernel).sum();
        out(r, c) = sum;
      }
    return out;
  };
  const double step = 1.5;
  const PlaneD narrow = 1 + 0.03 * field(2, 1), wide = 1 + 0.03 * field(4, 2);
  const Contrast n = analyse_contrast(narrow, step, 0, 0), w = analyse_contrast(wide, step, 0, 0);
  CHECK(n.contrast == approx(0.03).epsilon(0.15));
  CHECK(w.contrast == approx(0.03).epsilon(0.15));
  CHECK(n.gaussian == approx(0.03).epsilon(0.15));
  CHECK(n.length == approx(2 * 2 * step).epsilon(0.15));
  CHECK(w.length == approx(2 * 4 * step).epsilon(0.15));
  CHECK(w.length - n.length > 3 * std::hypot(w.length_error, n.length_error));
  // a probe of the narrow field's length would leave the wide field 2 sqrt(4^2 - 2^2) steps
  CHECK(analyse_contrast(wide, step, 2 * 2 * step, 0).own_length ==
        approx(2 * std::sqrt(12.) * step).epsilon(0.2));
  // white noise of known size
  PlaneD noisy = narrow;
  RandomSequence random(6, 3);
  for (double& v : noisy.reshaped()) v += 0.03 * random.normal();
  const Contrast corrected = analyse_contrast(noisy, step, 0, 0.03 * 0.03);
  CHECK(corrected.contrast == approx(0.03).epsilon(0.15));
  CHECK(corrected.length == approx(2 * 2 * step).epsilon(0.2));
  // a wedge is taken off exactly
  PlaneD wedge = narrow;
  for (Eigen::Index r = 0; r < wedge.rows(); ++r)
    for (Eigen::Index c = 0; c < wedge.cols(); ++c)
      wedge(r, c) += 0.002 * double(c) - 0.001 * double(r);
  CHECK((detrended(wedge, 1) - wedge.mean() - (detrended(narrow, 1) - narrow.mean()))
            .abs()
            .maxCoeff() < 1e-9);
  // the spectrum's integral is the variance: 2 pi f P df
  double integral = 0;
  for (std::size_t k = 1; k + 1 < n.frequency.size(); ++k)
    integral +=
        2 * M_PI * n.frequency[k] * n.power[k] * (n.frequency[k + 1] - n.frequency[k - 1]) / 2;
  CHECK(integral == approx(0.0009).epsilon(0.2));
  CHECK_THROWS(analyse_contrast(PlaneD::Ones(4, 4), 1, 0, 0));
}

TEST_CASE("the autocorrelation of an Airy probe has the length of its own intensity") {
  // Gaussian of sigma s: transform exp(-2 pi^2 s^2 g^2), autocorrelation exp(-r^2 / (4 s^2))
  const double s = 1.7;
  const auto gaussian = [&](double g) { return std::exp(-2 * M_PI * M_PI * s * s * g * g); };
  CHECK(probe_autocorrelation_length(gaussian, 0.7) == approx(2 * s).epsilon(1e-3));
}

TEST_CASE("an exchanged composition keeps places and as many atoms as it can") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10, 10, 10);
  for (int i = 0; i < 100; ++i) atoms.add(i < 64 ? 29 : 40, {i * 0.1, 0, 0});
  const Atoms other = with_composition(atoms, parse_composition("Cu50Zr40Al10"), 3);
  std::map<int, int> counts;
  int changed = 0;
  for (int i = 0; i < 100; ++i) {
    ++counts[other.numbers[std::size_t(i)]];
    changed += other.numbers[std::size_t(i)] != atoms.numbers[std::size_t(i)];
  }
  CHECK(counts[29] == 50);
  CHECK(counts[40] == 40);
  CHECK(counts[13] == 10);
  CHECK(changed == 14);
}
