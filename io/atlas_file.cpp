#include "io/atlas_file.hpp"

#include "base/error.hpp"
#include "io/result_file.hpp"
#include "io/symmetry_file.hpp"

namespace vitrobeam {

void write_atlas(Hdf5Writer& file, const std::vector<double>& y, const std::vector<double>& x,
                 const std::vector<AtlasMap>& maps, const AtlasCorrelations& m) {
  write_described(file, "/atlas/scan_y", y, "Angstrom", "of the columns");
  write_described(file, "/atlas/scan_x", x, "Angstrom", "of the columns");
  for (const auto& map : maps) {
    const std::string path = "/atlas/" + map.group + "/" + map.name;
    write_map(file, path, map.values, map.unit);
    file.attribute(path, "description", map.description);
  }
  file.write_strings("/atlas/correlation/name", m.names);
  const auto put = [&](const std::string& kind, const CorrelationMatrix& c) {
    const std::string g = "/atlas/correlation/" + kind;
    file.write(g, c.coefficient);
    file.write(g + "_p_shift", c.p_shift);
    file.write(g + "_p_effective", c.p_effective);
    file.write(g + "_effective", c.effective);
  };
  put("pearson", m.pearson);
  put("spearman", m.spearman);
  put("partial", m.partial);
  put("partial_spearman", m.partial_spearman);
  file.write("/atlas/correlation/false_discovery_rate", m.false_discovery);
  file.write("/atlas/correlation/partial_false_discovery_rate", m.partial_false_discovery);
}

Voxels read_voxels(const std::string& path, const ColumnWeight& weight) {
  const Hdf5Reader file(path);
  if (!file.is_dataset("/simulation/scan_y") ||
      file.string_attribute("/simulation", "scan", "raster") == "list")
    fail(Fault::input,
         "{}: no raster of positions of a simulation; an atlas needs to know which columns of the "
         "model the patterns are of",
         path);
  return {file.read<double>("/simulation/scan_y").values,
          file.read<double>("/simulation/scan_x").values, weight};
}

std::optional<double> stated_number(const std::string& path, const std::string& group,
                                    const std::string& name) {
  const Hdf5Reader file(path);
  if (!file.exists(group) || !file.has_attribute(group, name)) return {};
  return file.number_attribute(group, name);
}

}  // namespace vitrobeam
