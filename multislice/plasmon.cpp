#include "multislice/plasmon.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "fourier/fourier.hpp"

namespace vitrobeam {
namespace {

constexpr double kRestEnergy = 510998.95;        // m c^2, eV
constexpr double kElectronSquared = 14.3996455;  // e^2 / (4 pi eps_0), eV Angstrom
constexpr double kHbarSquaredOverM = 7.6199642;  // eV Angstrom^2

// Half the distance of neighbours in a metal, Angstrom: what an atom at a face reaches out.
constexpr double kAtomRadius = 1.25;

// Beyond this no one speaks of a pattern of single plasmon losses.
constexpr double kMostMeanFreePaths = 10;

// Nodes and weights of Gauss and Legendre for -1 .. 1, of one half.
constexpr std::array<std::array<double, 2>, 8> kGauss = {
    {{0.0950125098376374, 0.1894506104550685},
     {0.2816035507792589, 0.1826034150449236},
     {0.4580167776572274, 0.1691565193950025},
     {0.6178762444026438, 0.1495959888165767},
     {0.7554044083550030, 0.1246289712555339},
     {0.8656312023878318, 0.0951585116824928},
     {0.9445750230732326, 0.0622535239386479},
     {0.9894009349916499, 0.0271524594117541}}};

template <typename F>
double integrate(double from, double to, F&& f) {
  const double middle = (from + to) / 2, half = (to - from) / 2;
  double sum = 0;
  for (const auto& [node, weight] : kGauss)
    sum += weight * (f(middle - half * node) + f(middle + half * node));
  return half * sum;
}

}  // namespace

double characteristic_angle(double energy_eV, double energy_kV) {
  const double e = 1e3 * energy_kV;
  return energy_eV * (e + kRestEnergy) / (e * (e + 2 * kRestEnergy));
}

double free_electron_cutoff(double energy_eV, double energy_kV) {
  const double density =
      energy_eV * energy_eV / (4 * M_PI * kElectronSquared * kHbarSquaredOverM);  // 1/Angstrom^3
  const double fermi = std::cbrt(3 * M_PI * M_PI * density);                      // rad/Angstrom
  return energy_eV / (kHbarSquaredOverM * fermi) * wavelength(energy_kV) / (2 * M_PI);
}

double inelastic_mean_free_path(double density, double energy_kV) {
  constexpr double kWidest_mrad = 20, kAngstrom_per_nm = 10;
  const double f = (1 + energy_kV / 1022) / std::pow(1 + energy_kV / 511, 2),
               scale = std::pow(density, 0.3), narrowest_mrad = 5.5 * scale / (f * energy_kV);
  return kAngstrom_per_nm * 200 * f * energy_kV /
         (11 * scale * 2 * std::log(kWidest_mrad / narrowest_mrad));
}

double LossAngles::density(double angle) const {
  if (angle > cutoff) return 0;
  const double ratio = cutoff / characteristic;
  return 1 / (M_PI * std::log1p(ratio * ratio)) / (angle * angle + characteristic * characteristic);
}

double LossAngles::mean() const {
  const double ratio = cutoff / characteristic;
  return 2 * characteristic * (ratio - std::atan(ratio)) / std::log1p(ratio * ratio);
}

double LossAngles::mean_square() const {
  const double ratio = cutoff / characteristic;
  return characteristic * characteristic * (ratio * ratio / std::log1p(ratio * ratio) - 1);
}

// With y = theta_E sinh u the integral along y of what the one along x leaves,
// [atan(x / s)] / s with s = theta_E cosh u, is that of [atan(x / s)] along u.
double LossAngles::share(int x, int y, double pixel_x, double pixel_y) const {
  const double left = (std::abs(x) - 0.5) * pixel_x, right = (std::abs(x) + 0.5) * pixel_x,
               low = (std::abs(y) - 0.5) * pixel_y,
               high = std::min((std::abs(y) + 0.5) * pixel_y, cutoff);
  if (left >= cutoff || low >= cutoff) return 0;
  // where the border of the disc crosses a side of the sample the integrand has a kink
  std::vector<double> pieces = {low, high};
  for (const double edge : {std::abs(left), right, 0.0})
    if (edge < cutoff) {
      const double at = edge == 0 ? 0 : std::sqrt(cutoff * cutoff - edge * edge);
      for (const double kink : {-at, at})
        if (kink > low && kink < high) pieces.push_back(kink);
    }
  std::sort(pieces.begin(), pieces.end());
  double sum = 0;
  for (std::size_t k = 0; k + 1 < pieces.size(); ++k)
    sum += integrate(std::asinh(pieces[k] / characteristic),
                     std::asinh(pieces[k + 1] / characteristic), [&](double u) {
                       const double s = characteristic * std::cosh(u),
                                    v = characteristic * std::sinh(u),
                                    reach = std::sqrt(std::max(0.0, cutoff * cutoff - v * v)),
                                    from = std::max(left, -reach), to = std::min(right, reach);
                       return to > from ? std::atan(to / s) - std::atan(from / s) : 0;
                     });
  const double ratio = cutoff / characteristic;
  return sum / (M_PI * std::log1p(ratio * ratio));
}

LossAngles loss_angles(const PlasmonSettings& s, double energy_kV) {
  return {characteristic_angle(s.energy_eV, energy_kV),
          s.cutoff_mrad > 0 ? 1e-3 * s.cutoff_mrad : free_electron_cutoff(s.energy_eV, energy_kV)};
}

std::vector<double> loss_shares(double mean_free_paths, int most) {
  std::vector<double> shares = {std::exp(-mean_free_paths)};
  for (int n = 1; n <= most; ++n) shares.push_back(shares.back() * mean_free_paths / n);
  return shares;
}

std::optional<int> losses_kept(const PlasmonSettings& s) {
  constexpr double kRounding = 1e-9;
  if (!s.filter_eV) return std::nullopt;
  return int(*s.filter_eV / 2 / s.energy_eV + kRounding);
}

double kept_share(const PlasmonSettings& s, double thickness) {
  const std::optional<int> most = losses_kept(s);
  if (!most) return 1;
  double sum = 0;
  for (const double share : loss_shares(thickness / s.mean_free_path, *most)) sum += share;
  return sum;
}

double folding_error_percent(const PlasmonSettings& s, double thickness, double energy_kV) {
  constexpr double kAt200kV = 0.036;
  if (losses_kept(s) == 0) return 0;
  return kAt200kV * wavelength(energy_kV) / wavelength(200) * thickness * thickness /
         s.mean_free_path;
}

std::vector<double> material_thickness(const Atoms& atoms, const std::vector<double>& depths) {
  double first = INFINITY, last = -INFINITY;
  for (const Vector3d& r : atoms.positions) {
    first = std::min(first, r.z());
    last = std::max(last, r.z());
  }
  constexpr double kFlat = 1e-6;
  if (!(last - first > kFlat))
    fail(Fault::physics,
         "@plasmon_mean_free_path: the {} atoms of the model lie in one plane, a thickness of 0 "
         "Angstrom, in which there is no plasmon; leave it out",
         atoms.size());
  const double entrance = std::max(0.0, first - kAtomRadius),
               exit = std::min(atoms.cell.vectors(2, 2), last + kAtomRadius);
  std::vector<double> thickness;
  for (const double depth : depths)
    thickness.push_back(std::max(0.0, std::min(depth, exit) - entrance));
  return thickness;
}

double whole_thickness(const Atoms& atoms) {
  return material_thickness(atoms, {atoms.cell.vectors(2, 2)})[0];
}

void check_plasmons(const PlasmonSettings& s) {
  if (!(s.mean_free_path > 0 && std::isfinite(s.mean_free_path)))
    fail(Fault::usage, "@plasmon_mean_free_path {}: expected a length above 0 Angstrom",
         s.mean_free_path);
  if (!(s.energy_eV > 0 && s.energy_eV <= 100))
    fail(Fault::usage, "@plasmon_energy {}: expected above 0 and up to 100 eV", s.energy_eV);
  if (!(s.cutoff_mrad >= 0))
    fail(Fault::usage, "@plasmon_cutoff {}: expected an angle above 0 mrad", s.cutoff_mrad);
  if (!(s.limit_percent >= 0))
    fail(Fault::usage, "@plasmon_limit {}: expected 0 % or more", s.limit_percent);
  if (s.filter_eV && !(*s.filter_eV > 0))
    fail(Fault::usage, "@energy_filter {}: expected a width above 0 eV", *s.filter_eV);
}

void check_plasmons(const PlasmonSettings& s, const Grid& grid, double energy_kV,
                    double thickness) {
  check_plasmons(s);
  const double losses = thickness / s.mean_free_path;
  if (losses > kMostMeanFreePaths)
    fail(Fault::physics,
         "@plasmon_mean_free_path {:g} Angstrom: the {:.4g} Angstrom of the model are {:.3g} mean "
         "free paths, more than {:g}; give a thinner model or a longer mean free path",
         s.mean_free_path, thickness, losses, kMostMeanFreePaths);
  const double error = folding_error_percent(s, thickness, energy_kV);
  if (error > s.limit_percent)
    fail(Fault::physics,
         "@plasmon_limit {:g} %: folding the pattern of {:.4g} Angstrom with its losses is off by "
         "up to {:.2g} %, as what scatters behind a loss sees a tilted beam; give a thinner model, "
         "an @energy_filter below {:g} eV, or a larger limit",
         s.limit_percent, thickness, error, 2 * s.energy_eV);
  const LossAngles angles = loss_angles(s, energy_kV);
  const double limit = grid.q_max() * wavelength(energy_kV);
  if (angles.cutoff >= limit)
    fail(Fault::physics,
         "@plasmon_cutoff {:.4g} mrad: at or beyond the band limit of {:.4g} mrad; use a finer "
         "@pixel or a smaller angle",
         1e3 * angles.cutoff, 1e3 * limit);
  if (angles.cutoff <= angles.characteristic)
    fail(Fault::usage,
         "@plasmon_cutoff {:.4g} mrad: must be above the characteristic angle of {:.4g} mrad, "
         "which a loss of {:g} eV has at {:g} kV",
         1e3 * angles.cutoff, 1e3 * angles.characteristic, s.energy_eV, energy_kV);
}

PlasmonBlur::PlasmonBlur(const PlasmonSettings& settings, const Grid& grid, double energy_kV,
                         std::vector<double> thickness)
    : settings_(settings), thickness_(std::move(thickness)) {
  check_plasmons(settings, grid, energy_kV, thickness_.back());
  const LossAngles angles = loss_angles(settings, energy_kV);
  const double pixel_x = wavelength(energy_kV) / grid.lx, pixel_y = wavelength(energy_kV) / grid.ly;
  const int reach_x = int(angles.cutoff / pixel_x + 0.5),
            reach_y = int(angles.cutoff / pixel_y + 0.5);
  PlaneC shares = PlaneC::Zero(grid.ny, grid.nx);
  double sum = 0;
  for (int y = 0; y <= reach_y; ++y)
    for (int x = 0; x <= reach_x; ++x) {
      const double share = angles.share(x, y, pixel_x, pixel_y);
      for (const int j : {y, (grid.ny - y) % grid.ny})
        for (const int i : {x, (grid.nx - x) % grid.nx}) shares(j, i) = share;
      sum += share * (x > 0 ? 2 : 1) * (y > 0 ? 2 : 1);
    }
  transform_plane(shares, Direction::forward);
  one_loss_ = shares.real() / sum;
}

double PlasmonBlur::kept(int depth) const {
  return kept_share(settings_, thickness_[std::size_t(depth)]);
}

template <typename Real>
Plane<Real> PlasmonBlur::operator()(const Plane<Real>& pattern, int depth) const {
  const double losses = thickness_[std::size_t(depth)] / settings_.mean_free_path;
  PlaneC plane = pattern.template cast<std::complex<double>>();
  transform_plane(plane, Direction::forward);
  if (const std::optional<int> most = losses_kept(settings_)) {
    const std::vector<double> shares = loss_shares(losses, *most);
    PlaneD sum = PlaneD::Constant(plane.rows(), plane.cols(), shares.back());
    for (std::size_t n = shares.size() - 1; n-- > 0;) sum = sum * one_loss_ + shares[n];
    plane *= sum;
  } else {
    plane *= (losses * (one_loss_ - 1)).exp();
  }
  transform_plane(plane, Direction::backward);
  return (plane.real() / double(plane.size())).cwiseMax(0).template cast<Real>();
}
template Plane<float> PlasmonBlur::operator()(const Plane<float>&, int) const;
template Plane<double> PlasmonBlur::operator()(const Plane<double>&, int) const;

PatternDetectors::PatternDetectors(const std::vector<Detector>& detectors, const Grid& grid,
                                   double wavelength)
    : count_(std::size_t(channel_count(detectors))) {
  for (const Detector& d : detectors) check_detector(d, grid, wavelength);
  for (int jy = -grid.band_y(); jy <= grid.band_y(); ++jy)
    for (int jx = -grid.band_x(); jx <= grid.band_x(); ++jx)
      for (const auto& share : shares_of_sample(detectors, grid, wavelength, jx, jy))
        parts_.push_back({jy + grid.ny / 2, jx + grid.nx / 2, share});
}

template <typename Real>
std::vector<double> PatternDetectors::operator()(const Plane<Real>& pattern) const {
  std::vector<double> sums(count_, 0.0);
  for (const Part& p : parts_)
    sums[std::size_t(p.share.channel)] += p.share.weight * double(pattern(p.row, p.column));
  return sums;
}
template std::vector<double> PatternDetectors::operator()(const Plane<float>&) const;
template std::vector<double> PatternDetectors::operator()(const Plane<double>&) const;

}  // namespace vitrobeam
