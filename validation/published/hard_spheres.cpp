// Packings of equal hard spheres against the published ones: hard_spheres [PICTURE.png].
// Ten thousand spheres to 0.63 with the processor time that it takes; two thousand until they jam,
// from five seeds.
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include "io/whole_file.hpp"
#include "models/contacts.hpp"
#include "models/event_driven.hpp"
#include "models/neighbours.hpp"
#include "models/pair_distribution.hpp"
#include "models/voronoi.hpp"
#include "pictures/picture.hpp"

using namespace vitrobeam;

namespace {

double processor_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

Atoms as_atoms(const HardSpheres& s) {
  Atoms atoms;
  const Vector3d edges = s.box / s.diameter;
  atoms.cell = Cell::orthogonal(edges.x(), edges.y(), edges.z());
  for (const auto& r : s.positions) atoms.add(29, r / s.diameter);
  return atoms;
}

// Mean number of neighbours within `reach` diameters.
double neighbours(const Atoms& atoms, double reach) {
  double n = 0;
  visit_neighbours(atoms.cell, atoms.positions, reach,
                   [&](std::size_t, std::size_t, const Vector3d&) { ++n; });
  return n / double(atoms.size());
}

// One figure of several packings, its mean and its scatter.
struct Figures {
  std::vector<double> values;
  void add(double v) { values.push_back(v); }
  void print(const char* name, int digits) const {
    const double n = double(values.size());
    double mean = 0, squares = 0;
    for (const double v : values) mean += v / n;
    for (const double v : values) squares += (v - mean) * (v - mean);
    std::printf("%s: %.*f, standard deviation %.*f (", name, digits, mean, digits + 1,
                std::sqrt(squares / (n - 1)));
    for (const double v : values) std::printf(" %.*f", digits, v);
    std::printf(" )\n");
  }
};

double peak(const PairDistribution& g, double from, double to) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < g.r.size(); ++i)
    if (g.r[i] > from && g.r[i] < to && (best == 0 || g.total[i] > g.total[best])) best = i;
  return g.r[best];
}

HardSpheres packing(std::size_t n, GrowthSettings g, std::uint64_t seed) {
  HardSpheres s =
      random_gas(Vector3d::Constant(std::cbrt(double(n))), std::vector<double>(n, 1.0), seed);
  const double start = processor_s();
  grow(s, g, [](const HardSpheres&) { return true; });
  std::printf(
      "%zu spheres: fraction %.5f, reduced pressure %.3g, %.0f collisions per sphere, %.1f s\n", n,
      s.fraction(), s.pressure, 2 * s.collisions / double(n), processor_s() - start);
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  GrowthSettings g;
  g.fraction = 0.63;
  const Atoms dense = as_atoms(packing(10000, g, 1));
  const PairDistribution p = pair_distribution(dense, 3.5, 0.02);
  std::printf(
      "second peak at %.2f and %.2f diameters; neighbours within 1.4: %.2f (13.19 at jamming)\n",
      peak(p, 1.6, 1.82), peak(p, 1.85, 2.1), neighbours(dense, 1.4));
  g.fraction = 0.74;
  constexpr std::size_t kSpheres = 2000;
  const std::vector<double> radii(kSpheres, 0.5);
  Figures fraction, at_no_gap, near;
  constexpr std::array kGaps = {1e-4, 1e-3, 3e-3};
  std::array<Figures, kGaps.size()> contacts, rattling;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const HardSpheres spheres = packing(kSpheres, g, seed);
    const Atoms jammed = as_atoms(spheres);
    fraction.add(spheres.fraction());
    for (std::size_t k = 0; k < kGaps.size(); ++k) {
      const auto c = sphere_contacts(jammed.cell, jammed.positions, radii, kGaps[k]);
      contacts[k].add(c.mean);
      rattling[k].add(100 * c.rattling);
    }
    at_no_gap.add(contacts_at_no_gap(jammed.cell, jammed.positions, radii));
    near.add(neighbours(jammed, 1.1));
  }
  fraction.print("jammed fraction", 4);
  for (std::size_t k = 0; k < kGaps.size(); ++k) {
    std::printf("gaps up to %g diameters:\n", kGaps[k]);
    contacts[k].print("  contacts of a supported sphere", 2);
    rattling[k].print("  rattlers, %", 1);
  }
  at_no_gap.print("contacts, extrapolated to no gap (6 is isostatic)", 2);
  near.print("neighbours within 1.1 diameters", 2);
  if (argc > 1) {
    Curve curve{"10 000 spheres at 0.63", p.r, p.total, {}, false};
    write_bytes(argv[1],
                png({{LinePanel{"equal hard spheres", "r (diameters)", "g(r)", {curve}}}, 1, ""}));
  }
}
