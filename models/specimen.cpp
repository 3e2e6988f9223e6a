#include "models/specimen.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
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
    fail(Fault::physics, "{} needs an orthogonal cell; cut a box first (model cut @from @to)",
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
        [&, &label = label](auto& values) {
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

// Least distances between ions, and between them and the metals of a glass.
Contacts oxide_contacts(const std::vector<int>& numbers) {
  constexpr int kOxygen = 8;
  constexpr double kOxygenRadius = 0.66, kBond = 0.93, kOxygens = 2.6;
  Contacts out = metallic_contacts(numbers);
  for (auto& [pair, distance] : out.distance) {
    const bool o_a = pair.first == kOxygen, o_b = pair.second == kOxygen;
    if (o_a && o_b) distance = kOxygens;
    if (o_a != o_b)
      distance = kBond * (metallic_radius(o_a ? pair.second : pair.first) + kOxygenRadius);
  }
  return out;
}

RelaxSettings oxide_settling() {
  RelaxSettings settings;
  settings.force = 0.02;
  settings.most_steps = 2000;
  return settings;
}

// How many ions fill a skin.
std::size_t ions(const OxideSkin& skin, const Vector3d& box) {
  double mass = 0, all = 0;
  for (std::size_t k = 0; k < skin.oxide.elements.size(); ++k) {
    mass += skin.oxide.shares[k] * atomic_mass(skin.oxide.elements[k]);
    all += skin.oxide.shares[k];
  }
  constexpr double kDalton = 1.66053906660;  // g/cm^3 of one dalton per Angstrom^3
  const auto count =
      std::size_t(std::llround(skin.density_g / (mass / all * kDalton) * box.prod()));
  if (count < 8) fail(Fault::physics, "the oxide skin would have {} atoms; make it thicker", count);
  return count;
}

// Amorphous oxide in a periodic box, its ions at their distances; each face has its own.
Atoms amorphous_oxide(const OxideSkin& skin, const Vector3d& box, bool at_exit,
                      const RunControl& run) {
  constexpr std::uint64_t kStream[] = {0x6f786964, 0x6f786964'65};
  Atoms out;
  out.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  const auto counts = atom_counts(skin.oxide, ions(skin, box));
  for (std::size_t k = 0; k < counts.size(); ++k)
    for (std::size_t n = 0; n < counts[k]; ++n) {
      const auto u = uniform4(skin.seed, kStream[at_exit], out.size());
      out.add(skin.oxide.elements[k], {u[0] * box.x(), u[1] * box.y(), u[2] * box.z()});
    }
  return relax(out, oxide_contacts(out.numbers), oxide_settling(), run).atoms;
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

// Where the matter would end if it had the density of its middle half up to there.
double dividing_surface(const Atoms& atoms, bool at_exit) {
  const double low = lowest(atoms), high = highest(atoms), half = (high - low) / 2;
  const double middle = (low + high) / 2;
  double within = 0, beyond = 0;
  for (const auto& r : atoms.positions) {
    within += std::abs(r.z() - middle) < half / 2;
    beyond += at_exit ? r.z() > middle : r.z() < middle;
  }
  const double depth = beyond / (within / half);
  return at_exit ? middle + depth : middle - depth;
}

}  // namespace

Atoms wedge(const Atoms& atoms, double thin, double angle) {
  need_orthogonal(atoms, "a wedge");
  const Vector3d edges = atoms.cell.vectors.diagonal();
  const double thick = thin + edges.x() * std::tan(angle);
  if (thick > edges.z() + 1e-6)
    fail(Fault::physics,
         "the wedge would be {:.4g} Angstrom thick at its far end, the cell is {:.4g}: repeat the "
         "cell along z (model cut @to), or take a smaller angle",
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

ModelSize expected_size(const Atoms& atoms, const OxideSkin& skin) {
  need_orthogonal(atoms, "an oxide skin");
  if (!std::count(skin.oxide.elements.begin(), skin.oxide.elements.end(), 8))
    fail(Fault::usage, "the oxide holds no oxygen; something like ZrO2 is expected");
  if (!(skin.density_g > 0.1 && skin.density_g < 25))
    fail(Fault::usage, "an oxide of {:g} g/cm^3 is asked for; ZrO2 has 5 to 5.8, Al2O3 3 to 4",
         skin.density_g);
  Vector3d box = atoms.cell.vectors.diagonal();
  const double each = double(ions(skin, {box.x(), box.y(), skin.thickness}));
  const int skins = int(skin.entrance) + int(skin.exit);
  box.z() += skins * skin.thickness;
  return {double(atoms.size()) + skins * each, box};
}

Atoms with_oxide(const Atoms& atoms, const OxideSkin& skin, const RunControl& run) {
  expected_size(atoms, skin);  // for its errors
  Atoms out = atoms;
  out.cell.periodic[2] = false;
  out.labels["oxide"].values = std::vector<std::int64_t>(atoms.size(), 0);
  const Vector3d edges = atoms.cell.vectors.diagonal();
  for (const bool at_exit : {false, true}) {
    if (!(at_exit ? skin.exit : skin.entrance)) continue;
    Atoms oxide = amorphous_oxide(skin, {edges.x(), edges.y(), skin.thickness}, at_exit, run);
    oxide.labels["oxide"].values = std::vector<std::int64_t>(oxide.size(), 1);
    const double face = dividing_surface(atoms, at_exit);
    for (auto& r : oxide.positions) r.z() += at_exit ? face : face - skin.thickness;
    out = joined(out, oxide);
  }
  RelaxSettings settings = oxide_settling();
  for (const auto o : std::get<std::vector<std::int64_t>>(out.labels["oxide"].values))
    settings.fixed.push_back(o == 0);
  out = relax(out, oxide_contacts(out.numbers), settings, run).atoms;
  const double low = std::min(0.0, lowest(out) - 0.5),
               high = std::max(edges.z(), highest(out) + 0.5);
  for (auto& r : out.positions) r.z() -= low;
  move_planted(out, Eigen::Matrix3d::Identity(), {0, 0, -low});
  out.cell.vectors(2, 2) = high - low;
  return out;
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
    const Vector3d x = edges * nearest_fraction(inverse * (r - centre), atoms.cell.periodic);
    label.push_back(x.norm() <= radius);
    r += inclusion_displacement(x, radius, eigenstrain, poisson);
  }
  out.labels["inclusion"].values = std::move(label);
  wrap(out);
  return out;
}

}  // namespace vitrobeam
