#include "models/prism_packing.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/fire.hpp"
#include "models/neighbours.hpp"
#include "models/rotations.hpp"
#include "models/templates.hpp"

namespace vitrobeam {
namespace {

constexpr std::size_t kCorners = 6, kAll = 9;
constexpr std::array<std::array<std::size_t, 2>, 9> kEdges = {
    {{0, 1}, {2, 3}, {4, 5}, {0, 2}, {2, 4}, {4, 0}, {1, 3}, {3, 5}, {5, 1}}};

struct Prism {
  Vector3d centre = Vector3d::Zero();
  Eigen::Matrix3d turn = Eigen::Matrix3d::Identity();
  std::array<std::size_t, kAll> metal{};  // of each point of tricapped_prism()
};

struct Lengths {
  double bond, metals, centres;  // metalloid-metal, least metal-metal and metalloid-metalloid
  double cap;                    // of the bond
};

// Of the bond: how near a prism's own metals may come to its centre, and others. In cementite the
// own are at 1 and, over the square faces, 1.2 to 1.4; the next ones at 1.5.
constexpr double kOwn = 0.9, kOthers = 1.4;

class Builder {
 public:
  Builder(const Vector3d& box, const Lengths& lengths, std::size_t prisms, std::size_t metals,
          std::uint64_t seed)
      : box_(box),
        l_(lengths),
        wanted_(prisms),
        most_metals_(metals),
        random_(seed, kStream),
        shape_(tricapped_prism(lengths.cap)) {}

  void grow();
  void fill();
  void assign();
  // FIRE under contacts, (1 - r / d)^2 / 2, and springs, pull / 2 (distance / bond)^2, from every
  // metal atom of a prism to its place. Prisms turn with their metals after every round, or choose
  // them anew.
  void relax(int rounds, double pull, bool choose);

  const std::vector<Prism>& prisms() const { return prisms_; }
  const std::vector<Vector3d>& metals() const { return metals_; }

 private:
  static constexpr std::uint64_t kStream = 0x7072736d;

  Vector3d image(const Vector3d& d) const { return nearest_image(d, box_); }
  Vector3d anywhere() {
    const double x = random_.uniform(), y = random_.uniform(), z = random_.uniform();
    return box_.cwiseProduct(Vector3d(x, y, z));
  }
  void turn_along();
  double least_distance(std::size_t i, std::size_t j) const;  // metals first, then centres
  void add_springs(const std::vector<Vector3d>& r, double pull,
                   std::vector<Vector3d>& forces) const;
  double nearest_metal(const Vector3d& r, std::size_t* which = nullptr) const;
  // A prism joined by one of its edges to an edge of another, at a random angle.
  Prism proposal();
  // What its points would be, and how many of them metal atoms that are there, less for those that
  // would have to move; below 0: it does not fit.
  struct Fit {
    double score = -1;
    std::array<std::size_t, kAll> metal{};  // or beyond the last: a new one
  };
  Fit fit(const Prism& p) const;
  void add(Prism p, const Fit& f);

  Vector3d box_;
  Lengths l_;
  std::size_t wanted_, most_metals_;
  RandomSequence random_;
  const std::vector<Vector3d> shape_;
  std::vector<Prism> prisms_;
  std::vector<Vector3d> metals_;
};

double Builder::nearest_metal(const Vector3d& r, std::size_t* which) const {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < metals_.size(); ++i)
    if (const double d = image(metals_[i] - r).squaredNorm(); d < least) {
      least = d;
      if (which) *which = i;
    }
  return std::sqrt(least);
}

Prism Builder::proposal() {
  const Prism& to = prisms_[random_.below(prisms_.size())];
  const auto& there = kEdges[random_.below(kEdges.size())];
  const auto& own = kEdges[random_.below(kEdges.size())];
  const bool swapped = random_.below(2) == 1;
  const Vector3d a = l_.bond * (to.turn * shape_[there[swapped]]),
                 b = l_.bond * (to.turn * shape_[there[!swapped]]);
  const Vector3d u = shape_[own[0]], v = shape_[own[1]];
  const Vector3d along = (b - a).normalized();
  const Eigen::Matrix3d lay = rotation_between(v - u, along);
  const double angle = 2 * std::numbers::pi * random_.uniform();
  Prism p;
  p.turn = Eigen::AngleAxisd(angle, along).toRotationMatrix() * lay;
  p.centre = to.centre + a - l_.bond * (p.turn * u);
  return p;
}

Builder::Fit Builder::fit(const Prism& p) const {
  constexpr double kSame = 0.5, kClosest = 0.75, kRoom = 1.15;  // of the metals' distance, or bond
  Fit out;
  for (const Prism& q : prisms_)
    if (image(q.centre - p.centre).norm() < 0.9 * l_.centres) return out;
  if (nearest_metal(p.centre) < kClosest * l_.bond) return out;
  std::size_t shared = 0;
  double score = 0;
  for (std::size_t k = 0; k < kAll; ++k) {
    const Vector3d r = p.centre + l_.bond * (p.turn * shape_[k]);
    std::size_t near = 0;
    const double d = nearest_metal(r, &near);
    if (d < kSame * l_.metals) {
      out.metal[k] = near;
      ++shared;
      score += 1 - std::pow(d / (kSame * l_.metals), 2);
      continue;
    }
    if (d < kClosest * l_.metals) return out;
    for (const Prism& q : prisms_)
      if (image(q.centre - r).norm() < kClosest * l_.bond) return out;
    out.metal[k] = metals_.size() + k;
  }
  for (std::size_t k = 0; k < kAll; ++k)
    for (std::size_t m = 0; m < k; ++m)
      if (out.metal[k] == out.metal[m]) return out;
  for (std::size_t i = 0; i < metals_.size(); ++i)
    if (image(metals_[i] - p.centre).norm() < kRoom * l_.bond &&
        std::find(out.metal.begin(), out.metal.end(), i) == out.metal.end())
      return out;
  if (metals_.size() + kAll - shared <= most_metals_) out.score = score;
  return out;
}

void Builder::add(Prism p, const Fit& f) {
  const std::size_t before = metals_.size();
  for (std::size_t k = 0; k < kAll; ++k) {
    p.metal[k] = f.metal[k];
    if (f.metal[k] < before) continue;
    p.metal[k] = metals_.size();
    metals_.push_back(p.centre + l_.bond * (p.turn * shape_[k]));
  }
  prisms_.push_back(p);
}

void Builder::grow() {
  // more proposals find better places: 60 of 250 prisms come out right with 1000 at kSame 0.35 and
  // no relaxation in between, 181 with these
  constexpr int kProposals = 2000, kFailures = 10;
  int failures = 0;
  while (prisms_.size() < wanted_ && failures < kFailures) {
    Prism best;
    Fit best_fit;
    for (int t = 0; t < kProposals; ++t) {
      Prism p;
      if (prisms_.empty()) {
        p.centre = anywhere();
        p.turn = random_rotation(random_);
      } else {
        p = proposal();
      }
      const Fit f = fit(p);
      if (f.score <= best_fit.score) continue;
      best = p;
      best_fit = f;
    }
    if (best_fit.score < 0) {
      ++failures;
      continue;
    }
    add(best, best_fit);
    relax(4, 2, false);
  }
}

// The rest: metalloids farthest from everything else, turned anyhow; metals over free square faces,
// then in the holes.
void Builder::fill() {
  constexpr int kTrials = 400;
  while (prisms_.size() < wanted_) {
    Prism p;
    double most = -1;
    for (int t = 0; t < kTrials; ++t) {
      const Vector3d r = anywhere();
      double room = nearest_metal(r) / l_.bond;
      for (const Prism& q : prisms_) room = std::min(room, image(q.centre - r).norm() / l_.centres);
      if (room > most) {
        most = room;
        p.centre = r;
      }
    }
    p.turn = random_rotation(random_);
    prisms_.push_back(p);
  }
  for (const Prism& p : prisms_)
    for (std::size_t k = kCorners; k < kAll && metals_.size() < most_metals_; ++k) {
      const Vector3d r = p.centre + l_.bond * (p.turn * shape_[k]);
      if (nearest_metal(r) > 0.6 * l_.metals) metals_.push_back(r);
    }
  while (metals_.size() < most_metals_) {
    Vector3d place = Vector3d::Zero();
    double most = -1;
    for (int t = 0; t < kTrials; ++t) {
      const Vector3d r = anywhere();
      double room = nearest_metal(r) / l_.metals;
      for (const Prism& q : prisms_) room = std::min(room, image(q.centre - r).norm() / l_.bond);
      if (room > most) {
        most = room;
        place = r;
      }
    }
    metals_.push_back(place);
  }
}

// Every point of each prism gets the nearest metal atom that none of its other points has, and the
// prism the rotation that fits them best.
void Builder::assign() {
  const double reach = 2.2 * l_.bond;
  std::vector<Vector3d> all = metals_;
  for (const Prism& p : prisms_) all.push_back(p.centre);
  std::vector<std::vector<std::pair<Vector3d, std::size_t>>> near(prisms_.size());
  visit_neighbours(Cell::orthogonal(box_.x(), box_.y(), box_.z()), all, reach,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     if (i >= metals_.size() && j < metals_.size())
                       near[i - metals_.size()].emplace_back(r, j);
                   });
  for (std::size_t x = 0; x < prisms_.size(); ++x) {
    Prism& p = prisms_[x];
    if (near[x].size() < kAll)
      fail(Fault::physics,
           "a metalloid has only {} metal atoms around it: the density is too low for prisms",
           near[x].size());
    std::vector<bool> taken(near[x].size(), false);
    std::vector<Vector3d> found;
    for (std::size_t k = 0; k < kAll; ++k) {
      const Vector3d want = l_.bond * (p.turn * shape_[k]);
      std::size_t best = near[x].size();
      for (std::size_t n = 0; n < near[x].size(); ++n)
        if (!taken[n] && (best == near[x].size() || (near[x][n].first - want).squaredNorm() <
                                                        (near[x][best].first - want).squaredNorm()))
          best = n;
      taken[best] = true;
      p.metal[k] = near[x][best].second;
      found.push_back(near[x][best].first);
    }
    p.turn = fitted_rotation(shape_, found);
  }
}

void Builder::turn_along() {
  for (Prism& p : prisms_) {
    std::vector<Vector3d> found;
    for (const auto i : p.metal) found.push_back(image(metals_[i] - p.centre));
    p.turn = fitted_rotation(shape_, found);
  }
}

double Builder::least_distance(std::size_t i, std::size_t j) const {
  const std::size_t a = std::min(i, j), b = std::max(i, j), m = metals_.size();
  if (b < m) return l_.metals;
  if (a >= m) return l_.centres;
  const auto& own = prisms_[b - m].metal;
  return l_.bond * (std::find(own.begin(), own.end(), a) != own.end() ? kOwn : kOthers);
}

void Builder::add_springs(const std::vector<Vector3d>& r, double pull,
                          std::vector<Vector3d>& forces) const {
  const std::size_t m = metals_.size();
  for (std::size_t x = 0; x < prisms_.size(); ++x)
    for (std::size_t k = 0; k < kAll; ++k) {
      const std::size_t i = prisms_[x].metal[k];
      const Vector3d want = l_.bond * (prisms_[x].turn * shape_[k]);
      const Vector3d force = pull / (l_.bond * l_.bond) * (want - image(r[i] - r[m + x]));
      forces[i] += force;
      forces[m + x] -= force;
    }
}

void Builder::relax(int rounds, double pull, bool choose) {
  constexpr int kSteps = 20;
  constexpr double kMargin = 0.8, kMostMove = 0.1;  // Angstrom; a list serves for a round
  const std::size_t m = metals_.size(), n = m + prisms_.size();
  const Cell cell = Cell::orthogonal(box_.x(), box_.y(), box_.z());
  const double reach = std::max({kOthers * l_.bond, l_.metals, l_.centres}) + kMargin;
  std::vector<Vector3d> r = metals_, f(n);
  for (const Prism& p : prisms_) r.push_back(p.centre);
  Fire fire(n, 0.2, 1.0);
  for (int round = 0; round < rounds; ++round) {
    if (choose)
      assign();
    else
      turn_along();
    const NeighbourList list = neighbours_within(cell, r, reach);
    const std::vector<Vector3d> at_list = r;
    std::vector<double> least(list.atom.size());
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = list.first[i]; k < list.first[i + 1]; ++k)
        least[k] = least_distance(i, list.atom[k]);
    for (int step = 0; step < kSteps; ++step) {
      for (auto& v : f) v.setZero();
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = list.first[i]; k < list.first[i + 1]; ++k) {
          const std::size_t j = list.atom[k];
          const Vector3d apart = list.step[k] + (r[j] - at_list[j]) - (r[i] - at_list[i]);
          const double length = apart.norm(), d = least[k];
          if (length < d) f[i] -= (1 - length / d) / (d * length) * apart;
        }
      add_springs(r, pull, f);
      fire.move(r, f, kMostMove);
    }
    metals_.assign(r.begin(), r.begin() + std::ptrdiff_t(m));
    for (std::size_t x = 0; x < prisms_.size(); ++x) prisms_[x].centre = r[m + x];
  }
  if (choose) assign();
}

constexpr double kEdge =
    1.3093073414159542;  // of a prism with square sides, over its bond: sqrt(12 / 7)

double sphere(double radius) { return 4 * std::numbers::pi / 3 * radius * radius * radius; }

PrismModel as_model(const Builder& b, const Vector3d& box, const Composition& c) {
  PrismModel out;
  Atoms& atoms = out.atoms;
  atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  const std::size_t m = b.metals().size();
  std::vector<std::string> site(m, "metal");
  std::vector<std::int64_t> shared(m, 0), prism(m, 0);
  std::vector<double> axis(3 * m, 0.0);
  for (const auto& r : b.metals()) atoms.add(c.elements[0], r);
  std::vector<std::vector<std::size_t>> of(m);
  for (std::size_t x = 0; x < b.prisms().size(); ++x) {
    const Prism& p = b.prisms()[x];
    for (std::size_t k = 0; k < kAll; ++k) {
      const std::size_t i = p.metal[k];
      if (k < kCorners) of[i].push_back(x);
      if (k < kCorners || site[i] == "metal") site[i] = k < kCorners ? "corner" : "cap";
    }
    atoms.add(c.elements[1], p.centre);
    site.emplace_back("centre");
    prism.push_back(std::int64_t(x) + 1);
    for (int k = 0; k < 3; ++k) axis.push_back(p.turn(k, 2));
  }
  std::map<std::pair<std::size_t, std::size_t>, int> common;
  for (std::size_t i = 0; i < m; ++i) {
    shared[i] = std::int64_t(of[i].size());
    for (auto x : of[i])
      for (auto y : of[i])
        if (x < y) ++common[{x, y}];
  }
  for (const auto& [pair, n] : common)
    ++(n == 1 ? out.at_corners : n == 2 ? out.at_edges : out.at_faces);
  shared.resize(atoms.size(), 0);
  atoms.labels["site"].values = std::move(site);
  atoms.labels["shared"].values = std::move(shared);
  atoms.labels["prism"].values = std::move(prism);
  atoms.labels["axis"] = {3, std::move(axis)};
  wrap(atoms);
  return out;
}

}  // namespace

std::vector<Vector3d> tricapped_prism(double cap) {
  std::vector<Vector3d> out;
  for (int k = 0; k < 3; ++k)
    for (int side = -1; side <= 1; side += 2) {
      const double angle = 2 * std::numbers::pi / 3 * k;
      out.push_back(kEdge * Vector3d(std::cos(angle) / std::sqrt(3.0),
                                     std::sin(angle) / std::sqrt(3.0), side / 2.0));
    }
  for (int k = 0; k < 3; ++k) {
    const double angle = 2 * std::numbers::pi / 3 * (k + 0.5);
    out.push_back(cap * Vector3d(std::cos(angle), std::sin(angle), 0));
  }
  return out;
}

double cap_distance(double bond, double metal_radius) {
  const double side = kEdge * bond / std::sqrt(2.0);  // of a face's middle to its corners
  const double above = std::sqrt(std::max(0.0, 4 * metal_radius * metal_radius - side * side));
  return std::clamp(kEdge / std::sqrt(12.0) + above / bond, 1.0, kTouchingCap);
}

namespace {

// What is known before the first prism stands.
struct PrismPlan {
  std::vector<std::size_t> counts;  // metals, metalloids
  Lengths lengths;
  Vector3d box;
};

PrismPlan planned(const PrismPacking& s) {
  const Composition& c = s.composition;
  if (c.elements.size() != 2)
    fail(Fault::usage,
         "a glass of prisms takes a metal and a metalloid such as Pd80Si20; {} elements are given",
         c.elements.size());
  const auto counts = atom_counts(c, s.atoms);
  if (counts[1] == 0 || 2 * counts[1] > counts[0])
    fail(Fault::usage,
         "{} {} to {} {} atoms: every metalloid needs a prism of its own, at least two metal "
         "atoms each (Fe2P); the metal stands first",
         counts[1], symbol(c.elements[1]), counts[0], symbol(c.elements[0]));
  const double metal = metallic_radius(c.elements[0]), other = metallic_radius(c.elements[1]);
  if (!(s.bond >= 0 && s.bond < 6) || !(s.density >= 0 && s.density < 1))
    fail(Fault::usage, "a bond of {:g} Angstrom or a density of {:g} atoms/Angstrom^3 is none",
         s.bond, s.density);
  // metals may come as near as in metallic glasses; centres of prisms that share an edge are about
  // 1.5 bonds apart (C-C in cementite)
  constexpr double kMetals = 0.92, kCentres = 1.45, kFilled = 0.64;
  Lengths l{s.bond > 0 ? s.bond : metal + other, kMetals * 2 * metal, 0, 0};
  l.centres = kCentres * l.bond;
  l.cap = cap_distance(l.bond, metal);
  double volume = (double(counts[0]) * sphere(metal) + double(counts[1]) * sphere(other)) / kFilled;
  if (s.density > 0) volume = double(s.atoms) / s.density;
  const Vector3d box = Vector3d::Constant(std::cbrt(volume));
  if (box.x() < 5 * l.bond)
    fail(Fault::physics,
         "{} atoms make a box of {:.3g} Angstrom, less than five bonds of {:.3g}; take more atoms",
         s.atoms, box.x(), l.bond);
  return {counts, l, box};
}

}  // namespace

ModelSize expected_size(const PrismPacking& s) { return {double(s.atoms), planned(s).box}; }

PrismModel prism_packing(const PrismPacking& s) {
  const PrismPlan plan = planned(s);
  Builder b(plan.box, plan.lengths, plan.counts[1], plan.counts[0], s.seed);
  b.grow();
  b.fill();
  b.assign();
  b.relax(60, 2, true);
  b.relax(30, 0.3, true);
  return as_model(b, plan.box, s.composition);
}

std::vector<double> prism_deviations(const Atoms& atoms, int centre, double reach) {
  const NeighbourList list = neighbours_within(atoms.cell, atoms.positions, reach);
  std::vector<double> out;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (atoms.numbers[i] != centre) continue;
    std::vector<Vector3d> steps;
    for (std::size_t k = list.first[i]; k < list.first[i + 1]; ++k)
      if (atoms.numbers[list.atom[k]] != centre) steps.push_back(list.step[k]);
    std::sort(steps.begin(), steps.end(), [](const Vector3d& a, const Vector3d& b) {
      return a.squaredNorm() < b.squaredNorm();
    });
    if (steps.size() > kAll) steps.resize(kAll);
    double least = std::numeric_limits<double>::infinity();
    if (steps.size() == kAll)
      for (const double cap : {1.0, 1.1, 1.2, 1.3})
        least = std::min(least, shape_deviation(tricapped_prism(cap), steps));
    out.push_back(least);
  }
  return out;
}

}  // namespace vitrobeam
