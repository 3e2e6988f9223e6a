#include "io/detector_maps.hpp"

#include <fmt/format.h>

#include <cmath>

namespace vitrobeam {
namespace {

// Of one map: the names of its parts, apart from the centre of mass.
std::string segment_name(const Detector& d, int segment) {
  return d.segments == 1 ? d.name : fmt::format("{}_{}", d.name, segment);
}

void write_values(Hdf5Writer& file, const std::string& path, const Shape& shape,
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
    write_values(file, group + d.name + axis, maps, mean, "mrad");
  }
}

void describe_segment(Hdf5Writer& file, const std::string& map, const Detector& d, int segment) {
  const double from = d.rotation * 180 / M_PI, step = 360.0 / d.segments;
  file.attribute(map, "from_deg", from + segment * step);
  file.attribute(map, "to_deg", from + (segment + 1) * step);
}

}  // namespace

std::vector<std::string> map_names(const Detector& d) {
  if (d.moments) return {d.name + "_x", d.name + "_y"};
  std::vector<std::string> names;
  for (int k = 0; k < d.segments; ++k) names.push_back(segment_name(d, k));
  return names;
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
      write_values(file, group + name, shape, interleaved(d, k, c, values), units);
      if (!errors.empty())
        write_values(file, error_group + name, shape, interleaved(d, k, c, errors), units);
      if (d.rings > 1)
        file.attribute(group + name, "ring_width_mrad", (d.outer_mrad - d.inner_mrad) / d.rings);
      if (d.segments == 1) continue;
      describe_segment(file, group + name, d, k);
    }
    for (const auto& name : map_names(d)) {
      file.attribute(group + name, "inner_mrad", d.inner_mrad);
      if (std::isfinite(d.outer_mrad)) file.attribute(group + name, "outer_mrad", d.outer_mrad);
    }
  }
}

}  // namespace vitrobeam
