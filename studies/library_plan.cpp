#include "studies/library_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/transform.hpp"
#include "multislice/optics.hpp"

namespace vitrobeam {
namespace {

// Volume share of spheres of the metallic radii in Cu64.5Zr35.5 glass (0.0616 atoms/Angstrom^3).
constexpr double kGlassFilling = 0.724;
// A packing is at least this many mean sphere diameters thick, so that it does not meet its own
// image.
constexpr double kThinnestPacking = 6;

std::vector<double> or_else(const std::vector<double>& list, double otherwise) {
  return list.empty() ? std::vector<double>{otherwise} : list;
}

}  // namespace

double rocking_width(const Atoms& motif, double q_max) {
  constexpr double kDegree = std::numbers::pi / 180;
  return std::clamp(1 / (std::max(extent(motif).maxCoeff(), 1.0) * q_max), 2 * kDegree,
                    20 * kDegree);
}

double glass_density(const Composition& composition) {
  double volume = 0, sum = 0;
  for (std::size_t i = 0; i < composition.elements.size(); ++i) {
    volume += composition.shares[i] * 4 / 3.0 * std::numbers::pi *
              std::pow(metallic_radius(composition.elements[i]), 3);
    sum += composition.shares[i];
  }
  return kGlassFilling * sum / volume;
}

std::vector<Optics> optics_of(const LibraryPlan& plan) {
  std::vector<Optics> list;
  const Optics& own = plan.simulation.optics;
  for (const double kV : or_else(plan.energies_kV, own.energy_kV))
    for (const double mrad : or_else(plan.semiangles_mrad, own.semiangle_mrad))
      for (const double defocus : or_else(plan.defoci, own.defocus)) {
        list.push_back(own);
        list.back().energy_kV = kV;
        list.back().semiangle_mrad = mrad;
        list.back().defocus = defocus;
      }
  return list;
}

PackingSettings packing_settings(const LibraryPlan& plan) {
  PackingSettings s;
  s.composition = parse_composition(plan.composition);
  double radius = 0, sum = 0;
  for (std::size_t i = 0; i < s.composition.elements.size(); ++i) {
    radius += s.composition.shares[i] * metallic_radius(s.composition.elements[i]);
    sum += s.composition.shares[i];
  }
  const double thickest = *std::max_element(plan.thicknesses.begin(), plan.thicknesses.end());
  s.box = {plan.box, plan.box, std::max(thickest, kThinnestPacking * 2 * radius / sum)};
  s.atoms = std::size_t(std::llround(plan.density * s.box.prod()));
  s.density = double(s.atoms) / s.box.prod();
  return s;
}

Atoms library_packing(const LibraryPlan& plan, std::size_t i) {
  // random_packing() takes a whole seed, not a stream of one; a prime keeps those of neighbouring
  // plans (seed + 1, ..) apart. Libraries that were built rest on these numbers.
  PackingSettings s = packing_settings(plan);
  s.seed = plan.seed + i * 1000003;
  return random_packing(s).atoms;
}

void check_optics(const LibraryPlan& p, double wrap_limit) {
  const Grid grid{p.simulation.nx, p.simulation.ny, p.box, p.box};
  check_grid(grid);
  if (const double q_max = p.simulation.recording.q_max; q_max > grid.q_max())
    fail(Fault::physics,
         "@q_max {} 1/Angstrom lies beyond the band limit of {:.4g}; use a finer @pixel", q_max,
         grid.q_max());
  for (const Optics& optics : optics_of(p))
    if (const double wrapped = 100 * wrapped_fraction(optics, grid); wrapped > wrap_limit)
      fail(Fault::physics,
           "{:.1f} % of the probe lies beyond half the box of {} Angstrom (@wrap_limit {} %); "
           "use a larger @box",
           wrapped, p.box, wrap_limit);
}

}  // namespace vitrobeam
