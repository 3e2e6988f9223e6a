#include "models/column_density.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kLayer = 10;  // Angstrom: a beam of 10 mrad spreads by 0.1 within
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

// Sums of a quantity that the atoms carry, per volume, as the beam weights them.
class ColumnSums {
 public:
  ColumnSums(const Atoms& atoms, const ColumnWeight& weight, const std::vector<double>& y,
             const std::vector<double>& x)
      : atoms_(atoms), weight_(weight) {
    if (!atoms.cell.is_orthogonal())
      fail(Fault::physics,
           "column densities need an orthogonal cell; cut one with vitrobeam model cut @from @to");
    const double most = weight.largest_frequency();
    if (!(most > 0) || !std::isfinite(most))
      fail(Fault::usage, "the beam of a column density must have a positive size");
    edges_ = atoms.cell.vectors.diagonal();
    hx_ = int(std::floor(most * edges_.x()));
    hy_ = int(std::floor(most * edges_.y()));
    to_y_ = phases(y, edges_.y(), hy_, 1);
    to_x_ = phases(x, edges_.x(), hx_, 1);
    const int layers =
        weight.spreads() ? std::max(1, int(std::ceil(edges_.z() / kLayer - 1e-9))) : 1;
    layers_.resize(std::size_t(layers));
    for (std::size_t i = 0; i < atoms.size(); ++i)
      layers_[std::size_t(
                  std::clamp(int(atoms.positions[i].z() / edges_.z() * layers), 0, layers - 1))]
          .push_back(i);
    for (int k = 0; k < layers; ++k)
      weights_.push_back(weights_at((k + 0.5) * edges_.z() / layers));
  }

  // `value(i)`: the quantity that atom i carries.
  template <typename Value>
  PlaneD operator()(const Value& value) const {
    Matrix f = Matrix::Zero(2 * hy_ + 1, 2 * hx_ + 1);
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      std::vector<double> x, y, a;
      for (const std::size_t i : layers_[k]) {
        const double v = value(i);
        if (v == 0) continue;
        x.push_back(atoms_.positions[i].x());
        y.push_back(atoms_.positions[i].y());
        a.push_back(v);
      }
      if (a.empty()) continue;
      Matrix along_x = phases(x, edges_.x(), hx_, -1);
      for (Eigen::Index i = 0; i < along_x.rows(); ++i) along_x.row(i) *= a[std::size_t(i)];
      const Matrix sum = phases(y, edges_.y(), hy_, -1).transpose() * along_x;
      f.array() += sum.array() * weights_[k].array();
    }
    return (to_y_ * f * to_x_.transpose()).real().array() / edges_.prod();
  }

 private:
  Eigen::ArrayXXd weights_at(double z) const {
    Eigen::ArrayXXd w(2 * hy_ + 1, 2 * hx_ + 1);
    for (Eigen::Index i = 0; i < w.rows(); ++i)
      for (Eigen::Index j = 0; j < w.cols(); ++j)
        w(i, j) = weight_.transform(
            std::hypot(double(i - hy_) / edges_.y(), double(j - hx_) / edges_.x()), z);
    return w;
  }

  const Atoms& atoms_;
  const ColumnWeight& weight_;
  Vector3d edges_;
  int hx_ = 0, hy_ = 0;
  Matrix to_y_, to_x_;
  std::vector<std::vector<std::size_t>> layers_;  // atoms of equal depth
  std::vector<Eigen::ArrayXXd> weights_;          // [layer](h_y, h_x)
};

}  // namespace

double ColumnWeight::largest_frequency() const {
  return kind == Kind::airy ? 2 * aperture_radius
                            : std::sqrt(std::log(1e9) / 2) / (kPi * sigma(fwhm));
}

double ColumnWeight::transform(double g, double z) const {
  if (kind == Kind::gaussian) {
    const double x = kPi * sigma(fwhm) * g;
    return std::exp(-2 * x * x);
  }
  const double a = aperture_radius, x = g / (2 * a);  // overlap of two shifted disks
  if (x >= 1) return 0;
  const double phase = 2 * kPi * wavelength * (z - focus_depth) * g;
  if (wavelength == 0 || std::abs(phase * a) < 1e-9)
    return 2 / kPi * (std::acos(x) - x * std::sqrt(1 - x * x));
  // the overlap's chord at u = (a - g/2) sin t, so that its ends are smooth (midpoint rule)
  constexpr int kPoints = 96;
  const double half = a - g / 2;
  double sum = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double t = (i + 0.5) / kPoints * kPi / 2, u = half * std::sin(t), v = u + g / 2;
    sum += std::sqrt(std::max(0.0, a * a - v * v)) * std::cos(phase * u) * half * std::cos(t);
  }
  return 4 * sum * (kPi / 2 / kPoints) / (kPi * a * a);
}

ColumnDensity column_density(const Atoms& atoms, const ColumnWeight& weight,
                             const std::vector<double>& y, const std::vector<double>& x) {
  const ColumnSums sums(atoms, weight, y, x);
  const auto occupancy = occupancies(atoms);
  ColumnDensity out;
  out.y = y;
  out.x = x;
  out.density = out.mass_density_g_cm3 =
      PlaneD::Zero(Eigen::Index(y.size()), Eigen::Index(x.size()));
  std::map<int, bool> elements;
  for (const int z : atoms.numbers) elements[z] = true;
  for (const auto& [z, there] : elements) {
    const int element = z;
    const PlaneD density =
        sums([&](std::size_t i) { return atoms.numbers[i] == element ? occupancy[i] : 0; });
    out.share[z] = density;
    out.density += density;
    constexpr double kDaltonPerA3 = 1.66053906660;  // in g/cm^3
    out.mass_density_g_cm3 += density * (atomic_mass(z) * kDaltonPerA3);
  }
  for (auto& [z, share] : out.share) share /= out.density;
  return out;
}

ColumnDensity column_density(const Atoms& atoms, const ColumnWeight& weight, int rows,
                             int columns) {
  const Vector3d l = atoms.cell.vectors.diagonal();
  std::vector<double> y, x;
  for (int i = 0; i < rows; ++i) y.push_back(l.y() * i / rows);
  for (int i = 0; i < columns; ++i) x.push_back(l.x() * i / columns);
  return column_density(atoms, weight, y, x);
}

PlaneD column_mean(const Atoms& atoms, const std::vector<double>& values,
                   const ColumnWeight& weight, const std::vector<double>& y,
                   const std::vector<double>& x) {
  const ColumnSums sums(atoms, weight, y, x);
  const auto occupancy = occupancies(atoms);
  const auto known = [&](std::size_t i) { return std::isfinite(values[i]); };
  const PlaneD sum = sums([&](std::size_t i) { return known(i) ? occupancy[i] * values[i] : 0; }),
               count = sums([&](std::size_t i) { return known(i) ? occupancy[i] : 0; });
  return sum / count;
}

}  // namespace vitrobeam
