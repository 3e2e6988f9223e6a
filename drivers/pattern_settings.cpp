#include "drivers/pattern_settings.hpp"

#include "drivers/log.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {

void add_pattern_options(Settings& o, PatternSettings& s) {
  o.section("Patterns (what is given here wins over the file)");
  o.add("energy", s.energy, "kV", "acceleration voltage");
  o.add("semiangle", s.semiangle, "mrad", "convergence semi-angle").above(0).at_most(200);
  o.add("thickness", s.thickness, "Angstrom", "thickness of the specimen").above(0);
  o.add("pixel-q", s.pixel_q, "1/Angstrom", "size of a pattern's pixel").above(0).at_most(10);
  o.add("centre", s.centre, "ROW,COL",
        "undiffracted beam, sub-pixel (default: index n/2, or what the file says)")
      .reads(a_pair(""));
  o.add("mask", s.mask, "FILE",
        "image of the patterns' shape (.npy or file.h5:/path); non-zero pixels are hidden");
  o.add("scan-shape", s.scan_shape, "NXxNY",
        "raster of the frames, columns x rows, where the file does not state it")
      .reads(a_size());
  o.add("probe", s.probe, "which of a series of probes, from 0; -1 = the file holds only one")
      .at_least(-1);
  o.add("raw", s.raw, "TYPE:COLSxROWS[+OFFSET]",
        "samples without a header, for example uint16be:256x256+384")
      .reads(raw_samples());
  o.add("follow-links", s.follow_links,
        "an HDF5 file may take patterns from files outside of its own folder");
}

PatternSource open_patterns(const std::string& specification, const PatternSettings& s,
                            bool allow_uncalibrated, bool every_probe) {
  PatternOverrides overrides;
  overrides.energy_kV = s.energy;
  overrides.pixel_q = s.pixel_q;
  overrides.mask = s.mask;
  if (s.probe >= 0) overrides.probe = std::size_t(s.probe);
  overrides.every_probe = every_probe;
  overrides.raw = s.raw;
  overrides.follow_links = s.follow_links;
  overrides.allow_uncalibrated = allow_uncalibrated;
  if (!s.scan_shape.empty()) {
    const auto [nx, ny] = parse_size(s.scan_shape, "scan-shape");
    overrides.scan = {std::size_t(nx), std::size_t(ny)};
  }
  if (!s.centre.empty()) {
    const Vector2d rc = parse_pair(s.centre, "", "centre");
    overrides.centre = {rc[0], rc[1]};
  }
  PatternSource source(specification, overrides);
  for (const auto& note : source.notes()) warn("{}", note);
  if (!source.camera_faults().empty()) inform("{}: {}", source.file(), source.camera_faults());
  if (s.semiangle) source.semiangle_mrad = s.semiangle;
  if (s.thickness) source.thickness = s.thickness;
  return source;
}

}  // namespace vitrobeam
