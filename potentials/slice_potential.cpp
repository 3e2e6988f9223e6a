#include "potentials/slice_potential.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "potentials/absorption.hpp"
#include "potentials/atom_profile.hpp"

namespace vitrobeam {
namespace {

std::vector<int> elements_of(const Atoms& atoms) {
  const std::set<int> unique(atoms.numbers.begin(), atoms.numbers.end());
  return {unique.begin(), unique.end()};
}

}  // namespace

double factor_reach(const FactorTable& factors, const Atoms& atoms) {
  double reach = std::numeric_limits<double>::infinity();
  for (const int z : elements_of(atoms))
    if (factors.has(z)) reach = std::min(reach, factors.element(z).q_limit);
  return reach;
}

void check_factors(const PotentialSettings& s, const Atoms& atoms, const Grid& grid) {
  for (const int z : elements_of(atoms)) {
    if (!s.factors.has(z))
      fail(Fault::physics,
           "@potential: the table of scattering factors says nothing of {}; take another table",
           symbol(z));
    const ElementFactor& f = s.factors.element(z);
    if (grid.q_max() > f.q_limit * (1 + 1e-9))
      fail(Fault::physics,
           "@potential: the scattering factor of {} is known up to q = {:g} 1/Angstrom, the band "
           "reaches {:.4f}; use @pixel {:.4f} or coarser, or another table",
           symbol(z), f.q_limit, grid.q_max(),
           std::ceil(1e4 * std::max(grid.dx(), grid.dy()) * grid.q_max() / f.q_limit) / 1e4);
    if (s.projection == Projection::finite && !f.has_terms())
      fail(Fault::usage,
           "@projection finite: the scattering factor of {} is a list of values, whose extent "
           "along the beam is unknown; give parameters, or @projection infinite",
           symbol(z));
    if (s.absorption != 0 && !std::isinf(f.q_limit))
      fail(Fault::usage,
           "@absorption: needs scattering factors at large angles, that of {} ends at q = {:g} "
           "1/Angstrom; use @potential kirkland or lobato",
           symbol(z), f.q_limit);
  }
}

namespace {

FactorTable absorptive_factors(const PotentialSettings& s, const std::vector<int>& elements,
                               double q_max) {
  std::map<int, ElementFactor> factors;
  for (const int z : elements)
    factors[z] = absorptive_factor(s.factors.element(z), s.factors.u_rms(z), s.absorption, q_max);
  return FactorTable(std::move(factors));
}

// Value of the cubic through four equidistant points at -1, 0, 1, 2, as a polynomial in t = 0..1.
std::array<double, 4> cubic(double m, double a, double b, double c) {
  return {a, b - c / 6 - a / 2 - m / 3, (m + b) / 2 - a, (c - m) / 6 + (a - b) / 2};
}

double value(const std::array<double, 4>& p, double t) {
  return p[0] + t * (p[1] + t * (p[2] + t * p[3]));
}

}  // namespace

// The finite projection moves, through the boundary between two slices, the part of every atom that
// lies beyond it. One plane per boundary: what atoms before it give to the far side, minus what
// atoms behind it give to the near side.
template <typename Real>
class SlicePotential<Real>::Flux {
 public:
  Flux(const Grid& grid, const FactorTable& factors, const Atoms& atoms, int slices)
      : grid_(grid), slices_(slices), dz_(atoms.cell.vectors(2, 2) / slices) {
    for (std::size_t i = 0; i < atoms.size(); ++i)
      atoms_[atoms.numbers[i]].push_back(atoms.positions[i]);
    for (auto& [z, positions] : atoms_) {
      std::sort(positions.begin(), positions.end(),
                [](const auto& a, const auto& b) { return a.z() < b.z(); });
      tables_.emplace(z, tabulate(factors.element(z), factors.u_rms(z)));
    }
    const int bx = grid.band_x(), by = grid.band_y();
    cell_.resize(2 * by + 1, bx + 1);
    offset_.resize(2 * by + 1, bx + 1);
    for (int jy = -by; jy <= by; ++jy)
      for (int jx = 0; jx <= bx; ++jx) {
        const double q = std::hypot(jx / grid.lx, jy / grid.ly) / kStepQ;
        cell_(jy + by, jx) = int(q);
        offset_(jy + by, jx) = Real(q - int(q));
      }
  }

  // Through the boundary below slice `boundary`, away from the entrance; none through the faces.
  HalfPlane<Real> through(int boundary) const {
    HalfPlane<Real> sum = HalfPlane<Real>::Zero(cell_.rows(), cell_.cols());
    if (boundary <= 0 || boundary >= slices_) return sum;
    const double at = boundary * dz_;
    std::vector<std::array<Real, 4>> line;
    std::vector<std::complex<Real>> along_x;
    for (const auto& [z, positions] : atoms_) {
      const Table& table = tables_.at(z);
      const auto first = std::lower_bound(positions.begin(), positions.end(), at - table.reach(),
                                          [](const Vector3d& r, double v) { return r.z() < v; });
      for (auto r = first; r != positions.end() && r->z() < at + table.reach(); ++r) {
        radial_line(table, std::abs(at - r->z()), std::floor(r->z() / dz_) < boundary ? 1.0 : -1.0,
                    line);
        if (line.size() > 1) add_atom(*r, line, along_x, sum);
      }
    }
    return sum;
  }

 private:
  // Steps of the tables: with cubic interpolation the error is below 1e-7 of f(0)
  // (tests/slice_potential_test.cpp).
  static constexpr double kStepQ = 0.01, kStepZ = 0.005, kSmall = 1e-8;

  // Part beyond a distance, [distance, q], in V Angstrom per atom; rows end where it has vanished.
  struct Table {
    std::vector<std::vector<double>> rows;
    double reach() const { return (double(rows.size()) - 3) * kStepZ; }
  };

  Table tabulate(const ElementFactor& factor, double u) const {
    constexpr double kFarthest = 40;  // Angstrom; no neutral atom comes near it
    const double unit = kPotentialUnit / (grid_.lx * grid_.ly), small = kSmall * factor(0);
    Table table;
    std::size_t length = std::size_t(grid_.q_max() / kStepQ) + 4;
    for (double d = 0; length > 0 && d < kFarthest; d += kStepZ) {
      std::vector<double> row(length);
      std::size_t last = 0;
      for (std::size_t i = 0; i < length; ++i) {
        row[i] = factor_beyond(factor, u, double(i) * kStepQ, d);
        if (std::abs(row[i]) > small) last = i + 1;
        row[i] *= unit;
      }
      // a term may pass through zero: shorten with a margin
      length = last == 0 ? 0 : std::min(length, last + 4);
      row.resize(length);
      table.rows.push_back(std::move(row));
    }
    for (int k = 0; k < 4; ++k) table.rows.emplace_back();
    return table;
  }

  // Polynomials over the cells of q, for an atom at `distance` from the boundary.
  void radial_line(const Table& table, double distance, double sign,
                   std::vector<std::array<Real, 4>>& line) const {
    const double at = distance / kStepZ;
    const auto row =
        std::clamp<std::ptrdiff_t>(std::ptrdiff_t(at), 1, std::ptrdiff_t(table.rows.size()) - 3);
    const double t = at - double(row);
    const auto entry = [&](std::ptrdiff_t k, std::size_t i) {
      const auto& r = table.rows[std::size_t(row + k)];
      return i < r.size() ? r[i] : 0;
    };
    const std::size_t length = table.rows[std::size_t(row - 1)].size();
    std::vector<double> h(length);
    for (std::size_t i = 0; i < length; ++i)
      h[i] = sign * value(cubic(entry(-1, i), entry(0, i), entry(1, i), entry(2, i)), t);
    line.clear();
    for (std::size_t i = 0; i + 2 < length; ++i) {
      const auto p = cubic(h[i == 0 ? 1 : i - 1], h[i], h[i + 1], h[i + 2]);  // even in q
      line.push_back({Real(p[0]), Real(p[1]), Real(p[2]), Real(p[3])});
    }
  }

  void add_atom(const Vector3d& r, const std::vector<std::array<Real, 4>>& line,
                std::vector<std::complex<Real>>& along_x, HalfPlane<Real>& sum) const {
    const int by = grid_.band_y();
    const double q_end = double(line.size()) * kStepQ;
    const int last_x = std::min(grid_.band_x(), int(q_end * grid_.lx)),
              last_y = std::min(by, int(q_end * grid_.ly));
    const auto phase = [](double turns) { return std::polar(1.0, -2 * M_PI * turns); };
    along_x.resize(std::size_t(last_x) + 1);
    for (int jx = 0; jx <= last_x; ++jx)
      along_x[std::size_t(jx)] = std::complex<Real>(phase(jx * r.x() / grid_.lx));
    for (int jy = -last_y; jy <= last_y; ++jy) {
      const std::complex<Real> y(phase(jy * r.y() / grid_.ly));
      const double across = q_end * q_end - jy / grid_.ly * (jy / grid_.ly);
      const double limit = std::pow(grid_.q_max(), 2) - jy / grid_.ly * (jy / grid_.ly);
      const int end =
          std::min(last_x, int(std::sqrt(std::max(0.0, std::min(across, limit))) * grid_.lx));
      const int* cell = cell_.row(jy + by).data();
      const Real* offset = offset_.row(jy + by).data();
      std::complex<Real>* out = sum.row(jy + by).data();
      for (int jx = 0; jx <= end; ++jx) {
        if (cell[jx] >= int(line.size())) break;
        const auto& p = line[std::size_t(cell[jx])];
        const Real t = offset[jx], h = p[0] + t * (p[1] + t * (p[2] + t * p[3]));
        const std::complex<Real> x = along_x[std::size_t(jx)];
        out[jx] += std::complex<Real>(h * (x.real() * y.real() - x.imag() * y.imag()),
                                      h * (x.real() * y.imag() + x.imag() * y.real()));
      }
    }
  }

  Grid grid_;
  int slices_;
  double dz_;
  std::map<int, std::vector<Vector3d>> atoms_;  // by element, ascending z
  std::map<int, Table> tables_;
  Plane<int> cell_;  // of every sample of the half plane: cell of q, and place within it
  Plane<Real> offset_;
};

template <typename Real>
SlicePotential<Real>::SlicePotential(const Grid& grid, const PotentialSettings& settings,
                                     const Atoms& atoms, int slices,
                                     const std::vector<Vector3d>& displacements)
    : sums_(grid, (check_factors(settings, atoms, grid), settings.factors), elements_of(atoms),
            cheaper_sum(settings.sum, grid, double(atoms.size()) / slices,
                        int(elements_of(atoms).size()))) {
  if (settings.absorption != 0)
    absorbed_.emplace(grid, absorptive_factors(settings, elements_of(atoms), grid.q_max()),
                      elements_of(atoms));
  if (settings.projection == Projection::infinite) {
    placed_ = assign_to_slices(atoms, slices, displacements);
    return;
  }
  Atoms moved = atoms;
  for (std::size_t i = 0; i < displacements.size(); ++i) moved.positions[i] += displacements[i];
  placed_ = assign_to_slices(moved, slices);
  flux_ = std::make_unique<Flux>(grid, settings.factors, moved, slices);
}

template <typename Real>
SlicePotential<Real>::SlicePotential(SlicePotential&&) noexcept = default;
template <typename Real>
SlicePotential<Real>::~SlicePotential() = default;

template <typename Real>
int SlicePotential<Real>::slices() const {
  return int(placed_.size());
}

template <typename Real>
std::size_t SlicePotential<Real>::atoms() const {
  std::size_t count = 0;
  for (const auto& slice : placed_)
    for (const auto& element : slice) count += element.second.size();
  return count;
}

template <typename Real>
HalfPlane<Real> SlicePotential<Real>::coefficients(int slice) const {
  const SliceAtoms& atoms = placed_[std::size_t(slice)];
  HalfPlane<Real> v = sums_(atoms);
  if (flux_) v += flux_->through(slice) - flux_->through(slice + 1);
  return v;
}

template <typename Real>
HalfPlane<Real> SlicePotential<Real>::absorption(int slice) const {
  return absorbed_->coefficients(placed_[std::size_t(slice)]);
}

template class SlicePotential<float>;
template class SlicePotential<double>;

}  // namespace vitrobeam
