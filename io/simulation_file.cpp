#include "io/simulation_file.hpp"

#include <algorithm>
#include <complex>

#include "io/detector_maps.hpp"
#include "io/position_record.hpp"

namespace vitrobeam {
namespace {

constexpr const char *kPatterns = "/simulation/patterns", *kExitWave = "/simulation/exit_wave",
                     *kErrors = "/simulation/patterns_stderr",
                     *kElastic = "/simulation/patterns_elastic",
                     *kDiffuse = "/simulation/patterns_diffuse",
                     *kConfigurations = "/simulation/configurations";

// What is recorded of every point as planes.
template <typename Real>
class Planes {
 public:
  Planes(Hdf5Writer& file, const SimulationLayout& l) : file_(file), l_(l) {
    const Recording& r = l.recording;
    const std::size_t ny = l.axes.q_y.size(), nx = l.axes.q_x.size();
    if (r.patterns) file.create_chunked<Real>(kPatterns, shape(ny, nx), chunk(ny, nx));
    if (r.exit_waves) {
      const auto gy = std::size_t(l.grid.ny), gx = std::size_t(l.grid.nx);
      file.create_chunked<std::complex<Real>>(kExitWave, shape(gy, gx), chunk(gy, gx));
    }
    const auto create_beside = [&](bool wanted, const char* path, const char* description) {
      if (!wanted) return;
      file.create_chunked<Real>(path, shape(ny, nx), chunk(ny, nx));
      file.attribute(path, "units", std::string("fraction of incident beam per pixel"));
      file.attribute(path, "description", std::string(description));
    };
    create_beside(has_errors(), kErrors, "standard error of the mean over the configurations");
    create_beside(r.amplitudes, kElastic, "|<psi>|^2 over the configurations");
    create_beside(r.amplitudes, kDiffuse, "patterns less patterns_elastic");
  }

  // Of position `i` of a probe at a depth.
  void write(std::size_t probe, std::size_t depth, std::size_t i, const PositionRecord& u) {
    const std::size_t row = l_.axes.scan_shape()[1];
    Shape place = {i / row, i % row, 0, 0};
    if (l_.depths > 1) place.insert(place.begin(), depth);
    if (!l_.axes.probes.empty()) place.insert(place.begin(), probe);
    const Recording& r = l_.recording;
    if (r.patterns) file_.write_chunk(kPatterns, place, u.pattern);
    if (r.exit_waves) file_.write_chunk(kExitWave, place, u.exit_wave);
    if (has_errors()) file_.write_chunk(kErrors, place, u.pattern_error);
    if (!r.amplitudes) return;
    file_.write_chunk(kElastic, place, u.elastic);
    file_.write_chunk(kDiffuse, place, u.diffuse);
  }

 private:
  bool has_errors() const { return l_.recording.patterns && l_.configurations > 1; }
  Shape shape(std::size_t y, std::size_t x) const {
    const Shape scan = l_.axes.scan_shape();
    return l_.axes.with_series({scan[0], scan[1], y, x});
  }
  Shape chunk(std::size_t y, std::size_t x) const {
    Shape c(shape(y, x).size(), 1);
    c[c.size() - 2] = y;
    c.back() = x;
    return c;
  }

  Hdf5Writer& file_;
  const SimulationLayout& l_;
};

}  // namespace

template <typename Real>
IntensityRange write_simulation(Hdf5Writer& file, const SimulationLayout& l,
                                const std::function<std::vector<std::byte>(std::size_t)>& point) {
  Planes<Real> planes(file, l);
  const Shape scan = l.axes.scan_shape();
  const std::size_t n = scan[0] * scan[1], probes = std::max<std::size_t>(1, l.axes.probes.size()),
                    all = probes * l.depths * n;
  Stack<double> used(probes > 1 ? Shape{probes, scan[0], scan[1]} : scan);
  const auto channels = std::size_t(channel_count(l.recording.detectors));
  std::vector<std::vector<double>> images(channels, std::vector<double>(all)), errors = images;
  IntensityRange range;
  for (std::size_t unit = 0; unit < probes * n; ++unit) {
    const auto records = position_records(point(unit), l.depths, channels);
    const std::size_t probe = unit / n, i = unit % n;
    for (std::size_t d = 0; d < l.depths; ++d) {
      const PositionRecord& u = records[d];
      planes.write(probe, d, i, u);
      used.values[unit] = u.configurations;
      const std::size_t at = (probe * l.depths + d) * n + i;
      for (std::size_t k = 0; k < channels; ++k) {
        images[k][at] = u.detectors[k];
        errors[k][at] = u.errors[k];
      }
      const bool is_number = std::isfinite(u.intensity_out) && !std::isnan(range.lowest);
      range.lowest = is_number ? std::min(range.lowest, u.intensity_out) : NAN;
      range.highest = is_number ? std::max(range.highest, u.intensity_out) : NAN;
      range.mean += u.intensity_out / double(all);
    }
  }
  if (l.configurations < 2) errors.clear();
  write_detectors(file, l.recording.detectors, l.axes.with_series(scan), images, errors);
  if (l.recording.exit_waves)
    file.attribute(kExitWave, "units",
                   std::string("amplitude; the incident wave has sum |psi|^2 = 1"));
  if (l.configurations > 0) {
    file.write(kConfigurations, used);
    file.attribute(kConfigurations, "units", std::string("configurations averaged"));
  }
  return range;
}

template IntensityRange write_simulation<float>(
    Hdf5Writer&, const SimulationLayout&,
    const std::function<std::vector<std::byte>(std::size_t)>&);
template IntensityRange write_simulation<double>(
    Hdf5Writer&, const SimulationLayout&,
    const std::function<std::vector<std::byte>(std::size_t)>&);

}  // namespace vitrobeam
