#include "drivers/probes.hpp"

#include "base/error.hpp"
#include "options/quantity.hpp"

namespace vitrobeam {
namespace {

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

void check_aberrations(const std::string& text) {
  for (const auto& set : aberration_sets(text)) parse_aberrations(set);
}

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
  if (!s.beam_tilt.empty()) optics.tilt_mrad = parse_pair(s.beam_tilt, "mrad", "beam-tilt");
  if (!s.specimen_tilt.empty())
    optics.specimen_tilt_mrad = parse_pair(s.specimen_tilt, "mrad", "specimen-tilt");
  if (!s.aperture_ellipse.empty())
    std::tie(optics.aperture_ratio, optics.aperture_angle) =
        parse_ellipse(s.aperture_ellipse, 10, "aperture-ellipse");
  std::vector<Probe> probes;
  const auto sets = aberration_sets(s.aberrations);
  for (const double mrad : semiangles(s)) {
    optics.semiangle_mrad = mrad;
    check_optics(optics);
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
