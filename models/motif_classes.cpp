#include "models/motif_classes.hpp"

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "models/ground_truth.hpp"
#include "models/rotations.hpp"

namespace vitrobeam {
namespace {

using Points = std::vector<Vector3d>;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

Eigen::Matrix3d frame(const Vector3d& a, const Vector3d& b) {
  Eigen::Matrix3d f;
  f.col(0) = a.normalized();
  f.col(2) = a.cross(b).normalized();
  f.col(1) = f.col(2).cross(f.col(0));
  return f;
}

// Pairs every turned point with the nearest free one, closest pairs first; the sum of squares.
double pair_up(const Points& turned, const Points& b, std::vector<std::size_t>& partner) {
  const std::size_t n = b.size();
  struct Pair {
    double d2;
    std::uint32_t i, j;
  };
  std::vector<Pair> pairs;
  pairs.reserve(n * n);
  for (std::uint32_t i = 0; i < n; ++i)
    for (std::uint32_t j = 0; j < n; ++j) pairs.push_back({(turned[i] - b[j]).squaredNorm(), i, j});
  std::sort(pairs.begin(), pairs.end(), [](const Pair& p, const Pair& q) { return p.d2 < q.d2; });
  partner.assign(n, n);
  std::vector<bool> taken(n, false);
  double sum = 0;
  for (const Pair& p : pairs)
    if (partner[p.i] == n && !taken[p.j]) {
      partner[p.i] = p.j;
      taken[p.j] = true;
      sum += p.d2;
    }
  return sum;
}

// A quick bound: every turned point to its nearest one.
double nearest_sum(const Points& a, const Eigen::Matrix3d& r, const Points& b, double most) {
  double sum = 0;
  for (const auto& p : a) {
    const Vector3d q = r * p;
    double least = kInfinite;
    for (const auto& x : b) least = std::min(least, (q - x).squaredNorm());
    sum += least;
    if (sum > most) break;
  }
  return sum;
}

}  // namespace

Alignment align(const Points& a, const Points& b) {
  Alignment best;
  best.distance = kInfinite;
  if (a.size() != b.size() || a.empty()) return best;
  const std::size_t n = a.size();
  // two points of a about a bond's angle apart, against all such pairs of b
  std::size_t second = n;
  double widest = -1;
  for (std::size_t k = 1; k < n; ++k) {
    const double s = a[0].normalized().cross(a[k].normalized()).norm();
    if (s > widest) widest = s, second = k;
  }
  if (second == n || widest < 0.1) return best;
  const Eigen::Matrix3d from = frame(a[0], a[second]).transpose();
  const double cosine = a[0].normalized().dot(a[second].normalized());
  std::vector<std::pair<double, Eigen::Matrix3d>> starts;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j || std::abs(b[i].normalized().dot(b[j].normalized()) - cosine) > 0.45) continue;
      if (b[i].normalized().cross(b[j].normalized()).norm() < 0.1) continue;
      const Eigen::Matrix3d r = frame(b[i], b[j]) * from;
      starts.emplace_back(nearest_sum(a, r, b, kInfinite), r);
    }
  const std::size_t tried = std::min<std::size_t>(starts.size(), 6);
  std::partial_sort(starts.begin(), starts.begin() + std::ptrdiff_t(tried), starts.end(),
                    [](const auto& p, const auto& q) { return p.first < q.first; });
  for (std::size_t s = 0; s < tried; ++s) {
    Eigen::Matrix3d r = starts[s].second;
    std::vector<std::size_t> partner, last;
    double sum = kInfinite;
    for (int step = 0; step < 10; ++step) {
      Points turned, ordered;
      for (const auto& p : a) turned.push_back(r * p);
      sum = pair_up(turned, b, partner);
      if (partner == last) break;
      last = partner;
      for (auto j : partner) ordered.push_back(b[j]);
      r = fitted_rotation(a, ordered);
    }
    const double distance = std::sqrt(sum / double(n));
    if (distance < best.distance) best = {distance, r, partner};
  }
  return best;
}

namespace {

double mean_length(const Points& points) {
  double sum = 0;
  for (const auto& p : points) sum += p.norm() / double(points.size());
  return sum;
}

// The steps to the neighbours of every atom, and what the neighbours are.
class Shells {
 public:
  Shells(const Atoms& atoms, const Voronoi& cells) : atoms_(atoms), cells_(cells) {
    finite_ = atoms.cell.vectors.isZero();
    edges_ = atoms.cell.vectors.transpose();
    inverse_ =
        finite_ ? Eigen::Matrix3d(Eigen::Matrix3d::Identity()) : Eigen::Matrix3d(edges_.inverse());
  }
  Points steps(std::size_t i) const {
    Points out;
    for (auto j : cells_.neighbours[i]) {
      Vector3d d = atoms_.positions[j] - atoms_.positions[i];
      if (!finite_) d = edges_ * nearest_fraction(inverse_ * d, atoms_.cell.periodic);
      out.push_back(d);
    }
    return out;
  }
  int element(std::size_t i, std::size_t k) const {
    return atoms_.numbers[cells_.neighbours[i][k]];
  }

 private:
  const Atoms& atoms_;
  const Voronoi& cells_;
  bool finite_;
  Eigen::Matrix3d edges_, inverse_;
};

// A class with the alignments of its members, in their order.
struct Gathered {
  MotifClass one;
  std::vector<Alignment> alignments;
};

Gathered fresh_class(const std::array<int, 4>& index, int centre, const Points& shell) {
  Gathered out;
  out.one.index = index;
  out.one.centre = centre;
  out.one.shell = shell;
  return out;
}

Alignment itself(std::size_t points) {
  Alignment out;
  out.distance = 0;
  out.rotation.setIdentity();
  out.partner.resize(points);
  for (std::size_t k = 0; k < points; ++k) out.partner[k] = k;
  return out;
}

// Every atom joins the first class that is near enough; where there is none it founds one
// (`founding`), or belongs to none.
void gather(std::vector<Gathered>& classes, const std::vector<std::size_t>& members,
            const Shells& shells, double radius, const std::pair<std::array<int, 4>, int>& key,
            bool founding) {
  for (Gathered& c : classes) {
    c.one.members.clear();
    c.alignments.clear();
  }
  for (const std::size_t i : members) {
    const Points own = shells.steps(i);
    const double limit = radius * mean_length(own);
    std::size_t joined = classes.size();
    Alignment fit;
    for (std::size_t c = 0; c < classes.size() && joined == classes.size(); ++c) {
      fit = align(own, classes[c].one.shell);
      if (fit.distance <= limit) joined = c;
    }
    if (joined == classes.size()) {
      if (!founding) continue;
      classes.push_back(fresh_class(key.first, key.second, own));
      fit = itself(own.size());
    }
    classes[joined].one.members.push_back(i);
    classes[joined].alignments.push_back(fit);
  }
}

// The mean shell of the members, its scatter, and the most frequent element at each of its points.
void average(Gathered& c, const Shells& shells) {
  MotifClass& one = c.one;
  if (one.members.empty()) return;
  Points mean(one.shell.size(), Vector3d::Zero());
  std::vector<std::map<int, int>> elements(one.shell.size());
  double square = 0;
  for (std::size_t m = 0; m < one.members.size(); ++m) {
    const Points own = shells.steps(one.members[m]);
    const Alignment& fit = c.alignments[m];
    for (std::size_t k = 0; k < own.size(); ++k) {
      mean[fit.partner[k]] += fit.rotation * own[k] / double(one.members.size());
      ++elements[fit.partner[k]][shells.element(one.members[m], k)];
    }
    square += fit.distance * fit.distance / double(one.members.size());
  }
  one.shell = mean;
  one.scatter = std::sqrt(square) / mean_length(mean);
  one.numbers.clear();
  for (const auto& e : elements)
    one.numbers.push_back(std::max_element(e.begin(), e.end(), [](const auto& p, const auto& q) {
                            return p.second < q.second;
                          })->first);
}

}  // namespace

std::vector<MotifClass> motif_classes(const Atoms& atoms, const ClassSettings& settings) {
  const Voronoi v = voronoi(atoms, settings.face_cut);
  const Shells shells(atoms, v);
  std::map<std::pair<std::array<int, 4>, int>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (!v.at_surface[i] && v.neighbours[i].size() >= 4)
      groups[{v.index[i], settings.by_element ? atoms.numbers[i] : 0}].push_back(i);
  std::vector<MotifClass> out;
  for (const auto& [key, members] : groups) {
    std::vector<Gathered> classes;
    for (const bool founding : {true, false}) {
      gather(classes, members, shells, settings.radius, key, founding);
      for (Gathered& c : classes) average(c, shells);
    }
    for (Gathered& c : classes)
      if (!c.one.members.empty()) out.push_back(std::move(c.one));
  }
  std::stable_sort(out.begin(), out.end(), [](const MotifClass& p, const MotifClass& q) {
    return p.members.size() > q.members.size();
  });
  if (out.size() > std::size_t(settings.most)) out.resize(std::size_t(settings.most));
  return out;
}

Atoms as_motif(const MotifClass& c, const Atoms& source) {
  std::map<int, int> centres;
  for (auto i : c.members) ++centres[source.numbers[i]];
  Atoms out;
  out.cell.periodic = {false, false, false};
  out.add(std::max_element(centres.begin(), centres.end(),
                           [](const auto& p, const auto& q) { return p.second < q.second; })
              ->first,
          Vector3d::Zero());
  for (std::size_t k = 0; k < c.shell.size(); ++k) out.add(c.numbers[k], c.shell[k]);
  out.labels["motif"].values = std::vector<std::int64_t>(out.size(), 1);
  PlantedMotif m;
  m.name = fmt::format("{}", fmt::join(c.index, "-"));
  m.axis = "0,0,1";
  m.voronoi = fmt::format("{}", fmt::join(c.index, " "));
  record(out, m);
  out.info["members"] = std::to_string(c.members.size());
  out.info["scatter"] = fmt::format("{:.4f}", c.scatter);
  return out;
}

}  // namespace vitrobeam
