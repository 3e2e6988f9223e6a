#include "studies/limit_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "fourier/grid.hpp"
#include "models/transform.hpp"

namespace vitrobeam {
namespace {

void check_numbers(const LimitPlan& p) {
  for (std::size_t i = 0; i < p.thickness.size(); ++i) {
    const double share = p.thickness[i] / p.thickness[0];
    if (!(p.thickness[i] > 0) || (i > 0 && p.thickness[i] <= p.thickness[i - 1]) ||
        std::abs(share - std::round(share)) > 1e-6)
      fail(Fault::usage,
           "@thickness {}: {} does not fit; ascending multiples of the first, for example "
           "10,20,40,80",
           fmt::join(p.thickness, ","), p.thickness[i]);
  }
  for (const double d : p.depths)
    if (!(d >= 0 && d <= 1))
      fail(Fault::usage, "@depths {}: {} is not a share of the thickness, 0 to 1",
           fmt::join(p.depths, ","), d);
  for (const double d : p.doses)
    if (!(d >= 0)) fail(Fault::usage, "@doses {}: {} is negative", fmt::join(p.doses, ","), d);
  for (const auto& target : p.targets)
    if (const double height = height_along_beam(p, target); height > p.thickness[0])
      fail(Fault::physics,
           "@motifs {}:{}:{} is {:.3g} Angstrom high along the beam, more than the thinnest "
           "specimen of @thickness {:g}; give thicker ones or a smaller @radius, @shells or @bond",
           target.motif, target.axis, target.order, height, p.thickness[0]);
}

}  // namespace

Atoms upright(const LimitPlan& plan, const LimitTarget& target, double turn) {
  const Motif& motif = find_motif(target.motif);
  MotifSize size{plan.elements, plan.bond, plan.radius, plan.shells};
  size.elements.resize(std::min(size.elements.size(), 1 + motif.other_elements.size()));
  return rotated(build_motif(motif, size),
                 rotation_to_beam(find_axis(motif, target.axis).direction, turn));
}

std::string LimitTarget::label() const { return fmt::format("{} {}, n = {}", motif, axis, order); }

std::string engine_label(Engine engine) {
  std::string label = engine_name(engine);
  std::replace(label.begin(), label.end(), '-', '_');
  return label;
}

std::size_t patterns_of_study(const LimitPlan& p) {
  const std::size_t t = p.thickness.size(), n = std::size_t(p.positions);
  return n * (3 + t) + p.engines.size() * t *
                           (std::size_t(p.null_positions) +
                            p.targets.size() * p.depths.size() * p.tilts_deg.size() * n);
}

double height_along_beam(const LimitPlan& plan, const LimitTarget& target) {
  const Vector3d size = extent(upright(plan, target, 0));
  double height = size.z();
  for (const double tilt : plan.tilts_deg)
    height = std::max(height, size.z() * std::cos(tilt * M_PI / 180) +
                                  size.head<2>().norm() * std::abs(std::sin(tilt * M_PI / 180)));
  return height;
}

LimitPlan prepared(LimitPlan p, const Atoms& glass) {
  check_numbers(p);
  const Vector3d edges = glass.cell.lengths();
  p.simulation.nx = good_size(int(std::ceil(edges.x() / p.pixel)));
  p.simulation.ny = good_size(int(std::ceil(edges.y() / p.pixel)));
  p.simulation.recording.q_max =
      std::max(p.ring.high, p.motif_ring.high) + 2 / std::min(edges.x(), edges.y());
  const double reach = Grid{p.simulation.nx, p.simulation.ny, edges.x(), edges.y()}.q_max();
  if (p.simulation.recording.q_max > reach)
    fail(Fault::physics,
         "the rings reach {:.3g} 1/Angstrom, beyond the band limit of {:.3g}; use a finer @pixel",
         p.simulation.recording.q_max, reach);
  for (const RingBand& ring : {p.ring, p.motif_ring})
    if (ring.low <= p.simulation.optics.aperture_q())
      fail(Fault::physics,
           "the ring from {:.3g} 1/Angstrom lies inside the central disc of {:.3g}; use a smaller "
           "@semiangle",
           ring.low, p.simulation.optics.aperture_q());
  return p;
}

}  // namespace vitrobeam
