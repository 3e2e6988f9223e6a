#include "potentials/slice_flux.hpp"

#include <algorithm>
#include <cmath>

#include "potentials/atom_profile.hpp"

namespace vitrobeam {
namespace {

// Value of the cubic through four equidistant points at -1, 0, 1, 2, as a polynomial in t = 0..1.
std::array<double, 4> cubic(double m, double a, double b, double c) {
  return {a, b - c / 6 - a / 2 - m / 3, (m + b) / 2 - a, (c - m) / 6 + (a - b) / 2};
}

double value(const std::array<double, 4>& p, double t) {
  return p[0] + t * (p[1] + t * (p[2] + t * p[3]));
}

// Steps of the tables: with cubic interpolation the error is below 1e-7 of f(0)
// (tests/slice_potential_test.cpp).
constexpr double kStepQ = 0.01, kStepZ = 0.005;

}  // namespace

// Part beyond a distance, [distance, q], in V Angstrom per atom; rows end where it has vanished.
template <typename Real>
struct SliceFlux<Real>::Table {
  std::vector<std::vector<double>> rows;
  double reach() const { return (double(rows.size()) - 3) * kStepZ; }
};

template <typename Real>
struct SliceFlux<Real>::Tables {
  std::map<int, Table> of_element;
  Plane<int> cell;  // of every sample of the half plane: cell of q, and place within it
  Plane<Real> offset;
};

template <typename Real>
SliceFlux<Real>::SliceFlux(const Grid& grid, const FactorTable& factors, const Atoms& atoms,
                           int slices, double small)
    : grid_(grid),
      factors_(factors),
      slices_(slices),
      dz_(atoms.cell.vectors(2, 2) / slices),
      small_(small) {
  for (std::size_t i = 0; i < atoms.size(); ++i)
    atoms_[atoms.numbers[i]].push_back(atoms.positions[i]);
  for (auto& [z, positions] : atoms_)
    std::sort(positions.begin(), positions.end(),
              [](const auto& a, const auto& b) { return a.z() < b.z(); });
}

template <typename Real>
auto SliceFlux<Real>::tables() const -> const Tables& {
  std::call_once(made_, [&] {
    auto t = std::make_unique<Tables>();
    for (const auto& [z, positions] : atoms_)
      t->of_element.emplace(z, tabulate(factors_.element(z), factors_.u_rms(z)));
    const int bx = grid_.band_x(), by = grid_.band_y();
    t->cell.resize(2 * by + 1, bx + 1);
    t->offset.resize(2 * by + 1, bx + 1);
    for (int jy = -by; jy <= by; ++jy)
      for (int jx = 0; jx <= bx; ++jx) {
        const double q = std::hypot(jx / grid_.lx, jy / grid_.ly) / kStepQ;
        t->cell(jy + by, jx) = int(q);
        t->offset(jy + by, jx) = Real(q - int(q));
      }
    tables_ = std::move(t);
  });
  return *tables_;
}

template <typename Real>
SliceFlux<Real>::~SliceFlux() = default;

template <typename Real>
HalfPlane<Real> SliceFlux<Real>::into(int slice) const {
  return *kept(slice) - *kept(slice + 1);
}

template <typename Real>
std::shared_ptr<const HalfPlane<Real>> SliceFlux<Real>::kept(int boundary) const {
  constexpr std::size_t kMost = 4;
  const auto known = [&]() -> std::shared_ptr<const HalfPlane<Real>> {
    for (const Kept& k : recent_)
      if (k.boundary == boundary) return k.plane;
    return nullptr;
  };
  {
    const std::lock_guard lock(mutex_);
    if (auto plane = known()) return plane;
  }
  auto plane = std::make_shared<const HalfPlane<Real>>(through(boundary));
  const std::lock_guard lock(mutex_);
  if (recent_.size() == kMost) recent_.erase(recent_.begin());
  recent_.push_back({boundary, plane});
  return plane;
}

template <typename Real>
HalfPlane<Real> SliceFlux<Real>::through(int boundary) const {
  HalfPlane<Real> sum = HalfPlane<Real>::Zero(2 * grid_.band_y() + 1, grid_.band_x() + 1);
  if (boundary <= 0 || boundary >= slices_) return sum;
  const Tables& all = tables();
  const double at = boundary * dz_;
  Line line;
  std::vector<std::complex<Real>> along_x;
  for (const auto& [z, positions] : atoms_) {
    const Table& table = all.of_element.at(z);
    const auto first = std::lower_bound(positions.begin(), positions.end(), at - table.reach(),
                                        [](const Vector3d& r, double v) { return r.z() < v; });
    for (auto r = first; r != positions.end() && r->z() < at + table.reach(); ++r) {
      radial_line(table, std::abs(at - r->z()), std::floor(r->z() / dz_) < boundary ? 1.0 : -1.0,
                  line);
      if (line.size() > 1) add_atom(all, *r, line, along_x, sum);
    }
  }
  return sum;
}

template <typename Real>
auto SliceFlux<Real>::tabulate(const ElementFactor& factor, double u_rms) const -> Table {
  constexpr double kFarthest = 40;  // Angstrom; no neutral atom comes near it
  const double unit = kPotentialUnit / (grid_.lx * grid_.ly), least = small_ * factor(0);
  Table table;
  std::size_t length = std::size_t(grid_.q_max() / kStepQ) + 4;
  for (double d = 0; length > 0 && d < kFarthest; d += kStepZ) {
    std::vector<double> row(length);
    std::size_t last = 0;
    for (std::size_t i = 0; i < length; ++i) {
      row[i] = factor_beyond(factor, u_rms, double(i) * kStepQ, d);
      if (std::abs(row[i]) > least) last = i + 1;
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
template <typename Real>
void SliceFlux<Real>::radial_line(const Table& table, double distance, double sign,
                                  Line& line) const {
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

template <typename Real>
void SliceFlux<Real>::add_atom(const Tables& tables, const Vector3d& r, const Line& line,
                               std::vector<std::complex<Real>>& along_x,
                               HalfPlane<Real>& sum) const {
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
    const int* cell = tables.cell.row(jy + by).data();
    const Real* offset = tables.offset.row(jy + by).data();
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

template class SliceFlux<float>;
template class SliceFlux<double>;

}  // namespace vitrobeam
