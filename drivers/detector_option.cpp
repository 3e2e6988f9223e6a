#include "drivers/detector_option.hpp"

#include <cmath>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "drivers/quantity.hpp"

namespace vitrobeam {
namespace {

// Of one map: the names of its parts, apart from the centre of mass.
std::string segment_name(const Detector& d, int segment) {
  return d.segments == 1 ? d.name : fmt::format("{}_{}", d.name, segment);
}

std::vector<std::string> map_names(const Detector& d) {
  if (d.moments) return {d.name + "_x", d.name + "_y"};
  std::vector<std::string> names;
  for (int k = 0; k < d.segments; ++k) names.push_back(segment_name(d, k));
  return names;
}

[[noreturn]] void fail_syntax(const std::string& text) {
  fail(Fault::usage,
       "--detector '{}': expected NAME=INNER:OUTER in mrad, for example haadf=60:90; with segments "
       "NAME=INNER:OUTER/4+15deg, with rings NAME=INNER:OUTER:WIDTH, for the centre of mass "
       "NAME=com or NAME=com:OUTER",
       text);
}

void parse_segments(const std::string& text, const std::string& what, Detector& d) {
  const auto plus = text.find('+');
  const double n = parse_quantity(text.substr(0, plus), "", "detector");
  if (!(n >= 2 && n <= 360 && n == std::floor(n)))
    fail(Fault::usage, "--detector '{}': expected 2 to 360 segments", what);
  d.segments = int(n);
  if (plus != std::string::npos)
    d.rotation = parse_quantity(text.substr(plus + 1), "deg", "detector") * M_PI / 180;
}

void write_map(Hdf5Writer& file, const std::string& path, const Shape& shape,
               const std::vector<double>& values, const std::string& units) {
  file.write<double>(path, shape, values);
  file.attribute(path, "units", units);
}

// Rings as the last axis of the channels of one segment.
std::vector<double> interleaved(const Detector& d, int segment, std::size_t first,
                                const std::vector<std::vector<double>>& channels) {
  std::vector<double> all;
  for (std::size_t i = 0; i < channels[first].size(); ++i)
    for (int ring = 0; ring < d.rings; ++ring)
      all.push_back(channels[first + std::size_t(ring * d.segments + segment)][i]);
  return all;
}

void write_centre_of_mass(Hdf5Writer& file, const std::string& group, const Detector& d,
                          const Shape& maps, const std::vector<double>& x,
                          const std::vector<double>& y, const std::vector<double>& total) {
  for (const auto& [axis, moment] : {std::pair{"_x", &x}, {"_y", &y}}) {
    std::vector<double> mean(total.size());
    for (std::size_t i = 0; i < total.size(); ++i) mean[i] = (*moment)[i] / total[i];
    write_map(file, group + d.name + axis, maps, mean, "mrad");
  }
}

}  // namespace

Detector parse_detector(const std::string& text) {
  const auto parts = split(text, '=');
  if (parts.size() != 2 || parts[0].empty()) fail_syntax(text);
  if (parts[0].find_first_of("/. ") != std::string::npos)
    fail(Fault::usage, "--detector '{}': a name has no '/', '.' or blanks", text);
  Detector d{parts[0]};
  const auto slash = parts[1].find('/');
  const auto angles = split(parts[1].substr(0, slash), ':');
  if (angles[0] == "com") {
    if (angles.size() > 2 || slash != std::string::npos) fail_syntax(text);
    d.moments = true;
    d.outer_mrad = angles.size() == 2 ? parse_quantity(angles[1], "mrad", "detector")
                                      : std::numeric_limits<double>::infinity();
    return d;
  }
  if (angles.size() != 2 && angles.size() != 3) fail_syntax(text);
  d.inner_mrad = parse_quantity(angles[0], "mrad", "detector");
  d.outer_mrad = parse_quantity(angles[1], "mrad", "detector");
  if (angles.size() == 3) {
    const double width = parse_quantity(angles[2], "mrad", "detector"),
                 n = (d.outer_mrad - d.inner_mrad) / width;
    if (!(width > 0 && n > 0.5 && n < 1e5 && std::abs(n - std::round(n)) < 1e-6 * n))
      fail(Fault::usage,
           "--detector '{}': rings of {} mrad do not divide {} to {} mrad into whole rings", text,
           width, d.inner_mrad, d.outer_mrad);
    d.rings = int(std::round(n));
  }
  if (slash != std::string::npos) parse_segments(parts[1].substr(slash + 1), text, d);
  return d;
}

std::vector<Detector> parse_detectors(const std::vector<std::string>& texts) {
  std::vector<Detector> detectors;
  std::set<std::string> names;
  for (const auto& text : texts) {
    detectors.push_back(parse_detector(text));
    for (const auto& name : map_names(detectors.back()))
      if (!names.insert(name).second)
        fail(Fault::usage, "--detector {}: two detectors of this name", name);
  }
  return detectors;
}

void write_detectors(Hdf5Writer& file, const std::vector<Detector>& detectors, const Shape& maps,
                     const std::vector<std::vector<double>>& values,
                     const std::vector<std::vector<double>>& errors) {
  const std::string group = "/simulation/detectors/", error_group = "/simulation/detectors_stderr/";
  const std::string units = "fraction of incident beam";
  std::size_t first = 0;
  for (const auto& d : detectors) {
    const std::size_t c = first;
    first += std::size_t(d.channels());
    if (d.moments) {
      write_centre_of_mass(file, group, d, maps, values[c], values[c + 1], values[c + 2]);
      if (!errors.empty())
        write_centre_of_mass(file, error_group, d, maps, errors[c], errors[c + 1], values[c + 2]);
    }
    for (int k = 0; k < d.segments && !d.moments; ++k) {
      Shape shape = maps;
      if (d.rings > 1) shape.push_back(std::size_t(d.rings));
      const std::string name = segment_name(d, k);
      write_map(file, group + name, shape, interleaved(d, k, c, values), units);
      if (!errors.empty())
        write_map(file, error_group + name, shape, interleaved(d, k, c, errors), units);
      if (d.rings > 1)
        file.attribute(group + name, "ring_width_mrad", (d.outer_mrad - d.inner_mrad) / d.rings);
      if (d.segments == 1) continue;
      const double from = d.rotation * 180 / M_PI, step = 360.0 / d.segments;
      file.attribute(group + name, "from_deg", from + k * step);
      file.attribute(group + name, "to_deg", from + (k + 1) * step);
    }
    for (const auto& name : map_names(d)) {
      file.attribute(group + name, "inner_mrad", d.inner_mrad);
      if (std::isfinite(d.outer_mrad)) file.attribute(group + name, "outer_mrad", d.outer_mrad);
    }
  }
}

}  // namespace vitrobeam
