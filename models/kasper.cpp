#include "models/kasper.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <set>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Points = std::vector<Vector3d>;
constexpr int kMost = 20;  // points of a shell

// Neighbours on the hull, as bits. Up to 20 points.
using Hull = std::array<std::uint32_t, kMost>;

bool joined(const Hull& h, int a, int b) { return h[std::size_t(a)] >> b & 1u; }
void set_edge(Hull& h, int a, int b, bool on) {
  const std::uint32_t bit_a = 1u << a, bit_b = 1u << b;
  h[std::size_t(a)] = on ? h[std::size_t(a)] | bit_b : h[std::size_t(a)] & ~bit_b;
  h[std::size_t(b)] = on ? h[std::size_t(b)] | bit_a : h[std::size_t(b)] & ~bit_a;
}
int degree(const Hull& h, int a) { return std::popcount(h[std::size_t(a)]); }

// A triple is a facet if all other points lie below its plane. Ties (square faces) go to the
// triangle that a tiny deterministic shift of the points favours.
Hull hull_of(const Points& exact) {
  const int n = int(exact.size());
  Points p = exact;
  for (int i = 0; i < n; ++i) p[std::size_t(i)] *= 1 + 1e-7 * std::sin(12.9898 * (i + 1));
  Hull h{};
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b)
      for (int c = b + 1; c < n; ++c) {
        const Vector3d& pa = p[std::size_t(a)];
        Vector3d normal = (p[std::size_t(b)] - pa).cross(p[std::size_t(c)] - pa);
        if (normal.dot(pa) < 0) normal = -normal;
        bool facet = true;
        for (int d = 0; d < n && facet; ++d)
          facet = d == a || d == b || d == c || normal.dot(p[std::size_t(d)] - pa) < 0;
        if (!facet) continue;
        set_edge(h, a, b, true);
        set_edge(h, b, c, true);
        set_edge(h, a, c, true);
      }
  return h;
}

VoronoiIndex index_of(const Hull& h, int n) {
  VoronoiIndex index{};
  for (int a = 0; a < n; ++a)
    if (const int k = degree(h, a); k >= 3 && k <= 6) ++index[std::size_t(k - 3)];
  return index;
}

// A hull edge a-b between the facets a, b, c and a, b, d.
struct Hinge {
  std::size_t a, b, c, d;
};

// What holds a shell in shape beside the Coulomb repulsion: springs along edges, and an energy
// exp(-convexity / softness) at every edge.
struct Scaffold {
  std::vector<Hinge> hinges;  // one per edge
  double spring = 0, length = 1, softness = 0;
};

// Six times the volume of the tetrahedron of a hinge, positive where the edge is convex, with its
// gradients.
struct Convexity {
  double value;
  Vector3d on_a, on_b, on_c, on_d;
};

Convexity convexity(const Points& p, const Hinge& h) {
  const Vector3d u = p[h.b] - p[h.a], v = p[h.c] - p[h.a], w = p[h.d] - p[h.a];
  const Vector3d vw = v.cross(w), wu = w.cross(u), uv = u.cross(v);
  // outside is where a points: the facet a, b, c turned outwards leaves d below itself
  const double sign = uv.dot(p[h.a]) > 0 ? -1 : 1;
  return {sign * u.dot(vw), -sign * (vw + wu + uv), sign * vw, sign * wu, sign * uv};
}

double energy_and_gradient(const Points& p, const Scaffold& s, Points& gradient) {
  double energy = 0;
  gradient.assign(p.size(), Vector3d::Zero());
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Vector3d r = p[i] - p[j];
      const double d = r.norm();
      energy += 1 / d;
      gradient[i] -= r / (d * d * d);
      gradient[j] += r / (d * d * d);
    }
  for (const Hinge& h : s.hinges) {
    const Vector3d r = p[h.a] - p[h.b];
    const double d = r.norm(), pull = 2 * s.spring * (d - s.length) / d;
    energy += s.spring * (d - s.length) * (d - s.length);
    gradient[h.a] += pull * r;
    gradient[h.b] -= pull * r;
    if (s.softness == 0) continue;
    const Convexity c = convexity(p, h);
    const double hold = std::exp(std::min(-c.value / s.softness, 20.0)), push = -hold / s.softness;
    energy += hold;
    gradient[h.a] += push * c.on_a;
    gradient[h.b] += push * c.on_b;
    gradient[h.c] += push * c.on_c;
    gradient[h.d] += push * c.on_d;
  }
  for (std::size_t i = 0; i < p.size(); ++i) gradient[i] -= gradient[i].dot(p[i]) * p[i];
  return energy;
}

// Gradient descent with Barzilai and Borwein's step (IMA J. Numer. Anal. 8 (1988) 141).
double minimise(Points& p, const Scaffold& scaffold, int most_steps, double precision) {
  Points g, last_p, last_g;
  double energy = energy_and_gradient(p, scaffold, g), step = 0.01;
  for (int k = 0; k < most_steps; ++k) {
    double g2 = 0;
    for (const auto& v : g) g2 += v.squaredNorm();
    if (g2 < precision * precision) break;
    if (k > 0) {
      double xx = 0, xg = 0;
      for (std::size_t i = 0; i < p.size(); ++i) {
        const Vector3d dx = p[i] - last_p[i], dg = g[i] - last_g[i];
        xx += dx.squaredNorm();
        xg += dx.dot(dg);
      }
      if (xg > 0) step = xx / xg;
    }
    step = std::min(step, 0.1 / std::sqrt(g2));
    last_p = p;
    last_g = g;
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = (p[i] - step * g[i]).normalized();
    energy = energy_and_gradient(p, scaffold, g);
  }
  return energy;
}

Points spiral(int n, double turn) {
  Points p;
  for (int i = 0; i < n; ++i) {
    const double z = 1 - (2.0 * i + 1) / n, rho = std::sqrt(1 - z * z), angle = turn * i;
    p.emplace_back(rho * std::cos(angle), rho * std::sin(angle), z);
  }
  return p;
}

// How far the wanted degrees are: twice the number of single steps of a degree at least.
int distance_to(const Hull& h, int n, const VoronoiIndex& wanted) {
  std::array<int, kMost> have{}, want{};
  for (int a = 0; a < n; ++a) have[std::size_t(a)] = degree(h, a);
  std::sort(have.begin(), have.begin() + n);
  std::size_t at = 0;
  for (std::size_t k = 0; k < 4; ++k)
    for (int m = 0; m < wanted[k]; ++m) want[at++] = int(k) + 3;
  int sum = 0;
  for (std::size_t a = 0; a < std::size_t(n); ++a) sum += std::abs(have[a] - want[a]);
  return sum;
}

// The triangulations with the wanted degrees that the fewest edge flips lead to. A flip changes
// four degrees by one.
void flip(const Hull& h, int n, const VoronoiIndex& wanted, int left, std::set<Hull>& seen,
          std::set<Hull>& found) {
  const int distance = distance_to(h, n, wanted);
  if (distance == 0) found.insert(h);
  if (distance == 0 || left == 0 || distance > 4 * left || !seen.insert(h).second) return;
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b) {
      if (!joined(h, a, b)) continue;
      std::uint32_t both = h[std::size_t(a)] & h[std::size_t(b)];
      if (std::popcount(both) != 2) continue;  // a separating triangle: not a simple flip
      const int c = std::countr_zero(both), d = 31 - std::countl_zero(both);
      if (joined(h, c, d) || degree(h, a) <= 3 || degree(h, b) <= 3) continue;
      Hull next = h;
      set_edge(next, a, b, false);
      set_edge(next, c, d, true);
      flip(next, n, wanted, left - 1, seen, found);
    }
}

std::set<Hull> nearest_triangulations(const Hull& start, int n, const VoronoiIndex& wanted) {
  constexpr int kMostFlips = 4;
  for (int flips = 0; flips <= kMostFlips; ++flips) {
    std::set<Hull> seen, found;
    flip(start, n, wanted, flips, seen, found);
    if (!found.empty()) return found;
  }
  return {};
}

std::vector<Hinge> hinges_of(const Hull& h, int n) {
  std::vector<Hinge> out;
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b) {
      const std::uint32_t both = h[std::size_t(a)] & h[std::size_t(b)];
      if (!joined(h, a, b) || std::popcount(both) != 2) continue;
      out.push_back({std::size_t(a), std::size_t(b), std::size_t(std::countr_zero(both)),
                     std::size_t(31 - std::countl_zero(both))});
    }
  return out;
}

double flattest(const Points& p, const Hull& h) {
  double least = 1e300;
  for (const Hinge& hinge : hinges_of(h, int(p.size())))
    least = std::min(least, convexity(p, hinge).value);
  return least;
}

struct Realised {
  Points points;
  Hull hull{};
  double energy = 1e300;
};

// Points whose hull is the wanted triangulation: springs bring them near, then the edges are kept
// convex where the repulsion alone would not. With a softness of 0.03 the flattest edge keeps about
// 0.1 (an icosahedron has 0.53): every Voronoi face and edge is clear of rounding.
Realised realise(const Points& start, const Hull& wanted, int steps) {
  const int n = int(start.size());
  Realised r{start, wanted, 1e300};
  Scaffold s{hinges_of(wanted, n), 30, 0, 0};
  if (int(s.hinges.size()) != 3 * n - 6) return r;  // has a separating triangle
  s.length = 3.8 / std::sqrt(n);                    // about that of n equal triangles' corners
  minimise(r.points, s, 200, 1e-3);
  s.spring = 0;
  s.softness = 0.03;
  const double energy = minimise(r.points, s, steps, 1e-12);
  const Hull got = hull_of(r.points);
  if (std::equal(got.begin(), got.begin() + n, wanted.begin())) r.energy = energy;
  return r;
}

// Equal for triangulations that are the same but for the numbering of the points.
std::vector<int> signature(const Hull& h, int n) {
  std::vector<std::vector<int>> stars;
  for (int a = 0; a < n; ++a) {
    std::vector<int> star;
    for (int b = 0; b < n; ++b)
      if (joined(h, a, b)) star.push_back(degree(h, b));
    std::sort(star.begin(), star.end());
    star.insert(star.begin(), degree(h, a));
    stars.push_back(star);
  }
  std::sort(stars.begin(), stars.end());
  std::vector<int> out;
  for (const auto& star : stars) out.insert(out.end(), star.begin(), star.end());
  return out;
}

// All three conditions are necessary; whether they suffice, the search shows.
void check_possible(const VoronoiIndex& i) {
  const int n = std::accumulate(i.begin(), i.end(), 0);
  const int sum = 3 * i[0] + 2 * i[1] + i[2];
  if (*std::min_element(i.begin(), i.end()) < 0 || n < 4 || n > kMost)
    fail(Fault::usage, "the index <{}> has {} faces; 4 to {} are possible here", fmt::join(i, ","),
         n, kMost);
  if (sum != 12)
    fail(Fault::usage,
         "no convex polyhedron has the index <{}>: with three faces at every corner 3 n3 + 2 n4 + "
         "n5 is 12, not {}; faces were dropped as small, or some have more than six edges",
         fmt::join(i, ","), sum);
}

}  // namespace

Thomson thomson(int n) {
  Thomson best{{}, 1e300};
  if (n < 2 || n > kMost)
    fail(Fault::usage, "{} points on a sphere are asked for; 2 to {} are possible", n, kMost);
  const double golden = std::numbers::pi * (3 - std::sqrt(5.0));
  for (const double turn : {golden, 1.0, 2.0, 2.7, 1.57, 2.2}) {
    Points p = spiral(n, turn);
    const double energy = minimise(p, {}, 4000, 1e-11);
    if (energy < best.energy - 1e-9) best = {p, energy};
  }
  return best;
}

const std::vector<VoronoiIndex>& kasper_indices() {
  static const std::vector<VoronoiIndex> table = {
      {0, 4, 4, 0},  {0, 3, 6, 0},  {0, 2, 8, 0},  {0, 3, 6, 1},  {0, 4, 4, 2}, {0, 2, 8, 1},
      {0, 3, 6, 2},  {0, 4, 4, 3},  {0, 2, 8, 2},  {0, 3, 6, 3},  {0, 4, 4, 4}, {0, 1, 10, 2},
      {0, 2, 8, 3},  {0, 3, 6, 4},  {0, 0, 12, 2}, {0, 1, 10, 3}, {0, 2, 8, 4}, {0, 3, 6, 5},
      {0, 4, 4, 6},  {0, 0, 12, 3}, {0, 1, 10, 4}, {0, 2, 8, 5},  {0, 3, 6, 6}, {0, 0, 12, 4},
      {0, 1, 10, 5}, {0, 2, 8, 6},  {0, 0, 12, 5}, {0, 1, 10, 6}, {0, 0, 12, 6}};
  return table;
}

Shell kasper_shell(const VoronoiIndex& index) {
  check_possible(index);
  const int n = std::accumulate(index.begin(), index.end(), 0);
  const Points start = thomson(n).points;
  const Hull hull = hull_of(start);
  Realised best;
  if (index_of(hull, n) == index && flattest(start, hull) > 0.1) {
    best = {start, hull, 0};
  } else {
    std::set<std::vector<int>> tried;
    for (const Hull& wanted : nearest_triangulations(hull, n, index)) {
      if (!tried.insert(signature(wanted, n)).second) continue;
      Realised r = realise(start, wanted, 800);
      if (r.energy < best.energy - 1e-6) best = std::move(r);
    }
    if (best.energy < 1e299) best = realise(start, best.hull, 20000);
  }
  if (best.energy > 1e299)
    fail(Fault::usage,
         "no shell with the index <{}> was found within four edge flips of the densest one of {} "
         "neighbours{}",
         fmt::join(index, ","), n,
         index == VoronoiIndex{0, 0, 12, 1} ? ": no polyhedron has twelve pentagons and one hexagon"
                                            : "");
  Shell out{best.points, {}};
  for (int a = 0; a < n; ++a) out.degree.push_back(degree(best.hull, a));
  return out;
}

}  // namespace vitrobeam
