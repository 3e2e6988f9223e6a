#include "drivers/simulate_report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/counted.hpp"
#include "io/simulation_record.hpp"
#include "models/elements.hpp"

namespace vitrobeam {

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
      "grid        {} x {} samples of {:.4f} x {:.4f} Angstrom, {} of {:.4f} Angstrom\n"
      "band limit  {:.4f} 1/Angstrom = {:.2f} mrad\n"
      "work        {}{}, {} in the aperture, {}, {}\n",
      p.scan.atoms().size(), grid.nx, grid.ny, grid.dx(), grid.dy(), counted(slices, "slice"),
      p.scan.atoms().cell.vectors(2, 2) / slices, grid.q_max(),
      grid.q_max() * (1e3 * p.scan.settings.optics.wavelength()),
      counted(p.scan.positions.size(), "position"), of_probes(p),
      counted(request.beams.size(), "plane wave"),
      counted(p.scan.configurations.runs(), "configuration"), counted(s.common.threads, "thread"));
  if (request.modes > 1) text += fmt::format("coherence   {} modes per position\n", request.modes);
  return text;
}

namespace {

std::string coherence_summary(const Optics& optics, const IncidentModes& modes) {
  if (optics.is_coherent()) return "";
  return fmt::format(
      "coherence   focal spread {:g} Angstrom rms, source {:g} Angstrom FWHM: {} modes hold {:.4f} "
      "% of the beam\n",
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
    return start + fmt::format("{}, {}, {}\n", probe_summary(first), counted(beams, "plane wave"),
                               focus_summary(first));
  std::string text =
      start + fmt::format("{} probes, {}\n", p.probes.size(), counted(beams, "plane wave"));
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

// How many losses there are, and what literature says of all inelastic scattering at this density.
template <typename Real>
std::string plasmon_summary(const SimulationPlan& p, const Simulation<Real>& sim) {
  const SimulationSettings& s = p.scan.settings;
  if (!s.plasmons) return "";
  const double thickness = sim.plasmon_thickness().back(), kV = s.optics.energy_kV,
               density = mass_density(p.scan.atoms());
  const LossAngles angles = loss_angles(*s.plasmons, kV);
  const std::vector<double> shares = loss_shares(thickness / s.plasmons->mean_free_path, 1);
  std::string text = fmt::format(
      "plasmons    {:.4g} Angstrom of material, mean free path {:g}: {:.2f} % without loss, {:.2f} "
      "% with one, {:.2f} % with more\n"
      "            theta_E {:.4f} mrad, up to {:.3f} mrad, rms {:.3f} mrad; all inelastic "
      "scattering at {:.3g} g/cm^3: {:.0f} Angstrom (Iakoubovskii 2008); off by up to {:.2g} % "
      "(--plasmon-limit)\n",
      thickness, s.plasmons->mean_free_path, 100 * shares[0], 100 * shares[1],
      100 * (1 - shares[0] - shares[1]), 1e3 * angles.characteristic, 1e3 * angles.cutoff,
      1e3 * std::sqrt(angles.mean_square()), density, inelastic_mean_free_path(density, kV),
      folding_error_percent(*s.plasmons, thickness, kV));
  if (const std::optional<int> most = losses_kept(*s.plasmons))
    text += fmt::format("filter      {:g} eV: up to {} kept, {:.2f} % of the beam\n",
                        *s.plasmons->filter_eV, counted(*most, "loss", "losses"),
                        100 * kept_share(*s.plasmons, thickness));
  return text;
}

}  // namespace

template <typename Real>
std::string run_summary(const SimulationPlan& p, const SimulateSettings& s,
                        const Simulation<Real>& sim) {
  std::string text;
  if (!s.box_chosen.empty()) text = fmt::format("box         {}\n", s.box_chosen);
  return text + beam_summary(p, sim.beams()) +
         fmt::format(
             "sampling    {} x {} of {:.4f} x {:.4f} Angstrom, {} of {:.4f}, band limit {:.2f} "
             "mrad, oversampling {}\n"
             "atoms       {} read, {} placed\n"
             "engine      {}\n",
             sim.grid().nx, sim.grid().ny, sim.grid().dx(), sim.grid().dy(),
             counted(sim.slices(), "slice"), sim.slice_thickness(), sim.max_angle_mrad(),
             oversampling_statement(p.scan.settings), p.scan.atoms().size(), sim.atoms_placed(),
             engine_statement(p.scan.settings)) +
         coherence_summary(p.scan.settings.optics, sim.modes()) + p.motion +
         smearing_summary(p, s) + plasmon_summary(p, sim);
}

std::string error_summary(const InterpolationError& e, int factor) {
  std::string text =
      fmt::format("error       by --interpolation {}, against multislice at {}:", factor,
                  counted(e.points, "position"));
  if (std::isfinite(e.patterns_mean))
    text += fmt::format(" patterns R {:.2f} % (worst {:.2f} %, outside the disc {:.2f} %)",
                        100 * e.patterns_mean, 100 * e.patterns_worst, 100 * e.scattered_mean);
  if (std::isfinite(e.detectors_worst))
    text += fmt::format("{} detectors {:.2f} % rms", std::isfinite(e.patterns_mean) ? "," : "",
                        100 * e.detectors_worst);
  return text + "\n";
}

template std::string run_summary(const SimulationPlan&, const SimulateSettings&,
                                 const Simulation<float>&);
template std::string run_summary(const SimulationPlan&, const SimulateSettings&,
                                 const Simulation<double>&);

}  // namespace vitrobeam
