// EMD 1.0 and HyperSpy layouts of a motif library.
#include "io/library_file.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {
namespace {

const std::string kRoot = "/motif_library";
const std::string kSimulation = kRoot + "/metadatabundle/simulation";

// py4DSTEM calls the first axis of an image x.
void write_patterns(Hdf5Writer& file, const std::string& name, const Stack<float>& stack,
                    double pixel_qx, double pixel_qy) {
  const std::string group = kRoot + "/" + name;
  file.group(group);
  file.attribute(group, "emd_group_type", "array");
  file.attribute(group, "python_class", "Array");
  file.write_compressed(group + "/data", stack);
  file.attribute(group + "/data", "units", "fraction of incident beam per pixel");
  const double first_y = -double(stack.shape[1] / 2) * pixel_qy,
               first_x = -double(stack.shape[2] / 2) * pixel_qx;
  const std::vector<std::pair<std::string, std::vector<double>>> axes{
      {"pattern", {0, 1}},
      {"Qx", {first_y, first_y + pixel_qy}},
      {"Qy", {first_x, first_x + pixel_qx}}};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::string dim = group + "/dim" + std::to_string(i);
    file.write(dim, axes[i].second);
    file.attribute(dim, "name", axes[i].first);
    file.attribute(dim, "units", i == 0 ? "pixels" : "A^-1");
  }
}

template <typename T>
void write_field(Hdf5Writer& file, const std::string& list, const std::string& name,
                 const std::vector<T>& values, const std::string& type) {
  file.attribute(list, "emd_group_type", "pointlist");
  file.attribute(list, "python_class", "PointList");
  file.write(list + "/" + name, values);
  file.fixed_string_attribute(list + "/" + name, "dtype", type);
}

void write_item(Hdf5Writer& file, const std::string& name, double value) {
  file.write_number(kSimulation + "/" + name, value);
  file.attribute(kSimulation + "/" + name, "type", "number");
}

void write_item(Hdf5Writer& file, const std::string& name, const std::string& value) {
  file.write_string(kSimulation + "/" + name, value);
  file.attribute(kSimulation + "/" + name, "type", "string");
}

void write_conditions(Hdf5Writer& file, const MotifLibrary& library) {
  const LibraryConditions& c = library.conditions;
  file.group(kSimulation);
  file.attribute(kRoot + "/metadatabundle", "emd_group_type", "metadatabundle");
  file.attribute(kSimulation, "emd_group_type", "metadata");
  file.attribute(kSimulation, "python_class", "Metadata");
  write_item(file, "energy_kV", c.energy_kV);
  write_item(file, "semiangle_mrad", c.semiangle_mrad);
  write_item(file, "defocus_A", c.defocus);
  write_item(file, "thickness_A", c.thickness);
  write_item(file, "bond_A", c.bond);
  write_item(file, "density_per_A3", c.density);
  write_item(file, "elements", c.elements);
  write_item(file, "matrix", c.matrix);
  write_item(file, "realisations", double(c.realisations));
  write_item(file, "pixel_qx", library.pixel_qx);
  write_item(file, "pixel_qy", library.pixel_qy);
  const std::string names = kSimulation + "/motif_names";
  file.group(names);
  file.attribute(names, "type", "list_of_strings");
  file.attribute(names, "length", std::int64_t(library.motif_names.size()));
  for (std::size_t i = 0; i < library.motif_names.size(); ++i)
    file.write_string(names + "/" + std::to_string(i), library.motif_names[i]);
}

struct HyperspyAxis {
  std::string name, units;
  double scale, offset;
  std::size_t size;
  bool navigate;
};

void write_hyperspy_view(Hdf5Writer& file, const MotifLibrary& library,
                         const std::vector<std::int32_t>& motif) {
  const std::string root = "/Experiments/motif_library";
  file.link(kRoot + "/patterns/data", root + "/data");
  file.attribute(root, "package", "hyperspy");
  file.attribute(root, "package_version", "1.7.3");
  const auto& shape = library.patterns.shape;
  const std::vector<HyperspyAxis> axes{
      {"template", "", 1, 0, shape[0], true},
      {"ky", "1/A", library.pixel_qy, -double(shape[1] / 2) * library.pixel_qy, shape[1], false},
      {"kx", "1/A", library.pixel_qx, -double(shape[2] / 2) * library.pixel_qx, shape[2], false}};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::string axis = root + "/axis-" + std::to_string(i);
    file.group(axis);
    file.attribute(axis, "_type", "UniformDataAxis");
    file.attribute(axis, "name", axes[i].name);
    file.attribute(axis, "units", axes[i].units);
    file.attribute(axis, "scale", axes[i].scale);
    file.attribute(axis, "offset", axes[i].offset);
    file.attribute(axis, "size", std::int64_t(axes[i].size));
    file.attribute(axis, "navigate", axes[i].navigate);
    file.attribute(axis, "is_binned", false);
  }
  file.group(root + "/metadata/General");
  file.attribute(root + "/metadata/General", "title", "motif_library");
  file.group(root + "/metadata/Signal");
  file.attribute(root + "/metadata/Signal", "signal_type", "electron_diffraction");
  file.group(root + "/original_metadata/library");
  file.write(root + "/original_metadata/library/motif", motif);
  file.attribute(root + "/original_metadata/library", "motif_names",
                 fmt::format("{}", fmt::join(library.motif_names, ";")));
  file.group(root + "/learning_results");
}

std::string readable_string(const Hdf5Reader& file, const std::string& name) {
  return file.read_strings(kSimulation + "/" + name).at(0);
}

void check_counts(const MotifLibrary& library, const std::string& path) {
  auto agree = [&](const Stack<float>& stack, std::size_t records, const char* what) {
    if (stack.shape.size() != 3 || stack.shape[0] != records)
      fail(Fault::input,
           "{}: {} {} patterns for {} records; the file is damaged, build the library again", path,
           stack.shape.empty() ? 0 : stack.shape[0], what, records);
  };
  agree(library.patterns, library.templates.size(), "template");
  agree(library.null_patterns, library.null_packing.size(), "motif-free");
  agree(library.planted_patterns, library.planted_motif.size(), "planted");
  for (const auto& t : library.templates)
    if (t.motif < 0 || std::size_t(t.motif) >= library.motif_names.size())
      fail(Fault::input, "{}: a template of motif {} among {} motif names; the file is damaged",
           path, t.motif, library.motif_names.size());
}

}  // namespace

void write_library(const std::string& path, const MotifLibrary& library, const RunRecord& record) {
  Hdf5Writer file(path);
  write_interchange(file, {}, record, "motif library");
  file.attribute("/", "file_format", "HyperSpy");
  file.attribute("/", "file_format_version", "3.1");
  file.group(kRoot);
  file.attribute(kRoot, "emd_group_type", "root");
  file.attribute(kRoot, "python_class", "Root");
  file.attribute(kRoot, "library_version", std::int64_t(kLibraryVersion));
  write_patterns(file, "patterns", library.patterns, library.pixel_qx, library.pixel_qy);
  write_patterns(file, "null_patterns", library.null_patterns, library.pixel_qx, library.pixel_qy);
  write_patterns(file, "planted_patterns", library.planted_patterns, library.pixel_qx,
                 library.pixel_qy);

  std::vector<std::int32_t> motif;
  std::vector<double> direction[3];
  for (const auto& t : library.templates) {
    motif.push_back(t.motif);
    for (int k = 0; k < 3; ++k) direction[k].push_back(t.direction[k]);
  }
  write_field(file, kRoot + "/templates", "motif", motif, "int32");
  write_field(file, kRoot + "/templates", "direction_x", direction[0], "float64");
  write_field(file, kRoot + "/templates", "direction_y", direction[1], "float64");
  write_field(file, kRoot + "/templates", "direction_z", direction[2], "float64");
  write_field(file, kRoot + "/null", "packing", library.null_packing, "int32");
  write_field(file, kRoot + "/planted", "motif", library.planted_motif, "int32");
  write_conditions(file, library);
  write_hyperspy_view(file, library, motif);
  write_record(file, record);
  file.commit();
}

MotifLibrary read_library(const std::string& path) {
  const Hdf5Reader file(path);
  if (!file.exists(kRoot) || !file.has_attribute(kRoot, "library_version"))
    fail(Fault::input,
         "{}: no motif library (group {} with library_version); make one with 'vitrobeam library "
         "build'",
         path, kRoot);
  const double version = file.number_attribute(kRoot, "library_version");
  if (version != kLibraryVersion)
    fail(Fault::input,
         "{}: library version {}, this program reads version {}; build the library again", path,
         version, kLibraryVersion);
  MotifLibrary library;
  auto number = [&](const std::string& name) {
    return file.read_number<double>(kSimulation + "/" + name);
  };
  library.conditions = {number("energy_kV"),
                        number("semiangle_mrad"),
                        number("defocus_A"),
                        number("thickness_A"),
                        number("bond_A"),
                        number("density_per_A3"),
                        readable_string(file, "elements"),
                        readable_string(file, "matrix"),
                        int(number("realisations"))};
  library.pixel_qx = number("pixel_qx");
  library.pixel_qy = number("pixel_qy");
  const std::size_t n_motifs = file.children(kSimulation + "/motif_names").size();
  for (std::size_t i = 0; i < n_motifs; ++i)
    library.motif_names.push_back(readable_string(file, "motif_names/" + std::to_string(i)));

  library.patterns = file.read<float>(kRoot + "/patterns/data");
  library.null_patterns = file.read<float>(kRoot + "/null_patterns/data");
  library.planted_patterns = file.read<float>(kRoot + "/planted_patterns/data");
  const auto motif = file.read<std::int32_t>(kRoot + "/templates/motif").values;
  std::vector<double> direction[3];
  for (int k = 0; k < 3; ++k)
    direction[k] =
        file.read<double>(kRoot + "/templates/direction_" + std::string(1, char('x' + k))).values;
  for (std::size_t t = 0; t < motif.size(); ++t)
    library.templates.push_back(
        {motif[t], {direction[0].at(t), direction[1].at(t), direction[2].at(t)}});
  library.null_packing = file.read<std::int32_t>(kRoot + "/null/packing").values;
  library.planted_motif = file.read<std::int32_t>(kRoot + "/planted/motif").values;
  check_counts(library, path);
  return library;
}

}  // namespace vitrobeam
