#include "drivers/simulate_report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "models/elements.hpp"

namespace vitrobeam {

void append(Audit& audit, const Audit& more) {
  audit.insert(audit.end(), more.begin(), more.end());
}

std::string of_probes(const SimulationPlan& p) {
  return p.probes.size() > 1 ? fmt::format(" of {} probes", p.probes.size()) : "";
}

std::string plan_summary(const SimulationPlan& p, const SimulateSettings& s,
                         const EngineRequest& request) {
  const Grid grid = p.scan.grid();
  const int slices = p.scan.slices();
  std::string text;
  if (!s.box_chosen.empty()) text = fmt::format("box         {}\n", s.box_chosen);
  text += fmt::format(
      "atoms       {}\n"
      "grid        {} x {} samples of {:.4f} x {:.4f} Angstrom, {} slices of {:.4f} Angstrom\n"
      "band limit  {:.4f} 1/Angstrom = {:.2f} mrad\n"
      "work        {} positions{}, {} plane waves in the aperture, {} configuration(s), {} "
      "threads\n",
      p.scan.atoms().size(), grid.nx, grid.ny, grid.dx(), grid.dy(), slices,
      p.scan.atoms().cell.vectors(2, 2) / slices, grid.q_max(),
      grid.q_max() * (1e3 * p.scan.settings.optics.wavelength()), p.scan.positions.size(),
      of_probes(p), request.beams.size(), p.scan.configurations.runs(), s.common.threads);
  if (request.modes > 1) text += fmt::format("coherence   {} modes per position\n", request.modes);
  return text;
}

namespace {

std::string coherence_summary(const Optics& optics, const IncidentModes& modes) {
  if (optics.is_coherent()) return "";
  return fmt::format(
      "coherence   focal spread {:g} Angstrom rms, source {:g} Angstrom FWHM: {} modes hold {:.4f} "
      "% "
      "of the beam\n",
      optics.focal_spread, optics.source_fwhm, modes.amplitudes.size(), 100 * (1 - modes.left_out));
}

std::string probe_summary(const Optics& o) {
  return fmt::format("{:.4g} mrad ({:.2f} Angstrom FWHM by diffraction)", o.semiangle_mrad,
                     diffraction_limited_fwhm(o.energy_kV, o.semiangle_mrad));
}

std::string focus_summary(const Optics& o) {
  return fmt::format("C10 {} Angstrom (defocus {})", o.defocus == 0 ? 0 : -o.defocus, o.defocus);
}

// The beam, and of a series a line for every probe.
std::string beam_summary(const SimulationPlan& p, std::size_t beams) {
  const Optics& first = p.scan.settings.optics;
  const std::string start = fmt::format("beam        {} kV, lambda {:.7f} Angstrom, ",
                                        first.energy_kV, first.wavelength());
  if (first.plane_wave) return start + "plane wave, " + focus_summary(first) + "\n";
  if (p.probes.size() == 1)
    return start + fmt::format("{}, {} plane waves, {}\n", probe_summary(first), beams,
                               focus_summary(first));
  std::string text = start + fmt::format("{} probes, {} plane waves\n", p.probes.size(), beams);
  for (std::size_t k = 0; k < p.probes.size(); ++k) {
    const auto& [optics, aberrations] = p.probes[k];
    text += fmt::format("probe {:<5} {}, {}{}{}\n", k, probe_summary(optics), focus_summary(optics),
                        optics.cs_mm == 0 ? "" : fmt::format(", Cs {:g} mm", optics.cs_mm),
                        aberrations.empty() ? "" : ", " + aberrations);
  }
  return text;
}

// One line per element: u and what it is as mean-square displacement and as B.
std::string smearing_summary(const SimulationPlan& p, const SimulateSettings& s) {
  if (s.debye_waller.empty()) return "";
  std::string text = "smearing   ";
  const std::set<int> elements(p.scan.atoms().numbers.begin(), p.scan.atoms().numbers.end());
  for (const int z : elements) {
    const double u = p.scan.settings.potential.factors.u_rms(z);
    text += fmt::format(" {} u {:.6g} Angstrom, <u^2> {:.6f} Angstrom^2, B {:.4f} Angstrom^2;",
                        symbol(z), u, u * u, 8 * M_PI * M_PI * u * u);
  }
  return text + (s.absorption ? " thermal diffuse scattering absorbed\n" : "\n");
}

std::string shown_engine(const SimulationPlan& p) {
  const int factor = p.scan.settings.interpolation;
  return engine_statement(p.scan.settings.engine) +
         (factor > 1 ? fmt::format(", interpolation {} (approximation)", factor) : "");
}

}  // namespace

template <typename Real>
std::string run_summary(const SimulationPlan& p, const SimulateSettings& s,
                        const Simulation<Real>& sim) {
  std::string text;
  if (!s.box_chosen.empty()) text = fmt::format("box         {}\n", s.box_chosen);
  return text + beam_summary(p, sim.beams()) +
         fmt::format(
             "sampling    {} x {} of {:.4f} x {:.4f} Angstrom, {} slices of {:.4f}, band limit "
             "{:.2f} mrad\n"
             "atoms       {} read, {} placed\n"
             "engine      {}\n",
             sim.grid().nx, sim.grid().ny, sim.grid().dx(), sim.grid().dy(), sim.slices(),
             sim.slice_thickness(), sim.max_angle_mrad(), p.scan.atoms().size(), sim.atoms_placed(),
             shown_engine(p)) +
         coherence_summary(p.scan.settings.optics, sim.modes()) + p.motion + smearing_summary(p, s);
}

Audit model_audit(const SimulationPlan& p, const SimulateSettings& s, double max_angle,
                  double potential_s) {
  Audit audit = {{"atoms_read", "", std::int64_t(p.scan.atoms().size())}};
  if (!s.box_chosen.empty()) audit.push_back({"box", "", s.box_chosen});
  append(audit,
         {{"intensity_in", "fraction of incident beam", 1.0},
          {"max_angle_mrad", "mrad", max_angle},
          {"wavelength", "Angstrom", p.scan.settings.optics.wavelength()},
          {"interaction_constant", "rad/(V Angstrom)", interaction_constant(s.optics.energy_kV)},
          {"probe_beyond_half_cell", "fraction of incident beam",
           *std::max_element(p.wrapped.begin(), p.wrapped.end())},
          {"precision", "",
           std::string(s.precision == Precision::single_precision ? "single" : "double")},
          {"wall_time_potential", "s", potential_s}});
  return audit;
}

template <typename Real>
Audit engine_audit(const SimulationPlan& p, const SimulateSettings& s, const Simulation<Real>& sim,
                   const Atoms& at_rest, const MemoryPlan& memory, bool has_stored_potential) {
  Audit audit = {{"engine", "", shown_engine(p)},
                 {"atoms_placed", "", std::int64_t(sim.atoms_placed())},
                 {"atom_sum", "",
                  std::string(has_stored_potential                   ? "stored potential"
                              : sim.atom_sum() == AtomSum::spreading ? "spreading"
                                                                     : "product")}};
  if (p.scan.configurations.has_vacancies())
    audit.push_back({"sites_left_empty", "", std::int64_t(p.scan.atoms().size() - at_rest.size())});
  if (s.absorption)
    audit.push_back({"absorbed_at_first_position", "fraction of incident beam",
                     absorbed_fraction<Real>(p.scan, at_rest, s.common.threads)});
  audit.push_back({"slices", "", std::int64_t(sim.slices())});
  audit.push_back({"slice_thickness", "Angstrom", sim.slice_thickness()});
  if (memory.working_set.slices > 0) {
    audit.push_back({"slices_at_a_time", "", std::int64_t(memory.working_set.slices)});
    audit.push_back({"potential_passes", "", memory.potential_passes});
  }
  audit.push_back({"memory_planned", "GiB", memory.bytes / kGiB});
  audit.push_back({"beams", "", std::int64_t(sim.beams())});
  std::size_t modes = 0;
  double left_out = 0;
  for (std::size_t k = 0; k < p.probes.size(); ++k) {
    modes = std::max(modes, sim.modes(k).amplitudes.size());
    left_out = std::max(left_out, sim.modes(k).left_out);
  }
  audit.push_back({"modes", "", std::int64_t(modes)});
  audit.push_back({"modes_left_out", "fraction of incident beam", left_out});
  return audit;
}

std::string error_summary(const InterpolationError& e, int factor) {
  std::string text =
      fmt::format("error       by --interpolation {}, against multislice at {} position{}:", factor,
                  e.points, e.points == 1 ? "" : "s");
  if (std::isfinite(e.patterns_mean))
    text += fmt::format(" patterns R {:.2f} % (worst {:.2f} %, outside the disc {:.2f} %)",
                        100 * e.patterns_mean, 100 * e.patterns_worst, 100 * e.scattered_mean);
  if (std::isfinite(e.detectors_worst))
    text += fmt::format("{} detectors {:.2f} % rms", std::isfinite(e.patterns_mean) ? "," : "",
                        100 * e.detectors_worst);
  return text + "\n";
}

Audit error_audit(const InterpolationError& e) {
  Audit audit;
  audit.push_back({"interpolation_error_positions", "", std::int64_t(e.points)});
  for (const auto& [name, value] : {std::pair{"interpolation_error_patterns", e.patterns_mean},
                                    {"interpolation_error_patterns_worst", e.patterns_worst},
                                    {"interpolation_error_scattered", e.scattered_mean},
                                    {"interpolation_error_detectors", e.detectors_worst}})
    if (std::isfinite(value)) audit.push_back({name, "fraction", value});
  return audit;
}

template <typename Real>
DiffractionAxes axes_of(const SimulationPlan& p, const SimulateSettings& s,
                        const Simulation<Real>& sim) {
  DiffractionAxes axes;
  axes.energy_kV = s.optics.energy_kV;
  axes.scan_x = p.places.x;
  axes.scan_y = p.places.y;
  axes.is_list = p.places.is_list;
  axes.q_x = sim.q_x();
  axes.q_y = sim.q_y();
  const std::vector<int> depths = sim.depths();
  if (depths.size() > 1)
    for (const int d : depths) axes.thickness.push_back(d * sim.slice_thickness());
  if (p.probes.size() > 1)
    for (std::size_t k = 0; k < p.probes.size(); ++k) {
      const Optics& o = p.probes[k].optics;
      axes.probes.push_back(
          {o.semiangle_mrad, o.defocus, o.cs_mm, p.probes[k].aberrations, p.wrapped[k]});
    }
  return axes;
}

#define VITROBEAM_INSTANTIATE(Real)                                                            \
  template std::string run_summary(const SimulationPlan&, const SimulateSettings&,             \
                                   const Simulation<Real>&);                                   \
  template Audit engine_audit(const SimulationPlan&, const SimulateSettings&,                  \
                              const Simulation<Real>&, const Atoms&, const MemoryPlan&, bool); \
  template DiffractionAxes axes_of(const SimulationPlan&, const SimulateSettings&,             \
                                   const Simulation<Real>&);
VITROBEAM_INSTANTIATE(float)
VITROBEAM_INSTANTIATE(double)
#undef VITROBEAM_INSTANTIATE

}  // namespace vitrobeam
