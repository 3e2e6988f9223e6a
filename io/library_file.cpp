// EMD 1.0 and HyperSpy layouts of a motif library.
#include "io/library_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "base/error.hpp"
#include "io/compression.hpp"
#include "io/hdf5_values.hpp"
#include "io/result_file.hpp"

namespace vitrobeam {
namespace {

const std::string kRoot = "/motif_library";
const std::string kSimulation = kRoot + "/metadatabundle/simulation";

// A chunk for each row of the stack.
template <typename T>
void make_stack(Hdf5Writer& file, const std::string& path, const Stack<T>& stack) {
  if (stack.shape.at(0) == 0)
    file.write<T>(path, stack.shape, {});
  else
    file.create_chunked<T>(path, stack.shape, {1, stack.shape.at(1), stack.shape.at(2)});
}

template <typename T>
void write_row(Hdf5Writer& file, const std::string& path, std::size_t i, std::span<const T> row) {
  file.write_chunk(path, {i, 0, 0}, compress_chunk(row.data(), sizeof(T), row.size()));
}

// py4DSTEM calls the first axis of an image x.
void make_patterns(Hdf5Writer& file, const std::string& name, const Stack<float>& stack,
                   double pixel_qx, double pixel_qy) {
  const std::string group = kRoot + "/" + name;
  file.group(group);
  file.attribute(group, "emd_group_type", "array");
  file.attribute(group, "python_class", "Array");
  make_stack(file, group + "/data", stack);
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

// One member of every record as a column of a list: whole numbers as int32, others as float64.
// `member` gives a reference to it.
template <typename Record, typename Member>
void write_column(Hdf5Writer& file, const std::string& list, const char* name,
                  const std::vector<Record>& records, Member member) {
  using Value = std::remove_cvref_t<decltype(member(records.front()))>;
  using Stored = std::conditional_t<std::is_integral_v<Value>, std::int32_t, double>;
  std::vector<Stored> values;
  for (const auto& r : records) values.push_back(Stored(member(r)));
  write_field(file, kRoot + "/" + list, name, values,
              std::is_integral_v<Value> ? "int32" : "float64");
}

// The same way back. Error{input} where the file has another number of values.
template <typename Record, typename Member>
void read_column(const Hdf5Reader& file, const std::string& list, const char* name,
                 std::vector<Record>& records, Member member) {
  using Value = std::remove_cvref_t<decltype(member(records.front()))>;
  using Stored = std::conditional_t<std::is_integral_v<Value>, std::int32_t, double>;
  const std::string path = kRoot + "/" + list + "/" + name;
  const std::vector<Stored> values = file.read<Stored>(path).values;
  if (values.size() != records.size())
    fail(Fault::input, "{}: {} holds {} values for {} records; the file is damaged", file.path(),
         path, values.size(), records.size());
  for (std::size_t i = 0; i < values.size(); ++i) member(records[i]) = Value(values[i]);
}

// The columns of the lists, in the order of the file: what to do with a name and its member.
constexpr auto kOrigin = [](auto& r) -> auto& { return r.origin; };

template <typename Do>
void template_columns(Do column) {
  column(
      "motif", [](auto& t) -> auto& { return t.motif; });
  column(
      "condition", [](auto& t) -> auto& { return t.condition; });
  column(
      "decoration", [](auto& t) -> auto& { return t.decoration; });
  column(
      "unit", [](auto& t) -> auto& { return t.unit; });
  column("origin", kOrigin);
  column(
      "direction_x", [](auto& t) -> auto& { return t.direction.x(); });
  column(
      "direction_y", [](auto& t) -> auto& { return t.direction.y(); });
  column(
      "direction_z", [](auto& t) -> auto& { return t.direction.z(); });
  column(
      "depth_A", [](auto& t) -> auto& { return t.depth; });
  column(
      "offset_x_A", [](auto& t) -> auto& { return t.offset.x(); });
  column(
      "offset_y_A", [](auto& t) -> auto& { return t.offset.y(); });
  column(
      "solid_angle", [](auto& t) -> auto& { return t.solid_angle; });
}
// Of null and planted alike.
template <typename Do>
void place_columns(Do column) {
  column(
      "condition", [](auto& r) -> auto& { return r.condition; });
  column(
      "unit", [](auto& r) -> auto& { return r.unit; });
}
template <typename Do>
void view_columns(Do column) {
  column(
      "decoration", [](auto& p) -> auto& { return p.view.decoration; });
  column(
      "direction_x", [](auto& p) -> auto& { return p.view.direction.x(); });
  column(
      "direction_y", [](auto& p) -> auto& { return p.view.direction.y(); });
  column(
      "direction_z", [](auto& p) -> auto& { return p.view.direction.z(); });
  column(
      "depth_A", [](auto& p) -> auto& { return p.view.depth; });
}
constexpr auto kPacking = [](auto& n) -> auto& { return n.packing; };
constexpr auto kMotif = [](auto& p) -> auto& { return p.motif; };

void write_item(Hdf5Writer& file, const std::string& name, double value) {
  file.write_number(kSimulation + "/" + name, value);
  file.attribute(kSimulation + "/" + name, "type", "number");
}

// A list of strings, as EMD keeps it.
void write_names(Hdf5Writer& file, const std::string& name, const std::vector<std::string>& names) {
  const std::string group = kSimulation + "/" + name;
  file.group(group);
  file.attribute(group, "type", "list_of_strings");
  file.attribute(group, "length", std::int64_t(names.size()));
  for (std::size_t i = 0; i < names.size(); ++i)
    file.write_string(group + "/" + std::to_string(i), names[i]);
}

void write_conditions(Hdf5Writer& file, const MotifLibrary& library) {
  file.group(kSimulation);
  file.attribute(kRoot + "/metadatabundle", "emd_group_type", "metadatabundle");
  file.attribute(kSimulation, "emd_group_type", "metadata");
  file.attribute(kSimulation, "python_class", "Metadata");
  write_item(file, "pixel_qx", library.pixel_qx);
  write_item(file, "pixel_qy", library.pixel_qy);
  write_names(file, "motif_names", library.motif_names);
  write_names(file, "decorations", library.decorations);
  std::vector<std::string> elements, matrix, simulation;
  for (const auto& c : library.conditions) {
    elements.push_back(c.elements);
    matrix.push_back(c.matrix);
    simulation.push_back(c.simulation);
  }
  write_names(file, "condition_elements", elements);
  write_names(file, "condition_matrix", matrix);
  write_names(file, "condition_simulation", simulation);
  const auto field = [&](const char* name, auto&& value) {
    std::vector<double> values;
    for (const auto& c : library.conditions) values.push_back(double(value(c)));
    write_field(file, kRoot + "/conditions", name, values, "float64");
  };
  using C = const LibraryConditions&;
  field("energy_kV", [](C c) { return c.energy_kV; });
  field("semiangle_mrad", [](C c) { return c.semiangle_mrad; });
  field("defocus_A", [](C c) { return c.defocus; });
  field("thickness_A", [](C c) { return c.thickness; });
  field("bond_A", [](C c) { return c.bond; });
  field("density_per_A3", [](C c) { return c.density; });
  field("realisations", [](C c) { return c.realisations; });
}

void write_records(Hdf5Writer& file, const MotifLibrary& l) {
  const auto into = [&file](const char* list, const auto& records) {
    return [&file, list, &records](const char* name, auto member) {
      write_column(file, list, name, records, member);
    };
  };
  template_columns(into("templates", l.templates));
  write_column(file, "null", "packing", l.null, kPacking);
  write_column(file, "planted", "motif", l.planted, kMotif);
  view_columns(into("planted", l.planted));
  place_columns(into("null", l.null));
  place_columns(into("planted", l.planted));
}

// Mean and covariance over the realisations, in polar-harmonic form.
bool has_moments(const MotifLibrary& l) { return !l.mean.shape.empty() && l.mean.shape[0] > 0; }

void make_moments(Hdf5Writer& file, const MotifLibrary& library) {
  if (!has_moments(library)) return;
  const std::string group = kRoot + "/moments";
  file.group(group);
  make_stack(file, group + "/mean", library.mean);
  make_stack(file, group + "/covariance", library.covariance);
  file.attribute(group + "/mean", "units", "fraction of incident beam per pixel");
  file.attribute(group + "/covariance", "units", "fraction of incident beam per pixel, squared");
  file.attribute(group, "q_min", library.moment_grid.q_min);
  file.attribute(group, "q_max", library.moment_grid.q_max);
  file.attribute(group, "bands", std::int64_t(library.moment_grid.n_q));
  file.attribute(group, "harmonics", std::int64_t(library.moment_grid.m_max));
}

void write_origins(Hdf5Writer& file, const MotifLibrary& library) {
  for (std::size_t i = 0; i < library.origins.size(); ++i) {
    const std::string group = kRoot + "/origins/" + std::to_string(i);
    file.group(group);
    file.attribute(group, "program", library.origins[i].program);
    file.attribute(group, "plan", library.origins[i].plan);
  }
  write_column(file, "null", "origin", library.null, kOrigin);
  write_column(file, "planted", "origin", library.planted, kOrigin);
}

void write_units(Hdf5Writer& file, const MotifLibrary& library) {
  file.attribute(kRoot, "planned_units", library.planned_units);
  file.attribute(kRoot, "identity", library.identity);
  file.attribute(kRoot, "scan_step", library.layout.step);
  file.attribute(kRoot, "null_edge", std::int64_t(library.layout.null_edge));
  file.attribute(kRoot, "planted_half", std::int64_t(library.layout.planted_half));
  file.write(kRoot + "/units", library.units);
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
  const std::vector<HyperspyAxis> axes{{"template", "", 1, 0, shape[0], true},
                                       {"ky", "1/angstrom", library.pixel_qy,
                                        -double(shape[1] / 2) * library.pixel_qy, shape[1], false},
                                       {"kx", "1/angstrom", library.pixel_qx,
                                        -double(shape[2] / 2) * library.pixel_qx, shape[2], false}};
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
  return text_at(file, kSimulation + "/" + name);
}

void check_counts(const MotifLibrary& library, const std::string& path) {
  auto agree = [&](const Stack<float>& stack, std::size_t records, const char* what) {
    if (stack.shape.size() != 3 || stack.shape[0] != records)
      fail(Fault::input,
           "{}: {} {} patterns for {} records; the file is damaged, build the library again", path,
           stack.shape.empty() ? 0 : stack.shape[0], what, records);
  };
  agree(library.patterns, library.templates.size(), "template");
  agree(library.null_patterns, library.null.size(), "motif-free");
  agree(library.planted_patterns, library.planted.size(), "planted");
  const ScanLayout& l = library.layout;
  const auto edge = std::size_t(std::max(l.null_edge, 1));
  constexpr int kMostEdge = 10000;  // positions of a patch or of a motif-free raster
  if (l.null_edge < 0 || l.planted_half < 0 || l.null_edge > kMostEdge ||
      l.planted_half > kMostEdge || library.null.size() % (edge * edge) != 0 ||
      library.planted.size() % l.patch() != 0)
    fail(Fault::input,
         "{}: {} motif-free and {} planted patterns are no whole rasters of {} x {} and patches of "
         "{}; the file is damaged",
         path, library.null.size(), library.planted.size(), l.null_edge, l.null_edge, l.patch());
  const auto known = [](int index, std::size_t n) { return index >= 0 && std::size_t(index) < n; };
  for (const auto& t : library.templates)
    if (!known(t.motif, library.motif_names.size()) ||
        !known(t.condition, library.conditions.size()) ||
        !known(t.decoration, library.decorations.size()) ||
        !known(t.origin, library.origins.size()))
      fail(Fault::input,
           "{}: a template of motif {}, condition {}, decoration {} among {} motifs, {} "
           "conditions, {} decorations; the file is damaged",
           path, t.motif, t.condition, t.decoration, library.motif_names.size(),
           library.conditions.size(), library.decorations.size());
}

// Where a library does not say which builds its entries are from, it is the run that made the file.
void read_origins(const Hdf5Reader& file, MotifLibrary& library) {
  if (!file.exists(kRoot + "/origins")) {
    const auto stated = [&](const char* of, const char* name) {
      return file.exists(of) ? file.string_attribute(of, name, "") : "";
    };
    library.origins = {{fmt::format("vitrobeam {} ({})", stated("/audit", "version"),
                                    stated("/audit", "revision")),
                        stated("/parameters", "ini")}};
    return;
  }
  library.origins.clear();
  for (std::size_t i = 0; i < file.children(kRoot + "/origins").size(); ++i) {
    const std::string group = kRoot + "/origins/" + std::to_string(i);
    library.origins.push_back(
        {file.string_attribute(group, "program"), file.string_attribute(group, "plan")});
  }
  read_column(file, "templates", "origin", library.templates, kOrigin);
  read_column(file, "null", "origin", library.null, kOrigin);
  read_column(file, "planted", "origin", library.planted, kOrigin);
}

std::vector<std::string> read_names(const Hdf5Reader& file, const std::string& name) {
  std::vector<std::string> names;
  const std::size_t n = file.children(kSimulation + "/" + name).size();
  for (std::size_t i = 0; i < n; ++i)
    names.push_back(readable_string(file, name + "/" + std::to_string(i)));
  return names;
}

// Version 1 had one condition, at mid-depth, the probe on the centre, and no moments.
void read_first_version(const Hdf5Reader& file, MotifLibrary& library) {
  const auto number = [&](const std::string& name) {
    return number_at(file, kSimulation + "/" + name);
  };
  library.conditions = {{number("energy_kV"), number("semiangle_mrad"), number("defocus_A"),
                         number("thickness_A"), number("bond_A"), number("density_per_A3"),
                         readable_string(file, "elements"), readable_string(file, "matrix"),
                         int(number("realisations"))}};
  for (auto& t : library.templates) t.depth = library.conditions[0].thickness / 2;
}

// The text that reproduces the run that made the file; empty: it has none.
std::string plan_of_run(const Hdf5Reader& file) {
  return file.exists("/parameters") ? file.string_attribute("/parameters", "ini", "") : "";
}

void read_conditions(const Hdf5Reader& file, const SimulationOfPlan& simulation_of,
                     MotifLibrary& library) {
  const auto elements = read_names(file, "condition_elements"),
             matrix = read_names(file, "condition_matrix");
  std::vector<std::string> simulation(elements.size());
  if (file.exists(kSimulation + "/condition_simulation"))
    simulation = read_names(file, "condition_simulation");
  if (simulation_of && std::any_of(simulation.begin(), simulation.end(),
                                   [](const std::string& text) { return text.empty(); })) {
    const std::string of_run = simulation_of(plan_of_run(file));
    for (auto& text : simulation)
      if (text.empty()) text = of_run;
  }
  const auto field = [&](const std::string& name) {
    const std::string path = kRoot + "/conditions/" + name;
    const auto values = file.read<double>(path).values;
    if (values.size() != elements.size() || matrix.size() != elements.size() ||
        simulation.size() != elements.size())
      fail(Fault::input,
           "{}: {} holds {} values for {} conditions ({} matrices, {} simulations); the file is "
           "damaged",
           file.path(), path, values.size(), elements.size(), matrix.size(), simulation.size());
    return values;
  };
  const auto energy = field("energy_kV"), semiangle = field("semiangle_mrad"),
             defocus = field("defocus_A"), thickness = field("thickness_A"), bond = field("bond_A"),
             density = field("density_per_A3"), realisations = field("realisations");
  library.conditions.clear();
  for (std::size_t c = 0; c < energy.size(); ++c)
    library.conditions.push_back({energy[c], semiangle[c], defocus[c], thickness[c], bond[c],
                                  density[c], elements[c], matrix[c], int(realisations[c]),
                                  simulation[c]});
  library.decorations = read_names(file, "decorations");
}

// As many records as the file lists, with what that version of the file says of them.
void read_records(const Hdf5Reader& file, MotifLibrary& l) {
  const auto count = [&](const char* column) {
    return file.read<double>(kRoot + "/" + column).size();  // a shape alone may state any length
  };
  l.templates.resize(count("templates/motif"));
  l.null.resize(count("null/packing"));
  l.planted.resize(count("planted/motif"));
  const auto from = [&file](const char* list, auto& records) {
    return [&file, list, &records](const char* name, auto member) {
      read_column(file, list, name, records, member);
    };
  };
  template_columns([&](const std::string& name, auto member) {
    const bool is_first = name == "motif" || name.starts_with("direction");
    if (name != "origin" && (l.version > 1 || is_first))
      read_column(file, "templates", name.c_str(), l.templates, member);
  });
  read_column(file, "null", "packing", l.null, kPacking);
  read_column(file, "planted", "motif", l.planted, kMotif);
  if (l.version == 1) return;
  place_columns(from("null", l.null));
  place_columns(from("planted", l.planted));
  if (file.exists(kRoot + "/planted/depth_A"))  // else an older library
    view_columns(from("planted", l.planted));
}

template <typename T>
void read_shape(const Hdf5Reader& file, const std::string& name, Stack<T>& stack) {
  stack.shape = file.info(name).shape;
}

void read_moments(const Hdf5Reader& file, MotifLibrary& library) {
  const std::string group = kRoot + "/moments";
  if (!file.exists(group)) return;
  read_shape(file, group + "/mean", library.mean);
  read_shape(file, group + "/covariance", library.covariance);
  library.moment_grid = {
      file.number_attribute(group, "q_min"), file.number_attribute(group, "q_max"),
      int(file.number_attribute(group, "bands")), int(file.number_attribute(group, "harmonics"))};
}

}  // namespace

LibraryWriter::LibraryWriter(const std::string& path, const MotifLibrary& library,
                             const RunRecord& record)
    : file_(path) {
  Hdf5Writer& file = file_;
  write_interchange(file, {}, record, "motif library");
  file.attribute("/", "file_format", "HyperSpy");
  file.attribute("/", "file_format_version", "3.1");
  file.group(kRoot);
  file.attribute(kRoot, "emd_group_type", "root");
  file.attribute(kRoot, "python_class", "Root");
  file.attribute(kRoot, "library_version", std::int64_t(kLibraryVersion));
  make_patterns(file, "patterns", library.patterns, library.pixel_qx, library.pixel_qy);
  make_patterns(file, "null_patterns", library.null_patterns, library.pixel_qx, library.pixel_qy);
  make_patterns(file, "planted_patterns", library.planted_patterns, library.pixel_qx,
                library.pixel_qy);

  write_records(file, library);
  write_origins(file, library);
  make_moments(file, library);
  write_units(file, library);
  std::vector<std::int32_t> motif;
  for (const auto& t : library.templates) motif.push_back(t.motif);
  write_conditions(file, library);
  write_hyperspy_view(file, library, motif);
  write_record(file, record);
}

void LibraryWriter::add_null(std::span<const float> pattern) {
  write_row(file_, kRoot + "/null_patterns/data", null_++, pattern);
}
void LibraryWriter::add_planted(std::span<const float> pattern) {
  write_row(file_, kRoot + "/planted_patterns/data", planted_++, pattern);
}
void LibraryWriter::add_template(std::span<const float> pattern,
                                 std::span<const std::complex<float>> mean,
                                 std::span<const float> covariance) {
  write_row(file_, kRoot + "/patterns/data", templates_, pattern);
  if (!mean.empty()) write_row(file_, kRoot + "/moments/mean", templates_, mean);
  if (!covariance.empty()) write_row(file_, kRoot + "/moments/covariance", templates_, covariance);
  ++templates_;
}
void LibraryWriter::commit() { file_.commit(); }

void write_library(const std::string& path, const MotifLibrary& library, const RunRecord& record) {
  LibraryWriter file(path, library, record);
  copy_values(library, file);
  file.commit();
}

LibraryFile::LibraryFile(const std::string& path, const SimulationOfPlan& simulation)
    : file_(path) {
  const Hdf5Reader& file = file_;
  if (!file.exists(kRoot) || !file.has_attribute(kRoot, "library_version"))
    fail(Fault::input,
         "{}: no motif library (group {} with library_version); make one with 'vitrobeam library "
         "build'",
         path, kRoot);
  const int version = int(file.number_attribute(kRoot, "library_version"));
  if (version < 1 || version > kLibraryVersion)
    fail(Fault::input,
         "{}: library version {}, this program reads versions 1 to {}; use the program that made "
         "it, or a newer one",
         path, version, kLibraryVersion);
  MotifLibrary& library = records_;
  library.name = path;
  library.version = version;
  library.pixel_qx = number_at(file, kSimulation + "/pixel_qx");
  library.pixel_qy = number_at(file, kSimulation + "/pixel_qy");
  library.motif_names = read_names(file, "motif_names");
  read_shape(file, kRoot + "/patterns/data", library.patterns);
  read_shape(file, kRoot + "/null_patterns/data", library.null_patterns);
  read_shape(file, kRoot + "/planted_patterns/data", library.planted_patterns);
  read_records(file, library);
  if (version == 1) {
    read_first_version(file, library);
  } else {
    read_conditions(file, simulation, library);
    read_moments(file, library);
    library.planned_units = std::int64_t(file.number_attribute(kRoot, "planned_units"));
    library.identity = file.string_attribute(kRoot, "identity");
    if (file.has_attribute(kRoot, "scan_step"))
      library.layout = {int(file.number_attribute(kRoot, "null_edge")),
                        int(file.number_attribute(kRoot, "planted_half")),
                        file.number_attribute(kRoot, "scan_step")};
    library.units = file.read<std::int64_t>(kRoot + "/units").values;
  }
  read_origins(file, library);
  check_counts(library, path);
}

std::span<const float> LibraryFile::row(const std::string& name, std::size_t i) {
  Stack<float>& row = row_[name.ends_with("covariance")];
  row = file_.read<float>(kRoot + "/" + name, {i}, {1});
  return row.values;
}
std::span<const float> LibraryFile::null_pattern(std::size_t i) {
  return row("null_patterns/data", i);
}
std::span<const float> LibraryFile::planted_pattern(std::size_t i) {
  return row("planted_patterns/data", i);
}
std::span<const float> LibraryFile::pattern(std::size_t i) { return row("patterns/data", i); }
std::span<const float> LibraryFile::covariance(std::size_t i) {
  return row("moments/covariance", i);
}
std::span<const std::complex<float>> LibraryFile::mean(std::size_t i) {
  mean_ = file_.read<std::complex<float>>(kRoot + "/moments/mean", {i}, {1});
  return mean_.values;
}

MotifLibrary LibraryFile::read() const {
  MotifLibrary library = records_;
  library.patterns = file_.read<float>(kRoot + "/patterns/data");
  library.null_patterns = file_.read<float>(kRoot + "/null_patterns/data");
  library.planted_patterns = file_.read<float>(kRoot + "/planted_patterns/data");
  if (!library.mean.shape.empty()) {
    library.mean = file_.read<std::complex<float>>(kRoot + "/moments/mean");
    library.covariance = file_.read<float>(kRoot + "/moments/covariance");
  }
  return library;
}

MotifLibrary read_library(const std::string& path) { return LibraryFile(path).read(); }

}  // namespace vitrobeam
