#include "multislice/core_patches.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "multislice/potential_rows.hpp"
#include "multislice/propagation.hpp"
#include "potentials/absorption.hpp"

namespace vitrobeam {
namespace {

// Samples of the fine grid along an edge of a pixel, and where nuclei stand side by side.
constexpr int kFine = 4, kFinest = 12;
// Edge of a tile of patches in samples of the grid, which are even in number.
constexpr int kTile = 2;
// Nuclei nearer than this count as one, Angstrom.
constexpr double kCoincident = 1e-3;

Grid with_whole_band(Grid grid) {
  grid.band_limit = grid.nyquist();
  return grid;
}

double folded(double x, double edge) { return x - std::floor(x / edge) * edge; }

// Visits the pairs (i, j), i < j, of places nearer than `distance` in the repeated cell.
template <typename Visit>
void close_pairs(const std::vector<Vector2d>& places, const Grid& grid, double distance,
                 Visit&& visit) {
  struct Entry {
    double x;
    std::size_t i;
  };
  std::vector<Entry> order;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double x = folded(places[i].x(), grid.lx);
    order.push_back({x, i});
    if (x < distance) order.push_back({x + grid.lx, i});
  }
  std::sort(order.begin(), order.end(),
            [](const Entry& a, const Entry& b) { return a.x != b.x ? a.x < b.x : a.i < b.i; });
  for (std::size_t k = 0; k < order.size(); ++k)
    for (std::size_t l = k + 1; l < order.size() && order[l].x - order[k].x < distance; ++l) {
      const std::size_t i = order[k].i, j = order[l].i;
      if (i == j) continue;
      const double dy = std::remainder(places[i].y() - places[j].y(), grid.ly);
      if (std::hypot(order[l].x - order[k].x, dy) < distance) visit(std::min(i, j), std::max(i, j));
    }
}

// Up to where the factor of the imaginary potential is worth knowing, 1/Angstrom.
double absorption_reach(double u_rms, double nyquist) {
  return std::max(nyquist, std::min(30.0, 1.5 / std::max(u_rms, 0.05)));
}

}  // namespace

template <typename Real>
struct CorePatches<Real>::Weights {
  static constexpr int kNodes = kTile + 8;  // samples of the grid that reach into a tile, at most
  using Onto = Eigen::Matrix<Real, Eigen::Dynamic, kNodes, Eigen::RowMajor>;
  using From = Eigen::Matrix<Real, kNodes, Eigen::Dynamic, Eigen::RowMajor>;
  Onto fine;  // [sample of the fine grid, node]; the first node is 3 samples before the tile
  From node;

  Weights(const SpreadingBump<float>& bump, int times) : fine(kTile * times, kNodes) {
    for (int f = 0; f < kTile * times; ++f)
      for (int k = 0; k < kNodes; ++k) fine(f, k) = Real(bump.at(double(f) / times - (k - 3)));
    node = fine.transpose();
  }
};

template <typename Real>
CorePatches<Real>::CorePatches(const Grid& grid, const PotentialSettings& s,
                               double interaction_constant, const std::vector<int>& elements,
                               double atoms_per_slice)
    : grid_(grid),
      wide_(with_whole_band(grid)),
      sigma_(interaction_constant),
      band_(grid),
      whole_(wide_),
      bump_x_(grid.nx, grid.lx, grid.band_x(), wide_.band_x()),
      bump_y_(grid.ny, grid.ly, grid.band_y(), wide_.band_y()) {
  std::map<int, ElementFactor> real, imaginary;
  for (const int z : elements) {
    SiteAtom& atom = atoms_[z] = {s.factors.element(z), s.factors.u_rms(z), {}};
    if (s.absorption != 0)
      atom.absorbed = absorptive_factor(atom.factor, atom.u_rms, s.absorption, grid.q_max(),
                                        absorption_reach(atom.u_rms, wide_.q_max()));
    const auto alone = core({z}, kFine);
    real[z] = alone->smooth();
    imaginary[z] = alone->smooth_absorbed();
  }
  const AtomSum sum = cheaper_sum(s.sum, wide_, atoms_per_slice, int(elements.size()));
  smooth_ = std::make_unique<AtomSums<Real>>(wide_, FactorTable(std::move(real)), elements, sum);
  if (s.absorption != 0)
    smooth_absorbed_ =
        std::make_unique<AtomSums<Real>>(wide_, FactorTable(std::move(imaginary)), elements, sum);
}

template <typename Real>
std::shared_ptr<const AtomCore> CorePatches<Real>::core(const std::vector<int>& elements,
                                                        int fine) const {
  std::vector<SiteAtom> site;
  for (const int z : elements) site.push_back(atoms_.at(z));
  return atom_core(site, {std::max(grid_.dx(), grid_.dy()), fine, sigma_});
}

template <typename Real>
std::vector<typename CorePatches<Real>::Site> CorePatches<Real>::sites(const SliceAtoms& atoms,
                                                                       int fine) const {
  std::vector<Vector2d> places;
  std::vector<int> numbers;
  for (const auto& [z, positions] : atoms)
    for (const Vector2d& at : positions) {
      places.push_back(at);
      numbers.push_back(z);
    }
  std::vector<std::size_t> leader(places.size());
  std::iota(leader.begin(), leader.end(), std::size_t(0));
  close_pairs(places, grid_, kCoincident,
              [&](std::size_t i, std::size_t j) { leader[j] = std::min(leader[j], leader[i]); });
  std::map<std::size_t, std::vector<int>> groups;
  for (std::size_t i = 0; i < places.size(); ++i) groups[leader[i]].push_back(numbers[i]);
  std::map<std::vector<int>, std::shared_ptr<const AtomCore>> known;
  std::vector<Site> out;
  for (auto& [first, elements] : groups) {
    std::sort(elements.begin(), elements.end());
    auto& known_core = known[elements];
    if (!known_core) known_core = core(elements, fine);
    out.push_back({places[first], known_core});
  }
  return out;
}

// Whether innermost parts would overlap.
template <typename Real>
bool CorePatches<Real>::are_crowded(const std::vector<Site>& nuclei) const {
  if (nuclei.empty()) return false;
  std::vector<Vector2d> places;
  for (const Site& site : nuclei) places.push_back(site.at);
  bool crowded = false;
  close_pairs(places, grid_, nuclei.front().core->reach(),
              [&](std::size_t, std::size_t) { crowded = true; });
  return crowded;
}

// Divides the transform of the bump out, so that sums of bumps over nodes pass through the values
// between them.
template <typename Real>
HalfPlane<Real> CorePatches<Real>::interpolating(HalfPlane<Real> c) const {
  const int by = wide_.band_y();
  for (Eigen::Index j = 0; j < c.rows(); ++j)
    for (Eigen::Index i = 0; i < c.cols(); ++i)
      c(j, i) *= Real(bump_x_.correction[std::size_t(i)] *
                      bump_y_.correction[std::size_t(std::abs(int(j) - by))]);
  return c;
}

template <typename Real>
struct CorePatches<Real>::Scratch {
  typename BandTransform<Real>::Workspace band_lines, whole_lines;
  AlignedArray<Lanes<Real>> band_wave, whole_wave, smooth;
  Plane<Complex> nodes, local, sum;  // nodes, local: [y, x]; sum: [jx + band_x, jy + band_y]
};

template <typename Real>
CorePatches<Real>::~CorePatches() = default;

template <typename Real>
std::unique_ptr<typename CorePatches<Real>::Scratch> CorePatches<Real>::take_scratch() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto out = std::move(idle_.back());
      idle_.pop_back();
      return out;
    }
  }
  return std::make_unique<Scratch>(Scratch{
      band_.make_workspace(), whole_.make_workspace(), band_.make_wave(), whole_.make_wave(),
      aligned_array<Lanes<Real>>(std::size_t(grid_.nx) * std::size_t(whole_.row_tiles())),
      Plane<Complex>::Zero(grid_.ny, grid_.nx), Plane<Complex>(grid_.ny, grid_.nx),
      Plane<Complex>(2 * grid_.band_x() + 1, 2 * grid_.band_y() + 1)});
}

template <typename Real>
void CorePatches<Real>::keep(std::unique_ptr<Scratch> scratch) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(scratch));
}

template <typename Real>
auto CorePatches<Real>::Smooth::operator+=(const Smooth& other) -> Smooth& {
  potential += other.potential;
  if (absorbed.size() > 0) absorbed += other.absorbed;
  return *this;
}

template <typename Real>
auto CorePatches<Real>::Smooth::operator-=(const Smooth& other) -> Smooth& {
  potential -= other.potential;
  if (absorbed.size() > 0) absorbed -= other.absorbed;
  return *this;
}

template <typename Real>
auto CorePatches<Real>::smooth(const SliceAtoms& atoms) const -> Smooth {
  return {(*smooth_)(atoms), smooth_absorbed_ ? (*smooth_absorbed_)(atoms) : HalfPlane<Real>()};
}

template <typename Real>
void CorePatches<Real>::exponentiate(const Smooth& field, Scratch& s) const {
  constexpr int kLanes = Lanes<Real>::kCount;
  const auto nx = std::size_t(grid_.nx);
  const Real sigma = Real(sigma_);
  // the field itself in the real parts of a transform, its nodes in the imaginary ones
  const auto rows = [&](const HalfPlane<Real>& c, auto&& at) {
    write_fields<Real>(c, interpolating(c), whole_, s.whole_wave.get(), s.whole_lines);
    whole_.read_rows(s.whole_wave.get(), s.whole_lines, [&](int tile, const Lanes<Real>* v) {
      Lanes<Real>* to = s.smooth.get() + std::size_t(tile) * nx;
      const int lanes = std::min(kLanes, grid_.ny - tile * kLanes);
      for (int i = 0; i < grid_.nx; ++i) at(to[i], v[i], lanes, tile * kLanes, whole_.x(i));
    });
  };
  rows(field.potential, [&](Lanes<Real>& t, const Lanes<Real>& v, int lanes, int y, int x) {
    t = phase_factor<Real>(v.re * sigma);
    for (int l = 0; l < lanes; ++l) s.nodes(y + l, x) = v.im[l] * sigma;
  });
  if (field.absorbed.size() == 0) return;
  rows(field.absorbed, [&](Lanes<Real>& t, const Lanes<Real>& v, int lanes, int y, int x) {
    t = absorbed<Real>(t, v.re * sigma);
    for (int l = 0; l < lanes; ++l) s.nodes(y + l, x) += Complex(0, v.im[l] * sigma);
  });
}

// Squares of the grid, each with the sites that reach into it, whose surroundings are sampled on a
// finer grid.
template <typename Real>
class CorePatches<Real>::Tiles {
 public:
  Tiles(const CorePatches& patches, const std::vector<Site>& sites, int times, bool absorbs)
      : grid_(patches.grid_),
        times_(times),
        absorbs_(absorbs),
        weights_x_(patches.bump_x_, times),
        weights_y_(patches.bump_y_, times) {
    across_ = grid_.nx / kTile;
    visitors_.resize(std::size_t(across_) * std::size_t(grid_.ny / kTile));
    for (const Site& site : sites) place(site.at, *site.core);
  }

  // Adds what is local, spread, to `sum`; `nodes` as of smooth().
  void add(const Plane<Complex>& nodes, Plane<Complex>& sum) {
    const auto n = Eigen::Index(kTile) * times_;
    for (auto* plane : {&phase_, &loss_, &rest_, &rest_loss_, &share_, &share_im_, &h_, &h_im_})
      plane->resize(n, n);
    for (std::size_t t = 0; t < visitors_.size(); ++t) {
      if (visitors_[t].empty()) continue;
      const int x = int(t) % across_ * kTile, y = int(t) / across_ * kTile;
      interpolate(nodes, x, y);
      sample(visitors_[t]);
      exponentiate();
      spread(h_, h_im_, x, y, sum);
    }
  }

 private:
  struct Visitor {
    Vector2d at;  // from the first sample of the tile, Angstrom
    const AtomCore* core;
  };
  using Fine = Plane<Real>;
  using Block = Eigen::Matrix<Real, Weights::kNodes, Weights::kNodes, Eigen::RowMajor>;

  void place(const Vector2d& at, const AtomCore& core) {
    const double wide = kTile * grid_.dx(), high = kTile * grid_.dy(), r = core.radius();
    const int down = grid_.ny / kTile;
    for (int j = int(std::floor((at.y() - r) / high)); j * high < at.y() + r; ++j)
      for (int i = int(std::floor((at.x() - r) / wide)); i * wide < at.x() + r; ++i) {
        const Vector2d corner(i * wide, j * high), inside = at - corner;
        const double dx = inside.x() - std::clamp(inside.x(), 0.0, wide),
                     dy = inside.y() - std::clamp(inside.y(), 0.0, high);
        if (dx * dx + dy * dy >= r * r) continue;
        const int column = ((i % across_) + across_) % across_, row = ((j % down) + down) % down;
        visitors_[std::size_t(row) * std::size_t(across_) + std::size_t(column)].push_back(
            {inside, &core});
      }
  }

  // Indices of node (0, 0) of the tile at (x, y), repeated.
  int node_x(int x, int k) const { return (x + k - 3 + 2 * grid_.nx) % grid_.nx; }
  int node_y(int y, int k) const { return (y + k - 3 + 2 * grid_.ny) % grid_.ny; }

  void interpolate(const Plane<Complex>& nodes, int x, int y) {
    Block re, im;
    for (int j = 0; j < Weights::kNodes; ++j)
      for (int i = 0; i < Weights::kNodes; ++i) {
        const Complex v = nodes(node_y(y, j), node_x(x, i));
        re(j, i) = v.real();
        im(j, i) = v.imag();
      }
    phase_.matrix().noalias() =
        typename Weights::Onto(weights_y_.fine.lazyProduct(re)).lazyProduct(weights_x_.node);
    if (absorbs_)
      loss_.matrix().noalias() =
          typename Weights::Onto(weights_y_.fine.lazyProduct(im)).lazyProduct(weights_x_.node);
  }

  // Sums of the tables of the sites at the samples of the fine grid.
  void sample(const std::vector<Visitor>& visitors) {
    for (auto* plane : {&rest_, &rest_loss_, &share_, &share_im_}) plane->setZero();
    for (const Visitor& v : visitors) {
      add_table(v.at, v.core->phase(), v.core->phase_per_square(), absorbs_, rest_, rest_loss_);
      add_table(v.at, v.core->inner(), v.core->inner_per_square(), true, share_, share_im_);
    }
  }

  void add_table(const Vector2d& at, const std::vector<std::complex<float>>& table,
                 double per_square, bool both, Fine& re, Fine& im) const {
    const auto last = float(table.size() - 2);  // from here on zeros
    const float hx = float(grid_.dx() / times_), hy = float(grid_.dy() / times_),
                scale = float(per_square), x0 = float(at.x()), y0 = float(at.y());
    const auto* entries = reinterpret_cast<const float*>(table.data());
    for (Eigen::Index j = 0; j < re.rows(); ++j) {
      const float y = float(j) * hy - y0, rest = last - y * y * scale;
      if (rest <= 0) continue;
      const float half = std::sqrt(rest / scale);
      const auto from = std::max<Eigen::Index>(0, Eigen::Index(std::ceil((x0 - half) / hx))),
                 to = std::min<Eigen::Index>(re.cols() - 1,
                                             Eigen::Index(std::floor((x0 + half) / hx)));
      for (Eigen::Index i = from; i <= to; ++i) {
        const float x = float(i) * hx - x0, place = std::min(last, (x * x + y * y) * scale);
        const int k = int(place);
        const float t = place - float(k);
        const float* e = entries + 2 * k;
        re(j, i) += Real(e[0] + t * (e[2] - e[0]));
        if (both) im(j, i) += Real(e[1] + t * (e[3] - e[1]));
      }
    }
  }

  // h = exp(i (phase + rest)) (1 + share) - exp(i phase), per sample of the fine grid.
  void exponentiate() {
    const Real norm = Real(1) / Real(times_ * times_);
    Fine size = Fine::Constant(phase_.rows(), phase_.cols(), norm), smooth_size = size;
    if (absorbs_) {
      smooth_size *= (-loss_).exp();
      size = smooth_size * (-rest_loss_).exp();
    }
    rest_ += phase_;
    const Fine c = rest_.cos() * size, s = rest_.sin() * size;
    h_ = c * (1 + share_) - s * share_im_ - phase_.cos() * smooth_size;
    h_im_ = s * (1 + share_) + c * share_im_ - phase_.sin() * smooth_size;
  }

  void spread(const Fine& re, const Fine& im, int x, int y, Plane<Complex>& sum) const {
    const Block a = typename Weights::From(weights_y_.node.lazyProduct(re.matrix()))
                        .lazyProduct(weights_x_.fine),
                b = typename Weights::From(weights_y_.node.lazyProduct(im.matrix()))
                        .lazyProduct(weights_x_.fine);
    for (int j = 0; j < Weights::kNodes; ++j)
      for (int i = 0; i < Weights::kNodes; ++i)
        sum(node_y(y, j), node_x(x, i)) += Complex(a(j, i), b(j, i));
  }

  Grid grid_;
  int times_, across_ = 0;
  bool absorbs_;
  Weights weights_x_, weights_y_;
  std::vector<std::vector<Visitor>> visitors_;
  Fine phase_, loss_, rest_, rest_loss_, share_, share_im_, h_, h_im_;
};

template <typename Real>
Plane<std::complex<Real>> CorePatches<Real>::operator()(const Smooth& field,
                                                        const SliceAtoms& atoms) const {
  auto scratch = take_scratch();
  Scratch& s = *scratch;
  exponentiate(field, s);
  int fine = kFine;
  std::vector<Site> nuclei = sites(atoms, fine);
  if (are_crowded(nuclei)) nuclei = sites(atoms, fine = kFinest);
  s.local.setZero();
  Tiles(*this, nuclei, fine, field.absorbed.size() > 0).add(s.nodes, s.local);

  constexpr int kLanes = Lanes<Real>::kCount;
  const auto nx = std::size_t(grid_.nx);
  const int bx = grid_.band_x(), by = grid_.band_y();
  const Propagator<Real> limit(band_, 0, 0);
  const auto coefficients = [&](auto&& rows, auto&& at) {
    band_.write_rows(s.band_wave.get(), s.band_lines, rows);
    band_.read_columns(s.band_wave.get(), s.band_lines, limit, [&](int jx, const Complex* column) {
      for (int jy = -by; jy <= by; ++jy)
        at(jx, jy, s.sum(jx + bx, jy + by), column[jy < 0 ? jy + grid_.ny : jy]);
    });
  };
  coefficients(
      [&](int tile, Lanes<Real>* row) {
        std::copy_n(s.smooth.get() + std::size_t(tile) * nx, nx, row);
      },
      [](int, int, Complex& sum, const Complex& value) { sum = value; });
  coefficients(
      [&](int tile, Lanes<Real>* row) {
        const int lanes = std::min(kLanes, grid_.ny - tile * kLanes);
        for (int i = 0; i < grid_.nx; ++i) {
          row[i] = Lanes<Real>{};
          for (int l = 0; l < lanes; ++l) row[i].set(l, s.local(tile * kLanes + l, band_.x(i)));
        }
      },
      [&](int jx, int jy, Complex& sum, const Complex& value) {
        sum += value * Real(bump_x_.correction[std::size_t(std::abs(jx))] *
                            bump_y_.correction[std::size_t(std::abs(jy))]);
      });
  Plane<Complex> out = plane_of_coefficients<Real>(band_, s.sum);
  keep(std::move(scratch));
  return out;
}

template class CorePatches<float>;
template class CorePatches<double>;

}  // namespace vitrobeam
