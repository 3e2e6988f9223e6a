#include "io/result_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.hpp"
#include "io/hdf5_values.hpp"

namespace vitrobeam {
namespace {

// An axis of equal steps; one position has a step of 1, a list of positions counts them.
// The unit of positions of which no step is known: they are counted.
constexpr const char* kCounted = "pixels";

struct LinearAxis {
  std::string name;
  std::size_t size;
  double first, step;
  std::string units;  // "A", "1/A" or empty

  bool is_scan() const { return units != "1/A"; }
  // HyperSpy and NeXus readers take "A" for the ampere.
  std::string unit_name() const {
    return is_scan() ? (units.empty() ? "" : "angstrom") : "1/angstrom";
  }
  double origin() const { return -first / step; }  // the index of the value 0
};

LinearAxis linear_axis(const std::string& name, const std::vector<double>& values,
                       const std::string& units) {
  const std::size_t n = values.size();
  const double step = n > 1 ? (values.back() - values.front()) / double(n - 1) : 1;
  return {name, n, values.empty() ? 0 : values.front(), step == 0 ? 1 : step, units};
}

std::vector<LinearAxis> linear_axes(const DiffractionAxes& axes) {
  std::vector<LinearAxis> out;
  if (axes.is_list) {
    out = {{"y", 1, 0, 1, ""}, {"position", axes.scan_x.size(), 0, 1, ""}};
  } else {
    const std::string units = axes.has_steps ? "A" : "";
    out = {linear_axis("y", axes.scan_y, units), linear_axis("x", axes.scan_x, units)};
  }
  out.push_back(linear_axis("ky", axes.q_y, "1/A"));
  out.push_back(linear_axis("kx", axes.q_x, "1/A"));
  return out;
}

// 128 bits that depend on every character of the record, except durations, threads and ranks, as a
// UUID of version 8 (RFC 9562).
std::string record_uuid(const RunRecord& record) {
  std::uint64_t high = 0xcbf29ce484222325, low = 0x84222325cbf29ce4;  // FNV-1a from two starts
  const auto mix = [&](const std::string& text) {
    for (const unsigned char c : text + '\n') {
      high = (high ^ c) * 0x100000001b3;
      low = (low ^ c) * 0x100000001b3;
      low ^= high >> 29;
    }
  };
  mix(record.command);
  mix(record.ini);
  for (const auto* list : {&record.parameters, &record.audit})
    for (const auto& p : *list) {
      if (p.unit == "s" || p.name == "threads" || p.name == "ranks")
        continue;  // how fast it went, not what came out
      mix(p.name);
      std::visit(
          [&](const auto& v) {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<std::string>>)
              for (const auto& text : v) mix(text);
            else
              mix(fmt::format("{}", v));
          },
          p.value);
    }
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffffffffffff);
}

void write_header(Hdf5Writer& file, const RunRecord& record) {
  file.attribute("/", "emd_group_type", "file");
  file.attribute("/", "version_major", 1);
  file.attribute("/", "version_minor", 0);
  file.attribute("/", "UUID", record_uuid(record));
  file.attribute("/", "authoring_program", "vitrobeam");
  file.attribute("/", "authoring_user", "");
}

// A value of the EMD calibration, with the type that py4DSTEM turns it into.
void calibration_type(Hdf5Writer& file, const std::string& path, const std::string& type) {
  file.attribute(path, "type", type);
}

void write_calibration(Hdf5Writer& file, const std::vector<LinearAxis>& axes) {
  file.attribute("/datacube_root/metadatabundle", "emd_group_type", "metadatabundle");
  const std::string group = "/datacube_root/metadatabundle/calibration", at = group + "/";
  file.attribute(group, "emd_group_type", "metadata");
  file.attribute(group, "python_class", "Calibration");
  const auto number = [&](const std::string& name, double value) {
    file.write_number(at + name, value);
    calibration_type(file, at + name, "number");
  };
  const auto text = [&](const std::string& name, const std::string& value) {
    file.write_string(at + name, value);
    calibration_type(file, at + name, "string");
  };
  const auto &y = axes[0], &x = axes[1], &ky = axes[2], &kx = axes[3];
  number("Q_pixel_size", ky.step);
  text("Q_pixel_units", "A^-1");
  number("R_pixel_size", x.step);
  text("R_pixel_units", x.units.empty() ? "pixels" : "A");
  file.write_bool(at + "QR_flip", false);
  calibration_type(file, at + "QR_flip", "bool");
  // py4DSTEM calls the first axis of an array x.
  for (const auto& [name, origin] :
       {std::pair{"qx0", ky.origin()}, std::pair{"qy0", kx.origin()}}) {
    file.write(at + name, Stack<double>({y.size, x.size}, origin));
    calibration_type(file, at + name, "array");
    number(std::string(name) + "_mean", origin);
  }
  text("_root_treepath", "");
  file.attribute(at + "_target_paths", "type", "list_of_strings");
  file.attribute(at + "_target_paths", "length", 1);
  file.write_string(at + "_target_paths/0", "/datacube");
}

void write_emd_view(Hdf5Writer& file, const std::vector<LinearAxis>& axes,
                    const std::string& patterns) {
  file.attribute("/datacube_root", "emd_group_type", "root");
  file.attribute("/datacube_root", "python_class", "Root");
  file.attribute("/datacube_root/datacube", "emd_group_type", "array");
  file.attribute("/datacube_root/datacube", "python_class", "DataCube");
  file.link(patterns, "/datacube_root/datacube/data");
  const char* names[] = {"Rx", "Ry", "Qx", "Qy"};
  for (std::size_t k = 0; k < 4; ++k) {
    const std::string dim = fmt::format("/datacube_root/datacube/dim{}", k);
    file.write(dim, std::vector<double>{axes[k].first, axes[k].first + axes[k].step});
    file.attribute(dim, "name", names[k]);
    file.attribute(dim, "units",
                   axes[k].is_scan() ? (axes[k].units.empty() ? "pixels" : "A") : "A^-1");
  }
  write_calibration(file, axes);
}

void write_hyperspy_view(Hdf5Writer& file, const std::vector<LinearAxis>& axes, double energy_kV,
                         const std::string& title, const std::string& patterns) {
  file.attribute("/", "file_format", "HyperSpy");
  file.attribute("/", "file_format_version", "3.1");
  const std::string group = "/Experiments/patterns";
  file.attribute(group, "package", "hyperspy");
  file.attribute(group, "package_version", "1.7.3");  // the release whose layout this is
  file.link(patterns, group + "/data");
  for (std::size_t k = 0; k < 4; ++k) {
    const std::string axis = fmt::format("{}/axis-{}", group, k);
    file.attribute(axis, "_type", "UniformDataAxis");
    file.attribute(axis, "name", axes[k].name);
    file.attribute(axis, "units", axes[k].unit_name());
    file.attribute(axis, "scale", axes[k].step);
    file.attribute(axis, "offset", axes[k].first);
    file.attribute(axis, "size", std::int64_t(axes[k].size));
    file.attribute(axis, "navigate", axes[k].is_scan());
    file.attribute(axis, "is_binned", false);
  }
  file.attribute(group + "/metadata/General", "title", title);
  file.attribute(group + "/metadata/Signal", "signal_type", "electron_diffraction");
  file.attribute(group + "/metadata/Signal", "record_by", "image");
  if (energy_kV > 0)
    file.attribute(group + "/metadata/Acquisition_instrument/TEM", "beam_energy", energy_kV);
  file.group(group + "/original_metadata");
  file.group(group + "/learning_results");
}

void write_nexus_view(Hdf5Writer& file, const std::vector<LinearAxis>& axes,
                      const std::string& patterns) {
  file.attribute("/", "default", "entry");
  file.attribute("/entry", "NX_class", "NXentry");
  file.attribute("/entry", "default", "data");
  file.attribute("/entry/data", "NX_class", "NXdata");
  file.attribute("/entry/data", "signal", "data");
  std::vector<std::string> names;
  for (const auto& a : axes) {
    std::vector<double> values(a.size);
    for (std::size_t i = 0; i < a.size; ++i) values[i] = a.first + a.step * double(i);
    file.write("/entry/data/" + a.name, values);
    file.attribute("/entry/data/" + a.name, "units", a.unit_name());
    names.push_back(a.name);
  }
  file.attribute("/entry/data", "axes", names);
  file.link(patterns, "/entry/data/data");
}

void write_attributes(Hdf5Writer& file, const std::string& group,
                      const std::vector<ParameterRecord>& records) {
  for (const auto& p : records) {
    std::visit([&](const auto& v) { file.attribute(group, p.name, AttributeValue(v)); }, p.value);
    if (!p.unit.empty()) file.attribute(group, p.name + "_unit", p.unit);
  }
}

}  // namespace

namespace {

// The numbers of a series of probes, as they are stored.
struct ProbeColumn {
  const char *name, *units;
  double ProbeRecord::*field;
};
constexpr ProbeColumn kProbeColumns[] = {
    {"semiangle", "mrad", &ProbeRecord::semiangle_mrad},
    {"defocus", "Angstrom", &ProbeRecord::defocus},
    {"cs", "mm", &ProbeRecord::cs_mm},
    {"beyond_half_cell", "fraction of incident beam", &ProbeRecord::beyond_half_cell}};

}  // namespace

Shape DiffractionAxes::with_series(const Shape& shape) const {
  Shape all;
  if (!probes.empty()) all.push_back(probes.size());
  if (!thickness.empty()) all.push_back(thickness.size());
  all.insert(all.end(), shape.begin(), shape.end());
  return all;
}

void write_axes(Hdf5Writer& file, const DiffractionAxes& axes) {
  if (axes.energy_kV > 0) file.attribute(axes.group, "energy_kV", axes.energy_kV);
  file.attribute(axes.group, "scan", axes.is_list ? "list" : "raster");
  const auto write = [&](const std::string& name, const std::vector<double>& values,
                         const std::string& units) {
    file.write(axes.group + "/" + name, values);
    file.attribute(axes.group + "/" + name, "units", units);
  };
  write("scan_y", axes.scan_y, axes.has_steps ? "Angstrom" : kCounted);
  write("scan_x", axes.scan_x, axes.has_steps ? "Angstrom" : kCounted);
  write("q_y", axes.q_y, "1/Angstrom");
  write("q_x", axes.q_x, "1/Angstrom");
  if (!axes.thickness.empty()) write("thickness", axes.thickness, "Angstrom");
  if (axes.probes.empty()) return;
  std::vector<std::string> aberrations;
  for (const ProbeRecord& p : axes.probes) aberrations.push_back(p.aberrations);
  file.write_strings(axes.group + "/probes/aberrations", aberrations);
  for (const ProbeColumn& c : kProbeColumns) {
    std::vector<double> values;
    for (const ProbeRecord& p : axes.probes) values.push_back(p.*c.field);
    write(std::string("probes/") + c.name, values, c.units);
  }
}

void write_record(Hdf5Writer& file, const RunRecord& record) {
  file.attribute("/parameters", "command", record.command);
  file.attribute("/parameters", "ini", record.ini);
  write_attributes(file, "/parameters", record.parameters);
  file.group("/audit");
  write_attributes(file, "/audit", record.audit);
}

void write_map(Hdf5Writer& file, const std::string& path, const PlaneD& map,
               const std::string& units) {
  file.write(path, map);
  file.attribute(path, "units", units);
}

void write_interchange(Hdf5Writer& file, const DiffractionAxes& axes, const RunRecord& record,
                       const std::string& title) {
  write_header(file, record);
  const std::string patterns = axes.group + "/patterns";
  if (!axes.thickness.empty() || !axes.probes.empty() || !file.exists(patterns)) return;
  const auto linear = linear_axes(axes);
  write_emd_view(file, linear, patterns);
  write_hyperspy_view(file, linear, axes.energy_kV, title, patterns);
  write_nexus_view(file, linear, patterns);
}

void write_result(Hdf5Writer& file, const DiffractionAxes& axes, const RunRecord& record,
                  const std::string& title, const std::string& units) {
  if (file.exists("/simulation/patterns")) file.attribute("/simulation/patterns", "units", units);
  write_axes(file, axes);
  write_record(file, record);
  write_interchange(file, axes, record, title);
}

void copy_maps(const Hdf5Reader& from, Hdf5Writer& to, const std::string& group) {
  if (!from.exists(group)) return;
  for (const auto& name : from.children(group)) {
    const std::string path = group + "/" + name;
    to.write(path, from.read<double>(path));
    for (const auto& attribute : from.attribute_names(path))
      to.attribute(path, attribute, from.attribute(path, attribute));
  }
}

void inherit_record(const Hdf5Reader& from, RunRecord& record) {
  const auto inherit = [&](const std::string& group, std::vector<ParameterRecord>& list) {
    const auto is_own = [&](const std::string& name) {
      return std::any_of(list.begin(), list.end(), [&](const auto& p) { return p.name == name; });
    };
    std::vector<ParameterRecord> inherited;
    for (const auto& name : from.attribute_names(group)) {
      if (name == "command" || name == "ini" || name.ends_with("_unit") || is_own(name)) continue;
      const std::string unit = from.string_attribute(group, name + "_unit", "");
      std::visit(
          [&](const auto& v) {
            if constexpr (std::is_constructible_v<ParameterValue, decltype(v)>)
              inherited.push_back({name, unit, v});
          },
          from.attribute(group, name));
    }
    list.insert(list.end(), inherited.begin(), inherited.end());
  };
  inherit("/parameters", record.parameters);
  inherit("/audit", record.audit);
  if (from.string_attribute("/parameters", "ini", "") == record.ini) return;
  for (const char* name : {"command", "ini"})
    record.audit.push_back(
        {std::string("source_") + name, "", from.string_attribute("/parameters", name, "")});
}

std::vector<ProbeRecord> read_probes(const Hdf5Reader& file, const std::string& group) {
  const std::string folder = group + "/probes/";
  if (!file.is_dataset(folder + "defocus")) return {};
  std::vector<ProbeRecord> probes;
  for (const auto& text : file.read_strings(folder + "aberrations")) {
    probes.emplace_back();
    probes.back().aberrations = text;
  }
  for (const ProbeColumn& c : kProbeColumns) {
    const auto values = file.read<double>(folder + c.name).values;
    check_count(file, folder + c.name, values.size(), probes.size());
    for (std::size_t k = 0; k < probes.size(); ++k) probes[k].*c.field = values[k];
  }
  return probes;
}

std::vector<std::string> probe_names(const std::vector<ProbeRecord>& probes) {
  const auto differ = [&](auto field) {
    return std::any_of(probes.begin(), probes.end(),
                       [&](const ProbeRecord& p) { return p.*field != probes.front().*field; });
  };
  std::vector<std::string> names;
  for (const ProbeRecord& p : probes) {
    std::string name;
    const auto put = [&](const std::string& text) { name += (name.empty() ? "" : ", ") + text; };
    if (differ(&ProbeRecord::semiangle_mrad)) put(fmt::format("{:.4g} mrad", p.semiangle_mrad));
    if (differ(&ProbeRecord::cs_mm)) put(fmt::format("Cs {:g} mm", p.cs_mm));
    if (differ(&ProbeRecord::aberrations))
      put(p.aberrations.empty() ? "no aberrations" : p.aberrations);
    if (differ(&ProbeRecord::defocus) || name.empty())
      put(fmt::format("defocus {:g} \u00c5", p.defocus));
    names.push_back(name);
  }
  return names;
}

bool has_scan_steps(const Hdf5Reader& file, const std::string& group) {
  return file.string_attribute(group + "/scan_x", "units", "") != kCounted;
}

DiffractionAxes read_axes(const Hdf5Reader& file) {
  DiffractionAxes axes;
  if (!file.exists(axes.group) && file.exists("/measurement")) axes.group = "/measurement";
  const auto values = [&](const std::string& name) {
    return file.read<double>(axes.group + "/" + name).values;
  };
  axes.energy_kV = file.has_attribute(axes.group, "energy_kV")
                       ? file.number_attribute(axes.group, "energy_kV")
                       : 0;
  axes.has_steps = has_scan_steps(file, axes.group);
  axes.is_list = file.string_attribute(axes.group, "scan", "raster") == "list";
  axes.scan_y = values("scan_y");
  axes.scan_x = values("scan_x");
  axes.q_y = values("q_y");
  axes.q_x = values("q_x");
  if (file.exists(axes.group + "/thickness")) axes.thickness = values("thickness");
  axes.probes = read_probes(file, axes.group);
  return axes;
}

}  // namespace vitrobeam
