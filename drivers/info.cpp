// vitrobeam info: what a file holds, where it comes from, and whether its bookkeeping adds up.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/info_patterns.hpp"
#include "drivers/structure_input.hpp"
#include "io/hdf5.hpp"
#include "io/pattern_frames.hpp"
#include "io/provenance.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

nlohmann::json attribute_json(const AttributeValue& value) {
  return std::visit([](const auto& v) { return nlohmann::json(v); }, value);
}

nlohmann::json attributes_json(const Hdf5Reader& file, const std::string& path) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& name : file.attribute_names(path))
    out[name] = attribute_json(file.attribute(path, name));
  return out;
}

nlohmann::json describe_json(const Hdf5Reader& file) {
  nlohmann::json out{{"file", file.path()}, {"datasets", nlohmann::json::array()}};
  for (const auto& e : file.tree()) {
    if (!e.is_dataset) continue;
    nlohmann::json d{{"path", e.path},
                     {"shape", e.dataset.shape},
                     {"type", type_name(e.dataset.type)},
                     {"stored_bytes", e.dataset.stored_bytes}};
    if (!e.same_as.empty()) d["same_as"] = e.same_as;
    if (file.has_attribute(e.path, "units"))
      d["units"] = attribute_json(file.attribute(e.path, "units"));
    out["datasets"].push_back(d);
  }
  for (const char* group : {"parameters", "audit"})
    if (file.exists(std::string("/") + group))
      out[group] = attributes_json(file, std::string("/") + group);
  out["verdicts"] = nlohmann::json::array();
  for (const auto& v : audit_verdicts(file))
    out["verdicts"].push_back({{"good", v.good}, {"text", v.text}});
  return out;
}

std::string size_text(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                     : fmt::format("{:.2f} GB", bytes / 1e9);
}

// The same arrays under the names that other readers look for; users of ours need no list of them.
bool is_interchange(const std::string& path) {
  for (const char* root : {"/datacube_root/", "/Experiments/", "/entry/"})
    if (path.rfind(root, 0) == 0) return true;
  return false;
}

// A line for every dataset of the file's own names; a single value is printed.
void print_datasets(const Hdf5Reader& file) {
  const auto tree = file.tree();
  const bool is_own = file.exists("/simulation") || file.exists("/structure") ||
                      file.exists("/motif_library") || file.exists("/match");
  const auto is_shown = [&](const Hdf5Entry& e) {
    return e.is_dataset && !(is_own && is_interchange(e.path));
  };
  std::size_t longest = 0;
  for (const auto& e : tree)
    if (is_shown(e)) longest = std::max(longest, e.path.size());
  std::cout << "\ndatasets\n";
  for (const auto& e : tree) {
    if (!is_shown(e)) continue;
    std::string note =
        file.has_attribute(e.path, "units") ? value_text(file.attribute(e.path, "units")) : "";
    std::string shape = shape_text(e.dataset.shape);
    if (e.dataset.shape.empty() && e.dataset.type == StoredType::string)
      shape = file.read_strings(e.path).at(0);
    if (e.dataset.shape.empty() && is_number(e.dataset.type))
      shape = fmt::format("{:.8g}", file.read_number<double>(e.path));
    std::cout << fmt::format("  {:<{}}  {:<20} {:<8} {:>8}  {}\n", e.path, longest, shape,
                             type_name(e.dataset.type), size_text(double(e.dataset.stored_bytes)),
                             note);
  }
  std::string readers;
  for (const auto& [root, name] :
       {std::pair{"/datacube_root", "py4DSTEM"}, {"/Experiments", "HyperSpy"}, {"/entry", "NeXus"}})
    if (file.exists(root))
      readers += fmt::format("{}{} ({})", readers.empty() ? "" : ", ", root, name);
  if (is_own && !readers.empty())
    std::cout << "  the same data for other readers: " << readers << '\n';
}

void print_rows(const std::string& title,
                const std::vector<std::pair<std::string, std::string>>& rows) {
  if (rows.empty()) return;
  std::cout << "\n" << title << "\n";
  for (const auto& [name, value] : rows) std::cout << fmt::format("  {:<24} {}\n", name, value);
}

void print_hdf5(const Hdf5Reader& file) {
  std::cout << fmt::format("file        {} (HDF5, {})\n", file.path(),
                           size_text(double(std::filesystem::file_size(file.path()))));
  if (file.exists("/audit") && file.has_attribute("/audit", "version"))
    std::cout << fmt::format("made by     vitrobeam {} ({}), command {}\n",
                             file.string_attribute("/audit", "version"),
                             file.string_attribute("/audit", "revision", "unknown revision"),
                             file.has_attribute("/parameters", "command")
                                 ? file.string_attribute("/parameters", "command")
                                 : "?");
  const auto verdicts = audit_verdicts(file);
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    std::cout << fmt::format("{:<11} {} {}\n", i == 0 ? "audit" : "",
                             verdicts[i].good ? "good:" : "LOOK:", verdicts[i].text);
  print_datasets(file);
  print_rows("parameters", attribute_rows(file, "/parameters", {"ini", "command"}));
  print_rows("audit ledger", attribute_rows(file, "/audit"));
}

std::map<std::string, std::size_t> composition(const Atoms& atoms) {
  std::map<std::string, std::size_t> counts;
  for (const int z : atoms.numbers) ++counts[z > 0 ? std::string(symbol(z)) : "unknown"];
  return counts;
}

nlohmann::json describe_json(const std::string& path, const Atoms& atoms) {
  nlohmann::json out{{"file", path}, {"atoms", atoms.size()}, {"composition", composition(atoms)}};
  for (int k = 0; k < 3; ++k) {
    const Vector3d edge = atoms.cell.vectors.row(k);
    out["cell"].push_back({edge.x(), edge.y(), edge.z()});
    out["periodic"].push_back(bool(atoms.cell.periodic[std::size_t(k)]));
  }
  if (atoms.cell.volume() > 0) {
    out["number_density"] = number_density(atoms);
    out["mass_density_g_cm3"] = mass_density(atoms);
  }
  for (const auto& [name, label] : atoms.labels) out["labels"].push_back(name);
  out["info"] = atoms.info;
  return out;
}

void print_atoms(const std::string& path, const Atoms& atoms) {
  std::cout << fmt::format("file        {} (atoms)\natoms       {}\n", path, atoms.size());
  std::string text;
  for (const auto& [element, count] : composition(atoms))
    text += fmt::format("{}{} {} ({:.2f} at.%)", text.empty() ? "" : ", ", element, count,
                        100. * double(count) / double(atoms.size()));
  std::cout << "elements    " << text << '\n';
  const double volume = atoms.cell.volume();
  if (volume > 0) {
    const Vector3d l = atoms.cell.lengths();
    std::cout << fmt::format(
        "cell        {:.4f} x {:.4f} x {:.4f} Angstrom, {}\n", l.x(), l.y(), l.z(),
        atoms.cell.is_orthogonal() ? "orthogonal"
                                   : "not orthogonal (simulate needs an orthogonal one)");
    std::cout << fmt::format("density     {:.5f} atoms/Angstrom^3, {:.3f} g/cm^3\n",
                             number_density(atoms), mass_density(atoms));
  } else {
    std::cout << "cell        none: give --box to simulate\n";
  }
  for (const auto& [name, label] : atoms.labels)
    std::cout << fmt::format("label       {} ({} per atom)\n", name, label.columns);
  for (const auto& [name, value] : atoms.info)
    std::cout << fmt::format("info        {} = {}\n", name, value);
}

// Bytes that are no UTF-8 are replaced.
void print_json(const nlohmann::json& json) {
  std::cout << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace

int run_info(const std::vector<std::string>& arguments) {
  CommonSettings common;
  StructureInput structure;
  bool json = false;
  Settings settings("info", "what a file holds, its provenance, its audit ledger", {"FILE"});
  settings.section("Output");
  settings.add("json", json,
               "print JSON: datasets, parameters, audit, verdicts; or atoms, cell, density");
  settings.section("Structure files");
  add_structure_input(settings, structure);
  add_common(settings, common);
  if (!begin(settings, common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "info: name one file: vitrobeam info FILE");
  const std::string path = settings.positional().front();
  if (!std::filesystem::exists(path)) fail(Fault::input, "{}: no such file", path);
  if (is_hdf5(path)) {
    const Hdf5Reader file(path);
    if (json)
      print_json(describe_json(file));
    else
      print_hdf5(file);
    return 0;
  }
  if (!recognise_frames(path).empty()) {
    if (json)
      print_json(patterns_json(path));
    else
      print_patterns(path);
    return 0;
  }
  const Atoms atoms = read_structure(path, read_options(structure));
  if (json)
    print_json(describe_json(path, atoms));
  else
    print_atoms(path, atoms);
  return 0;
}

}  // namespace vitrobeam
