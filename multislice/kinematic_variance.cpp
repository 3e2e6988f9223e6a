#include "multislice/kinematic_variance.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

double airy_amplitude(double x) { return x < 1e-6 ? 1 : 2 * std::cyl_bessel_j(1.0, x) / x; }

struct Orientation {
  double psi, theta;
};

std::vector<Orientation> orientations(const KinematicProbe& p) {
  std::vector<Orientation> list;
  for (int j = 0; j < p.psi / 2; ++j) {
    const double psi = j * 2 * M_PI / p.psi;
    const int n = int(std::sin(psi) * p.theta);
    if (n == 0) list.push_back({psi, -M_PI});  // a single one
    for (int k = 1; k < n - 1; ++k) list.push_back({psi, k * M_PI / (n - 1)});
  }
  return list;
}

// Goldstein's x-convention without its first angle.
Eigen::Matrix3d rotation(const Orientation& o) {
  const double cp = std::cos(o.psi), sp = std::sin(o.psi), ct = std::cos(o.theta),
               st = std::sin(o.theta);
  Eigen::Matrix3d r;
  r << cp, sp, 0, -ct * sp, ct * cp, st, st * sp, -st * cp, ct;
  return r;
}

// The double sum by a histogram of distances, everything cut down to multiples of the bin.
Eigen::ArrayXd tabulated_intensity(const std::vector<int>& numbers,
                                   const std::vector<Vector2d>& positions,
                                   const KinematicProbe& probe, double first, double step, int n) {
  constexpr double kBin = 0.005;
  std::map<int, std::size_t> kinds;
  for (const int z : numbers) kinds.emplace(z, kinds.size());
  std::vector<double> amplitude;
  double reach = 0;
  for (const auto& r : positions) {
    amplitude.push_back(
        airy_amplitude(std::floor(2 * M_PI * probe.resolution * r.norm() / kBin) * kBin));
    reach = std::max(reach, r.norm());
  }
  const auto bins = Eigen::Index(2 * reach / kBin) + 2, pairs = Eigen::Index(kinds.size());
  Plane<double> histogram = Plane<double>::Zero(pairs * pairs, bins);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::size_t j = i; j < numbers.size(); ++j)
      histogram(Eigen::Index(kinds[numbers[i]]) * pairs + Eigen::Index(kinds[numbers[j]]),
                Eigen::Index((positions[i] - positions[j]).norm() / kBin)) +=
          (i == j ? 1 : 2) * amplitude[i] * amplitude[j];
  std::vector<double> j0(std::size_t(2 * M_PI * (first + step * n) * double(bins)) + 2);
  for (std::size_t k = 0; k < j0.size(); ++k) j0[k] = std::cyl_bessel_j(0.0, double(k) * kBin);
  Eigen::ArrayXd intensity = Eigen::ArrayXd::Zero(n);
  for (int k = 0; k < n; ++k) {
    const double q = first + k * step;
    for (const auto& [za, a] : kinds)
      for (const auto& [zb, b] : kinds) {
        double sum = 0;
        for (Eigen::Index bin = 0; bin < bins; ++bin)
          sum += histogram(Eigen::Index(a) * pairs + Eigen::Index(b), bin) *
                 j0[std::size_t(2 * M_PI * q * double(bin))];
        intensity[k] +=
            scattering_factor(probe.table, za, q) * scattering_factor(probe.table, zb, q) * sum;
      }
  }
  return intensity;
}

}  // namespace

Eigen::ArrayXd kinematic_intensity(const std::vector<int>& numbers,
                                   const std::vector<Vector2d>& positions,
                                   const KinematicProbe& probe, double first, double step, int n) {
  if (probe.tabulated) return tabulated_intensity(numbers, positions, probe, first, step, n);
  // The mean over all directions of |sum_i f_i A_i exp(2 pi i k.r_i)|^2 is the double sum with J0.
  std::map<int, std::vector<std::size_t>> by_element;
  double reach = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    by_element[numbers[i]].push_back(i);
    reach = std::max(reach, positions[i].norm());
  }
  // Half a turn is enough (I(k) = I(-k)); exact once there are more samples than harmonics.
  const int directions = int(2 * M_PI * (first + step * n) * reach) + 24;
  Plane<double> factor(Eigen::Index(by_element.size()), n);
  Eigen::Index e = 0;
  for (const auto& [z, atoms] : by_element) {
    for (int k = 0; k < n; ++k) factor(e, k) = scattering_factor(probe.table, z, first + k * step);
    ++e;
  }
  std::vector<double> amplitude;
  for (const auto& r : positions)
    amplitude.push_back(airy_amplitude(2 * M_PI * probe.resolution * r.norm()));
  Eigen::ArrayXd intensity = Eigen::ArrayXd::Zero(n);
  for (int d = 0; d < directions; ++d) {
    const Vector2d along(std::cos(M_PI * d / directions), std::sin(M_PI * d / directions));
    Eigen::ArrayXd real = Eigen::ArrayXd::Zero(n), imaginary = real;
    e = 0;
    for (const auto& [z, atoms] : by_element) {
      const auto count = Eigen::Index(atoms.size());
      Eigen::ArrayXd c(count), s(count), step_c(count), step_s(count);
      for (Eigen::Index i = 0; i < count; ++i) {
        const Vector2d& r = positions[atoms[std::size_t(i)]];
        const double a = amplitude[atoms[std::size_t(i)]];
        const double x = 2 * M_PI * r.dot(along);
        c[i] = a * std::cos(first * x);
        s[i] = a * std::sin(first * x);
        step_c[i] = std::cos(step * x);
        step_s[i] = std::sin(step * x);
      }
      for (int k = 0; k < n; ++k) {
        real[k] += factor(e, k) * c.sum();
        imaginary[k] += factor(e, k) * s.sum();
        const Eigen::ArrayXd next = c * step_c - s * step_s;
        s = s * step_c + c * step_s;
        c = next;
      }
      ++e;
    }
    intensity += real.square() + imaginary.square();
  }
  return intensity / directions;
}

KinematicVariance kinematic_variance(const Atoms& atoms, const KinematicProbe& probe, double first,
                                     double step, int n, int threads) {
  const auto& periodic = atoms.cell.periodic;
  if (!atoms.cell.is_orthogonal() || !(periodic[0] && periodic[1] && periodic[2]))
    fail(Fault::physics,
         "the kinematic variance turns a model that is periodic along all axes of a rectangular "
         "cell; this one is not");
  const Vector3d edges = atoms.cell.lengths();
  const double half = 0.61 / probe.resolution / std::sqrt(2);  // of a pixel's edge
  const int nx = int(edges.x() / (2 * half) + 1e-3), ny = int(edges.y() / (2 * half) + 1e-3);
  if (nx < 1 || ny < 1)
    fail(Fault::physics,
         "a probe of resolution {:g} 1/Angstrom needs a cell of {:.4g} Angstrom, the model has "
         "{:.4g} x {:.4g}; give a larger @resolution or model",
         probe.resolution, 2 * half, edges.x(), edges.y());
  const auto turns = orientations(probe);
  const std::size_t pixels = std::size_t(nx) * std::size_t(ny);
  std::vector<Eigen::ArrayXd> intensities(turns.size() * pixels);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t t = 0; t < turns.size(); ++t) {
    const Eigen::Matrix3d r = rotation(turns[t]);
    std::vector<int> numbers;
    std::vector<Vector2d> across;
    for (std::size_t i = 0; i < atoms.size(); ++i)
      for (int image = 0; image < 27; ++image) {
        const Vector3d cell(image % 3 - 1, image / 3 % 3 - 1, image / 9 - 1);
        const Vector3d p =
            r * (atoms.positions[i] - edges / 2 + Vector3d(cell.array() * edges.array()));
        if ((p.array().abs() > edges.array() / 2).any()) continue;
        numbers.push_back(atoms.numbers[i]);
        across.emplace_back(p.x(), p.y());
      }
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const Vector2d centre(
          (double(pixel % std::size_t(nx)) + 0.5) / nx * edges.x() - edges.x() / 2,
          (double(pixel / std::size_t(nx)) + 0.5) / ny * edges.y() - edges.y() / 2);
      std::vector<int> seen;
      std::vector<Vector2d> places;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const Vector2d d = across[i] - centre;
        if (std::abs(d.x()) > half || std::abs(d.y()) > half) continue;
        seen.push_back(numbers[i]);
        places.push_back(d);
      }
      intensities[t * pixels + pixel] = kinematic_intensity(seen, places, probe, first, step, n);
    }
  }
  KinematicVariance out;
  out.samples = intensities.size();
  Eigen::ArrayXd mean = Eigen::ArrayXd::Zero(n), square = mean;
  for (const auto& i : intensities) mean += i, square += i.square();
  mean /= double(out.samples);
  square /= double(out.samples);
  const Eigen::ArrayXd v = square / mean.square() - 1;
  out.mean.assign(mean.begin(), mean.end());
  out.variance.assign(v.begin(), v.end());
  return out;
}

}  // namespace vitrobeam
