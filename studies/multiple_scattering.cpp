#include "studies/multiple_scattering.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/stacking.hpp"
#include "models/structure_factor.hpp"
#include "potentials/debye.hpp"

namespace vitrobeam {
namespace {

constexpr std::uint64_t kPlaceStream = 0x6d756c74;
constexpr double kMostShare = 0.02, kMostDensity = 0.05;

void check_model(const Atoms& model, const Composition& composition, double density) {
  std::map<int, double> difference = element_shares(model);
  double total = 0;
  for (const double s : composition.shares) total += s;
  for (std::size_t k = 0; k < composition.elements.size(); ++k)
    difference[composition.elements[k]] -= composition.shares[k] / total;
  for (const auto& [z, share] : difference)
    if (std::abs(share) > kMostShare)
      fail(Fault::physics,
           "the model of @correct_multiple_scattering is {}: its share of {} differs by {:.1f} "
           "atomic per cent from that of the specimen; give a model of the same alloy",
           composition_text(model), symbol(z), 100 * std::abs(share));
  const double own = number_density(model);
  if (density > 0 && std::abs(own / density - 1) > kMostDensity)
    fail(Fault::physics,
         "the model of @correct_multiple_scattering has {:.4g} atoms per cubic Angstrom, the "
         "specimen {:.4g}; give a model of the same density",
         own, density);
}

// Of the recorded patterns of a simulation, per (1/Angstrom)^2.
RingAxis own_rings(const RingAxis& wanted, const Vector3d& edges) {
  RingAxis axis = wanted;
  const double pixel = 1 / std::min(edges.x(), edges.y());
  axis.n = std::clamp(int((axis.q_max - axis.q_min) / pixel), 16, std::max(16, wanted.n));
  return axis;
}

std::vector<Vector2d> raster(const ScatteringPlan& plan, const Vector3d& edges, int pile) {
  const int side = int(std::ceil(std::sqrt(double(plan.positions))));
  RandomSequence random(plan.seed, kPlaceStream + std::uint64_t(pile));
  const double x = random.uniform(), y = random.uniform();
  std::vector<Vector2d> places;
  for (int k = 0; k < side * side; ++k)
    places.emplace_back((k % side + x) / side * edges.x(), (k / side + y) / side * edges.y());
  return places;
}

struct MeanProfile {
  Eigen::ArrayXd q, intensity;
};

MeanProfile mean_profile(const Atoms& pile, const SimulationSettings& settings,
                         const std::vector<Vector2d>& places, const RingAxis& axis,
                         const RunControl& run) {
  const Simulation<float> simulation(pile, settings, run.threads);
  std::vector<PlaneF> patterns(places.size());
  simulation.run(
      places, run.threads,
      [&](std::size_t i, const ProbeResult<float>& r) { patterns[i] = r.pattern; },
      [&] { return run.stopped(); });
  run.check_stop();
  const auto q_x = simulation.q_x(), q_y = simulation.q_y();
  const double step_x = q_x[1] - q_x[0], step_y = q_y[1] - q_y[0];
  const Calibration calibration =
      centred_calibration(Eigen::Index(q_y.size()), Eigen::Index(q_x.size()), step_x, step_y);
  const RingMap map(Eigen::Index(q_y.size()), Eigen::Index(q_x.size()), calibration, axis);
  MeanProfile out{map.mean_q(), Eigen::ArrayXd::Zero(axis.n)};
  for (const auto& p : patterns) out.intensity += ring_moments(map, p).mean;
  out.intensity /= double(places.size()) * step_x * step_y;
  return out;
}

}  // namespace

ScatteringPlan scattering_plan(const PatternScan& scan, const RingAxis& axis, const Atoms& model,
                               const RadialStudy& study, double density) {
  const auto known = [&](const std::optional<double>& v, const char* what, const char* field) {
    if (!v || !(*v > 0))
      fail(Fault::usage,
           "{}: the {} is not known, which @correct_multiple_scattering needs; give {}", scan.name,
           what, field);
    return *v;
  };
  ScatteringPlan plan;
  plan.axis = axis;
  plan.thickness = known(scan.thickness, "thickness of the specimen", "@thickness");
  Optics& optics = plan.simulation.optics;
  optics.energy_kV = known(scan.energy_kV, "energy of the beam", "@energy");
  optics.semiangle_mrad = known(scan.semiangle_mrad, "semi-angle of the beam", "@semiangle");
  check_model(model, study.composition, density);
  plan.simulation.potential.factors = FactorTable(study.table);
  if (axis.q_min < 1.5 * optics.aperture_q())
    fail(Fault::physics,
         "rings from {:.3g} 1/Angstrom lie in the edge of the central disc of {:.3g}; give a "
         "larger @q_min",
         axis.q_min, optics.aperture_q());
  constexpr double kBeyond = 1.4;  // what is scattered to beyond the rings comes back into them
  const Vector3d edges = model.cell.lengths();
  const double pixel = std::min(0.15, 1 / (3 * kBeyond * axis.q_max));
  plan.simulation.nx = good_size(int(std::ceil(edges.x() / pixel)));
  plan.simulation.ny = good_size(int(std::ceil(edges.y() / pixel)));
  plan.simulation.recording.q_max = axis.q_max + 2 / std::min(edges.x(), edges.y());
  return plan;
}

SimulatedRings simulate_rings(const ScatteringPlan& plan, const Atoms& model,
                              const RunControl& run) {
  SimulatedRings out;
  const RingAxis axis = own_rings(plan.axis, model.cell.lengths());
  Stage stage(run, "piles", std::size_t(plan.piles));
  for (int p = 0; p < plan.piles; ++p) {
    const Atoms pile = stacked(model, plan.thickness, plan.seed, std::uint64_t(p));
    const auto places = raster(plan, pile.cell.lengths(), p);
    SimulationSettings s = plan.simulation;
    s.engine = Engine::kinematic;
    const MeanProfile single = mean_profile(pile, s, places, axis, run);
    s.engine = Engine::automatic;
    out.q = single.q;
    out.kinematic.push_back(single.intensity);
    out.dynamical.push_back(mean_profile(pile, s, places, axis, run).intensity);
    stage.advance();
  }
  return out;
}

CorrectedRadial corrected_radial_of_patterns(const PatternScan& scan, const ScatteringPlan& plan,
                                             const Atoms& model, const RadialStudy& study,
                                             const RunControl& run) {
  const RingMeans rings = mean_rings(scan, plan.axis, run);
  const SimulatedRings simulated = simulate_rings(plan, model, run);
  return correct_radial(rings, simulated, ring_factors(study, rings.q),
                        {plan.simulation.optics.aperture_q(), plan.thickness}, study.radial);
}

}  // namespace vitrobeam
