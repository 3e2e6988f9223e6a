#include "io/simulation_record.hpp"
#include "models/packing.hpp"
#include "models/plausibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vitrobeam {
namespace {

constexpr double kGiB = 1 << 30;

Audit memory_audit(const MemoryPlan& memory) {
  Audit audit;
  if (memory.working_set.slices > 0)
    audit = {{"slices_at_a_time", "", std::int64_t(memory.working_set.slices)},
             {"potential_passes", "", memory.potential_passes}};
  audit.push_back({"memory_planned", "GiB", memory.bytes / kGiB});
  return audit;
}

template <typename Real>
Audit coherence_audit(const Simulation<Real>& simulation, std::size_t probes) {
  std::size_t modes = 0;
  double left_out = 0;
  for (std::size_t k = 0; k < probes; ++k) {
    modes = std::max(modes, simulation.modes(k).amplitudes.size());
    left_out = std::max(left_out, simulation.modes(k).left_out);
  }
  return {{"beams", "", std::int64_t(simulation.beams())},
          {"modes", "", std::int64_t(modes)},
          {"modes_left_out", "fraction of incident beam", left_out}};
}

template <typename Real>
Audit plasmon_audit(const Simulation<Real>& simulation, const SimulationSettings& s) {
  if (!s.plasmons) return {};
  const PlasmonSettings& p = *s.plasmons;
  const double thickness = simulation.plasmon_thickness().back();
  const LossAngles angles = loss_angles(p, s.optics.energy_kV);
  const std::vector<double> shares = loss_shares(thickness / p.mean_free_path, 2);
  return {{"plasmon_thickness", "Angstrom", thickness},
          {"plasmon_mean_free_path", "Angstrom", p.mean_free_path},
          {"plasmon_characteristic_angle", "mrad", 1e3 * angles.characteristic},
          {"plasmon_cutoff", "mrad", 1e3 * angles.cutoff},
          {"plasmon_angle_mean", "mrad", 1e3 * angles.mean()},
          {"plasmon_angle_rms", "mrad", 1e3 * std::sqrt(angles.mean_square())},
          {"plasmon_share_0", "fraction of incident beam", shares[0]},
          {"plasmon_share_1", "fraction of incident beam", shares[1]},
          {"plasmon_share_2", "fraction of incident beam", shares[2]},
          {"plasmon_kept", "fraction of incident beam", kept_share(p, thickness)},
          {"plasmon_folding_error", "%", folding_error_percent(p, thickness, s.optics.energy_kV)}};
}

}  // namespace

std::string engine_statement(const SimulationSettings& s) {
  return engine_statement(s.engine) +
         (s.interpolation > 1 ? fmt::format(", interpolation {} (approximation)", s.interpolation)
                              : "");
}

template <typename Real>
DiffractionAxes simulation_axes(const ScanSimulation& scan, const Scan& places,
                                const Simulation<Real>& simulation, const SimulatedRun& run) {
  DiffractionAxes axes;
  axes.energy_kV = scan.settings.optics.energy_kV;
  axes.scan_x = places.x;
  axes.scan_y = places.y;
  axes.is_list = places.is_list;
  axes.q_x = simulation.q_x();
  axes.q_y = simulation.q_y();
  const std::vector<int> depths = simulation.depths();
  if (depths.size() > 1)
    for (const int d : depths) axes.thickness.push_back(d * simulation.slice_thickness());
  const std::vector<Optics> probes = scan.settings.probes();
  if (probes.size() > 1)
    for (std::size_t k = 0; k < probes.size(); ++k)
      axes.probes.push_back({probes[k].semiangle_mrad, probes[k].defocus, probes[k].cs_mm,
                             run.aberrations[k], run.wrapped[k]});
  return axes;
}

template <typename Real>
Audit simulation_audit(const ScanSimulation& scan, const Simulation<Real>& simulation,
                       const Atoms& at_rest, const SimulatedRun& run, int threads) {
  const SimulationSettings& s = scan.settings;
  Audit audit = {{"atoms_read", "", std::int64_t(scan.atoms().size())}};
  const auto add = [&](const Audit& more) { audit.insert(audit.end(), more.begin(), more.end()); };
  const Plausibility odd = plausibility(scan.atoms());
  add({{"composition", "at.%", composition_text(scan.atoms())}});
  add({{"close_pairs", "", std::int64_t(odd.close)}});
  if (std::isfinite(odd.closest.distance))
    add({{"closest_pair", "Angstrom", odd.closest.distance}});
  if (odd.outside > 0) add({{"atoms_outside_cell", "", std::int64_t(odd.outside)}});
  if (odd.density_g_cm3) add({{"mass_density", "g/cm^3", *odd.density_g_cm3}});
  if (!run.box.empty()) add({{"box", "", run.box}});
  add({{"intensity_in", "fraction of incident beam", 1.0},
       {"max_angle_mrad", "mrad", simulation.max_angle_mrad()},
       {"wavelength", "Angstrom", s.optics.wavelength()},
       {"interaction_constant", "rad/(V Angstrom)", interaction_constant(s.optics.energy_kV)},
       {"probe_beyond_half_cell", "fraction of incident beam",
        *std::max_element(run.wrapped.begin(), run.wrapped.end())},
       {"precision", "", std::string(sizeof(Real) == sizeof(float) ? "single" : "double")},
       {"wall_time_potential", "s", run.potential_s},
       {"engine", "", engine_statement(s)},
       {"oversampling", "", oversampling_statement(s)},
       {"atoms_placed", "", std::int64_t(simulation.atoms_placed())},
       {"atom_sum", "",
        std::string(run.has_stored_potential                      ? "stored potential"
                    : simulation.atom_sum() == AtomSum::spreading ? "spreading"
                                                                  : "product")}});
  if (const auto loss = simulation.transmission_loss(); loss && scan.configurations.count == 0)
    add({{"beyond_band_in_slices", "fraction of a plane wave", *loss}});
  if (scan.configurations.has_vacancies())
    add({{"sites_left_empty", "", std::int64_t(scan.atoms().size() - at_rest.size())}});
  if (s.potential.absorption != 0)
    add({{"absorbed_at_first_position", "fraction of incident beam",
          absorbed_fraction<Real>(scan, at_rest, threads)}});
  add({{"slices", "", std::int64_t(simulation.slices())},
       {"slice_thickness", "Angstrom", simulation.slice_thickness()}});
  add(memory_audit(run.memory));
  add(coherence_audit(simulation, scan.probes()));
  add(plasmon_audit(simulation, s));
  return audit;
}

Audit interpolation_audit(const InterpolationError& e) {
  Audit audit;
  audit.push_back({"interpolation_error_positions", "", std::int64_t(e.points)});
  for (const auto& [name, value] : {std::pair{"interpolation_error_patterns", e.patterns_mean},
                                    {"interpolation_error_patterns_worst", e.patterns_worst},
                                    {"interpolation_error_scattered", e.scattered_mean},
                                    {"interpolation_error_detectors", e.detectors_worst}})
    if (std::isfinite(value)) audit.push_back({name, "fraction", value});
  return audit;
}

#define VITROBEAM_INSTANTIATE(Real)                                                             \
  template DiffractionAxes simulation_axes(const ScanSimulation&, const Scan&,                  \
                                           const Simulation<Real>&, const SimulatedRun&);       \
  template Audit simulation_audit(const ScanSimulation&, const Simulation<Real>&, const Atoms&, \
                                  const SimulatedRun&, int);
VITROBEAM_INSTANTIATE(float)
VITROBEAM_INSTANTIATE(double)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
