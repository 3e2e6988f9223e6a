#include "models/specimen.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/ground_truth.hpp"
#include "models/interaction.hpp"
#include "models/neighbours.hpp"
#include "models/transform.hpp"

namespace vitrobeam {
namespace {

void need_orthogonal(const Atoms& atoms, const char* what) {
  if (!atoms.cell.is_orthogonal())
    fail(Fault::physics, "{} needs an orthogonal cell; cut a box first (model cut --from --to)",
         what);
}

// All labels of both, 0 or "-" where one has none; the cell and info of the first.
Atoms joined(const Atoms& a, const Atoms& b) {
  Atoms out = a;
  out.numbers.insert(out.numbers.end(), b.numbers.begin(), b.numbers.end());
  out.positions.insert(out.positions.end(), b.positions.begin(), b.positions.end());
  for (auto& [name, label] : out.labels) {
    const auto other = b.labels.find(name);
    std::visit(
        [&](auto& values) {
          using Values = std::decay_t<decltype(values)>;
          const bool same = other != b.labels.end() && other->second.columns == label.columns &&
                            std::holds_alternative<Values>(other->second.values);
          if (same) {
            const auto& more = std::get<Values>(other->second.values);
            values.insert(values.end(), more.begin(), more.end());
            return;
          }
          typename Values::value_type none{};
          if constexpr (std::is_same_v<typename Values::value_type, std::string>) none = "-";
          values.resize(values.size() + b.size() * std::size_t(label.columns), none);
        },
        label.values);
  }
  return out;
}

// Amorphous oxide in a periodic box, its ions at their distances.
Atoms amorphous_oxide(const OxideSkin& skin, const Vector3d& box) {
  constexpr std::uint64_t kStream = 0x6f786964;
  constexpr int kOxygen = 8;
  constexpr double kOxygenRadius = 0.66, kBond = 0.93, kOxygens = 2.6;
  double mass = 0, all = 0;
  for (std::size_t k = 0; k < skin.oxide.elements.size(); ++k) {
    mass += skin.oxide.shares[k] * atomic_mass(skin.oxide.elements[k]);
    all += skin.oxide.shares[k];
  }
  constexpr double kDalton = 1.66053906660;  // g/cm^3 of one dalton per Angstrom^3
  const auto count =
      std::size_t(std::llround(skin.density_g / (mass / all * kDalton) * box.prod()));
  if (count < 8) fail(Fault::physics, "the oxide skin would have {} atoms; make it thicker", count);
  Atoms out;
  out.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  const auto counts = atom_counts(skin.oxide, count);
  for (std::size_t k = 0; k < counts.size(); ++k)
    for (std::size_t n = 0; n < counts[k]; ++n) {
      const auto u = uniform4(skin.seed, kStream, out.size());
      out.add(skin.oxide.elements[k], {u[0] * box.x(), u[1] * box.y(), u[2] * box.z()});
    }
  Contacts contacts;
  for (int a : skin.oxide.elements)
    for (int b : skin.oxide.elements) {
      if (a > b) continue;
      const bool o_a = a == kOxygen, o_b = b == kOxygen;
      contacts.distance[{a, b}] = o_a && o_b ? kOxygens
                                  : o_a      ? kBond * (metallic_radius(b) + kOxygenRadius)
                                  : o_b      ? kBond * (metallic_radius(a) + kOxygenRadius)
                                             : metallic_radius(a) + metallic_radius(b);
    }
  RelaxSettings settings;
  settings.force = 0.02;
  settings.most_steps = 2000;
  return relax(out, contacts, settings).atoms;
}

double lowest(const Atoms& atoms) {
  double z = 1e300;
  for (const auto& r : atoms.positions) z = std::min(z, r.z());
  return z;
}
double highest(const Atoms& atoms) {
  double z = -1e300;
  for (const auto& r : atoms.positions) z = std::max(z, r.z());
  return z;
}

// Smallest distance between atoms of two pieces, periodic along x and y.
double gap(const Atoms& a, const Atoms& b) {
  Atoms both = joined(a, b);
  double least = 1e300;
  visit_neighbours(both.cell, both.positions, 4,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     if ((i < a.size()) != (j < a.size())) least = std::min(least, r.norm());
                   });
  return least;
}

}  // namespace

Atoms wedge(const Atoms& atoms, double thin, double angle) {
  need_orthogonal(atoms, "a wedge");
  const Vector3d edges = atoms.cell.vectors.diagonal();
  const double thick = thin + edges.x() * std::tan(angle);
  if (thick > edges.z() + 1e-6)
    fail(Fault::physics,
         "the wedge would be {:.4g} Angstrom thick at its far end, the cell is {:.4g}: repeat the "
         "cell along "
         "z (model cut --to), or take a smaller angle",
         thick, edges.z());
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (atoms.positions[i].z() < thin + atoms.positions[i].x() * std::tan(angle)) kept.push_back(i);
  if (kept.empty()) fail(Fault::physics, "the wedge holds no atoms");
  Atoms out = select(atoms, kept);
  out.cell.periodic[0] = out.cell.periodic[2] = false;
  settle_planted(out, atoms.cell);
  return out;
}

Atoms with_oxide(const Atoms& atoms, const OxideSkin& skin) {
  need_orthogonal(atoms, "an oxide skin");
  if (!std::count(skin.oxide.elements.begin(), skin.oxide.elements.end(), 8))
    fail(Fault::usage, "the oxide holds no oxygen; something like ZrO2 is expected");
  if (!(skin.density_g > 0.1 && skin.density_g < 25))
    fail(Fault::usage, "an oxide of {:g} g/cm^3 is asked for; ZrO2 has 5 to 5.8, Al2O3 3 to 4",
         skin.density_g);
  constexpr double kClosest = 1.8;
  Atoms out = atoms;
  out.cell.periodic[2] = false;
  out.labels["oxide"].values = std::vector<std::int64_t>(atoms.size(), 0);
  const Vector3d edges = atoms.cell.vectors.diagonal();
  for (const bool at_exit : {false, true}) {
    if (!(at_exit ? skin.exit : skin.entrance)) continue;
    OxideSkin own = skin;
    own.seed = skin.seed + (at_exit ? 1 : 0);
    Atoms oxide = amorphous_oxide(own, {edges.x(), edges.y(), skin.thickness});
    oxide.labels["oxide"].values = std::vector<std::int64_t>(oxide.size(), 1);
    oxide.cell = out.cell;
    const double start = at_exit ? highest(out) - lowest(oxide) : lowest(out) - highest(oxide);
    for (auto& r : oxide.positions) r.z() += start;
    // down onto the glass until the closest pair is at its distance
    for (int step = 0; step < 200 && gap(out, oxide) < kClosest; ++step)
      for (auto& r : oxide.positions) r.z() += at_exit ? 0.05 : -0.05;
    out = joined(out, oxide);
  }
  const double low = std::min(0.0, lowest(out) - 0.5),
               high = std::max(edges.z(), highest(out) + 0.5);
  for (auto& r : out.positions) r.z() -= low;
  move_planted(out, Eigen::Matrix3d::Identity(), {0, 0, -low});
  out.cell.vectors(2, 2) = high - low;
  return out;
}

std::pair<Atoms, std::vector<BandSegment>> with_shear_band(const Atoms& glass,
                                                           const ShearBand& band) {
  constexpr std::uint64_t kStream = 0x62616e64;
  need_orthogonal(glass, "a shear band");
  const Vector3d edges = glass.cell.vectors.diagonal();
  const double lo_x = band.centre - band.width / 2, hi_x = band.centre + band.width / 2;
  if (lo_x < 0 || hi_x > edges.x())
    fail(Fault::physics,
         "the band from {:g} to {:g} Angstrom along x does not lie in the cell of {:g}", lo_x, hi_x,
         edges.x());
  if (band.changes.empty()) fail(Fault::usage, "a shear band needs at least one density");
  for (double c : band.changes)
    if (!(c > -0.5 && c < 0.5))
      fail(Fault::usage, "a density change of {:g} is not between -0.5 and 0.5; 0.06 is +6 %", c);
  const auto each = int(band.changes.size());
  const int rounds = std::max(1, int(std::lround(edges.y() / (band.segment * each))));
  const int count = rounds * each;
  std::vector<std::size_t> outside;
  for (std::size_t i = 0; i < glass.size(); ++i)
    if (glass.positions[i].x() < lo_x || glass.positions[i].x() >= hi_x) outside.push_back(i);
  Atoms out = select(glass, outside);
  std::vector<std::int64_t> label(out.size(), 0);
  const double bulk = number_density(glass);
  Cell source = glass.cell;
  source.periodic = {true, true, true};
  RandomSequence random(band.seed, kStream);
  std::vector<BandSegment> segments;
  for (int k = 0; k < count; ++k) {
    BandSegment s;
    s.from = edges.y() * k / count;
    s.to = edges.y() * (k + 1) / count;
    s.asked = band.changes[std::size_t(k % each)];
    const double scale = std::cbrt(1 / (1 + s.asked));
    Atoms filling = glass;
    filling.cell = source;
    filling.labels.clear();
    filling.info.clear();
    filling = deformed(filling, scale * Eigen::Matrix3d::Identity());
    const Vector3d size(band.width, s.to - s.from, edges.z());
    const auto wanted = std::size_t(std::llround(bulk * (1 + s.asked) * size.prod()));
    Atoms piece;
    for (int attempt = 0; attempt < 50 && piece.size() < wanted; ++attempt) {
      const Vector3d start(random.uniform() * edges.x(), random.uniform() * edges.y(),
                           random.uniform() * edges.z());
      Atoms cut = cut_box(filling, start, start + size);
      if (cut.size() > piece.size()) piece = std::move(cut);
    }
    while (piece.size() > wanted) {  // a few too many
      const auto worst = random.below(piece.size());
      piece.positions.erase(piece.positions.begin() + std::ptrdiff_t(worst));
      piece.numbers.erase(piece.numbers.begin() + std::ptrdiff_t(worst));
    }
    for (auto& r : piece.positions) r += Vector3d(lo_x, s.from, 0);
    label.insert(label.end(), piece.size(), k + 1);
    out = joined(out, piece);
    segments.push_back(s);
  }
  // atoms that meet at the borders are pushed apart, the matrix stays as it is
  RelaxSettings settings;
  settings.force = 5e-3;
  settings.most_steps = 1000;
  for (auto l : label) settings.fixed.push_back(l == 0);
  out = relax(out, metallic_contacts(out.numbers, band.contact), settings).atoms;
  for (std::size_t k = 0; k < segments.size(); ++k) {
    const double n = double(std::count(label.begin(), label.end(), std::int64_t(k + 1)));
    const double volume = band.width * (segments[k].to - segments[k].from) * edges.z();
    segments[k].made = n / volume / bulk - 1;
  }
  out.labels["band"].values = std::move(label);
  settle_planted(out, glass.cell);
  return {out, segments};
}

Vector3d inclusion_displacement(const Vector3d& x, double a, const Eigen::Matrix3d& e, double nu) {
  const double r = x.norm(), pi = std::numbers::pi;
  // phi,i = p x_i of the harmonic potential; psi,ijl = g2 (d_ij x_l + ...) + g3 x_i x_j x_l of the
  // biharmonic one, inside and outside of the sphere
  double p = -4 * pi / 3, g2 = -8 * pi / 15, g3 = 0;
  if (r > a) {
    const double k = 4 * pi * a * a * a / 3;
    p = -k / (r * r * r);
    g2 = k * (-1 / std::pow(r, 3) + 3 * a * a / (5 * std::pow(r, 5)));
    g3 = k * (3 / std::pow(r, 5) - 3 * a * a / std::pow(r, 7));
  }
  const Vector3d ex = e * x;
  const double trace = e.trace();
  const Vector3d psi = g2 * (trace * x + 2 * ex) + g3 * x.dot(ex) * x;
  return (psi - 2 * nu * trace * p * x - 4 * (1 - nu) * p * ex) / (8 * pi * (1 - nu));
}

Atoms with_inclusion(const Atoms& atoms, const Vector3d& centre, double radius,
                     const Eigen::Matrix3d& eigenstrain, double poisson) {
  if (!(radius > 0)) fail(Fault::usage, "an inclusion needs a radius above 0, not {:g}", radius);
  if (!(poisson > -1 && poisson < 0.5))
    fail(Fault::usage, "a Poisson ratio of {:g} is not between -1 and 0.5", poisson);
  Atoms out = atoms;
  const Eigen::Matrix3d edges = atoms.cell.vectors.transpose(), inverse = edges.inverse();
  std::vector<std::int64_t> label;
  for (auto& r : out.positions) {
    Vector3d f = inverse * (r - centre);
    for (int k = 0; k < 3; ++k)
      if (atoms.cell.periodic[std::size_t(k)]) f[k] -= std::nearbyint(f[k]);
    const Vector3d x = edges * f;
    label.push_back(x.norm() <= radius);
    r += inclusion_displacement(x, radius, eigenstrain, poisson);
  }
  out.labels["inclusion"].values = std::move(label);
  wrap(out);
  return out;
}

}  // namespace vitrobeam
