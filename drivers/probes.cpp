#include "drivers/probes.hpp"

#include "base/error.hpp"
#include "drivers/quantity.hpp"

namespace vitrobeam {
namespace {

void resolve_tilts(const SimulateSettings& s, Optics& optics) {
  if (!s.beam_tilt.empty()) optics.tilt_mrad = parse_pair(s.beam_tilt, "mrad", "beam-tilt");
  if (optics.tilt_mrad.norm() > 50)
    fail(Fault::usage,
         "--beam-tilt {}: at most 50 mrad, beyond which the paraxial propagator fails; turn the "
         "model instead",
         s.beam_tilt);
  if (!s.specimen_tilt.empty())
    optics.specimen_tilt_mrad = parse_pair(s.specimen_tilt, "mrad", "specimen-tilt");
  if (optics.specimen_tilt_mrad.norm() > 30)
    fail(Fault::usage,
         "--specimen-tilt {}: at most 30 mrad, where lengths are 5e-4 off already; turn the model "
         "instead",
         s.specimen_tilt);
}

void resolve_aperture(const SimulateSettings& s, Optics& optics) {
  const bool is_shaped = optics.inner_mrad > 0 || !s.aperture_ellipse.empty();
  if (optics.plane_wave && (is_shaped || !optics.is_coherent()))
    fail(Fault::usage,
         "--mode plane-wave has no aperture and no source; leave out --aperture-inner, "
         "--aperture-ellipse, --focal-spread and --source-size");
  if (s.exit_wave && !optics.is_coherent())
    fail(Fault::usage,
         "--exit-wave: a beam with --focal-spread or --source-size has no one exit wave; leave "
         "them out, or --exit-wave");
  if (optics.inner_mrad > 0 && optics.inner_mrad >= optics.semiangle_mrad)
    fail(Fault::usage, "--aperture-inner {}: must be below the semi-angle of {} mrad",
         optics.inner_mrad, optics.semiangle_mrad);
  if (!s.aperture_ellipse.empty())
    std::tie(optics.aperture_ratio, optics.aperture_angle) =
        parse_ellipse(s.aperture_ellipse, 10, "aperture-ellipse");
}

// "C12=0:20:40,phi12=1/C21=300" -> four sets.
std::vector<std::string> aberration_sets(const std::string& text) {
  std::vector<std::string> sets;
  for (const auto& set : split(text, '/')) {
    std::vector<std::string> expanded = {""};
    for (const auto& item : split(set, ',')) {
      std::vector<std::string> terms = {item};
      const auto sign = item.find('=');
      if (sign != std::string::npos && item.find(':') != std::string::npos) {
        terms.clear();
        for (const double v : parse_list(item.substr(sign + 1), "", "aberrations"))
          terms.push_back(fmt::format("{}={}", item.substr(0, sign), v));
      }
      std::vector<std::string> next;
      for (const auto& begun : expanded)
        for (const auto& term : terms)
          next.push_back(
              fmt::format("{}{}{}", begun, begun.empty() || term.empty() ? "" : ",", term));
      expanded = next;
    }
    sets.insert(sets.end(), expanded.begin(), expanded.end());
  }
  return sets;
}

}  // namespace

std::vector<double> semiangles(const SimulateSettings& s) {
  if (s.probe_fwhms.empty()) return s.semiangles_mrad;
  std::vector<double> mrad;
  for (const double fwhm : s.probe_fwhms)
    mrad.push_back(semiangle_for_fwhm(s.optics.energy_kV, fwhm));
  return mrad;
}

std::vector<Probe> resolve_probes(const SimulateSettings& s) {
  constexpr std::size_t kMost = 1000;
  Optics optics = s.optics;
  optics.plane_wave = s.mode == BeamMode::plane_wave;
  resolve_tilts(s, optics);
  std::vector<Probe> probes;
  const auto sets = aberration_sets(s.aberrations);
  for (const double mrad : semiangles(s)) {
    optics.semiangle_mrad = mrad;
    resolve_aperture(s, optics);
    for (const double cs : s.cs_mm)
      for (const auto& set : sets)
        for (const double defocus : s.defoci) {
          optics.cs_mm = cs;
          optics.aberrations = parse_aberrations(set);
          optics.defocus = defocus;
          probes.push_back({optics, set});
          if (probes.size() > kMost)
            fail(Fault::usage,
                 "--semiangle, --cs, --aberrations and --defocus make more than {} probes; give "
                 "shorter lists",
                 kMost);
        }
  }
  if (optics.plane_wave && probes.size() > 1)
    fail(Fault::usage,
         "--mode plane-wave has no lens before the specimen: a series of probes needs --mode "
         "probe; give single values");
  return probes;
}

}  // namespace vitrobeam
