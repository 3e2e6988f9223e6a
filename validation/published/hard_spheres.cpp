// Packings of equal hard spheres against the published ones: hard_spheres [PICTURE.png].
// Ten thousand spheres to 0.63 with the processor time that it takes; two thousand until they jam.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>

#include "io/picture.hpp"
#include "models/event_driven.hpp"
#include "models/neighbours.hpp"
#include "models/pair_distribution.hpp"
#include "models/voronoi.hpp"

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

// Spheres with at least four neighbours within `gap` that are held themselves; the rest rattle.
std::vector<bool> backbone(const Atoms& atoms, double gap) {
  std::vector<std::vector<std::size_t>> touching(atoms.size());
  visit_neighbours(
      atoms.cell, atoms.positions, 1 + gap,
      [&](std::size_t i, std::size_t j, const Vector3d&) { touching[i].push_back(j); });
  std::vector<bool> held(atoms.size(), true);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      if (!held[i]) continue;
      if (std::count_if(touching[i].begin(), touching[i].end(),
                        [&](std::size_t j) { return held[j]; }) < 4) {
        held[i] = false;
        changed = true;
      }
    }
  }
  return held;
}

// Mean number of held neighbours of a held sphere within `gap`.
double contacts(const Atoms& atoms, const std::vector<bool>& held, double gap) {
  double n = 0;
  visit_neighbours(atoms.cell, atoms.positions, 1 + gap,
                   [&](std::size_t i, std::size_t j, const Vector3d&) { n += held[i] && held[j]; });
  return n / double(std::count(held.begin(), held.end(), true));
}

// Where contacts end and near neighbours begin: Z(gap) = Z + c gap^0.6 (A. Donev, S. Torquato and
// F. H. Stillinger, Phys. Rev. E 71 (2005) 011105, g ~ gap^-0.4), by least squares over gaps at
// which every contact has closed. Prints Z(gap) and returns Z.
double contacts_at_no_gap(const Atoms& atoms, const std::vector<bool>& held) {
  double n = 0, x1 = 0, x2 = 0, y1 = 0, xy = 0;
  for (double gap = 1e-3; gap < 0.031; gap *= std::sqrt(std::sqrt(10.0))) {
    const double x = std::pow(gap, 0.6), z = contacts(atoms, held, gap);
    std::printf("  gap %.2g: %.2f contacts\n", gap, z);
    ++n, x1 += x, x2 += x * x, y1 += z, xy += x * z;
  }
  return (y1 * x2 - xy * x1) / (n * x2 - x1 * x1);
}

double peak(const PairDistribution& g, double from, double to) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < g.r.size(); ++i)
    if (g.r[i] > from && g.r[i] < to && (best == 0 || g.total[i] > g.total[best])) best = i;
  return g.r[best];
}

HardSpheres packing(std::size_t n, GrowthSettings g) {
  HardSpheres s =
      random_gas(Vector3d::Constant(std::cbrt(double(n))), std::vector<double>(n, 1.0), 1);
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
  const Atoms dense = as_atoms(packing(10000, g));
  const PairDistribution p = pair_distribution(dense, 3.5, 0.02);
  std::printf(
      "second peak at %.2f and %.2f diameters; neighbours within 1.4: %.2f (13.19 at jamming)\n",
      peak(p, 1.6, 1.82), peak(p, 1.85, 2.1), neighbours(dense, 1.4));
  g.fraction = 0.74;
  const Atoms jammed = as_atoms(packing(2000, g));
  for (const double gap : {1e-4, 1e-3, 3e-3}) {
    const auto held = backbone(jammed, gap);
    std::printf(
        "jammed: %.2f contacts of a held sphere, %.1f %% rattlers (gaps up to %g diameters)\n",
        contacts(jammed, held, gap),
        100 * double(std::count(held.begin(), held.end(), false)) / double(jammed.size()), gap);
  }
  const double z = contacts_at_no_gap(jammed, backbone(jammed, 1e-3));
  std::printf("contacts of the backbone, extrapolated to no gap: %.2f (6 is isostatic)\n", z);
  std::printf("neighbours within 1.1: %.2f\n", neighbours(jammed, 1.1));
  if (argc > 1) {
    Curve curve{"10 000 spheres at 0.63", p.r, p.total, {}, false};
    write_bytes(argv[1],
                png({{LinePanel{"equal hard spheres", "r (diameters)", "g(r)", {curve}}}, 1, ""}));
  }
}
