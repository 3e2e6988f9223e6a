#include "models/cluster_packing.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/interaction.hpp"
#include "models/kasper.hpp"
#include "models/mackay.hpp"
#include "models/neighbours.hpp"
#include "models/rotations.hpp"

namespace vitrobeam {
namespace {

constexpr double kFilled = 0.64;  // share of the volume that atoms fill where no density is given

double sphere(int z) { return 4 * std::numbers::pi / 3 * std::pow(metallic_radius(z), 3); }

// Fractional sites of a superlattice cell: knots, octahedral and tetrahedral holes.
struct Sites {
  Vector3d shape{1, 1, 1};  // of the cell
  std::vector<Vector3d> knots, octahedral, tetrahedral;
};

Sites superlattice_cell(Superlattice kind) {
  if (kind == Superlattice::fcc) {
    Sites s;
    s.knots = {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};
    for (const auto& k : s.knots) {
      s.octahedral.push_back(k + Vector3d(.5, 0, 0));
      s.tetrahedral.push_back(k + Vector3d(.25, .25, .25));
      s.tetrahedral.push_back(k + Vector3d(.75, .75, .75));
    }
    return s;
  }
  // hcp in its orthogonal cell of four knots
  Sites s;
  s.shape = {1, std::sqrt(3.0), std::sqrt(8.0 / 3)};
  s.knots = {{0, 0, 0}, {.5, .5, 0}, {0, 1.0 / 3, .5}, {.5, 5.0 / 6, .5}};
  for (const double z : {0.25, 0.75}) {
    s.octahedral.push_back({0, 2.0 / 3, z});
    s.octahedral.push_back({.5, 1.0 / 6, z});
  }
  for (const auto& k : s.knots)
    for (const double z : {3.0 / 8, -3.0 / 8}) s.tetrahedral.push_back(k + Vector3d(0, 0, z));
  return s;
}

// All sites in a periodic box of unit edge times `shape`, in fractions.
Sites superlattice(Superlattice kind, int cells) {
  if (kind == Superlattice::icosahedral) {  // 13 knots, edge over box 0.27; holes: middles of the
                                            // tetrahedra
    Sites s;
    const double edge = 0.27;
    const auto corners = icosahedron_corners();
    s.knots.push_back({.5, .5, .5});
    for (const auto& c : corners) s.knots.push_back(Vector3d::Constant(.5) + edge * c);
    for (std::size_t i = 0; i < 12; ++i)
      for (std::size_t j = 0; j < i; ++j)
        for (std::size_t k = 0; k < j; ++k)
          if ((corners[i] - corners[j]).norm() < 1.2 && (corners[i] - corners[k]).norm() < 1.2 &&
              (corners[j] - corners[k]).norm() < 1.2)
            s.tetrahedral.push_back(Vector3d::Constant(.5) +
                                    edge / 4 * (corners[i] + corners[j] + corners[k]));
    return s;
  }
  const Sites one = superlattice_cell(kind);
  Sites out;
  out.shape = one.shape;
  const auto fill = [&](const std::vector<Vector3d>& from, std::vector<Vector3d>& to) {
    for (int x = 0; x < cells; ++x)
      for (int y = 0; y < cells; ++y)
        for (int z = 0; z < cells; ++z)
          for (const auto& f : from) {
            Vector3d r = (Vector3d(x, y, z) + f) / cells;
            for (int k = 0; k < 3; ++k) r[k] -= std::floor(r[k]);
            to.push_back(r);
          }
  };
  fill(one.knots, out.knots);
  fill(one.octahedral, out.octahedral);
  fill(one.tetrahedral, out.tetrahedral);
  return out;
}

// The box of the given shape in which the atoms have the density, or fill 0.64.
Vector3d box_for(const std::vector<int>& numbers, const Vector3d& shape, double density) {
  double volume = 0;
  for (int z : numbers) volume += sphere(z) / kFilled;
  if (density > 0) volume = double(numbers.size()) / density;
  if (!(density >= 0 && density < 1))
    fail(Fault::usage, "a density of {:g} atoms/Angstrom^3 is not between 0 and 1", density);
  return shape * std::cbrt(volume / shape.prod());
}

double least_contact(const Atoms& atoms) {
  double least = 10;
  visit_neighbours(atoms.cell, atoms.positions, 3.6,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     least = std::min(least, r.norm() / (metallic_radius(atoms.numbers[i]) +
                                                         metallic_radius(atoms.numbers[j])));
                   });
  return least;
}

// Pushed apart: first only what moves freely, then all together for a while.
Atoms settled(const Atoms& atoms, const std::vector<bool>& fixed, const RunControl& run) {
  RelaxSettings s;
  s.force = 2e-3;
  s.most_steps = 3000;
  s.fixed = fixed;
  const Contacts contacts = metallic_contacts(atoms.numbers);
  Atoms out = relax(atoms, contacts, s, run).atoms;
  s.fixed.clear();
  s.most_steps = 200;
  return relax(out, contacts, s, run).atoms;
}

// Atoms of the site `of` ("": of any other site) within 1.25 contacts of those of `around`.
double mean_coordination(const Atoms& atoms, const std::vector<std::string>& site,
                         const std::string& around, const std::string& of) {
  constexpr double kShell = 1.25;
  double n = 0, centres = 0;
  for (const auto& s : site) centres += s == around;
  visit_neighbours(atoms.cell, atoms.positions, kShell * 3.6,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     const double touch =
                         metallic_radius(atoms.numbers[i]) + metallic_radius(atoms.numbers[j]);
                     const bool counts = of.empty() ? site[j] != around : site[j] == of;
                     n += site[i] == around && counts && r.norm() < kShell * touch;
                   });
  return centres > 0 ? n / centres : 0;
}

// Places of atoms before those that overlap part.
struct Layout {
  Atoms atoms;
  std::vector<std::string> site;
  std::vector<std::int64_t> motif{};  // empty: no label
  std::vector<bool> fixed;            // while the others find their places
  double expected = 0;                // coordination
};

ModelSize size_of(const Atoms& atoms) { return {double(atoms.size()), atoms.cell.lengths()}; }

void check_cells(int cells) {
  if (cells < 2 || cells > 12)
    fail(Fault::usage, "{} cells of the superlattice are asked for; 2 to 12 are possible", cells);
}

// How many solvent atoms there are, and how many solutes beside those on the superlattice. The
// icosahedral cluster of clusters stands in a box of the same composition: as many atoms as make a
// distance of two contacts between knots, whose edge is 0.27 of the box.
std::pair<std::size_t, std::size_t> matrix_atoms(const EfficientPacking& s, double per_alpha,
                                                 std::size_t knots) {
  if (s.superlattice != Superlattice::icosahedral)
    return {std::size_t(std::llround(per_alpha * double(knots))), 0};
  const double contact = metallic_radius(s.alpha) + metallic_radius(s.solvent);
  const double box = 1.75 * contact / 0.27;
  const double each = (sphere(s.alpha) + per_alpha * sphere(s.solvent)) / kFilled;
  const double units = std::pow(box, 3) / each;
  return {std::size_t(std::llround(per_alpha * units)),
          std::size_t(std::max(0.0, units - double(knots)))};
}

Layout laid_out(const EfficientPacking& s) {
  constexpr std::uint64_t kStream = 0x65637061;
  if (s.superlattice != Superlattice::icosahedral) check_cells(s.cells);
  const Sites sites = superlattice(s.superlattice, s.cells);
  Layout out;
  out.expected = efficient_coordination(metallic_radius(s.alpha) / metallic_radius(s.solvent));
  // neighbouring clusters share solvent atoms where they touch: an atom of a shell belongs to two
  // of them
  const double per_alpha = s.solvents_per_alpha > 0 ? s.solvents_per_alpha : out.expected / 2;
  std::vector<int> numbers;
  std::vector<Vector3d> fractions;
  const auto add = [&](const std::vector<Vector3d>& places, int z, const char* name) {
    if (z == 0) return;
    for (const auto& f : places)
      numbers.push_back(z), out.site.emplace_back(name), fractions.push_back(f);
  };
  add(sites.knots, s.alpha, "alpha");
  add(sites.octahedral, s.beta, "beta");
  add(sites.tetrahedral, s.gamma, "gamma");
  out.fixed.assign(numbers.size(), true);
  const auto [solvents, extra] = matrix_atoms(s, per_alpha, sites.knots.size());
  RandomSequence random(s.seed, kStream);
  for (std::size_t k = 0; k < solvents + extra; ++k) {
    const Vector3d place(random.uniform(), random.uniform(), random.uniform());
    add({place}, k < solvents ? s.solvent : s.alpha, k < solvents ? "omega" : "alpha");
  }
  out.fixed.resize(numbers.size(), false);
  const Vector3d box = box_for(numbers, sites.shape, s.density);
  out.atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    out.atoms.add(numbers[i], fractions[i].cwiseProduct(box));
  return out;
}

std::vector<int> repeated_elements(const Composition& c) {
  std::vector<int> out;
  for (std::size_t k = 0; k < c.elements.size(); ++k)
    out.insert(out.end(), std::size_t(std::lround(c.shares[k])), c.elements[k]);
  return out;
}

Layout laid_out(const GluePacking& s) {
  constexpr std::uint64_t kStream = 0x676c7565;
  if (s.superlattice == Superlattice::icosahedral)
    fail(Fault::usage, "cluster-plus-glue-atom models stand on fcc or hcp superlattices");
  check_cells(s.cells);
  const Sites sites = superlattice(s.superlattice, s.cells);
  const auto points = thomson(s.formula.shell_atoms()).points;
  const auto shell = repeated_elements(s.formula.shell), glue = repeated_elements(s.formula.glue);
  RandomSequence random(s.seed, kStream);
  Layout out;
  out.expected = s.formula.shell_atoms();
  std::vector<int> numbers;
  struct Place {
    Vector3d fraction, offset;
  };
  std::vector<Place> places;
  const auto add = [&](int z, const char* name, std::int64_t id, const Vector3d& f,
                       const Vector3d& offset) {
    numbers.push_back(z);
    out.site.emplace_back(name);
    out.motif.push_back(id);
    places.push_back({f, offset});
  };
  std::int64_t id = 0;
  for (std::size_t k = 0; k < sites.knots.size(); ++k) {
    add(s.formula.centre, "centre", ++id, sites.knots[k], Vector3d::Zero());
    const Eigen::Matrix3d turn = random_rotation(random);
    std::vector<int> decoration = shell;
    for (std::size_t i = decoration.size(); i > 1; --i)
      std::swap(decoration[i - 1], decoration[random.below(i)]);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double bond = metallic_radius(s.formula.centre) + metallic_radius(decoration[i]);
      add(decoration[i], "shell", id, sites.knots[k], bond * (turn * points[i]));
    }
    for (std::size_t g = 0; g < glue.size(); ++g)
      add(glue[g], "glue", 0, g == 0 ? sites.octahedral[k] : sites.tetrahedral[2 * k + g - 1],
          Vector3d::Zero());
  }
  const Vector3d box = box_for(numbers, sites.shape, s.density);
  out.atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    out.atoms.add(numbers[i], places[i].fraction.cwiseProduct(box) + places[i].offset);
    out.fixed.push_back(out.site[i] == "centre");
  }
  wrap(out.atoms);
  return out;
}

// The layout with its atoms pushed apart; coordination: atoms of the site `of` ("": any other)
// around those of `around`.
ClusterModel built(Layout layout, const std::string& around, const std::string& of,
                   const RunControl& run) {
  ClusterModel out;
  out.atoms = settled(layout.atoms, layout.fixed, run);
  out.expected = layout.expected;
  out.coordination = mean_coordination(out.atoms, layout.site, around, of);
  out.closest = least_contact(out.atoms);
  out.atoms.labels["site"].values = std::move(layout.site);
  if (!layout.motif.empty()) out.atoms.labels["motif"].values = std::move(layout.motif);
  return out;
}

}  // namespace

int efficient_coordination(double ratio) {
  // ideal ratios R*_N, N = 8 to 20
  constexpr double kIdeal[] = {0.617, 0.710, 0.799, 0.884, 0.902, 0.976, 1.047,
                               1.116, 1.183, 1.248, 1.311, 1.373, 1.433};
  int best = 8;
  for (int n = 8; n <= 20; ++n)
    if (std::abs(kIdeal[n - 8] - ratio) < std::abs(kIdeal[best - 8] - ratio)) best = n;
  return best;
}

ClusterModel efficient_packing(const EfficientPacking& s, const RunControl& run) {
  return built(laid_out(s), "alpha", "omega", run);
}
ModelSize expected_size(const EfficientPacking& s) { return size_of(laid_out(s).atoms); }

int GlueFormula::shell_atoms() const {
  return int(std::lround(std::accumulate(shell.shares.begin(), shell.shares.end(), 0.0)));
}
int GlueFormula::glue_atoms() const {
  return int(std::lround(std::accumulate(glue.shares.begin(), glue.shares.end(), 0.0)));
}

GlueFormula parse_glue_formula(const std::string& text) {
  const auto open = text.find('['), close = text.find(']');
  const auto bad = [&](const std::string& why) {
    fail(Fault::usage, "'{}': {}; a formula such as [Cu-Zr12]Zr or [Cu8Zr5]Cu is expected", text,
         why);
  };
  if (open != 0 || close == std::string::npos || close < 3) bad("there is no cluster in brackets");
  const std::string cluster = text.substr(1, close - 1), glue = text.substr(close + 1);
  if (glue.empty()) bad("there is no glue atom behind the bracket");
  GlueFormula out;
  const auto dash = cluster.find('-');
  if (dash != std::string::npos) {
    const Composition centre = parse_composition(cluster.substr(0, dash));
    if (centre.elements.size() != 1 || centre.shares[0] != 1) bad("the centre must be one atom");
    out.centre = centre.elements[0];
    out.shell = parse_composition(cluster.substr(dash + 1));
  } else {
    out.shell = parse_composition(cluster);
    out.centre = out.shell.elements[0];
    out.shell.shares[0] -= 1;
  }
  out.glue = parse_composition(glue);
  for (const auto* part : {&out.shell, &out.glue})
    for (double n : part->shares)
      if (n != std::floor(n) || n < 0) bad("numbers of atoms must be whole");
  if (out.shell_atoms() < 8 || out.shell_atoms() > 20)
    bad(fmt::format("the shell has {} atoms, 8 to 20 are possible", out.shell_atoms()));
  if (out.glue_atoms() > 3)
    bad(fmt::format("{} glue atoms are more than the holes of the packing, 3", out.glue_atoms()));
  return out;
}

ClusterModel glue_packing(const GluePacking& s, const RunControl& run) {
  return built(laid_out(s), "centre", "", run);
}
ModelSize expected_size(const GluePacking& s) { return size_of(laid_out(s).atoms); }

}  // namespace vitrobeam
