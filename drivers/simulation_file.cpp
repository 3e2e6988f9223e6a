#include "drivers/simulation_file.hpp"
#include "drivers/log.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "drivers/detector_option.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {
template <typename Real>
void write_simulation(const SimulateSettings& s, const SimulationPlan& p,
                      const Simulation<Real>& sim, const WorkUnits& units, RunRecord& record) {
  const Recording& r = p.simulation.recording;
  const std::vector<int> depths = sim.depths();
  DiffractionAxes axes;
  axes.energy_kV = s.optics.energy_kV;
  axes.scan_x = p.scan.x;
  axes.scan_y = p.scan.y;
  axes.is_list = p.scan.is_list;
  axes.q_x = sim.q_x();
  axes.q_y = sim.q_y();
  if (depths.size() > 1)
    for (const int d : depths) axes.thickness.push_back(d * sim.slice_thickness());
  if (p.probes.size() > 1)
    for (std::size_t k = 0; k < p.probes.size(); ++k) {
      const Optics& o = p.probes[k].optics;
      axes.probes.push_back(
          {o.semiangle_mrad, o.defocus, o.cs_mm, p.probes[k].aberrations, p.wrapped[k]});
    }
  const Shape scan = axes.scan_shape();
  const std::size_t n = p.scan.positions.size(), ny = axes.q_y.size(), nx = axes.q_x.size();
  const auto gy = std::size_t(sim.grid().ny), gx = std::size_t(sim.grid().nx);
  const auto shape = [&](std::size_t y, std::size_t x) {
    return axes.with_series({scan[0], scan[1], y, x});
  };
  const auto chunk_shape = [&](std::size_t y, std::size_t x) {
    Shape c(shape(y, x).size(), 1);
    c[c.size() - 2] = y;
    c.back() = x;
    return c;
  };

  Hdf5Writer file(s.common.output);
  if (r.patterns)
    file.create_chunked<Real>("/simulation/patterns", shape(ny, nx), chunk_shape(ny, nx));
  if (r.exit_waves)
    file.create_chunked<std::complex<Real>>("/simulation/exit_wave", shape(gy, gx),
                                            chunk_shape(gy, gx));
  const int configurations = p.configurations->count();
  const bool pattern_errors = r.patterns && configurations > 1;
  const auto create_beside = [&](bool wanted, const char* path, const char* description) {
    if (!wanted) return;
    file.create_chunked<Real>(path, shape(ny, nx), chunk_shape(ny, nx));
    file.attribute(path, "units", std::string("fraction of incident beam per pixel"));
    file.attribute(path, "description", std::string(description));
  };
  create_beside(pattern_errors, "/simulation/patterns_stderr",
                "standard error of the mean over the configurations");
  create_beside(r.amplitudes, "/simulation/patterns_elastic", "|<psi>|^2 over the configurations");
  create_beside(r.amplitudes, "/simulation/patterns_diffuse", "patterns less patterns_elastic");
  const std::size_t probes = p.probes.size(), images_size = probes * depths.size() * n;
  Stack<double> used(probes > 1 ? Shape{probes, scan[0], scan[1]} : scan);
  const auto channels = std::size_t(channel_count(r.detectors));
  std::vector<std::vector<double>> images(channels, std::vector<double>(images_size)),
      errors = images;
  double lowest = 1e9, highest = 0, mean = 0;
  for (std::size_t unit = 0; unit < p.shots(); ++unit) {
    const auto records = position_records(units.read(unit), depths.size(), channels);
    const std::size_t probe = unit / n, i = unit % n;
    for (std::size_t d = 0; d < depths.size(); ++d) {
      const PositionRecord& u = records[d];
      Shape chunk = {i / scan[1], i % scan[1], 0, 0};
      if (depths.size() > 1) chunk.insert(chunk.begin(), d);
      if (probes > 1) chunk.insert(chunk.begin(), probe);
      if (r.patterns) file.write_chunk("/simulation/patterns", chunk, u.pattern);
      if (r.exit_waves) file.write_chunk("/simulation/exit_wave", chunk, u.exit_wave);
      if (pattern_errors) file.write_chunk("/simulation/patterns_stderr", chunk, u.pattern_error);
      if (r.amplitudes) {
        file.write_chunk("/simulation/patterns_elastic", chunk, u.elastic);
        file.write_chunk("/simulation/patterns_diffuse", chunk, u.diffuse);
      }
      used.values[unit] = u.configurations;
      const std::size_t at = (probe * depths.size() + d) * n + i;
      for (std::size_t k = 0; k < images.size(); ++k) {
        images[k][at] = u.detectors[k];
        errors[k][at] = u.errors[k];
      }
      if (!std::isfinite(u.intensity_out)) lowest = highest = NAN;
      lowest = std::isnan(lowest) ? NAN : std::min(lowest, u.intensity_out);
      highest = std::isnan(highest) ? NAN : std::max(highest, u.intensity_out);
      mean += u.intensity_out / double(images_size);
    }
  }
  if (configurations < 2) errors.clear();
  write_detectors(file, r.detectors, axes.with_series(scan), images, errors);
  if (r.exit_waves)
    file.attribute("/simulation/exit_wave", "units",
                   std::string("amplitude; the incident wave has sum |psi|^2 = 1"));
  if (configurations > 0) {
    file.write("/simulation/configurations", used);
    file.attribute("/simulation/configurations", "units", std::string("configurations averaged"));
  }
  for (const auto& [name, value] : {std::pair{"intensity_out_min", lowest},
                                    {"intensity_out_mean", mean},
                                    {"intensity_out_max", highest}})
    record.audit.push_back({name, "fraction of incident beam", value});
  write_result(file, axes, record, std::filesystem::path(s.common.output).stem().string());
  file.commit();
  std::cout << fmt::format(
      "intensity   {:.6f} of the beam inside the band limit (mean; {:.6f} to {:.6f})\n", mean,
      lowest, highest);
  if (lowest < 0.95 && p.simulation.potential.absorption == 0)
    warn(
        "{:.1f} % of the beam is scattered beyond the band limit of {:.1f} mrad; a finer --pixel "
        "keeps it",
        100 * (1 - lowest), sim.max_angle_mrad());
}

template void write_simulation(const SimulateSettings&, const SimulationPlan&,
                               const Simulation<float>&, const WorkUnits&, RunRecord&);
template void write_simulation(const SimulateSettings&, const SimulationPlan&,
                               const Simulation<double>&, const WorkUnits&, RunRecord&);

}  // namespace vitrobeam
