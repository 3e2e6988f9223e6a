#include "models/column_density.hpp"

#include <cmath>
#include <complex>
#include <numbers>

#include "base/error.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

constexpr double kPi = std::numbers::pi;
using Matrix = Eigen::MatrixXcd;

// exp(sign 2 pi i h x / edge) for h = -most ... most (columns) and every x (rows).
Matrix phases(const std::vector<double>& x, double edge, int most, double sign) {
  Matrix out(Eigen::Index(x.size()), 2 * most + 1);
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (int h = -most; h <= most; ++h)
      out(i, h + most) = std::polar(1.0, sign * 2 * kPi * h * x[std::size_t(i)] / edge);
  return out;
}

// Gaussian: exp(-2 pi^2 s^2 g^2); it is 1e-9 where g = sqrt(ln 1e9 / 2) / (pi s).
double sigma(double fwhm) { return fwhm / (2 * std::sqrt(2 * std::log(2.0))); }

}  // namespace

double ColumnWeight::largest_frequency() const {
  return kind == Kind::airy ? 2 * aperture_radius
                            : std::sqrt(std::log(1e9) / 2) / (kPi * sigma(fwhm));
}

double ColumnWeight::transform(double g) const {
  if (kind == Kind::gaussian) {
    const double x = kPi * sigma(fwhm) * g;
    return std::exp(-2 * x * x);
  }
  const double x = g / (2 * aperture_radius);  // overlap of two shifted disks
  return x >= 1 ? 0 : 2 / kPi * (std::acos(x) - x * std::sqrt(1 - x * x));
}

ColumnDensity column_density(const Atoms& atoms, const ColumnWeight& weight, int rows,
                             int columns) {
  if (!atoms.cell.is_orthogonal())
    fail(Fault::physics,
         "column densities need an orthogonal cell; cut one with vitrobeam model cut --from --to");
  if (!(weight.largest_frequency() > 0) || !std::isfinite(weight.largest_frequency()))
    fail(Fault::usage, "the beam of a column density must have a positive size");
  const Vector3d l = atoms.cell.vectors.diagonal();
  const int hx = int(std::floor(weight.largest_frequency() * l.x())),
            hy = int(std::floor(weight.largest_frequency() * l.y()));
  ColumnDensity out;
  for (int i = 0; i < rows; ++i) out.y.push_back(l.y() * i / rows);
  for (int i = 0; i < columns; ++i) out.x.push_back(l.x() * i / columns);
  const Matrix to_y = phases(out.y, l.y(), hy, 1), to_x = phases(out.x, l.x(), hx, 1);
  std::map<int, std::pair<std::vector<double>, std::vector<double>>> places;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    auto& [x, y] = places[atoms.numbers[i]];
    x.push_back(atoms.positions[i].x());
    y.push_back(atoms.positions[i].y());
  }
  out.density = out.mass_density_g_cm3 = PlaneD::Zero(rows, columns);
  for (const auto& [z, place] : places) {
    Matrix f = phases(place.second, l.y(), hy, -1).transpose() *
               phases(place.first, l.x(), hx, -1);  // [hy, hx]
    for (Eigen::Index i = 0; i < f.rows(); ++i)
      for (Eigen::Index j = 0; j < f.cols(); ++j)
        f(i, j) *= weight.transform(std::hypot(double(i - hy) / l.y(), double(j - hx) / l.x()));
    const Matrix map = to_y * f * to_x.transpose();
    const PlaneD density = map.real().array() / l.prod();
    out.share[z] = density;
    out.density += density;
    constexpr double kDaltonPerA3 = 1.66053906660;  // in g/cm^3
    out.mass_density_g_cm3 += density * (atomic_mass(z) * kDaltonPerA3);
  }
  for (auto& [z, share] : out.share) share /= out.density;
  return out;
}

}  // namespace vitrobeam
